"""The request's parameters beside messages and tools: which have a field, and the rest as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from clarifai_chat.chat.json_schema import EXAMPLE
from clarifai_chat.text import listed
from clarifai_chat.tools.text.diagnostics import Diagnostic, kind
from clarifai_chat.tools.text.parse import Document, json_document

OWN = ("model", "messages", "tools", "stream", "stream_options")  # never an extra parameter
MAX_SEED = 2**53 - 1
FORMATS = ("text", "json_object", "json_schema")  # types of `response_format` with a field


class Number(TypedDict):
    label: str
    low: float
    high: float
    step: float
    help: str


NUMBERS: dict[str, Number] = {
    "top_p": {"label": "Top p", "low": 0.0, "high": 1.0, "step": 0.05, "help": ""},
    "seed": {"label": "Seed", "low": -MAX_SEED, "high": MAX_SEED, "step": 1, "help": ""},
    "presence_penalty": {
        "label": "Presence penalty",
        "low": -2.0,
        "high": 2.0,
        "step": 0.1,
        "help": "Above 0, the model turns to new topics more often; below 0, less.",
    },
    "frequency_penalty": {
        "label": "Frequency penalty",
        "low": -2.0,
        "high": 2.0,
        "step": 0.1,
        "help": "Above 0, the model repeats the same words less; below 0, more.",
    },
    "max_tokens": {
        "label": "Max tokens, older name",
        "low": 1,
        "high": 1_000_000,
        "step": 100,
        "help": "Sent as max_tokens; the field above is sent as max_completion_tokens.",
    },
}
FIELDS = (*NUMBERS, "stop", "reasoning_effort", "response_format")


@dataclass(frozen=True, slots=True)
class Parsed:
    """The object in a text of JSON; None if it cannot be sent, and then a finding says why."""

    value: dict[str, Any] | None
    findings: tuple[Diagnostic, ...]


def fits(name: str, value: Any) -> bool:
    """Return whether the field for a parameter can show this value."""
    if name in NUMBERS:
        number = NUMBERS[name]
        kinds = (int,) if isinstance(number["step"], int) else (int, float)
        is_number = isinstance(value, kinds) and not isinstance(value, bool)
        return is_number and number["low"] <= value <= number["high"]
    if name == "stop":
        return isinstance(value, list) and all(isinstance(each, str) and each for each in value)
    if name == "reasoning_effort":
        return isinstance(value, str) and bool(value.strip())
    return name == "response_format" and _is_known_format(value)


def _is_known_format(value: Any) -> bool:
    if not isinstance(value, dict) or value.get("type") not in FORMATS:
        return False
    if value["type"] != "json_schema":
        return set(value) == {"type"}
    inner = value.get("json_schema")
    return (
        set(value) == {"type", "json_schema"}
        and isinstance(inner, dict)
        and set(inner) <= {"name", "schema", "strict"}
        and isinstance(inner.get("schema"), dict)
        and isinstance(inner.get("name", ""), str)
        and isinstance(inner.get("strict"), bool | None)
    )


def rest(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that no field shows."""
    return {name: value for name, value in extra.items() if not fits(name, value)}


def pretty(value: Any) -> str:
    """Return indented JSON for an editor; "" for an empty object or list."""
    return json.dumps(value, ensure_ascii=False, indent=2) if value else ""


def read(text: str) -> Parsed:
    """Return the parameters in a text of JSON, and what is wrong with it. Never raises."""
    document = json_document(text)
    if document.root is None:
        return Parsed(None if document.findings else {}, document.findings)
    found = list(document.findings)
    value = document.root.value
    if not isinstance(value, dict):
        sentence = f'Parameters are an object, such as {{"top_k": 40}}, not {kind(value)}.'
        return Parsed(None, (*found, document.finding("error", "extra.shape", sentence, ())))
    found += [_own(document, name) for name in value if name in OWN]
    found += [
        document.finding("hint", "extra.field", f"{name} also has a field above.", (name,))
        for name in value
        if fits(name, value[name])
    ]
    is_broken = any(each.level == "error" for each in found)
    return Parsed(None if is_broken else value, tuple(found))


def _own(document: Document, name: str) -> Diagnostic:
    sentence = f"{name} is set elsewhere on this page and cannot be set here: remove it."
    return document.finding("error", "extra.own", sentence, (name,))


def merged(extra: Mapping[str, Any], typed: Mapping[str, Any], before: str) -> dict[str, Any]:
    """Return the parameters once a text of JSON says `typed`, after it said `before`."""
    old = read(before).value or {}
    kept = {n: v for n, v in extra.items() if fits(n, v) and n not in old}
    return {**kept, **typed}


def format_with(schema: Any, name: str, strict: bool | None) -> dict[str, Any]:
    """Return a `response_format` for a schema; `strict` None is not sent."""
    inner = {"name": name or "answer", "schema": schema}
    if strict is not None:
        inner["strict"] = strict
    return {"type": "json_schema", "json_schema": inner}


def schema_of(extra: Mapping[str, Any]) -> Any:
    """Return the schema of answers in the parameters; None if they have none."""
    found = extra.get("response_format")
    inner = found.get("json_schema") if isinstance(found, dict) else None
    return inner.get("schema") if isinstance(inner, dict) else None


def example_schema() -> Any:
    return json.loads(EXAMPLE)


def said(extra: Mapping[str, Any]) -> str:
    """Return parameters in a line: "top_p 0.9, seed 7, response_format json_object"."""
    return listed([_said(name, value) for name, value in extra.items()], "")


def _said(name: str, value: Any) -> str:
    if name == "response_format" and fits(name, value):
        inner = value.get("json_schema", {}).get("name", "")
        return f"{name} {value['type']}{f' {inner}' * bool(inner)}"
    return f"{name} {json.dumps(value)}"
