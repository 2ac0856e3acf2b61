"""Propose cases from the schemas of tools, without a model: each to be read before it is kept.

A proposal is rough: its prompt is put together from the tool's description and values that the
schema allows, and a person says whether only one answer is right.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from clarifai_chat.evidence.cases import MAX_ID_CHARS, Case, Expect, ExpectedCall
from clarifai_chat.messages import ToolSpec
from clarifai_chat.text import unused
from clarifai_chat.tools.form import arguments
from clarifai_chat.tools.schema.budget import SchemaTrouble
from clarifai_chat.tools.schema.references import resolved
from clarifai_chat.tools.schema.subschemas import properties, required
from clarifai_chat.tools.schema.validator import errors_in

MAX_PROPOSALS = 200
MAX_TOOLS = 20  # that each case brings; of more, only its own
ABOUT = "Proposed from the schema; read it for a second right answer."
UNRELATED = (
    "Write two lines about autumn leaves.",
    "Thank you, that was all for today.",
    "Which is longer, a mile or a kilometre? Answer from what you know.",
)
# What a property's name says of its values: two that a person might give.
_WORDS: dict[str, tuple[str, str]] = {
    "city|location|place|town": ("Paris", "Oslo"),
    "country": ("France", "Norway"),
    "mail": ("ann@example.com", "bob@example.com"),
    "name|person|customer|user": ("Ann Lee", "Bob Ray"),
    "query|search|text|keyword|topic": ("red shoes", "blue hats"),
    "timezone|tz": ("Europe/Paris", "Europe/Oslo"),
    "currency": ("EUR", "NOK"),
    "expression": ("6 * 7", "9 * 5"),
}
_FORMATS: dict[str, tuple[str, str]] = {
    "date": ("2026-11-03", "2026-12-24"),
    "time": ("14:00:00Z", "09:30:00Z"),
    "date-time": ("2026-11-03T14:00:00Z", "2026-12-24T09:30:00Z"),
    "email": ("ann@example.com", "bob@example.com"),
    "uri": ("https://example.com/a", "https://example.com/b"),
    "uuid": ("5f0e6c1a-3c0e-4a55-9b1e-0d6c2a7b8e01", "0c9d2b7e-8a4f-4e0b-b0d3-6a1f5e9c7d02"),
}


def proposals(tools: Sequence[ToolSpec], known: Collection[str] = ()) -> list[Case]:
    """Return cases for these tools; `known` are the ids that are taken.

    Each tool gets its usual call, two at once, one for each required value that is missing, and one
    with a value that is not allowed; the set gets prompts that no tool fits. A tool whose values
    cannot be made up gets none of the first three.
    """
    found: list[Case] = []
    ids = [*known]
    for topic, name, prompt, expect in _all(tools):
        id = unused(f"{name}-{topic}".lower().replace(" ", "-")[: MAX_ID_CHARS - 10], ids)
        ids.append(id)
        found.append({
            "id": id,
            "topic": topic,
            "prompt": prompt,
            "expect": expect,
            "about": ABOUT,
            "tools": [t for t in tools if len(tools) <= MAX_TOOLS or t["function"]["name"] == name]
            or [*tools[:MAX_TOOLS]],
        })  # fmt: skip
        if len(found) == MAX_PROPOSALS:
            break
    return found


def _all(tools: Sequence[ToolSpec]) -> Iterator[tuple[str, str, str, Expect]]:
    for tool in tools:
        yield from _of_tool(tool)
    if tools:
        for prompt in UNRELATED:
            yield "no tool fits", "none", prompt, {"calls": []}


def _of_tool(tool: ToolSpec) -> Iterator[tuple[str, str, str, Expect]]:
    function: Any = tool["function"]
    name, schema = str(function.get("name", "")), function.get("parameters") or {}
    task = _task(name, str(function.get("description") or ""))
    first, second = (_values(schema, place) for place in (0, 1))
    if first is None:
        return

    def call(values: dict[str, Any]) -> ExpectedCall:
        is_all = properties(schema).keys() == values.keys()
        return {"tool": name, "arguments": values if is_all else {**values, "$others": True}}

    yield "usual call", name, _prompt(task, first), {"calls": [call(first)]}
    if second is not None and second != first:
        both = f"Do this twice: {task[0].lower()}{task[1:]}.\n1. {_said(first)}\n2. {_said(second)}"
        yield "two at once", name, both, {"calls": [call(first), call(second)]}
    for missing in first:
        rest = {other: value for other, value in first.items() if other != missing}
        asks: Expect = {"asks": _words_for(missing)}
        yield "missing value", name, _prompt(task, rest), asks
    for place, value in first.items():
        allowed = _object(properties(schema).get(place)).get("enum")
        if isinstance(allowed, list) and isinstance(value, str):
            odd = next(each for each in ("kelvin", "purple", "other") if each not in allowed)
            named = [str(each) for each in allowed if isinstance(each, str)][:5]
            refused: Expect = {"asks": [*named, *_words_for(place)]}
            yield "value not allowed", name, _prompt(task, {**first, place: odd}), refused


def _task(name: str, description: str) -> str:
    """Return the first sentence of a description, or the tool's name in words, without a dot."""
    sentence = re.split(r"(?<=[.!?])\s", " ".join(description.split()), maxsplit=1)[0].rstrip(".!?")
    return sentence or " ".join(re.split(r"[_.-]+", name)).capitalize() or "Use the tool"


def _prompt(task: str, values: dict[str, Any]) -> str:
    return f"Please do this for me: {task[0].lower()}{task[1:]}. {_said(values)}".strip()


def _said(values: dict[str, Any]) -> str:
    said = [f"{' '.join(_words_for(name))}: {_written(value)}" for name, value in values.items()]
    return f"{'; '.join(said)}." if said else ""


def _written(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_written, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {_written(each)}" for name, each in value.items())
    return "yes" if value is True else "no" if value is False else str(value)


def _words_for(name: str) -> list[str]:
    """Return the words in a property's name: "startDate" has start and date."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [word.lower() for word in re.split(r"[\W_]+", spaced) if word] or [name]


def usual_arguments(schema: Any) -> dict[str, Any] | None:
    """Return arguments that a call might have, all that are required; None if none can be made."""
    return _values(schema, 0) if isinstance(schema, dict) else None


def _values(schema: Any, place: int) -> dict[str, Any] | None:
    """Return the required arguments, each with a value that may be; None if one cannot be made."""
    known = properties(schema) if isinstance(schema, dict) else {}
    names = [name for name in required(schema) if name in known]
    made = {name: _value(known[name], schema, name, place) for name in names}
    try:
        return None if errors_in(made, schema) else made
    except SchemaTrouble:
        return None


def _value(schema: Any, root: Any, name: str, place: int, depth: int = 0) -> Any:
    found = _object(resolved(schema, root))
    options = found.get("enum")
    if isinstance(options, list) and options:
        return options[place % len(options)]
    kind = found.get("type")
    if kind == "string" and not found.get("pattern"):
        return _text(found, name, place)
    if kind in ("integer", "number"):
        low = found.get("minimum", 2)
        return low + place if isinstance(low, int | float) and not isinstance(low, bool) else 2
    if kind == "boolean":
        return place == 0
    if kind == "array" and depth < 3:
        return [_value(found.get("items"), root, name, place, depth + 1)]
    if kind == "object" and depth < 3:
        known = properties(found)
        names = [each for each in required(found) if each in known]
        return {each: _value(known[each], root, each, place, depth + 1) for each in names}
    return arguments.initial(schema, root)


def _text(schema: dict[str, Any], name: str, place: int) -> str:
    if pair := _FORMATS.get(str(schema.get("format"))):
        return pair[place]
    for words, pair in _WORDS.items():
        if re.search(words, name, re.IGNORECASE):
            return pair[place]
    return ("A-100", "B-200")[place]


def _object(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}
