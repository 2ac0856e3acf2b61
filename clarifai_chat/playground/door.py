"""Open anything that people paste or have in a file: tools, requests, saved sets, saved runs.

Files and pastes take the same way. Nothing is sent, and no server and no key is read.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from clarifai_chat import json_text
from clarifai_chat.playground import pasted, run_file, runs, saved_run, toolset
from clarifai_chat.playground.pasted import BadPaste
from clarifai_chat.playground.runs import Run
from clarifai_chat.playground.toolset import BadToolSet, ToolSet
from clarifai_chat.text import counted, listed, size, whole_data
from clarifai_chat.tools.formats import openapi, reading
from clarifai_chat.tools.formats.tool_import import FoundTool, NotTools
from clarifai_chat.tools.text import parse

Kind = Literal["tools", "request", "set", "run"]
# A run that was saved here holds all that went over the wire; of anything else, less is read.
MAX_FILE = 20_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """What a text is. `what` fits "This is …"; `notes` say what is left out or differs."""

    kind: Kind
    what: str
    tools: tuple[FoundTool, ...] = ()
    notes: tuple[str, ...] = ()
    toolset: ToolSet | None = None  # of a request, a set and a run
    run: Run | None = None
    text: str = ""  # of bare tools in the editor's own form, as written
    menu: tuple[str, ...] = ()  # the operations of an API, of which a person chooses
    document: dict[str, Any] | None = field(default=None, repr=False)  # the API


@dataclass(frozen=True, slots=True)
class Named:
    """What a text is, or why it holds no tools."""

    what: str
    is_found: bool


def opened(source: str | bytes) -> Opened:
    """Return what a text or a file holds. Raises `NotTools` with a sentence for the reader."""
    text = reading.decoded(source, MAX_FILE) if isinstance(source, bytes) else source
    if len(text) > MAX_FILE:
        raise NotTools(f"The text is too long: up to {size(MAX_FILE)} are read.")
    if found := _own(text):
        return found
    return (_request(text) if len(text) <= reading.MAX_CHARS else None) or _tools(text)


@lru_cache(maxsize=4)
def named(text: str) -> Named:
    """Return what a text is, in words. For the editor, which asks with each run of the page."""
    try:
        return Named(opened(text).what, True)
    except NotTools as why:
        return Named(str(why), False)


def as_text(tools: Iterable[FoundTool]) -> str:
    """Return tools as text for the editor."""
    return json.dumps([tool.spec for tool in tools], ensure_ascii=False, indent=2)


def chosen(document: dict[str, Any], labels: list[str]) -> tuple[FoundTool, ...]:
    """Return the tools of an API's operations with these labels."""
    return openapi.chosen(document, labels)


def set_in(text: str) -> ToolSet:
    """Return what a text sets the playground to; bare tools set nothing else. Raises `NotTools`."""
    found = opened(text)
    if found.toolset is not None:
        return found.toolset
    if not found.tools:
        raise NotTools(f"This is {found.what}: choose some of them with Import in the playground.")
    return {
        "tools": found.text or as_text(found.tools),
        "prompt": "",
        "model": "",
        "settings": runs.default_settings(),
    }


def _tools(text: str) -> Opened:
    found = reading.read(text)
    if found.tools and [tool.spec for tool in found.tools] == _sent(text):
        as_sent = tuple(FoundTool(tool.spec) for tool in found.tools)
        return Opened("tools", found.format, as_sent, text=text)
    menu: tuple[str, ...] = ()
    if found.document is not None:
        menu = tuple(operation.label for operation in openapi.operations(found.document))
    return Opened(
        "tools", found.format, found.tools, found.notes, menu=menu, document=found.document
    )


def _sent(text: str) -> list[Any]:
    """Return the tools that the editor would send of a text as it is; [] if it has errors."""
    document = parse.read(text)
    if any(finding.level == "error" for finding in document.findings):
        return []
    return [tool.spec for tool in document.tools]


def _own(text: str) -> Opened | None:
    """Return a set or a run that this app saved."""
    try:
        value = json_text.read(text.strip("\ufeff \t\r\n"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    is_run = "steps" in value and isinstance(value.get("tools"), list)
    if not is_run and value.get("kind") != toolset.KIND and not isinstance(value.get("tools"), str):
        return None
    try:
        if not _is_finite(value):
            raise NotTools("The file holds a number that JSON cannot express.")
        if is_run:
            found = run_file.set_of(value)
            run = saved_run.run_in(whole_data(value), found["settings"])
            what = f"a saved run: {counted(len(value['tools']), 'tool')}"
            if run:
                what += f", {counted(len(runs.steps(run)), 'reply', 'replies')}"
            return Opened("run", what, toolset=found, run=run)
        found = toolset.from_json(text)
        mocked = listed([*found.get("mocks", {})])
        notes = (f"Mocks answer the calls of {mocked}.",) if mocked else ()
        return Opened("set", "a saved set", notes=notes, toolset=found)
    except BadToolSet as why:
        raise NotTools(str(why)) from None


def _is_finite(value: Any) -> bool:
    """Return whether JSON can express each number. Unlike `json`, this lets other threads in."""
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def _request(text: str) -> Opened | None:
    """Return a chat request with messages, from a curl command or a JSON body."""
    if not pasted.is_request(text):
        return None
    try:
        found = pasted.read(text)
    except BadPaste as why:
        raise NotTools(str(why)) from None
    tools = found.tools
    said = counted(len(tools), "tool") if tools else "no tools"
    return Opened("request", f"a request with {said}", tools, found.notes, toolset=found.toolset)
