"""Change one value in a text with the smallest edit, in the style of its surroundings."""

import json
import re
from collections.abc import Sequence
from typing import Any

from clarifai_chat.tools.text.diagnostics import Edit, Path
from clarifai_chat.tools.text.json_parser import Node
from clarifai_chat.tools.text.parse import Document

_INDENT = re.compile(r"(\r\n|\r|\n)([ \t]*)\Z")


def replace(document: Document, path: Path, value: Any) -> tuple[Edit, ...]:
    """Return the edit that replaces the value at `path`; () if there is none."""
    node = document.node(path)
    return (Edit(node.start, node.end, _json(value)),) if node else ()


def rename_key(document: Document, path: Path, name: str) -> tuple[Edit, ...]:
    """Return the edit that renames the key of the value at `path`; () if it has none."""
    node = document.node(path)
    return (Edit(*node.key, _json(name)),) if node and node.key else ()


def set_key(document: Document, path: Path, key: str, value: Any) -> tuple[Edit, ...]:
    """Return the edit that sets a key of the object at `path`, or adds it as the last one."""
    node = document.node(path)
    if node is None or not isinstance(node.value, dict):
        return ()
    if key in node.children:
        return replace(document, (*path, key), value)
    colon = ": "
    if node.children:
        last = _last(node)
        between = document.text[last.key[1] : last.start] if last.key else colon
        colon = ":" if between == ":" else ": "
    return (insertion(document, node, [f"{_json(key)}{colon}{_json(value)}"]),)


def append(document: Document, path: Path, values: Sequence[Any]) -> tuple[Edit, ...]:
    """Return the edit that appends `values` to the list at `path`."""
    node = document.node(path)
    if node is None or not isinstance(node.value, list):
        return ()
    return (insertion(document, node, [_json(value) for value in values]),)


def insertion(document: Document, node: Node, pieces: Sequence[str]) -> Edit:
    """Return the edit that appends `pieces` of JSON text to an object or a list."""
    if not node.children:
        return Edit(node.start + 1, node.end - 1, ", ".join(pieces))
    last = _last(node)
    gap = separator(document, node)
    return Edit(last.end, last.end, "".join(gap + piece for piece in pieces))


def separator(document: Document, node: Node) -> str:
    """Return what separates the values of a container: a comma, and space in its style."""
    last = _last(node)
    indent = _INDENT.search(document.text, node.start, _start(last))
    if indent:
        return f",{indent[0]}"
    if len(node.children) > 1:
        before = list(node.children.values())[-2]
        gap = document.text[before.end : _start(last)]
        return gap if gap in (",", ", ") else ", "
    return ", "


def removal(node: Node, key: str | int) -> Edit:
    """Return the edit that removes a value, its key and its comma from a container."""
    children = list(node.children.values())
    index = list(node.children).index(key)
    if index:
        return Edit(children[index - 1].end, children[index].end, "")
    if len(children) > 1:
        return Edit(_start(children[0]), _start(children[1]), "")
    return Edit(node.start + 1, node.end - 1, "")


def _last(node: Node) -> Node:
    return next(reversed(node.children.values()))


def _start(node: Node) -> int:
    return node.key[0] if node.key else node.start


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
