"""Add, copy, remove and format tools in a text; leave everything else as typed."""

from collections.abc import Iterator

from clarifai_chat.tools.lint.check import check, unique
from clarifai_chat.tools.text import patch
from clarifai_chat.tools.text.diagnostics import Edit, apply, edited
from clarifai_chat.tools.text.json_parser import Node
from clarifai_chat.tools.text.parse import Document, Tool, read, tools_path

_INDENT = "  "
_MOST_FIXES = 500


def without(text: str, index: int) -> str:
    """Return `text` without the tool at `index`; "" if it was the only one."""
    document = read(text)
    if not 0 <= index < len(document.tools):
        return text
    path = document.tools[index].path
    parent = document.node(path[:-1]) if path else None
    if parent is None:
        return ""
    return edited(text, (patch.removal(parent, path[-1]),))


def duplicated(text: str, index: int) -> str:
    """Return `text` with a copy of one tool after it, under an unused name."""
    document = read(text)
    if not 0 <= index < len(document.tools):
        return text
    tool = document.tools[index]
    copy = _copy(document, tool)
    parent = document.node(tool.path[:-1]) if tool.path else None
    if parent is None:
        return _listed(text, [copy])
    gap = patch.separator(document, parent)
    return edited(text, (Edit(tool.end, tool.end, gap + copy),))


def added(text: str, tool_json_text: str) -> str:
    """Return `text` with the tool or tools of another text after its own.

    A single tool becomes a list. Returns `text` unchanged if either cannot be read.
    """
    document, new = read(text), read(tool_json_text)
    pieces = [_unindented(new, tool) for tool in new.tools]
    if not pieces:
        return text
    if document.root is None:
        return text if document.findings else _as_list(pieces)
    path = tools_path(document)
    if path is None:
        return _listed(text, pieces) if document.tools else text
    node = document.node(path)
    if node is None:
        return text
    if not node.children:
        indent = _line_indent(text, node.start)
        laid_out = _as_list(pieces).replace("\n", f"\n{indent}")
        return edited(text, (Edit(node.start, node.end, laid_out),))
    gap = patch.separator(document, node)
    indent = gap.rpartition("\n")[2] if "\n" in gap else ""
    pieces = [piece.replace("\n", f"\n{indent}") for piece in pieces]
    return edited(text, (patch.insertion(document, node, pieces),))


def all_fixed(text: str, code: str) -> str:
    """Return `text` with each fix applied that findings of one code have."""
    for _ in range(_MOST_FIXES):
        fix = next((f.fix for f in check(text).findings if f.code == code and f.fix), None)
        fixed = apply(text, fix) if fix else text
        if fixed == text:
            break
        text = fixed
    return text


def formatted(text: str) -> str:
    """Return `text` indented by two spaces; unchanged if it cannot be read as a whole.

    Strings and numbers stay as written. A text with a duplicate key stays unchanged too, so that
    nothing typed is dropped.
    """
    document = read(text)
    if document.root is None or any(f.code == "json.duplicate" for f in document.findings):
        return text
    return "".join(_laid_out(document, document.root, "\n"))


def _laid_out(document: Document, node: Node, newline: str) -> Iterator[str]:
    """Yield the pieces of a value's text, one key or item per line.

    `newline` includes the value's indentation.
    """
    if not node.children:
        is_empty = isinstance(node.value, dict | list)
        yield (
            document.text[node.start : node.end]
            if not is_empty
            else ("{}" if isinstance(node.value, dict) else "[]")
        )
        return
    opener, closer = "{}" if isinstance(node.value, dict) else "[]"
    yield opener
    inner = newline + _INDENT
    for index, child in enumerate(node.children.values()):
        yield f",{inner}" if index else inner
        if child.key:
            yield f"{document.text[slice(*child.key)]}: "
        yield from _laid_out(document, child, inner)
    yield newline + closer


def _copy(document: Document, tool: Tool) -> str:
    """Return the text of a tool under an unused name."""
    source = document.text[tool.start : tool.end]
    if not tool.name:
        return source
    name = unique(tool.name, {other.name for other in document.tools})
    edits = patch.replace(document, (*tool.function_path, "name"), name)
    moved = (Edit(e.start - tool.start, e.end - tool.start, e.text) for e in edits)
    return edited(source, moved)


def _listed(text: str, pieces: list[str]) -> str:
    """Return a list of `text`, which is one tool, and `pieces`."""
    own = text.strip("\ufeff \t\r\n")
    return _as_list([own, *pieces])


def _as_list(pieces: list[str]) -> str:
    items = (_INDENT + piece.replace("\n", f"\n{_INDENT}") for piece in pieces)
    return "[\n" + ",\n".join(items) + "\n]"


def _unindented(document: Document, tool: Tool) -> str:
    """Return the text of a tool as if it started at the left margin."""
    source = document.text[tool.start : tool.end].replace("\r\n", "\n").replace("\r", "\n")
    return source.replace(f"\n{_line_indent(document.text, tool.start)}", "\n")


def _line_indent(text: str, at: int) -> str:
    """Return the indentation of the line that contains offset `at`."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]
