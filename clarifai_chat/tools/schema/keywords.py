"""The keywords that our validators check themselves: within limits, and exactly.

jsonschema's own search with Python's `re`, which a pattern can keep busy for hours, divide prices
as floats, and repeat the whole value in each message. These count their work (`Budget`), and each
error is at the place that it is about: a missing property at the property, not at its object.
"""

import operator
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice
from typing import Any

from jsonschema.exceptions import ValidationError
from referencing.jsonschema import lookup_recursive_ref

from clarifai_chat.tools.schema.budget import SchemaTrouble, guard_of

MAX_ERRORS = 100  # per alternative, and in total

Errors = Iterator[ValidationError]


def same(value: Any) -> Any:
    """Return a hashable stand-in, equal for values that JSON Schema considers equal."""
    if isinstance(value, bool):
        return (bool, value)  # to Python, True equals 1
    if isinstance(value, dict):
        return frozenset((key, same(one)) for key, one in value.items())
    if isinstance(value, list):
        return tuple(same(one) for one in value)
    return value


def is_multiple(value: float, of: float) -> bool:
    """Return whether a number is a multiple of another, both as written: 19.99 of 0.01."""
    try:
        return (Fraction(str(value)) / Fraction(str(of))).denominator == 1
    except ValueError:
        raise SchemaTrouble("A number is too large to divide.") from None


def _limit(json_type: str, holds: Callable[[Any, Any], bool]) -> Callable[..., Errors]:
    def keyword(validator: Any, limit: Any, value: Any, schema: Any) -> Errors:
        if validator.is_type(value, json_type) and not holds(value, limit):
            yield ValidationError("out of bounds")

    return keyword


def _pattern(validator: Any, pattern: str, value: Any, schema: Any) -> Errors:
    if isinstance(value, str) and not guard_of(validator).is_found(pattern, value):
        yield ValidationError("no match")


def _const(validator: Any, const: Any, value: Any, schema: Any) -> Errors:
    if same(const) != same(value):
        yield ValidationError("another value")


def _enum(validator: Any, values: list[Any], value: Any, schema: Any) -> Errors:
    guard_of(validator).step(len(values))
    given = same(value)
    if all(same(one) != given for one in values):
        yield ValidationError("none of the values")


def _unique_items(validator: Any, wanted: bool, value: Any, schema: Any) -> Errors:
    if not wanted or not isinstance(value, list):
        return
    guard_of(validator).step(5 * len(value))
    if len({same(item) for item in value}) < len(value):
        yield ValidationError("an item twice")


def _required(validator: Any, names: list[str], value: Any, schema: Any) -> Errors:
    if isinstance(value, dict):
        yield from (ValidationError("missing", path=[n]) for n in names if n not in value)


def _dependent_required(validator: Any, names: Any, value: Any, schema: Any) -> Errors:
    if isinstance(value, dict):
        for name in names:
            if name in value:
                missing = (n for n in names[name] if n not in value)
                yield from (ValidationError("missing", path=[n]) for n in missing)


def _property_names(validator: Any, names: Any, value: Any, schema: Any) -> Errors:
    if isinstance(value, dict):
        for name in value:
            for error in validator.descend(name, names):
                yield ValidationError("name", path=[name], context=[error])


def _pattern_properties(validator: Any, patterns: Any, value: Any, schema: Any) -> Errors:
    if isinstance(value, dict):
        guard = guard_of(validator)
        for pattern, subschema in patterns.items():
            for name in value:
                if guard.is_found(pattern, name):
                    yield from validator.descend(value[name], subschema, name, pattern)


def additional(validator: Any, value: dict[str, Any], schema: Any) -> Iterator[str]:
    """Yield the properties of `value` that `properties` and `patternProperties` do not cover."""
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    guard = guard_of(validator)
    for name in value:
        if name not in known and not any(guard.is_found(p, name) for p in patterns):
            yield name


def _additional_properties(validator: Any, other: Any, value: Any, schema: Any) -> Errors:
    if not isinstance(value, dict):
        return
    for name in additional(validator, value, schema):
        if other is False:
            yield ValidationError("invented", path=[name], instance=value[name])
        else:
            yield from validator.descend(value[name], other, name)


def _contains(validator: Any, wanted: Any, value: Any, schema: Any) -> Errors:
    if not isinstance(value, list):
        return
    low, high = schema.get("minContains", 1), schema.get("maxContains", len(value))
    matching = sum(validator.evolve(schema=wanted).is_valid(item) for item in value)
    if matching > high:
        yield ValidationError("too many", validator="maxContains", validator_value=high)
    if matching < low:
        yield ValidationError("too few")


def _not(validator: Any, forbidden: Any, value: Any, schema: Any) -> Errors:
    if validator.evolve(schema=forbidden).is_valid(value):
        yield ValidationError("forbidden")


def _branches(validator: Any, branches: list[Any], value: Any) -> list[list[ValidationError]]:
    """Return what is wrong with `value` in each branch."""
    found: list[list[ValidationError]] = []
    for index, branch in enumerate(branches):
        errors = validator.descend(value, branch, schema_path=index)
        found.append(list(islice(errors, MAX_ERRORS)))
    return found


def _any_of(validator: Any, branches: list[Any], value: Any, schema: Any) -> Errors:
    found = _branches(validator, branches, value)
    if all(found):
        yield ValidationError("none fits", context=[error for one in found for error in one])


def _one_of(validator: Any, branches: list[Any], value: Any, schema: Any) -> Errors:
    found = _branches(validator, branches, value)
    if found.count([]) != 1:
        context = [] if [] in found else [error for one in found for error in one]
        yield ValidationError("not exactly one fits", context=context)


def _in_place(validator: Any, value: Any) -> Iterator[Any]:
    """Yield the validators whose schemas apply to `value` itself, `validator` included."""
    schema = validator.schema
    if not isinstance(schema, dict):
        return
    yield validator
    for word in ("$ref", "$dynamicRef", "$recursiveRef"):
        if word in schema and word in validator.VALIDATORS:
            resolver = validator._resolver
            recursive = word == "$recursiveRef"
            found = lookup_recursive_ref(resolver) if recursive else resolver.lookup(schema[word])
            there = validator.evolve(schema=found.contents, _resolver=found.resolver)
            yield from _in_place(there, value)
    for branch in _that_apply(validator, value, schema):
        yield from _in_place(validator.evolve(schema=branch), value)


def _that_apply(validator: Any, value: Any, schema: dict[str, Any]) -> Iterator[Any]:
    def fits(branch: Any) -> bool:
        return next(validator.descend(value, branch), None) is None

    for word in ("allOf", "anyOf", "oneOf"):
        yield from (branch for branch in schema.get(word, ()) if fits(branch))
    if "if" in schema:
        holds = fits(schema["if"])
        if holds:
            yield schema["if"]
        yield schema.get("then" if holds else "else", True)
    if isinstance(value, dict):
        dependent = schema.get("dependentSchemas", {})
        yield from (branch for name, branch in dependent.items() if name in value)


def _others(validator: Any, value: Any, word: str) -> Iterator[Any]:
    """Return the validators that apply to `value`, without this schema's keyword `word`."""
    rest = {key: one for key, one in validator.schema.items() if key != word}
    return _in_place(validator.evolve(schema=rest, _resolver=validator._resolver), value)


def _unevaluated_properties(validator: Any, other: Any, value: Any, schema: Any) -> Errors:
    if not isinstance(value, dict):
        return
    rest = value
    for here in _others(validator, value, "unevaluatedProperties"):
        if not rest or {"additionalProperties", "unevaluatedProperties"} & here.schema.keys():
            return
        rest = {name: rest[name] for name in additional(here, rest, here.schema)}
    for name in rest:
        if other is False:
            yield ValidationError("invented", path=[name], instance=value[name])
        else:
            yield from validator.descend(value[name], other, name)


def _unevaluated_items(validator: Any, other: Any, value: Any, schema: Any) -> Errors:
    if not isinstance(value, list):
        return
    rest = set(range(len(value)))
    for here in _others(validator, value, "unevaluatedItems"):
        if not rest or {"items", "unevaluatedItems"} & here.schema.keys():
            return
        rest -= set(range(len(here.schema.get("prefixItems", ()))))
        if "contains" in here.schema:
            wanted = here.evolve(schema=here.schema["contains"])
            rest -= {index for index in rest if wanted.is_valid(value[index])}
    for index in sorted(rest):
        if other is False:
            yield ValidationError("one too many", path=[index], instance=value[index])
        else:
            yield from validator.descend(value[index], other, index)


KEYWORDS: dict[str, Callable[..., Errors]] = {
    "additionalProperties": _additional_properties,
    "anyOf": _any_of,
    "const": _const,
    "contains": _contains,
    "dependentRequired": _dependent_required,
    "enum": _enum,
    "exclusiveMaximum": _limit("number", operator.lt),
    "exclusiveMinimum": _limit("number", operator.gt),
    "maxItems": _limit("array", lambda value, limit: len(value) <= limit),
    "maxLength": _limit("string", lambda value, limit: len(value) <= limit),
    "maxProperties": _limit("object", lambda value, limit: len(value) <= limit),
    "maximum": _limit("number", operator.le),
    "minItems": _limit("array", lambda value, limit: len(value) >= limit),
    "minLength": _limit("string", lambda value, limit: len(value) >= limit),
    "minProperties": _limit("object", lambda value, limit: len(value) >= limit),
    "minimum": _limit("number", operator.ge),
    "multipleOf": _limit("number", is_multiple),
    "not": _not,
    "oneOf": _one_of,
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "propertyNames": _property_names,
    "required": _required,
    "unevaluatedItems": _unevaluated_items,
    "unevaluatedProperties": _unevaluated_properties,
    "uniqueItems": _unique_items,
}
