"""Compare texts as BFCL does, and say in a few words how values differ."""

import re
from datetime import UTC, date, datetime
from typing import Any, Literal

Strings = Literal["loose", "strict"]

_MARKS = re.compile(r"[ ,./\-_*^]")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def standardized(text: str) -> str:
    """Return text as BFCL compares it: lower case, without blanks and `,./-_*^`.

    Single quotes become double quotes. Source: `standardize_string` in BFCL's `ast_checker.py`.
    """
    return _MARKS.sub("", text).lower().replace("'", '"')


def same_text(one: str, other: str, strings: Strings) -> bool:
    """Return whether two texts are equal, as they are or as BFCL compares them."""
    return one == other or (strings == "loose" and standardized(one) == standardized(other))


def has_text(text: str, part: str, strings: Strings) -> bool:
    """Return whether a text contains another, as it is or as BFCL compares texts."""
    return part in text or (strings == "loose" and standardized(part) in standardized(text))


def cause_of(rule: Any, value: Any) -> str:
    """Return in a few words how a value differs from the one that was expected."""
    if value is None:
        return "null in place of a value"
    if isinstance(value, str) and isinstance(rule, str):
        if is_date(rule):
            return "wrong date or time" if is_date(value) else "date as text"
        same = standardized(rule) == standardized(value)
        return "text spelled differently" if same else "wrong text"
    if isinstance(value, str) and rule is not None:
        return f"{_kind(rule)} as text"
    if _kind(rule) == _kind(value):
        return f"wrong {_kind(rule)}"
    return f"{_kind(value)} in place of {_kind(rule)}"


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    names = {str: "text", list: "list", dict: "object", type(None): "null"}
    return names.get(type(value), "number")


def is_date(text: str) -> bool:
    """Return whether text begins with a date as ISO writes it."""
    try:
        date.fromisoformat(text.strip()[:10])
    except ValueError:
        return False
    return bool(_ISO_DATE.match(text.strip()))


def instant(text: Any) -> datetime | None:
    """Return the moment that an ISO date and time with an offset names; None for anything else."""
    try:
        found = datetime.fromisoformat(text.strip())
    except (ValueError, AttributeError):
        return None
    return found.astimezone(UTC) if found.tzinfo else None


_SCHEMA_CAUSES = {
    "required": "missing argument",
    "additionalProperties": "invented argument",
    "unevaluatedProperties": "invented argument",
    "enum": "not one of the allowed values",
    "const": "not one of the allowed values",
    "pattern": "text of another form",
    "minItems": "too few items",
    "maxItems": "too many items",
    "minLength": "text too short",
    "maxLength": "text too long",
}
_EXAMPLES: dict[str, Any] = {
    "string": "",
    "integer": 0,
    "number": 0,
    "boolean": True,
    "array": [],
    "object": {},
}


def schema_cause(error: Any) -> str:
    """Return in a few words what is wrong by a schema, for an error of jsonschema."""
    word, value = str(error.validator or ""), error.instance
    if word == "type":
        wanted = error.validator_value
        wanted = wanted[0] if isinstance(wanted, list) and wanted else wanted
        cause = cause_of(_EXAMPLES.get(str(wanted)), value)
        return "number with a fraction" if cause == "wrong number" else cause
    if word in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"):
        return "number out of range"
    return _SCHEMA_CAUSES.get(word, "against the schema")
