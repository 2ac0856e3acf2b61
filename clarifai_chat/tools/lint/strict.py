"""Check what "strict": true requires of a schema, by OpenAI's published subset."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from clarifai_chat.text import are
from clarifai_chat.tools.lint.tool_context import ToolContext
from clarifai_chat.tools.schema.subschemas import Place, is_object, places, properties, required
from clarifai_chat.tools.text import patch
from clarifai_chat.tools.text.diagnostics import Diagnostic, Severity, words

REFUSED = (
    "allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas",
)  # fmt: skip
# Accepted by some models that support strict, rejected by fine-tuned and older ones.
DIFFERS = (
    "pattern", "format", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems", "contains",
    "minContains", "maxContains", "prefixItems", "unevaluatedItems", "patternProperties",
    "propertyNames", "minProperties", "maxProperties", "unevaluatedProperties", "default",
)  # fmt: skip
MAX_ENUM_ALONE, MAX_ENUM_CHARS = 250, 15_000


class Limit(NamedTuple):
    """A limit on a schema: now, and for models before 2025."""

    what: str
    now: int
    formerly: int


NESTING = Limit("levels of nested objects", 10, 5)
PROPERTIES = Limit("properties in all", 5000, 100)
ENUM_VALUES = Limit("enum values in all", 1000, 500)
CHARACTERS = Limit("characters of names, enum and const values in all", 120_000, 15_000)


def problems(subject: ToolContext) -> Iterator[Diagnostic]:
    """Yield what breaks the strict subset in a tool with "strict": true."""
    if not subject.is_strict or not subject.schema:
        return
    found = list(places(subject.schema))
    if "anyOf" in subject.schema:
        sentence = "With strict, the root of the parameters must be an object, not an anyOf."
        yield subject.finding("error", "strict.root", sentence, subject.inside(("anyOf",)))
    for place in found:
        if is_object(place.schema):
            yield from _open_object(subject, place)
            yield from _optional(subject, place)
    yield from _keywords(subject, found)
    yield from _limits(subject, found)


def _open_object(subject: ToolContext, place: Place) -> Iterator[Diagnostic]:
    """Yield a finding if an object allows more than its properties."""
    more = place.schema.get("additionalProperties")
    if more is False:
        return
    path = subject.inside(place.path)
    if isinstance(more, dict):
        sentence = (
            "Strict does not allow objects with free keys: additionalProperties must be false."
            " List the keys as properties, or use a list of key and value pairs."
        )
        where = (*path, "additionalProperties")
        yield subject.finding("error", "strict.additional", sentence, where)
        return
    sentence = 'With strict, every object needs "additionalProperties": false.'
    if not properties(place.schema) and place.path:
        sentence += " This one lists no properties, so it will always be empty: list them."
    edits = patch.set_key(subject.document, path, "additionalProperties", False)
    label = 'Set "additionalProperties" to false' if more else 'Add "additionalProperties": false'
    yield subject.finding("error", "strict.additional", sentence, path, label=label, edits=edits)


def _optional(subject: ToolContext, place: Place) -> Iterator[Diagnostic]:
    """Yield a finding if some properties of an object are not required."""
    names = required(place.schema)
    missing = [name for name in properties(place.schema) if name not in set(names)]
    if not missing:
        return
    path = subject.inside(place.path)
    if isinstance(place.schema.get("required"), list):
        edits = patch.append(subject.document, (*path, "required"), missing)
        where = (*path, "required")
    else:
        edits = patch.set_key(subject.document, path, "required", missing)
        where = path
    sentence = (
        f"With strict, every property must be in required; {words(missing)}"
        f" {are(len(missing))} not. Give an optional one null as a type."
    )
    label = f"Add {words(missing)} to required"
    yield subject.finding("error", "strict.required", sentence, where, label=label, edits=edits)


def _keywords(subject: ToolContext, found: list[Place]) -> Iterator[Diagnostic]:
    """Yield a finding for each keyword outside the subset, where it is first used."""
    seen: set[str] = set()
    for place in found:
        for keyword in place.schema:
            if keyword in seen:
                continue
            seen.add(keyword)
            path = (*subject.inside(place.path), keyword)
            if keyword in REFUSED:
                sentence = f"Strict does not support {keyword}: a request with it is rejected."
                yield subject.finding("error", "strict.keyword", sentence, path)
            elif keyword in DIFFERS:
                sentence = f"With strict, some models reject {keyword}: say it in the description."
                yield subject.finding("warning", "strict.keyword", sentence, path)


def _limits(subject: ToolContext, found: list[Place]) -> Iterator[Diagnostic]:
    enums = [(place, _values(place, "enum")) for place in found]
    names = [name for place in found for name in _names(place.schema)]
    constants = [place.schema["const"] for place in found if "const" in place.schema]
    values = [value for _, enum in enums for value in enum]
    counts = (
        (NESTING, max(place.objects for place in found)),
        (PROPERTIES, sum(len(properties(place.schema)) for place in found)),
        (ENUM_VALUES, len(values)),
        (CHARACTERS, _chars([*names, *values, *constants])),
    )
    over = [(limit, count) for limit, count in counts if count > limit.formerly]
    over.sort(key=lambda pair: pair[1] <= pair[0].now)  # what no model accepts comes first
    for limit, count in over[:1]:  # a smaller schema may well meet the other limits too
        level: Severity = "error" if count > limit.now else "warning"
        sentence = f"With strict, a schema may have {limit.now:,} {limit.what}"
        sentence += f" ({limit.formerly:,} with older models); this one has {count:,}."
        yield subject.finding(level, "strict.limit", sentence, subject.inside(()))
    for place, enum in enums:
        if len(enum) > MAX_ENUM_ALONE and _chars(enum) > MAX_ENUM_CHARS:
            sentence = (
                f"With strict, an enum of {len(enum)} values (more than {MAX_ENUM_ALONE}) may have"
                f" {MAX_ENUM_CHARS:,} characters; this one has {_chars(enum):,}."
            )
            path = (*subject.inside(place.path), "enum")
            yield subject.finding("error", "strict.enum", sentence, path)


def _names(schema: dict[str, Any]) -> list[str]:
    definitions = [schema.get("$defs"), schema.get("definitions"), properties(schema)]
    return [name for names in definitions if isinstance(names, dict) for name in names]


def _values(place: Place, keyword: str) -> list[Any]:
    found = place.schema.get(keyword)
    return found if isinstance(found, list) else []


def _chars(values: list[Any]) -> int:
    return sum(len(v) if isinstance(v, str) else len(json.dumps(v)) for v in values)
