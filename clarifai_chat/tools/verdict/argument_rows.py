"""Compare arguments with their schema: a row for each argument and each problem."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jsonschema.exceptions import ValidationError

from clarifai_chat.text import counted
from clarifai_chat.tools.schema.describe import described
from clarifai_chat.tools.schema.explain import problem
from clarifai_chat.tools.schema.keywords import MAX_ERRORS
from clarifai_chat.tools.schema.references import resolved
from clarifai_chat.tools.schema.wording import got, path_text, shortened
from clarifai_chat.tools.text.diagnostics import Path

UNNAMED = "not in the schema; the schema allows it"
_GIVEN = 200  # characters of a value in a row
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument and what the schema asks for; a path of "" means all of them together."""

    path: str  # city, items[0].sku
    given: str  # JSON, cut after 200 characters; "" when missing
    expected: str
    ok: bool
    problem: str  # "" when ok


def rows_of(value: Any, schema: Any, errors: list[ValidationError]) -> Iterator[Argument]:
    """Yield a row for the whole if it has a problem, then each argument with what is in it."""
    problems: dict[Path, dict[str, ValidationError]] = {}
    for error in errors[:MAX_ERRORS]:
        problems.setdefault(tuple(error.absolute_path), {}).setdefault(problem(error), error)
    if not isinstance(value, dict):
        said = f"expected an object with the arguments, got {got(value)}"
        yield Argument("", _given(value), described(schema, schema), False, said)
        return
    if () in problems:
        yield _bad((), problems[()], value, described(schema, schema))
    known = _properties(schema, schema)
    inner: dict[Any, list[Path]] = {}
    for path in problems:
        inner.setdefault(path[0] if path else None, []).append(path)
    named = [n for n in known if n in value or (n,) in problems]
    missing = [p[0] for p in problems if len(p) == 1 and p[0] not in value]
    for name in dict.fromkeys((*named, *missing, *value)):
        paths = inner.get(name, [])
        if not paths and len(errors) > MAX_ERRORS:
            continue  # it may be among the problems that are no longer counted
        yield _row(name, value, known, schema, problems.get((name,), {}), len(paths))
        for path in sorted(paths, key=_in_order):
            if len(path) > 1:
                yield _bad(path, problems[path], _at(value, path), _asked(problems[path]))


def _in_order(path: Path) -> list[tuple[int, str]]:
    return [(step, "") if isinstance(step, int) else (-1, step) for step in path]


def _row(
    name: Any,
    value: dict[str, Any],
    known: dict[str, Any],
    schema: Any,
    found: dict[str, ValidationError],
    count: int,
) -> Argument:
    others = _others(schema)
    expected = described(known[name], schema) if name in known else others
    if found:
        expected = expected or _asked(found)
        return _bad((name,), found, value.get(name, _MISSING), expected)
    if count:
        said = f"{counted(count, 'problem')} inside"
        expected = expected or "a value that fits the schema"
        return Argument(path_text((name,)), _given(value[name]), expected, False, said)
    return Argument(path_text((name,)), _given(value[name]), expected or UNNAMED, True, "")


def _others(schema: Any) -> str:
    """Return what arguments without a name in the schema must be, or "" if that is not plain."""
    if not isinstance(schema, dict) or "patternProperties" in schema:
        return ""
    found = schema.get("additionalProperties")
    return described(found, schema) if isinstance(found, dict) and found else ""


def _bad(path: Path, found: dict[str, ValidationError], value: Any, expected: str) -> Argument:
    given = "" if value is _MISSING else _given(value)
    return Argument(path_text(path), given, expected, False, "; ".join(found))


def _given(value: Any) -> str:
    return shortened(value, _GIVEN)


def _at(value: Any, path: Path) -> Any:
    for step in path:
        if isinstance(value, dict):
            value = value.get(step, _MISSING)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return _MISSING
    return value


def _asked(found: dict[str, ValidationError]) -> str:
    error = next(iter(found.values()))
    if error.validator in ("additionalProperties", "unevaluatedProperties"):
        return "no such argument"
    schema = error.schema
    if error.validator in ("required", "dependentRequired"):
        schema = schema.get("properties", {}).get(error.absolute_path[-1], True)
    return described(schema)


def _properties(schema: Any, root: Any, depth: int = 0) -> dict[str, Any]:
    """Return the arguments in a schema and its parts by name, in the schema's order."""
    schema = resolved(schema, root)
    if not isinstance(schema, dict) or depth > 3:
        return {}
    found: dict[str, Any] = {}
    for word in ("properties", "allOf", "anyOf", "oneOf"):
        parts = schema.get(word)
        if word == "properties" and isinstance(parts, dict):
            found |= parts
        elif isinstance(parts, list):
            for part in parts[:20]:
                found = _properties(part, root, depth + 1) | found
    return found
