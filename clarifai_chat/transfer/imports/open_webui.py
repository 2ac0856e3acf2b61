"""Read Open WebUI's export: a tree of messages, whose answers hold their steps as HTML or items."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any, Literal

from clarifai_chat import json_text
from clarifai_chat.chat.chats import Chat
from clarifai_chat.transfer.imports import message_tree, responses
from clarifai_chat.transfer.imports.entries import (
    Entry,
    Step,
    arguments,
    as_dict,
    as_list,
    as_string,
    joined,
    said,
    time,
)
from clarifai_chat.transfer.imports.message_tree import About, Node, from_list
from clarifai_chat.transfer.imports.openai_messages import settings_of
from clarifai_chat.transfer.imports.parts import Files, named_file, picture, text, thoughts
from clarifai_chat.transfer.imports.reading import Notes

_BLOCK = re.compile(
    r"^(?:(?P<fence>`{3,}|~{3,})|<details type="
    r'"(?P<kind>reasoning|tool_calls|code_interpreter)"(?P<attributes>[^<>]*)>)',
    re.MULTILINE,
)
_ATTRIBUTE = re.compile(r'([a-z_]+)="([^"]*)"')
_SUMMARY = re.compile(r"\s*<summary>[^<]*</summary>")
_QUOTED = re.compile(r"^> ?", re.MULTILINE)
_FENCE = re.compile(r"\A```\w*\n(.*?)\n?```\Z", re.DOTALL)
_END = "</details>"


def is_one(row: dict[str, Any]) -> bool:
    """Return whether it is a conversation of Open WebUI, alone or with the row around it."""
    body = row["chat"] if isinstance(row.get("chat"), dict) else row
    return "messages" in as_dict(body.get("history")) or (body is not row and "messages" in body)


def chat(row: dict[str, Any], notes: Notes, contents: dict[str, bytes], now: float) -> Chat | None:
    body = row["chat"] if isinstance(row.get("chat"), dict) else row
    history = as_dict(body.get("history"))
    if isinstance(messages := history.get("messages"), dict):
        nodes = {
            id: Node(
                as_dict(message).get("parentId"),
                _entry(as_dict(message), notes, contents),
                as_dict(message).get("childrenIds"),
            )
            for id, message in messages.items()
        }
    else:
        rows = map(as_dict, as_list(body.get("messages")))
        nodes = from_list(
            [(m.get("id"), m.get("parentId"), _entry(m, notes, contents)) for m in rows]
        )
    models = as_list(body.get("models"))
    params = as_dict(body.get("params"))
    settings = settings_of({**params, "tools": None, "functions": None}, [], notes)
    if system := as_string(body.get("system")) or as_string(params.get("system")):
        settings["system"] = system
    about = About(
        title=row.get("title") or body.get("title"),
        created_at=row.get("created_at") or body.get("timestamp"),
        updated_at=row.get("updated_at"),
        model=models[0] if models else None,
        leaf=history.get("currentId") or history.get("current_id"),
        pinned=row.get("pinned"),
        settings=settings,
    )
    return message_tree.chat(nodes, about, notes, now)


def _entry(message: dict[str, Any], notes: Notes, contents: dict[str, bytes]) -> Entry | None:
    role, content = message.get("role"), message.get("content")
    at = time(message.get("timestamp"))
    if role == "system":
        return Entry("system", text(content, notes))
    if role == "user":
        files = Files(contents)
        asked = joined(text(content, notes, files), *_files(message, files, notes))
        return Entry("user", asked, at=at, files=files.attachments)
    if role != "assistant":
        notes.left_out("a message without a known role")
        return None
    if message.get("error"):
        notes.left_out("an error that a question got instead of an answer")
    steps = responses.steps(as_list(message.get("output")), notes) if message.get("output") else []
    if not steps:
        thought = thoughts(message)
        steps = [Step("thoughts", thought)] if thought else []
        steps += _steps(text(content, notes), notes)
    for name in _files(message, None, notes):
        steps.append(Step("text", name))
    if message.get("sources") or message.get("citations"):
        notes.left_out("the list of sources of an answer")
    return Entry(
        "assistant",
        steps=steps,
        model=as_string(message.get("model")),
        at=at,
        feedback=_feedback(message),
    )


def _feedback(message: dict[str, Any]) -> Literal["", "up", "down"]:
    rating = as_dict(message.get("annotation")).get("rating")
    return {1: "up", -1: "down"}.get(rating, "") if isinstance(rating, int) else ""  # type: ignore[return-value]


def _steps(content: str, notes: Notes) -> Iterator[Step]:
    """Yield the steps of an answer; what a block of code shows is not one."""
    start = at = 0
    fence = ""
    while block := _BLOCK.search(content, at):
        at = block.end()
        if mark := block["fence"]:
            if not fence:
                fence = mark
            elif mark.startswith(fence):
                fence = ""
            continue
        if fence:
            continue
        if (end := content.find(_END, at)) < 0:
            break
        yield from said(content[start : block.start()].strip())
        yield from _block(block, _SUMMARY.sub("", content[at:end], count=1).strip(), notes)
        start = at = end + len(_END)
    yield from said(content[start:].strip() if start else content)


def _block(block: re.Match[str], body: str, notes: Notes) -> Iterator[Step]:
    values = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(block["attributes"])}
    if block["kind"] == "reasoning":
        thought = _QUOTED.sub("", html.unescape(body)).strip()
        yield from [Step("thoughts", thought)] if thought else []
        return
    name, id = values.get("name", ""), values.get("id", "")
    if block["kind"] == "tool_calls":
        yield Step("call", arguments(_once(values.get("arguments", "")), notes), name, id)
        result = values.get("result") or html.unescape(body)
    else:
        code = _FENCE.sub(r"\1", body)
        yield Step("call", json.dumps({"code": code}, ensure_ascii=False), block["kind"])
        result = values.get("output", "")
    if result:
        yield Step("result", _once(result), name, id)


def _once(found: str) -> str:
    """Return a text that may have become JSON twice, as JSON no more than once."""
    try:
        inside = json_text.read(found)
    except (ValueError, RecursionError):
        return found
    return inside if isinstance(inside, str) else found


def _files(message: dict[str, Any], files: Files | None, notes: Notes) -> Iterator[str]:
    """Yield what is kept of a message's files as text; others go into `files`."""
    for file in map(as_dict, as_list(message.get("files"))):
        url, inner = as_string(file.get("url")), as_dict(file.get("file"))
        name = as_string(file.get("name")) or as_string(inner.get("filename"))
        content = as_dict(inner.get("data")).get("content")
        if url.startswith(("data:", "https:", "http:")) and file.get("type") == "image":
            yield picture(url, notes, files)
        elif files and isinstance(content, str) and content:
            files.add("text", "text/plain", content.encode("utf-8", "replace"), name)
        else:
            yield named_file(name or as_string(file.get("type")) or "without a name", notes)
