"""Recover calls that a model wrote as text and its server did not turn into calls."""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from clarifai_chat import json_text
from clarifai_chat.messages import ToolCall

MAX_OPENINGS = 64  # each is read once, so that time grows only with the text
_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()
_NAME = r"[A-Za-z0-9_.:/-]{1,128}"
# What opens a call, and what follows it: JSON that names its tool, or a name and its arguments.
_OPENING = re.compile(
    rf"""<tool_call>
       | \[TOOL_CALLS\]\s{{0,9}}(?:(?P<mistral>{_NAME})(?:\[ARGS\])?(?=\s{{0,9}}\{{))?
       | <\|python_tag\|>
       | <function=(?P<llama>{_NAME})>
       | functions\.(?P<kimi>{_NAME}):[0-9]+\s{{0,9}}
         (?:<\|tool_call_argument_begin\|>)?(?=\s{{0,9}}\{{)
       | ```(?:json|tool_call)?[ \t]*\n""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Written:
    """A value and its text as it was written."""

    value: Any
    text: str


def recover(text: str, names: Collection[str]) -> list[ToolCall]:
    """Return the calls of the tools `names` in `text`, in order; [] if it is just text.

    Never raises. Arguments stay as written. The calls have no id yet.
    """
    known = frozenset(names)
    try:
        json_text.check_depth(text)
        calls = list(_whole(text, known)) or list(_opened(text, known))
    except RecursionError:  # thousands of brackets are not a call
        return []
    return calls


def _whole(text: str, names: frozenset[str]) -> Iterator[ToolCall]:
    start = _skip(text, 0)
    if text[start : start + 1] in ("{", "["):
        found, end = _calls_at(text, start, names, strict=True)
        if _skip(text, end) == len(text):
            yield from found


def _opened(text: str, names: frozenset[str]) -> Iterator[ToolCall]:
    at = 0
    for _ in range(MAX_OPENINGS):
        opening = _OPENING.search(text, at)
        if not opening:
            return
        found, at = _after(text, opening, names)
        yield from found


def _after(text: str, opening: re.Match[str], names: frozenset[str]) -> tuple[list[ToolCall], int]:
    """Return the calls after an opening, and where to go on."""
    start = _skip(text, opening.end())
    name = opening["mistral"] or opening["llama"] or opening["kimi"]
    if name is None:
        is_fence = opening[0].startswith("```")
        calls, end = _calls_at(text, start, names, strict=is_fence)
        closes = not is_fence or text.startswith("```", _skip(text, end))
        return (calls, end) if calls and closes else ([], opening.end())
    if name not in names or text[start : start + 1] != "{":
        return [], opening.end()
    written, end = _value(text, start)
    return ([_call(name, written.text)], end) if written else ([], opening.end())


def _calls_at(
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
        at = _skip(text, at)
        if text[at : at + 1] == ";":
            at = _skip(text, at + 1)
    if calls:
        return calls, end
    while text[at : at + 1] in (("[",) if at == start else (",",)):
        item = _skip(text, at + 1)
        members, at = _members(text, item)
        call = _from_members(members, names, strict=strict)
        if not call:
            return [], start
        calls.append(call)
        at = _skip(text, at)
    return (calls, at + 1) if text[at : at + 1] == "]" else ([], start)


def _from_members(
    members: dict[str, _Written], names: frozenset[str], *, strict: bool
) -> ToolCall | None:
    """Return the call that an object describes; `strict`: only if it has arguments."""
    if "function" in members and isinstance(members["function"].value, dict):
        members, _ = _members(members["function"].text, 0)
    name = members["name"].value if "name" in members else None
    arguments = members.get("arguments") or members.get("parameters")
    if not isinstance(name, str) or name not in names:
        return None
    if arguments is None:
        return None if strict else _call(name, "")
    value = arguments.value
    return _call(name, value if isinstance(value, str) else arguments.text)


def _call(name: str, arguments: str) -> ToolCall:
    return {
        "id": "",
        "type": "function",
        "function": {"name": name, "arguments": arguments},
        "quirks": ["from_text"],
    }


def _members(text: str, start: int) -> tuple[dict[str, _Written], int]:
    """Return the members of the JSON object at `start`, if there is one, and its end."""
    members: dict[str, _Written] = {}
    at = start
    while text[at : at + 1] == ("{" if at == start else ","):
        key, at = _value(text, _skip(text, at + 1))
        at = _skip(text, at)
        if key is None or not isinstance(key.value, str) or text[at : at + 1] != ":":
            return {}, start
        written, at = _value(text, _skip(text, at + 1))
        if written is None:
            return {}, start
        members[key.value] = written
        at = _skip(text, at)
    return (members, at + 1) if members and text[at : at + 1] == "}" else ({}, start)


def _value(text: str, start: int) -> tuple[_Written | None, int]:
    try:
        value, end = _DECODER.raw_decode(text, start)
    except ValueError:
        return None, start
    return _Written(value, text[start:end]), end


def _skip(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]
