"""List the schemas inside a schema in reading order, each with its path and depth."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from clarifai_chat.tools.text.diagnostics import Path

_ONE = (
    "items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else",
    "unevaluatedItems", "unevaluatedProperties", "additionalItems", "contentSchema",
)  # fmt: skip
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems", "items")
_MAPS = (
    "properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies",
)  # fmt: skip
# Deeper in the schema, but about the same value.
SAME_VALUE = {
    "anyOf", "oneOf", "allOf", "not", "if", "then", "else", "dependentSchemas", "dependencies",
}  # fmt: skip


class Place(NamedTuple):
    """A schema inside a schema."""

    schema: dict[str, Any]
    path: Path  # from the root of the schema that was walked
    depth: int  # of the values it is about: 1 is the root
    objects: int  # how many objects enclose those values, themselves included
    prop: str | None  # the property that it describes, if it is a property's own schema


def places(schema: Any) -> Iterator[Place]:
    """Yield `schema` itself and all schemas in it, except those that are not objects."""
    if isinstance(schema, dict):
        yield from _places(Place(schema, (), 1, int(is_object(schema)), None))


def _places(place: Place) -> Iterator[Place]:
    yield place
    for (keyword, *name), inner in subschemas(place.schema):
        prop = str(name[0]) if keyword == "properties" else None
        depth = place.depth + (keyword not in SAME_VALUE)
        objects = place.objects + (keyword not in SAME_VALUE and is_object(inner))
        if keyword in ("$defs", "definitions"):
            depth, objects = 1, int(is_object(inner))
        yield from _places(Place(inner, (*place.path, keyword, *name), depth, objects, prop))


def subschemas(schema: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the objects among the schemas directly in `schema`, each with its path from there."""
    for keyword, value in schema.items():
        found: Iterable[tuple[Path, Any]] = ()
        if keyword in _MAPS and isinstance(value, dict):
            found = (((keyword, name), inner) for name, inner in value.items())
        elif keyword in _LISTS and isinstance(value, list):
            found = (((keyword, index), inner) for index, inner in enumerate(value))
        elif keyword in _ONE:
            found = (((keyword,), value),)
        yield from ((path, inner) for path, inner in found if isinstance(inner, dict))


def is_object(schema: dict[str, Any]) -> bool:
    """Return whether a schema is for objects."""
    return "object" in types(schema) or isinstance(schema.get("properties"), dict)


def types(schema: dict[str, Any]) -> set[str]:
    """Return the types that a schema names itself."""
    named = schema.get("type")
    if isinstance(named, str):
        return {named}
    return {t for t in named if isinstance(t, str)} if isinstance(named, list) else set()


def properties(schema: dict[str, Any]) -> dict[str, Any]:
    found = schema.get("properties")
    return found if isinstance(found, dict) else {}


def required(schema: dict[str, Any]) -> list[str]:
    found = schema.get("required")
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
