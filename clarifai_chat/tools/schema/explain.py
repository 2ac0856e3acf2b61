"""Explain what is wrong with a value."""

from collections.abc import Callable
from typing import Any

from jsonschema.exceptions import ValidationError

from clarifai_chat.text import counted
from clarifai_chat.tools.schema.describe import described
from clarifai_chat.tools.schema.wording import (
    few_of,
    got,
    name_text,
    one_of,
    path_text,
    shortened,
    types_text,
)

_COMPARED = 500  # values of an enum that a wrong one is compared with
INVENTED = "invented: the schema has no such argument"


def problem(error: ValidationError) -> str:
    """Return what is wrong in words: expected integer, got the string "3"."""
    word = str(error.validator or "")
    if word in _PROBLEMS:
        return _PROBLEMS[word](error)
    if word in _ASKS:
        asked = _ASKS[word].format(shortened(error.validator_value))
        return f"expected {asked}, got {got(error.instance)}"
    if not word:
        return f"the schema allows nothing here, got {got(error.instance)}"
    return f"does not fit {word} {shortened(error.validator_value)}"


_ASKS = {
    "const": "{}",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "a number above {}",
    "exclusiveMaximum": "a number below {}",
    "multipleOf": "a multiple of {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} properties",
    "maxProperties": "at most {} properties",
}


def _wrong_type(error: ValidationError) -> str:
    return f"expected {types_text(error.validator_value)}, got {got(error.instance)}"


def _not_in_enum(error: ValidationError) -> str:
    text = f"expected {one_of(error.validator_value)}, got {got(error.instance)}"
    meant = _loosely(error.instance)
    for value in error.validator_value[:_COMPARED]:
        if _loosely(value) == meant:
            return f"{text}: perhaps {shortened(value)} was meant"
    return text


def _loosely(value: Any) -> Any:
    """Return a value without case, quotes and blanks; lists and objects equal nothing."""
    if isinstance(value, dict | list):
        return None if not value else object()
    return shortened(value).strip('"').strip().casefold()


def _wrong_length(error: ValidationError) -> str:
    most = "at most" if error.validator == "maxLength" else "at least"
    asked = f"{most} {counted(error.validator_value, 'character')}"
    return f"expected {asked}, got {len(str(error.instance)):,}: {shortened(error.instance)}"


def _no_match(error: ValidationError) -> str:
    return f"expected a match of {name_text(error.validator_value)}, got {got(error.instance)}"


def _missing(error: ValidationError) -> str:
    if error.validator != "dependentRequired":
        return "missing"
    name = error.relative_path[-1]
    asking = [n for n, names in error.validator_value.items() if name in names]
    return f"missing: required together with {few_of([name_text(n) for n in asking])}"


def _no_alternative(error: ValidationError) -> str:
    if not error.context:
        return "fits several alternatives, but must fit exactly one"
    branches = _by_branch(error)
    types = [branch[0] for branch in branches]
    if all(e.validator == "type" and not e.relative_path for e in types):
        names = [name for e in types for name in _as_list(e.validator_value)]
        return f"expected {types_text(list(dict.fromkeys(names)))}, got {got(error.instance)}"
    nearest = min(branches, key=_distance)
    where = path_text(tuple(nearest[0].relative_path))
    inner = f"{where}: {problem(nearest[0])}" if where else problem(nearest[0])
    return inner if _is_alone(nearest, branches) else f"fits no alternative; nearest: {inner}"


def _is_alone(nearest: list[ValidationError], branches: list[list[ValidationError]]) -> bool:
    """Return whether only this branch can be meant, by its type or its kind."""
    own = _distance(nearest)[:2]
    return [_distance(branch)[:2] <= own for branch in branches].count(True) == 1


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _by_branch(error: ValidationError) -> list[list[ValidationError]]:
    found: dict[Any, list[ValidationError]] = {}
    for one in error.context or ():
        found.setdefault(one.relative_schema_path[0], []).append(one)
    return list(found.values())


def _distance(errors: list[ValidationError]) -> tuple[bool, bool, int]:
    """Return how far a branch is from fitting: wrong type, wrong kind (`const`), error count."""
    another_type = any(e.validator == "type" and not e.relative_path for e in errors)
    another_kind = any(e.validator in ("const", "enum") for e in errors)
    return another_type, another_kind, len(errors)


def _bad_name(error: ValidationError) -> str:
    return (
        f"no such name is allowed: {problem(error.context[0])}" if error.context else "a bad name"
    )


_PROBLEMS: dict[str, Callable[[ValidationError], str]] = {
    "type": _wrong_type,
    "enum": _not_in_enum,
    "minLength": _wrong_length,
    "maxLength": _wrong_length,
    "pattern": _no_match,
    "required": _missing,
    "dependentRequired": _missing,
    "additionalProperties": lambda _: INVENTED,
    "unevaluatedProperties": lambda _: INVENTED,
    "unevaluatedItems": lambda e: f"expected no further items, got {got(e.instance)}",
    "items": lambda e: f"expected no further items, got {got(e.instance)}",
    "uniqueItems": lambda _: "the list has an item twice",
    "anyOf": _no_alternative,
    "oneOf": _no_alternative,
    "not": lambda e: f"the schema forbids {got(e.instance)}",
    "propertyNames": _bad_name,
    "contains": lambda e: f"has too few items that are {described(e.validator_value)}",
    "maxContains": lambda e: f"has more than {shortened(e.validator_value)} of the items counted",
}
