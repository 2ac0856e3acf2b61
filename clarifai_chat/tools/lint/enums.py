"""Find odd enums, and lists of values that only a description has."""

import json
import re
from collections.abc import Iterator
from typing import Any

from clarifai_chat.tools.lint.tool_context import ToolContext
from clarifai_chat.tools.schema.subschemas import Place, types
from clarifai_chat.tools.text import patch
from clarifai_chat.tools.text.diagnostics import Diagnostic, Edit, quoted, words

_READ_CHARS = 2_000  # of a description
_QUOTED = r"""(?:"[^"\n]{1,40}"|'[^'\n]{1,40}'|`[^`\n]{1,40}`)"""
_ITEM = rf"(?:{_QUOTED}|[\w.+-]{{1,30}}?)"
_AND = r"(?>\s*,\s*(?:(?:or|and)\s+)?|\s+or\s+|\s*\|\s*)"
# The list must end where its sentence does: "one of red, green or blue colours" does not count.
_LISTED = re.compile(
    r"\b(?:one of(?: the following)?|either|(?:allowed|possible|valid) values(?: are)?)"
    rf"\s*:?\s*({_ITEM}(?:{_AND}{_ITEM}){{1,19}})\s*(?:$|[;()\n]|\.(?=\s|$))",
    re.IGNORECASE,
)
_BETWEEN = re.compile(_AND, re.IGNORECASE)
_ONE_ITEM = re.compile(rf"{_QUOTED}|[\w.+-]+")
_OPEN_ENDED = {"etc", "etc.", "others", "other", "more", "the", "an", "these", "those", "following"}
_NARROWED = ("enum", "const", "pattern", "format", "anyOf", "oneOf", "allOf", "$ref", "examples")
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,15})", re.ASCII)
_KINDS: dict[str, Any] = {
    "string": str, "boolean": bool, "array": list, "object": dict, "null": type(None),
}  # fmt: skip


def problems(subject: ToolContext, place: Place) -> Iterator[Diagnostic]:
    """Yield findings about the values that one place allows."""
    values = place.schema.get("enum")
    if isinstance(values, list) and values:
        path = (*subject.inside(place.path), "enum")
        yield from _doubles(subject, path, values)
        yield from _types(subject, path, place, values)
    elif found := listed(place.schema):
        edits = patch.set_key(subject.document, subject.inside(place.path), "enum", found)
        sentence = (
            f"The description lists values: {words(found, 'or')}. An enum holds a model to them."
        )
        path = (*subject.inside(place.path), "description")
        label = f"Add the enum of {words(found)}"
        yield subject.finding("hint", "lint.enum", sentence, path, label=label, edits=edits)


def listed(schema: dict[str, Any]) -> list[str]:
    """Return the values that a plain string's description lists, or [].

    Finds "one of a, b" and "either a or b", among others.
    """
    description = schema.get("description")
    if types(schema) != {"string"} or not isinstance(description, str):
        return []
    if any(keyword in schema for keyword in _NARROWED):
        return []
    match = _LISTED.search(description[:_READ_CHARS])
    if match is None:
        return []
    found = [item.strip("\"'`") for item in _items(match[1])]
    if len(set(found)) != len(found) or len(found) < 2 or _OPEN_ENDED & {f.lower() for f in found}:
        return []
    return found


def _items(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        item = _ONE_ITEM.match(text, at)
        if item is None:
            return
        yield item[0]
        between = _BETWEEN.match(text, item.end())
        at = between.end() if between else len(text)


def _doubles(
    subject: ToolContext, path: tuple[str | int, ...], values: list[Any]
) -> Iterator[Diagnostic]:
    if len(values) == 1:
        sentence = "The enum has one value, so there is nothing to choose. Drop the parameter, or"
        sentence += " list the other values."
        yield subject.finding("hint", "lint.enum_one", sentence, path)
    keys = [json.dumps(value, sort_keys=True) for value in values]
    seen: set[str] = set()
    doubles = [index for index, key in enumerate(keys) if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
    node = subject.document.node(path)
    if doubles and node:
        sentence = (
            f"The enum has {words(dict.fromkeys(values[i] for i in doubles))} more than once."
        )
        edits = [patch.removal(node, index) for index in doubles]
        label = "Remove the duplicates"
        yield subject.finding(
            "warning", "lint.enum_double", sentence, path, label=label, edits=edits
        )


def _types(
    subject: ToolContext, path: tuple[str | int, ...], place: Place, values: list[Any]
) -> Iterator[Diagnostic]:
    """Yield findings about values of the wrong type, and numbers written as text."""
    named = types(place.schema)
    wrong = [index for index, value in enumerate(values) if named and not _is_of(value, named)]
    if wrong:
        edits = _retyped(subject, path, named, values, wrong)
        sentence = f"{quoted(values[wrong[0]])} in the enum does not have the schema's type,"
        sentence += " so it is never valid."
        label = "Convert the values to the schema's type"
        yield subject.finding("warning", "lint.enum_type", sentence, path, label=label, edits=edits)
    elif len(values) > 1 and all(isinstance(v, str) and _INTEGER.fullmatch(v) for v in values):
        sentence = "The enum has numbers written as text. Models often send them as numbers: use"
        sentence += ' "type": "integer" if the tool accepts it.'
        yield subject.finding("hint", "lint.enum_numbers", sentence, path)


def _retyped(
    subject: ToolContext,
    path: tuple[str | int, ...],
    named: set[str],
    values: list[Any],
    wrong: list[int],
) -> list[Edit]:
    """Return edits that convert each wrong value to the schema's type; [] if one cannot be."""
    right: dict[int, Any] = {}
    for index in wrong:
        value = values[index]
        if named <= {"integer", "number"} and isinstance(value, str) and _INTEGER.fullmatch(value):
            right[index] = int(value)
        elif named == {"string"} and isinstance(value, int | float):
            right[index] = json.dumps(value)
        else:
            return []
    edits = (patch.replace(subject.document, (*path, i), value) for i, value in right.items())
    return [edit for each in edits for edit in each]


def _is_of(value: Any, named: set[str]) -> bool:
    """Return whether a value has one of the named types; an unknown type fits any value."""
    for name in named:
        if name in ("integer", "number"):
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if is_number and (name == "number" or value == int(value)):
                return True
        elif name not in _KINDS or isinstance(value, _KINDS[name]):
            return True
    return False
