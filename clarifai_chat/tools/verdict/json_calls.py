"""Read calls that are written as JSON, wherever they stand in a text."""

import json
import re
from dataclasses import dataclass
from typing import Any

from clarifai_chat.messages import Quirk, ToolCall

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class _Written:
    """A value and its text as it was written."""

    value: Any
    text: str


def calls_at(
    text: str, start: int, names: frozenset[str], *, strict: bool
) -> tuple[list[ToolCall], int]:
    """Return the calls whose JSON starts at `start`, in a row or in a list, and their end."""
    calls: list[ToolCall] = []
    at = end = start
    while text[at : at + 1] == "{":
        members, at = _members(text, at)
        call = _from_members(members, names, strict=strict)
        if not call:
            break
        calls.append(call)
        end = at
        at = skip(text, at)
        if text[at : at + 1] == ";":
            at = skip(text, at + 1)
    if calls:
        return calls, end
    while text[at : at + 1] in (("[",) if at == start else (",",)):
        item = skip(text, at + 1)
        members, at = _members(text, item)
        call = _from_members(members, names, strict=strict)
        if not call:
            return [], start
        calls.append(call)
        at = skip(text, at)
    return (calls, at + 1) if text[at : at + 1] == "]" else ([], start)


def _from_members(
    members: dict[str, _Written], names: frozenset[str], *, strict: bool
) -> ToolCall | None:
    """Return the call that an object describes; `strict`: only if it has arguments."""
    if "function" in members and isinstance(members["function"].value, dict):
        members, _ = _members(members["function"].text, 0)
    named = members.get("name") or members.get("tool_name")
    name = named.value if named else None
    arguments = members.get("arguments") or members.get("parameters")
    if not isinstance(name, str) or name not in names:
        return None
    if arguments is None:
        return None if strict else new_call(name, "")
    value = arguments.value
    return new_call(name, value if isinstance(value, str) else arguments.text)


def new_call(name: str, arguments: str, *quirks: Quirk) -> ToolCall:
    return {
        "id": "",
        "type": "function",
        "function": {"name": name, "arguments": arguments},
        "quirks": ["from_text", *quirks],
    }


def _members(text: str, start: int) -> tuple[dict[str, _Written], int]:
    """Return the members of the JSON object at `start`, if there is one, and its end."""
    members: dict[str, _Written] = {}
    at = start
    while text[at : at + 1] == ("{" if at == start else ","):
        key, at = read_value(text, skip(text, at + 1))
        at = skip(text, at)
        if key is None or not isinstance(key.value, str) or text[at : at + 1] != ":":
            return {}, start
        written, at = read_value(text, skip(text, at + 1))
        if written is None:
            return {}, start
        members[key.value] = written
        at = skip(text, at)
    return (members, at + 1) if members and text[at : at + 1] == "}" else ({}, start)


def read_value(text: str, start: int) -> tuple[_Written | None, int]:
    try:
        value, end = _DECODER.raw_decode(text, start)
    except ValueError:
        return None, start
    return _Written(value, text[start:end]), end


def skip(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]
