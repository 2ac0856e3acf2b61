"""Find the tools in any text or file: the one door of all formats."""

import json
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from clarifai_chat import json_text
from clarifai_chat.text import listed, size, whole, whole_data
from clarifai_chat.tools.formats import curl, literals, python_source, yaml_text
from clarifai_chat.tools.formats.recognize import found_in
from clarifai_chat.tools.formats.tool_import import Found, FoundTool, NotTools, with_valid_names
from clarifai_chat.tools.schema.budget import is_deeper

MAX_CHARS = 5_000_000
MAX_DEPTH = 90  # of values: the editor reads 100 levels, and a tool adds some
_MAX_STARTS = 200  # places in prose where data may begin
_MAX_BLOCKS = 20
_MAX_STRINGS = 3  # JSON in a JSON string in a JSON string
_FENCE = re.compile(r"[ \t]{0,80}(```|~~~)")
# Each part has its limit, so that no text takes long to search.
_ASSIGNED = re.compile(
    r"^[ \t]{0,80}(?:export[ \t]{1,9})?(?:(?:const|let|var)[ \t]{1,9})?(?:"
    r"[\w.]{1,80}[ \t]{0,9}(?::[^=\n]{1,160})?=|(?:return|export[ \t]{1,9}default)(?=[\s\[{(]))"
    r"\s{0,80}(?=[\[{(\"'`])",
    re.MULTILINE,
)
_LOOKS_LIKE_YAML = re.compile(r"^[ \t]*(?:-[ \t]|[\w\"'$./{}-]+[ \t]*:(?:\s|$))", re.MULTILINE)
_STARTS = re.compile(r"[\[{]")


def decoded(data: bytes, most: int = MAX_CHARS) -> str:
    """Return the text of a file of at most so many bytes. Raises `NotTools`."""
    if len(data) > most:
        raise NotTools(f"The file is too large: files of up to {size(most)} are read.")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        codec = "utf-16"
    elif data[:4].count(0) >= 2 and len(data) > 3:
        codec = "utf-16-le" if data[1] == 0 else "utf-16-be"
    else:
        codec = "utf-8-sig"
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        raise NotTools("The file is not text in UTF-8 or UTF-16.") from None
    if "\0" in text:
        raise NotTools("The file is not text: it holds binary data.")
    return text


def read(text: str) -> Found:
    """Return the tools in a text, in whichever format. Raises `NotTools`."""
    if len(text) > MAX_CHARS:
        raise NotTools(f"The text is too long: up to {size(MAX_CHARS)} are read.")
    text = whole(text).strip("\ufeff\r\n")
    text = (textwrap.dedent(text) if text[:1] in (" ", "\t") else text).strip()
    if not text:
        raise NotTools("There is no text to read.")
    if curl.is_curl(text):
        try:
            body = curl.body(text)
        except curl.NoBody as reason:
            raise NotTools(str(reason)) from None
        note = "Taken from a curl command; its server, headers and key are not read."
        return read(body).with_notes(note)
    if found := _json(text):
        return _checked(found)
    why: NotTools | None = None
    for attempt in (_source, _fences, _literals, _yaml, _prose):
        try:
            if found := attempt(text):
                return _checked(found)
        except NotTools as reason:
            why = why or reason
    raise why or NotTools(_unknown(text))


def _checked(found: Found) -> Found:
    """Return what was found if it can be written as JSON within the editor's limits."""
    for tool in found.tools:
        if is_deeper(tool.spec, MAX_DEPTH):
            raise NotTools(f"The tools are nested more than {MAX_DEPTH} levels deep.")
        try:
            json.dumps(tool.spec, allow_nan=False)
        except ValueError:
            raise NotTools("The tools hold a number that JSON cannot express.") from None
    return found


def _found(value: Any) -> Found:
    if is_deeper(value, MAX_DEPTH):
        raise NotTools(f"Values are nested more than {MAX_DEPTH} levels deep in it.")
    return found_in(whole_data(value))


# --- One attempt for each kind of text ----------------------------------------------------------


def _json(text: str, strings: int = 0) -> Found | None:
    try:
        value = json_text.read(text)
    except json_text.TooDeep:
        if text[:1] not in ("[", "{"):
            return None
        raise NotTools("The JSON is nested too deeply to read.") from None
    except json.JSONDecodeError:
        return _json_lines(text)
    except ValueError:
        raise NotTools("The JSON holds a number that is too large to read.") from None
    if isinstance(value, str) and strings < _MAX_STRINGS:
        found = _json(value.strip(), strings + 1) if strings else read_inner(value)
        return found and found.with_notes("The tools were JSON inside a string of JSON.")
    return _found(value)


def read_inner(text: str) -> Found | None:
    """Return the tools in the text of a JSON string; None if it holds none that can be read."""
    inner = text.strip()
    return (_json(inner, 1) or _literals(inner) or _yaml(inner)) if inner else None


def _json_lines(text: str) -> Found | None:
    """Read several JSON values, one after another or with commas between them."""
    if text[:1] not in ("{", "["):
        return None
    values: list[Any] = []
    decoder = json.JSONDecoder()
    at = 0
    try:
        json_text.check_depth(text)
        while at < len(text):
            value, at = decoder.raw_decode(text, at)
            values.append(value)
            at = re.compile(r"[\s,\x1e]*").match(text, at).end()  # type: ignore[union-attr]  # matches ""
    except (ValueError, RecursionError):
        return None
    note = f"{len(values):,} JSON values, one after another, became one list."
    return _found(values).with_notes(note) if len(values) > 1 else None


def _source(text: str) -> Found | None:
    return python_source.read(text) if python_source.looks_like_source(text) else None


def _fences(text: str) -> Found | None:
    """Read the code blocks of a Markdown text: all that hold tools, or the first error."""
    found: list[Found] = []
    why: NotTools | None = None
    for block in _blocks(text):
        try:
            found.append(read(block))
        except NotTools as reason:
            why = why or reason
    if not found:
        if why:
            raise why
        return None
    where = "code block" if len(found) == 1 else f"{len(found)} code blocks"
    return _merged(found).with_notes(f"Taken from the {where} in the text.")


def _blocks(text: str) -> list[str]:
    """Return what is inside the first fences of a Markdown text."""
    blocks: list[str] = []
    fence, lines = "", [""]
    for line in text.splitlines():
        match = _FENCE.match(line)
        if fence and match and match[1] == fence:
            blocks.append("\n".join(lines))
            fence = ""
        elif fence:
            lines.append(line)
        elif match:
            fence, lines = match[1], []
        if len(blocks) == _MAX_BLOCKS:
            break
    return blocks


def _merged(found: list[Found]) -> Found:
    """Return the tools of several pieces as one find, without exact repetitions."""
    if len(found) == 1 or found[0].document:
        return found[0]
    tools: list[FoundTool] = []
    for tool in (each for one in found for each in one.tools):
        if all(tool.spec != other.spec for other in tools):
            tools.append(tool)
    forms = dict.fromkeys(one.format for one in found)
    notes = dict.fromkeys(note for one in found for note in one.notes)
    return Found(listed(list(forms)), with_valid_names(tools), tuple(notes))


def _literals(text: str) -> Found | None:
    """Read data as Python, JavaScript or JSON5 write it, alone or given to names."""
    found: list[Found] = []
    why: NotTools | None = None
    done = 0
    for start, is_whole in _starts(text):
        if start < done:
            continue
        try:
            value, end = literals.read(text, start)
            if is_whole:
                value = _several(text, value, end)
            done = end
            if isinstance(value, str) and not is_whole:
                found += filter(None, [read_inner(value)])
            elif isinstance(value, dict | list):
                found.append(_found(value))
        except literals.NotLiteral as problem:
            why = why or (NotTools(_place(text, problem)) if is_whole else None)
        except NotTools as reason:
            why = why or reason
        if found and is_whole:
            break
    if found:
        return _merged(found).with_notes("Read as Python, JavaScript or JSON with comments.")
    if why:
        raise why
    return None


def _starts(text: str) -> Iterator[tuple[int, bool]]:
    """Yield where data may begin, and whether it is all of the text."""
    first = literals.skip(text, 0)
    if text[first : first + 1] in ("[", "{", "("):
        yield first, True
    for number, match in enumerate(_ASSIGNED.finditer(text)):
        if number < _MAX_STARTS:
            yield match.end(), False


def _several(text: str, value: Any, end: int) -> Any:
    """Return a list of values if more of them follow the first, with or without commas."""
    values = [value]
    while True:
        at = literals.skip(text, end)
        if text[at : at + 1] in (",", ";"):
            at = literals.skip(text, at + 1)
        if text[at : at + 1] not in ("{", "["):
            return values if len(values) > 1 else value
        try:
            following, end = literals.read(text, at)
        except literals.NotLiteral:
            return values if len(values) > 1 else value
        values.append(following)


def _yaml(text: str) -> Found | None:
    if not _LOOKS_LIKE_YAML.search(text):
        return None
    try:
        documents = yaml_text.read(text)
    except yaml_text.NotYaml as why:
        raise NotTools(f"As YAML it cannot be read: {why}.") from None
    documents = [each for each in documents if each is not None]
    if not documents or not all(isinstance(each, dict | list) for each in documents):
        return None
    value = documents[0] if len(documents) == 1 else documents
    return _found(value).with_notes("Read as YAML.")


def _prose(text: str) -> Found | None:
    """Read the first data in a text that holds tools. A broken list is not looked into."""
    if text[0] in "[{":
        return None
    at = 0
    for _ in range(_MAX_STARTS):
        start = _STARTS.search(text, at)
        if start is None:
            return None
        try:
            value, at = literals.read(text, start.start())
        except literals.NotLiteral as problem:
            at = max(start.end(), problem.at)
            continue
        try:
            return _found(value).with_notes("Taken from the middle of the text.")
        except NotTools:
            continue
    return None


def _place(text: str, problem: literals.NotLiteral) -> str:
    line = text.count("\n", 0, problem.at) + 1
    column = problem.at - text.rfind("\n", 0, problem.at)
    return f"Line {line}, column {column} cannot be read: {problem.why}."


def _unknown(text: str) -> str:
    if re.match(r"\s*<(?:!doctype|html|\?xml)", text, re.IGNORECASE):
        return "This is a web page or XML, not tools: paste the JSON or YAML that it links to."
    return (
        "No tools were found in this text. Paste JSON, YAML, a curl command, Python or JavaScript"
        " data, Python functions, or an OpenAPI document."
    )
