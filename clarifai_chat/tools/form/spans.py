"""Edit one value in a JSON text; every character outside of its span stays as it is."""

import json
from collections.abc import Sequence

from clarifai_chat.tools.form.boxes import BadInput, as_json, is_same
from clarifai_chat.tools.lint.edits import formatted
from clarifai_chat.tools.text import patch
from clarifai_chat.tools.text.diagnostics import Edit, Path, edited
from clarifai_chat.tools.text.json_parser import Node
from clarifai_chat.tools.text.parse import Document, read

GONE = "This is no longer in the text, so nothing was changed."


def put(text: str, path: Path, json_text: str) -> str:
    """Return `text` with the value at `path` replaced, or added as its object's last key.

    Of a list, only what differs is replaced. Raises `BadInput` if there is no such object.
    """
    document = read(text)
    if node := document.node(path):
        value = json.loads(json_text)
        if is_same(node.value, value):
            return text
        if isinstance(value, list) and isinstance(node.value, list) and node.value and value:
            return edited(text, _list_edits(document, node, value))
        new = _in_style(document, json_text, _indent(text, node.start))
        return edited(text, (Edit(node.start, node.end, new),))
    parent = document.node(path[:-1]) if path else None
    if parent is None or not isinstance(parent.value, dict):
        raise BadInput(GONE)
    colon = ": "
    if parent.children:
        last = next(reversed(parent.children.values()))
        colon = ":" if last.key and text[last.key[1] : last.start] == ":" else ": "
    return _added(document, parent, f"{as_json(path[-1])}{colon}", json_text)


def append(text: str, path: Path, json_text: str) -> str:
    """Return `text` with a value more in the list at `path`. Raises `BadInput`."""
    document = read(text)
    node = document.node(path)
    if node is None or not isinstance(node.value, list):
        raise BadInput(GONE)
    return _added(document, node, "", json_text)


def drop(text: str, path: Path) -> str:
    """Return `text` without the value at `path`, its key and its comma."""
    document = read(text)
    parent = document.node(path[:-1]) if path else None
    if parent is None or path[-1] not in parent.children:
        return text
    return edited(text, (patch.removal(parent, path[-1]),))


def rename(text: str, path: Path, name: str) -> str:
    """Return `text` with another key for the value at `path`."""
    return edited(text, patch.rename_key(read(text), path, name))


def _added(document: Document, node: Node, head: str, json_text: str) -> str:
    text = document.text
    if node.children:
        gap = patch.separator(document, node)
        indent = gap.rpartition("\n")[2] if "\n" in gap else None
        piece = head + _in_style(document, json_text, indent)
        return edited(text, (patch.insertion(document, node, [piece]),))
    around = _indent(text, node.start)
    if around is None:
        return edited(text, (patch.insertion(document, node, [head + json_text]),))
    inner = around + ("\t" if "\t" in around else "  ")
    end = "\r\n" if "\r\n" in text else "\n"
    piece = f"{end}{inner}{head}{_in_style(document, json_text, inner)}{end}{around}"
    return edited(text, (Edit(node.start + 1, node.end - 1, piece),))


def _in_style(document: Document, json_text: str, indent: str | None) -> str:
    """Return a new value laid out over lines if `indent` is known, else in one line."""
    if indent is None or json_text[:1] not in ("{", "["):
        return json_text
    end = "\r\n" if "\r\n" in document.text else "\n"
    return formatted(json_text).replace("\n", f"{end}{indent}")


def _indent(text: str, at: int) -> str | None:
    """Return the indentation of the line with the offset `at`; None in a text of one line."""
    if "\n" not in text.strip():
        return None
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _list_edits(document: Document, node: Node, values: Sequence[object]) -> tuple[Edit, ...]:
    """Return the edit between a list and other values: what is alike at both ends stays."""
    items = list(node.children.values())
    shortest = min(len(items), len(values))
    head = next((n for n in range(shortest) if not is_same(items[n].value, values[n])), shortest)
    tail = 0
    while tail < shortest - head and is_same(items[-1 - tail].value, values[-1 - tail]):
        tail += 1
    old, new = items[head : len(items) - tail], values[head : len(values) - tail]
    gap = patch.separator(document, node)
    pieces = gap.join(as_json(value) for value in new)
    if old and new:
        return (Edit(old[0].start, old[-1].end, pieces),)
    if old and head:
        return (Edit(items[head - 1].end, old[-1].end, ""),)
    if old:
        return (Edit(old[0].start, items[len(old)].start, ""),)
    if head:
        return (Edit(items[head - 1].end, items[head - 1].end, gap + pieces),)
    return (Edit(items[0].start, items[0].start, pieces + gap),)
