"""Name well-known slips in schemas in plain words, each with a fix where one is certain.

Words of other languages for types, keywords of other formats, misspelt keywords, keywords in the
wrong place. JSON Schema ignores a keyword that it does not know, so most of them have no effect,
and nothing else says so.
"""

import difflib
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from clarifai_chat.tools.lint.tool_context import ToolContext
from clarifai_chat.tools.schema.references import resolved
from clarifai_chat.tools.schema.subschemas import Place, places
from clarifai_chat.tools.schema.validator import SchemaProblem, known_draft
from clarifai_chat.tools.text import patch
from clarifai_chat.tools.text.diagnostics import Diagnostic, Edit, Path, quoted

# The keywords of drafts 4 to 2020-12.
KEYWORDS = frozenset((
    "$schema", "$id", "id", "$ref", "$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor",
    "$recursiveAnchor", "$defs", "definitions", "$comment", "$vocabulary", "title", "description",
    "default", "examples", "deprecated", "readOnly", "writeOnly", "type", "enum", "const", "allOf",
    "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependentRequired",
    "dependencies", "properties", "patternProperties", "additionalProperties", "propertyNames",
    "unevaluatedProperties", "unevaluatedItems", "items", "prefixItems", "additionalItems",
    "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems", "minLength",
    "maxLength", "pattern", "format", "contentMediaType", "contentEncoding", "contentSchema",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minProperties",
    "maxProperties", "required",
))  # fmt: skip
_LOWER = {keyword.lower(): keyword for keyword in KEYWORDS}
# Keywords of other formats, and what to write instead.
_OTHERS = {
    "optional": "leave the name out of required",
    "example": 'write "examples": […]',
    "discriminator": "it is OpenAPI's; oneOf and const say the same",
    "xml": "it is OpenAPI's",
    "externalDocs": "it is OpenAPI's",
    "propertyOrdering": "it is Gemini's",
    "enumNames": "say what the values mean in the description",
    "enumDescriptions": "say what the values mean in the description",
    "choices": 'write "enum": […]',
    "options": 'write "enum": […]',
    "values": 'write "enum": […]',
    "min": 'write "minimum", "minLength" or "minItems"',
    "max": 'write "maximum", "maxLength" or "maxItems"',
}
_TYPES = {
    "float": "number", "double": "number", "decimal": "number", "numeric": "number",
    "int": "integer", "int32": "integer", "int64": "integer", "long": "integer",
    "str": "string", "text": "string", "char": "string", "date": "string", "datetime": "string",
    "uuid": "string", "bytes": "string", "file": "string", "enum": "string",
    "dict": "object", "map": "object", "record": "object", "struct": "object", "json": "object",
    "list": "array", "tuple": "array", "set": "array", "sequence": "array", "vector": "array",
    "bool": "boolean", "none": "null", "nil": "null", "nonetype": "null", "undefined": "null",
}  # fmt: skip
_REAL_TYPES = frozenset(("string", "number", "integer", "object", "array", "boolean", "null"))
_MOST_LOOKED_AT = 10_000  # places in a schema, for a lost target
Better = tuple[str, str, tuple[Edit, ...]]  # sentence, label of the fix, the fix


def problems(subject: ToolContext) -> Iterator[Diagnostic]:
    """Yield a finding for each slip that leaves the schema valid."""
    named = subject.schema.get("$schema")
    if isinstance(named, str) and not known_draft(named):
        sentence = f"{quoted(named)} is not known: the schema is judged as 2020-12."
        yield subject.finding("hint", "slip.draft", sentence, subject.inside(("$schema",)))
    for place in places(subject.schema):
        for key in place.schema:
            if key not in KEYWORDS and not key.startswith("x-"):
                yield _keyword(subject, place, key)
        if _is_pointless_tuple(place.schema):
            path = subject.inside(place.path)
            edits = patch.set_key(subject.document, path, "items", {})
            sentence = "OpenAI rejects a list without items, beside prefixItems too."
            label = 'Add "items": {}'
            yield subject.finding("warning", "slip.tuple", sentence, path, label=label, edits=edits)


def _is_pointless_tuple(schema: Mapping[str, Any]) -> bool:
    return "prefixItems" in schema and "items" not in schema


def _keyword(subject: ToolContext, place: Place, key: str) -> Diagnostic:
    path = (*subject.inside(place.path), key)
    if key == "nullable":
        return _nullable(subject, place, path)
    meant = _LOWER.get(key.lower()) or next(
        iter(difflib.get_close_matches(key[:40], KEYWORDS, n=1, cutoff=0.8)), ""
    )
    if meant and key not in _OTHERS:
        sentence = f"{quoted(key)} is not a keyword of JSON Schema and has no effect."
        sentence += f" Perhaps {meant} was meant."
        edits = () if meant in place.schema else patch.rename_key(subject.document, path, meant)
        label = f"Rename it {meant}"
        return subject.finding("warning", "slip.keyword", sentence, path, label=label, edits=edits)
    sentence = f"{quoted(key)} is not a keyword of JSON Schema: most servers ignore it."
    if instead := _OTHERS.get(key):
        sentence = f"{quoted(key)} is not a keyword of JSON Schema: {instead}."
    return subject.finding("hint", "slip.unknown", sentence, path)


def _nullable(subject: ToolContext, place: Place, path: Path) -> Diagnostic:
    """Return what to do about OpenAPI's `nullable`: a list of types says the same."""
    node, kind = subject.document.node(path[:-1]), place.schema.get("type")
    edits: tuple[Edit, ...] = ()
    label = ""
    if node and isinstance(kind, str) and place.schema["nullable"] is True:
        label = f'Write "type": [{quoted(kind)}, "null"]'
        edits = patch.replace(subject.document, (*path[:-1], "type"), [kind, "null"])
        edits += (patch.removal(node, "nullable"),)
    elif node and place.schema["nullable"] is False:
        label, edits = "Remove it", (patch.removal(node, "nullable"),)
    sentence = "nullable is a keyword of OpenAPI 3.0. JSON Schema lists the types: "
    sentence += '["string", "null"].'
    return subject.finding("warning", "slip.nullable", sentence, path, label=label, edits=edits)


def only_a_reference(subject: ToolContext, path: Path, schema: dict[str, Any]) -> Diagnostic:
    """Return what to do about parameters that only refer to an object: its content says it."""
    target = resolved(schema, schema)
    edits: tuple[Edit, ...] = ()
    if isinstance(target, dict) and target.get("type") == "object" and "$ref" not in target:
        others = {key: value for key, value in schema.items() if key != "$ref"}
        edits = patch.replace(subject.document, path, {**target, **others})
    sentence = 'The parameters are only a reference. Servers expect "type": "object" at the root.'
    label = f"Write what {quoted(schema['$ref'])} stands for"
    return subject.finding("warning", "schema.root", sentence, path, label=label, edits=edits)


# What makes a schema invalid, in better words than the draft's own schema has.


def in_words(subject: ToolContext, problem: SchemaProblem) -> Better | None:
    """Return a sentence and a fix for a well-known mistake; None for any other."""
    path = problem.path
    if not path:
        return None
    value = _value(subject.schema, path)
    if path[-1] == "type" or (len(path) > 1 and path[-2] == "type"):
        return _type(subject, path, value)
    if path[-1] in ("exclusiveMinimum", "exclusiveMaximum") and isinstance(value, bool):
        return _exclusive(subject, path, value)
    if path[-1] == "required" and isinstance(value, bool):
        return _required_here(subject, path, value)
    if len(path) > 1 and path[-2:] == ("properties", "required") and isinstance(value, list):
        return _required_inside(subject, path, value)
    if path[-1] == "items" and isinstance(value, list):
        sentence = "a list of schemas under items is draft-07. In 2020-12 it is prefixItems"
        edits = patch.rename_key(subject.document, subject.inside(path), "prefixItems")
        return sentence, "Rename it prefixItems", edits
    if path[-1] == "$ref" and isinstance(value, str):
        return _lost(subject, path, value)
    if isinstance(value, str) and (kind := _named_type(value)):
        sentence = f'a schema is an object: {{"type": "{kind}"}}'
        edits = patch.replace(subject.document, subject.inside(path), {"type": kind})
        return sentence, f'Write {{"type": "{kind}"}}', edits
    return None


def _value(schema: Any, path: Path) -> Any:
    """Return what is at a place of the schema; None if there is nothing."""
    for step in path:
        try:
            schema = schema[step]
        except (LookupError, TypeError):
            return None
    return schema


def _named_type(word: str) -> str:
    """Return the type of JSON Schema that a word of another language stands for, or ""."""
    low = word.strip().lower()
    return low if low in _REAL_TYPES else _TYPES.get(low, "")


def _type(subject: ToolContext, path: Path, value: Any) -> Better | None:
    where = subject.inside(path)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        named = [_named_type(each) or each for each in value]
        if named == value or not _REAL_TYPES.issuperset(named):
            return None
        said = f"JSON Schema's types are {', '.join(sorted(_REAL_TYPES))}"
        label = f"Write {json.dumps(named)}"
        return said, label, patch.replace(subject.document, where, named)
    if not isinstance(value, str):
        return None
    if value.lower() == "any" and path[-1] == "type":
        node = subject.document.node(where[:-1])
        edits = (patch.removal(node, "type"),) if node else ()
        return "JSON Schema has no type any. Without a type, any value is valid", "Remove it", edits
    if not (kind := _named_type(value)):
        return None
    sentence = f"JSON Schema has no type {quoted(value)}. It is called {kind}"
    return sentence, f"Write {quoted(kind)}", patch.replace(subject.document, where, kind)


def _exclusive(subject: ToolContext, path: Path, value: bool) -> Better:
    key = str(path[-1])
    bound = "minimum" if key == "exclusiveMinimum" else "maximum"
    where = subject.inside(path[:-1])
    node, schema = subject.document.node(where), _value(subject.schema, path[:-1])
    sentence = f"{key}: {str(value).lower()} is the form of draft 4. Write the number itself"
    limit = schema.get(bound) if isinstance(schema, dict) else None
    if node is None:
        return sentence, "", ()
    if not value:
        return sentence, "Remove it", (patch.removal(node, key),)
    if isinstance(limit, bool) or not isinstance(limit, int | float):
        return sentence, "", ()
    # The bound becomes the exclusive one, where it stands; the other goes.
    edits = patch.rename_key(subject.document, (*where, bound), key)
    return sentence, f'Write "{key}": {limit}', (*edits, patch.removal(node, key))


def _required_here(subject: ToolContext, path: Path, value: bool) -> Better:
    """A property says by itself whether it is required, as draft 3 and forms do."""
    sentence = "required is a list of names beside properties, not a word in a property"
    if len(path) < 3 or path[-3] != "properties":
        return sentence, "", ()
    name, owner = path[-2], subject.inside(path[:-3])
    node = subject.document.node(subject.inside(path[:-1]))
    if node is None:
        return sentence, "", ()
    edits: tuple[Edit, ...] = (patch.removal(node, "required"),)
    if not value:
        return sentence, "Remove it", edits
    listed = _value(subject.schema, (*path[:-3], "required"))
    if isinstance(listed, list):
        more = (
            () if name in listed else patch.append(subject.document, (*owner, "required"), [name])
        )
    else:
        more = patch.set_key(subject.document, owner, "required", [name])
    return sentence, f"List {quoted(name)} in required", (*edits, *more)


def _required_inside(subject: ToolContext, path: Path, value: list[Any]) -> Better:
    """The list of required names is inside properties instead of beside it."""
    sentence = "required belongs beside properties, not inside"
    owner = subject.inside(path[:-2])
    node, parent = subject.document.node((*owner, "properties")), subject.document.node(owner)
    if node is None or parent is None or "required" in parent.children:
        return sentence, "", ()
    edits = patch.set_key(subject.document, owner, "required", value)
    return sentence, "Move it", (patch.removal(node, "required"), *edits)


def required_outside(subject: ToolContext, path: Path) -> Diagnostic | None:
    """The list of required names is beside the parameters instead of in them."""
    node, names = subject.document.node(path[:-1]), subject.function["required"]
    if node is None or not isinstance(names, list) or "properties" not in subject.schema:
        return None
    edits: tuple[Edit, ...] = ()
    if "required" not in subject.schema:
        moved = patch.set_key(subject.document, subject.inside(()), "required", names)
        edits = (patch.removal(node, "required"), *moved)
    sentence = "required belongs in parameters, beside properties. Here it has no effect."
    return subject.finding("warning", "slip.required", sentence, path, label="Move it", edits=edits)


def _lost(subject: ToolContext, path: Path, ref: str) -> Better | None:
    """A reference leads nowhere, and one place of the schema has the name it ends with."""
    last = ref.rstrip("/").rpartition("/")[2]
    found = list(islice(_named(subject.schema, last), 2)) if last else []
    if len(found) != 1:
        return None
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in found[0])
    target = "#/" + "/".join(steps)
    if target == ref:
        return None
    sentence = f"{quoted(ref)} leads nowhere. {last} is at {target}"
    edits = patch.replace(subject.document, subject.inside(path), target)
    return sentence, f"Refer to {target}", edits


def _named(root: Any, name: str) -> Iterator[Path]:
    """Yield where an object of a schema has a key `name` with an object in it."""
    waiting: list[tuple[Path, Any]] = [((), root)]
    for _ in range(_MOST_LOOKED_AT):
        if not waiting:
            return
        path, value = waiting.pop()
        steps = value.items() if isinstance(value, dict) else enumerate(value)
        for step, inner in steps:
            if isinstance(inner, dict | list):
                waiting.append(((*path, step), inner))
                if step == name and isinstance(inner, dict):
                    yield (*path, step)
