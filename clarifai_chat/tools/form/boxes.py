"""Show JSON values as text in boxes, and read what was typed into them.

A value is shown only if reading the box gives it back; everything else stays as it is written.
"""

import json
from typing import Any, Literal

from clarifai_chat.tools.text import json_parser
from clarifai_chat.tools.text.diagnostics import quoted
from clarifai_chat.tools.text.json_errors import NUMBER, JsonError
from clarifai_chat.tools.text.json_parser import Node

# line: text without line breaks. text: any text. count: a whole number from 0. flag: true or false.
# value: one value of a type. values: several of them, one a line.
Kind = Literal["line", "text", "number", "count", "flag", "value", "values"]


class BadInput(ValueError):
    """What was typed cannot be used; the message is a sentence for the reader."""


def shown(kind: Kind, of_type: str, node: Node, source: str) -> str | None:
    """Return the text for a box, or None if no box can show the value at `node` of `source`."""
    if kind == "values":
        if not isinstance(node.value, list) or not node.children:
            return None
        lines = [_shown_value(of_type, item, source) for item in node.children.values()]
        text = "\n".join(line or "" for line in lines)
    elif kind == "value":
        text = _shown_value(of_type, node, source)
    elif kind in ("line", "text"):
        text = node.value if isinstance(node.value, str) else ""
    else:
        text = source[node.start : node.end]
    try:
        again = written(kind, of_type, text, "") if text else '""'
    except BadInput:
        return None
    return text if is_same(json.loads(again), node.value) else None


def written(kind: Kind, of_type: str, text: str, label: str) -> str:
    """Return what was typed as JSON text. Raises `BadInput`; `label` names the box in it."""
    if kind in ("line", "text"):
        return _string(text, label, has_lines=kind == "text")
    if kind == "number":
        return _number(text, label)
    if kind == "count":
        digits = text.strip()
        if not (digits.isascii() and digits.isdigit() and NUMBER.fullmatch(digits)):
            raise BadInput(f"{label} must be a whole number, such as 0 or 10.")
        return _number(digits, label)
    if kind == "flag":
        return _flag(text, label)
    if kind == "value":
        return _value(of_type, text, label)
    return _values(of_type, text, label)


def is_same(one: Any, other: Any) -> bool:
    """Return whether two values are the same JSON; 1, 1.0 and true differ."""
    return json.dumps(one) == json.dumps(other)


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _shown_value(of_type: str, node: Node, source: str) -> str:
    if of_type == "string":
        return node.value if isinstance(node.value, str) else ""
    return source[node.start : node.end]


def _string(text: str, label: str, *, has_lines: bool) -> str:
    if "\r" in text or ("\n" in text and not has_lines):
        raise BadInput(f"{label} must be one line.")
    written = as_json(text)
    _checked(written, label)
    return written


def _number(text: str, label: str, *, is_whole: bool = False) -> str:
    digits = text.strip()
    if not NUMBER.fullmatch(digits):
        such = "1 or 10" if is_whole else "1 or 0.5"
        raise BadInput(f"{label} must be a number, such as {such}, not {quoted(digits)}.")
    value = _checked(digits, label)
    if is_whole and value != int(value):
        raise BadInput(f"{label} must be a whole number, not {digits}.")
    return digits


def _flag(text: str, label: str) -> str:
    if text.strip() not in ("true", "false"):
        raise BadInput(f"{label} must be true or false.")
    return text.strip()


def _value(of_type: str, text: str, label: str) -> str:
    if of_type == "string":
        return _string(text, label, has_lines=False)
    if of_type in ("number", "integer"):
        return _number(text, label, is_whole=of_type == "integer")
    if of_type == "boolean":
        return _flag(text, label)
    if "\n" in text or "\r" in text:
        raise BadInput(f"{label} must be one line.")
    _checked(text.strip(), label)
    return text.strip()


def _values(of_type: str, text: str, label: str) -> str:
    lines = [line.strip() for line in text.split("\n")]
    found = [_value(of_type, line, label) for line in lines if line]
    for index, one in enumerate(found):
        if one in found[:index]:
            raise BadInput(f"{label} has {one} twice.")
    return f"[{', '.join(found)}]"


def _checked(text: str, label: str) -> Any:
    """Return the value of a JSON text. Raises `BadInput` with the parser's reason."""
    try:
        return json_parser.read(text)[0].value
    except JsonError as slip:
        raise BadInput(f'{label} must be JSON, such as 3 or "text": {slip.message}') from None
