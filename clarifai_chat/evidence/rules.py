"""Compare arguments with what a case expects of them: rules 1 to 13 of docs/EVIDENCE.md.

A value stands for itself. An object whose keys begin with "$" is a rule.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from clarifai_chat.evidence.causes import (
    Strings,
    cause_of,
    has_text,
    instant,
    is_date,
    same_text,
    schema_cause,
)
from clarifai_chat.evidence.matching import matched
from clarifai_chat.tools.builtins.calculator import evaluate
from clarifai_chat.tools.builtins.given import BadArguments
from clarifai_chat.tools.schema.budget import SchemaTrouble
from clarifai_chat.tools.schema.explain import problem
from clarifai_chat.tools.schema.patterns import BadPattern, is_found
from clarifai_chat.tools.schema.validator import errors_in
from clarifai_chat.tools.schema.wording import got, path_text, shortened

Path = tuple[str | int, ...]

PATTERN_S = 1.0
TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: _is_number(value) and float(value).is_integer(),
    "number": lambda value: _is_number(value),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


class BadRule(ValueError):
    """A rule that cannot be used; the message is a sentence for who wrote the case."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a value is not what a case expects.

    `cause` is the same for all mismatches of its kind, such as "date as text"; `said` is about this
    one.
    """

    cause: str
    said: str


def mismatch(rule: Any, value: Any, strings: Strings, path: Path = ()) -> Mismatch | None:
    """Return why `value` does not fit `rule`; None if it does. Raises `BadRule`."""
    if name := rule_name(rule):
        return _RULES[name](rule, value, strings, path)
    if isinstance(rule, dict) and isinstance(value, dict):
        return _object(rule, value, strings, path)
    if isinstance(rule, list) and isinstance(value, list):
        return _list(rule, value, strings, path)
    is_same = same_text(rule, value, strings) if _are(str, rule, value) else _equal(rule, value)
    return None if is_same else _other(rule, value, path)


def rule_name(rule: Any) -> str:
    """Return the name of a rule, "" for a value. Raises `BadRule` if it is unknown."""
    keys: list[str] = [*rule] if isinstance(rule, dict) else []
    names = [k for k in keys if k.startswith("$") and k not in ("$others", "$within")]
    if not names:
        return ""
    if len(names) > 1 or set(rule) - {names[0], "$within"}:
        raise BadRule(f"A rule has one name and nothing beside it: {shortened(rule)}.")
    if names[0] not in _RULES:
        raise BadRule(f"There is no rule {names[0]}. Known: {', '.join(_RULES)}.")
    return names[0]


# --- Values --------------------------------------------------------------------------------------


def _object(
    rule: dict[str, Any], value: dict[str, Any], strings: Strings, path: Path
) -> Mismatch | None:
    for name, inner in rule.items():
        if name == "$others":
            continue
        is_optional = isinstance(inner, dict) and "$optional" in inner
        if name not in value:
            if is_optional:
                continue
            return Mismatch("missing argument", f"{path_text((*path, name))} is missing.")
        if found := mismatch(inner, value[name], strings, (*path, name)):
            return found
    if rule.get("$others") is not True and (more := [key for key in value if key not in rule]):
        where = path_text((*path, more[0]))
        said = f"{where} was not asked for, got {got(value[more[0]])}."
        return Mismatch("argument beyond those expected", said)
    return None


def _list(rule: list[Any], value: list[Any], strings: Strings, path: Path) -> Mismatch | None:
    if len(rule) != len(value):
        return _wrong_length(rule, value, path)
    found = (
        mismatch(each, value[place], strings, (*path, place)) for place, each in enumerate(rule)
    )
    return next(filter(None, found), None)


def _wrong_length(rule: Sequence[Any], value: Sequence[Any], path: Path) -> Mismatch:
    cause = "too few items" if len(value) < len(rule) else "too many items"
    return Mismatch(cause, f"{_where(path)}expected {len(rule)} items, got {len(value)}.")


def _equal(rule: Any, value: Any) -> bool:
    """Return whether JSON values are equal: 1 is 1.0, but neither true nor "1"."""
    if _is_number(rule) and _is_number(value):
        return bool(rule == value)
    if isinstance(rule, list) and isinstance(value, list):
        return len(rule) == len(value) and all(map(_equal, rule, value))
    if isinstance(rule, dict) and isinstance(value, dict):
        return rule.keys() == value.keys() and all(_equal(rule[k], value[k]) for k in rule)
    return type(rule) is type(value) and rule == value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _are(kind: type, *values: Any) -> bool:
    return all(isinstance(value, kind) for value in values)


# --- Rules ---------------------------------------------------------------------------------------


def _any(rule: Any, value: Any, strings: Strings, path: Path) -> Mismatch | None:
    return None


def _one_of(rule: Any, value: Any, strings: Strings, path: Path) -> Mismatch | None:
    found = [mismatch(each, value, strings, path) for each in rule["$one_of"]]
    if not found or None in found:
        return None if found else _other(None, value, path)
    first = found[0]
    said = f"{_where(path)}expected one of {shortened(rule['$one_of'])}, got {got(value)}."
    return Mismatch(first.cause if first else "", said)


def _type(rule: Any, value: Any, strings: Strings, path: Path) -> Mismatch | None:
    wanted = rule["$type"]
    if TYPES[wanted](value):
        return None
    example: dict[str, Any] = {"string": "", "boolean": True, "array": [], "object": {}}
    cause = cause_of(example.get(wanted, 0), value)
    cause = "number with a fraction" if cause == "wrong number" else cause
    return Mismatch(cause, f"{_where(path)}expected {wanted}, got {got(value)}.")


def _schema(rule: Any, value: Any, strings: Strings, path: Path) -> Mismatch | None:
    try:
        errors = errors_in(value, rule["$schema"])
    except SchemaTrouble as trouble:
        raise BadRule(f"The schema of a rule cannot be used: {trouble}") from None
    if not errors:
        return None
    where = (*path, *errors[0].absolute_path)
    return Mismatch(schema_cause(errors[0]), f"{_where(where)}{problem(errors[0])}.")


def _pattern(rule: Any, value: Any, strings: Strings, path: Path) -> Mismatch | None:
    if not isinstance(value, str):
        return _other("", value, path)
    try:
        if is_found(rule["$pattern"], value, PATTERN_S):
            return None
    except (BadPattern, TimeoutError) as why:
        raise BadRule(f"The pattern {rule['$pattern']} cannot be used: {why}.") from None
    said = f"{_where(path)}{got(value)} does not match {rule['$pattern']}."
    return Mismatch("text of another form", said)


def _instant_rule(rule: Any, value: Any, strings: Strings, path: Path) -> Mismatch | None:
    wanted, found = instant(rule["$instant"]), instant(value)
    if found is not None and wanted == found:
        return None
    said = f"{_where(path)}expected {rule['$instant']} or the same moment, got {got(value)}."
    if isinstance(value, str) and found is None:
        if is_date(value):
            return Mismatch("date and time without an offset", said)
        return Mismatch("date as text", said)
    cause = "wrong date or time" if found else cause_of(rule["$instant"], value)
    return Mismatch(cause, said)


def _near(rule: Any, value: Any, strings: Strings, path: Path) -> Mismatch | None:
    wanted, within = rule["$near"], rule.get("$within", 1e-9)
    if _is_number(value) and math.isclose(value, wanted, rel_tol=1e-9, abs_tol=within):
        return None
    return _other(wanted, value, path)


def _result(rule: Any, value: Any, strings: Strings, path: Path) -> Mismatch | None:
    if not isinstance(value, str):
        return _other("", value, path)
    try:
        is_right = math.isclose(evaluate(value), rule["$result"], rel_tol=1e-9, abs_tol=1e-9)
    except BadArguments as why:
        return Mismatch("not an expression", f"{_where(path)}{got(value)}: {why}")
    said = f"{_where(path)}{got(value)} does not come to {rule['$result']}."
    return None if is_right else Mismatch("expression with another result", said)


def _contains(rule: Any, value: Any, strings: Strings, path: Path) -> Mismatch | None:
    wanted = rule["$contains"]
    wanted = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(value, str):
        return _other("", value, path)
    lacks = [text for text in wanted if not has_text(value, text, strings)]
    said = f"{_where(path)}{got(value)} lacks {shortened(lacks[0])}." if lacks else ""
    return Mismatch("other words", said) if lacks else None


def _unordered(rule: Any, value: Any, strings: Strings, path: Path) -> Mismatch | None:
    wanted = rule["$unordered"]
    if not isinstance(value, list):
        return _other(wanted, value, path)
    if len(wanted) != len(value):
        return _wrong_length(wanted, value, path)
    pairs = matched(wanted, value, lambda one, other: mismatch(one, other, strings) is None)
    if pairs is not None:
        return None
    lonely = next(
        (each for each in wanted if all(mismatch(each, one, strings) for one in value)), wanted[0]
    )
    said = f"{_where(path)}expected {shortened(lonely)} among {shortened(value)}."
    return Mismatch("wrong item", said)


def _optional(rule: Any, value: Any, strings: Strings, path: Path) -> Mismatch | None:
    return mismatch(rule["$optional"], value, strings, path)


def _equals(rule: Any, value: Any, strings: Strings, path: Path) -> Mismatch | None:
    return None if _equal(rule["$equals"], value) else _other(rule["$equals"], value, path)


_RULES: dict[str, Callable[[Any, Any, Strings, Path], Mismatch | None]] = {
    "$any": _any,
    "$one_of": _one_of,
    "$type": _type,
    "$schema": _schema,
    "$pattern": _pattern,
    "$instant": _instant_rule,
    "$near": _near,
    "$result": _result,
    "$contains": _contains,
    "$unordered": _unordered,
    "$optional": _optional,
    "$equals": _equals,
}


def _where(path: Path) -> str:
    return f"{path_text(path)}: " if path else ""


def _other(rule: Any, value: Any, path: Path) -> Mismatch:
    return Mismatch(
        cause_of(rule, value), f"{_where(path)}expected {shortened(rule)}, got {got(value)}."
    )
