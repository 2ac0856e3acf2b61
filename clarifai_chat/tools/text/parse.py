"""Read the tools in a text, each with its place, and say why the rest is not a tool."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from clarifai_chat.messages import ToolSpec
from clarifai_chat.text import capitalized
from clarifai_chat.tools.text import diagnostics as findings
from clarifai_chat.tools.text import json_parser
from clarifai_chat.tools.text.diagnostics import Diagnostic, Edit, Fix, Path, Severity, Span, kind
from clarifai_chat.tools.text.json_errors import JsonError
from clarifai_chat.tools.text.json_parser import MAX_CHARS, Node

MAX_REPAIRS = 20
MAX_TOOLS = 1000
# What the errors of JSON say about tools, for a text that holds something else.
_ABOUT_TOOLS = re.compile(r" (?:Several tools|Keep only the tools|Make the schema).*", re.DOTALL)
_BARE_KEYS = {"name", "description", "parameters"}
# Keys of a tool in other forms: sent as they are, a server would not see the schema behind them.
_FOREIGN = {
    "input_schema": "Anthropic's",
    "inputSchema": "MCP's",
    "toolSpec": "Bedrock's",
    "functionDeclarations": "Gemini's",
    "function_declarations": "Gemini's",
    "parametersJsonSchema": "Gemini's",
    "args_schema": "LangChain's",
}


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool as it is sent, and its place in the text. Do not change `spec`."""

    spec: ToolSpec
    function: dict[str, Any]  # the one in `spec`, for the checks: anything may be in it
    name: str  # "" if it has no name
    is_bare: bool  # was {"name", "description", "parameters"} only, and is sent wrapped
    path: Path  # (0,) in a list, () where the document is one tool
    start: int
    end: int

    @property
    def function_path(self) -> Path:
        """Return the path of the function in the document."""
        return self.path if self.is_bare else (*self.path, "function")


@dataclass(frozen=True, slots=True)
class Document:
    """A text and what was read from it. `root` is None if it is not JSON."""

    text: str = field(repr=False)
    tools: tuple[Tool, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    root: Node | None = field(default=None, repr=False)
    starts: tuple[int, ...] = field(default=(0,), repr=False)

    def node(self, path: Path) -> Node | None:
        """Return the node at exactly `path`."""
        at = self.root
        for step in path:
            at = at.children.get(step) if at else None
        return at

    def position(self, path: Path) -> Span:
        """Return where a value is in the text, or its nearest parent if it is missing."""
        node = self._nearest(path)
        return self._span(node.start, node.end) if node else self._span(0, 0)

    def mark(self, path: Path) -> Span:
        """Return what to underline for a value: all of a short one, else its key or bracket."""
        node = self._nearest(path)
        if node is None:
            return self._span(0, 0)
        if not isinstance(node.value, dict | list):
            return self._span(node.start, node.end)
        return self._span(*(node.key or (node.start, node.start + 1)))

    def finding(
        self,
        level: Severity,
        code: str,
        message: str,
        path: Path,
        *,
        tool: str = "",
        fix: Fix | None = None,
    ) -> Diagnostic:
        return findings.finding(level, code, message, path, self.mark(path), tool=tool, fix=fix)

    def _nearest(self, path: Path) -> Node | None:
        node = self.root
        for step in path:
            if node is None or step not in node.children:
                break
            node = node.children[step]
        return node

    def _span(self, start: int, end: int) -> Span:
        return findings.span(self.starts, start, end)


def read(text: str) -> Document:
    """Return the tools of a text, and its first JSON error or the errors in its outer shape.

    Accepts a list of tools, one tool, bare functions, and a request body with "tools". An empty
    text has no tools and no findings. Never raises.
    """
    document = _read(text)
    if document.root is None:
        return document
    found = list(document.findings)
    tools: list[Tool] = []
    for item in _items(document):
        if isinstance(item, Diagnostic):
            found.append(item)
        else:
            tools.append(item)
    return replace(document, tools=tuple(tools), findings=tuple(found))


def json_document(text: str) -> Document:
    """Return a text of any JSON, with its first error or its duplicate keys. Never raises."""
    document = _read(text)
    told = (
        replace(found, message=_ABOUT_TOOLS.sub("", found.message)) for found in document.findings
    )
    return replace(document, findings=tuple(told))


def _read(text: str) -> Document:
    if len(text) <= MAX_CHARS and not text.strip("\ufeff \t\r\n"):
        return Document(text)
    try:
        root, duplicates = json_parser.read(text)
    except JsonError as slip:
        return Document(text, findings=(_slip_finding(text, slip),))
    document = Document(text, root=root, starts=findings.line_starts(text))
    return replace(document, findings=tuple(_duplicate(document, each) for each in duplicates))


def tools_path(document: Document) -> Path | None:
    """Return where the list of tools is in a document; None if there is no list."""
    value = document.root.value if document.root else None
    if isinstance(value, list):
        return ()
    if isinstance(value, dict) and _is_body(value) and isinstance(value["tools"], list):
        return ("tools",)
    return None


def _is_body(value: dict[str, Any]) -> bool:
    """Return whether an object holds a list of tools: a request, or an assistant with a name."""
    return "tools" in value and "function" not in value and "parameters" not in value


def _items(document: Document) -> Iterator[Tool | Diagnostic]:
    value = document.root.value if document.root else None
    path = tools_path(document)
    if path is None:
        if isinstance(value, dict) and _is_body(value):
            sentence = f'"tools" must be a list of tools, not {kind(value["tools"])}.'
            yield document.finding("error", "shape.list", sentence, ("tools",))
        elif isinstance(value, dict):
            yield from _tool(document, value, ())
        else:
            sentence = f"Tools must be a list of objects, or one object, not {kind(value)}."
            yield document.finding("error", "shape.list", sentence, ())
        return
    if isinstance(value, dict):
        others = len(value) > 1
        sentence = 'Only "tools" is used from this request.' if others else (
            'The list inside "tools" is used; you can also write the list alone.'
        )  # fmt: skip
        yield document.finding("hint", "shape.body", sentence, path)
        value = value["tools"]
    items = value or []
    if len(items) > MAX_TOOLS:
        sentence = f"The list has {len(items):,} tools; the first {MAX_TOOLS:,} are read."
        yield document.finding("error", "shape.count", sentence, path)
    for index, item in enumerate(items[:MAX_TOOLS]):
        yield from _tool(document, item, (*path, index))


def _tool(document: Document, value: Any, path: Path) -> Iterator[Tool | Diagnostic]:
    """Yield `value` as a tool with a hint about its form, or what is wrong with it."""
    place = f"tools[{path[-1]}]" if path else "the tool"
    name = ""

    def error(code: str, sentence: str, *more: str) -> Diagnostic:
        sentence = capitalized(sentence) if not path else sentence
        return document.finding("error", code, sentence, (*path, *more), tool=name)

    if not isinstance(value, dict):
        yield error("shape.tool", f"{place} must be an object, not {kind(value)}.")
        return
    if form := _foreign(value):
        yield error("shape.format", f"{place} has {form}, and is not sent like this.")
        return
    is_bare = "function" not in value and bool(_BARE_KEYS & value.keys())
    function = value if is_bare else value.get("function")
    if isinstance(function, dict) and isinstance(function.get("name"), str):
        name = function["name"]
    if "type" in value and value["type"] != "function":
        got = findings.quoted(value["type"])
        yield error("shape.type", f'{place}.type must be "function", not {got}.', "type")
        return
    if "function" not in value and not is_bare:
        sentence = f'{place} has no "function": it needs {{"name", "description", "parameters"}}.'
        yield error("shape.function", sentence)
        return
    if not isinstance(function, dict):
        got = kind(function)
        yield error("shape.function", f"{place}.function must be an object, not {got}.", "function")
        return
    spec: Any = {"type": "function", **value}
    if is_bare:
        function = {key: content for key, content in value.items() if key != "type"}
        spec = {"type": "function", "function": function}
    position = document.position(path)
    tool = Tool(spec, function, name, is_bare, path, position.start, position.end)
    yield tool
    if hint := _form_hint(document, tool, "type" in value):
        yield hint


def _foreign(value: dict[str, Any]) -> str:
    """Return whose form a tool has if it is not OpenAI's, with its mark; "" if it may be."""
    if "function" in value:
        return _foreign_inside(value["function"])
    for key, owner in _FOREIGN.items():
        if key in value:
            return f'{owner} form ("{key}")'
    if value.get("type") == "custom" and "name" in value:
        return 'Anthropic\'s form ("type": "custom")'
    if "name" not in value and ("properties" in value or value.get("type") in ("object", "OBJECT")):
        return "the form of a schema without a name"
    parameters = value.get("parameters")
    if isinstance(parameters, dict) and parameters.get("type") in ("OBJECT", "Type.OBJECT"):
        return 'Gemini\'s form ("type": "OBJECT")'
    return ""


def _foreign_inside(function: Any) -> str:
    """Return whose schema is inside a function; "" if it has one of its own."""
    if not isinstance(function, dict) or "parameters" in function:
        return ""
    key = next((key for key in _FOREIGN if key in function), "")
    return f'{_FOREIGN[key]} form ("{key}") inside "function"' if key else ""


def _form_hint(document: Document, tool: Tool, has_type: bool) -> Diagnostic | None:
    """Return a hint if a tool is sent in a fuller form than it was written."""
    fix = None
    if tool.is_bare:
        sentence = 'This is sent as {"type": "function", "function": {…}}, as servers expect it.'
        if not has_type:
            before, after = '{"type": "function", "function": ', "}"
            edits = (Edit(tool.start, tool.start, before), Edit(tool.end, tool.end, after))
            fix = Fix("Wrap it", edits)
        return document.finding("hint", "shape.bare", sentence, tool.path, tool=tool.name, fix=fix)
    if has_type:
        return None
    key = document.node(tool.function_path)
    if key and key.key:
        at = key.key[0]
        fix = Fix('Add "type": "function"', (Edit(at, at, '"type": "function", '),))
    sentence = 'The tool has no "type"; it is sent with "type": "function".'
    return document.finding("hint", "shape.type", sentence, tool.path, tool=tool.name, fix=fix)


def _duplicate(document: Document, duplicate: json_parser.Duplicate) -> Diagnostic:
    where = findings.span(document.starts, duplicate.start, duplicate.end)
    first = findings.span(document.starts, duplicate.first, duplicate.first)
    sentence = (
        f"The key {findings.quoted(duplicate.path[-1])} appears a second time: the first is in line"
        f" {first.line}, column {first.column}. Only one of them counts: remove or rename one."
    )
    return findings.finding("error", "json.duplicate", sentence, duplicate.path, where)


def _slip_finding(text: str, slip: JsonError) -> Diagnostic:
    starts = (0,) if slip.code == "json.size" else findings.line_starts(text)
    where = findings.span(starts, slip.start, min(slip.end, len(text)))
    sentence = f"Line {where.line}, column {where.column}: {slip.message}"
    if slip.code == "json.size":
        sentence = capitalized(slip.message)
    fix = _repaired(text, slip)
    return findings.finding("error", slip.code, sentence, (), where, fix=fix)


def _repaired(text: str, slip: JsonError) -> Fix | None:
    """Return a fix for an error and those after it, or None if the result is not JSON."""
    if slip.repair is None:
        return None
    first = slip.repair
    repairs = 0
    new = text
    while slip.repair and repairs < MAX_REPAIRS and repairs * len(text) < 2 * MAX_CHARS:
        new = findings.edited(new, (slip.repair.edit,))
        repairs += 1
        try:
            json_parser.read(new)
        except JsonError as following:
            slip = following
            continue
        label = first.label if repairs == 1 else f"Fix {repairs} errors"
        return Fix(label, (first.edit if repairs == 1 else _change(text, new),))
    return None


def _change(text: str, new: str) -> Edit:
    """Return one edit between two texts, from the first to the last difference."""
    shortest = min(len(text), len(new))
    start = next((i for i in range(shortest) if text[i] != new[i]), shortest)
    tail = next(
        (i for i in range(shortest - start) if text[-1 - i] != new[-1 - i]), shortest - start
    )
    return Edit(start, len(text) - tail, new[start : len(new) - tail])
