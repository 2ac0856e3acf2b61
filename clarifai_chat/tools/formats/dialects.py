"""Translate schemas of OpenAPI and Gemini to JSON Schema, and say what changed."""

from typing import Any

_TYPES = {"string", "number", "integer", "boolean", "array", "object", "null"}
ONE = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else",
       "unevaluatedProperties", "unevaluatedItems", "additionalItems")  # fmt: skip
LISTS = ("anyOf", "oneOf", "allOf", "prefixItems", "any_of", "items")
MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
# They describe documentation or XML, and no JSON Schema knows them.
_UNKNOWN = {
    "xml": "`xml`", "externalDocs": "`externalDocs`", "discriminator": "`discriminator`",
    "propertyOrdering": "`propertyOrdering`", "property_ordering": "`property_ordering`",
    "collectionFormat": "`collectionFormat`", "allowEmptyValue": "`allowEmptyValue`",
}  # fmt: skip
_SNAKE = {
    "any_of": "anyOf", "min_items": "minItems", "max_items": "maxItems", "min_length": "minLength",
    "max_length": "maxLength", "min_properties": "minProperties",
    "max_properties": "maxProperties", "additional_properties": "additionalProperties",
}  # fmt: skip
_COUNTS = (
    "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties",
)  # fmt: skip


class Notes:
    """What changed in the schemas of one tool, and what was lost: clauses, each once."""

    def __init__(self) -> None:
        self.changed: dict[str, None] = {}
        self.lost: dict[str, None] = {}

    def change(self, what: str) -> None:
        self.changed[what] = None

    def lose(self, what: str) -> None:
        self.lost[what] = None


def translated(schema: Any, notes: Notes) -> Any:
    """Return a schema of OpenAPI 3.0, Swagger 2 or Gemini as JSON Schema."""
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = {}
    for written, value in schema.items():
        keyword = str(_SNAKE.get(written, written))
        if keyword in _UNKNOWN or keyword.startswith("x-"):
            notes.lose(_UNKNOWN.get(keyword, f"`{keyword}`"))
        elif keyword in MAPS and isinstance(value, dict):
            made[keyword] = {name: translated(inner, notes) for name, inner in value.items()}
        elif keyword in LISTS and isinstance(value, list):
            made[keyword] = [translated(inner, notes) for inner in value]
        elif keyword in ONE:
            made[keyword] = translated(value, notes)
        else:
            made[keyword] = value
    _lower_types(made, notes)
    _count(made)
    _limits(made, notes)
    _example(made, notes)
    _nullable(made, notes)
    return made


def _lower_types(schema: dict[str, Any], notes: Notes) -> None:
    named = schema.get("type")
    if isinstance(named, str) and named not in _TYPES:
        if named.lower() in _TYPES:
            schema["type"] = named.lower()
            notes.change("types written in lower case")
        elif named == "file":
            schema["type"] = "string"
            notes.change("a file became a string")
        elif named == "TYPE_UNSPECIFIED":
            del schema["type"]
    if schema.get("format") == "enum":
        del schema["format"]
        notes.lose('`"format": "enum"`')


def _count(schema: dict[str, Any]) -> None:
    """Read Gemini's counts, which are 64 bits wide and so written as strings."""
    for keyword in _COUNTS:
        if isinstance(text := schema.get(keyword), str) and text.isdecimal() and len(text) < 19:
            schema[keyword] = int(text)


def _limits(schema: dict[str, Any], notes: Notes) -> None:
    for keyword, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if not isinstance(schema.get(keyword), bool):
            continue
        if schema[keyword] and limit in schema:
            schema[keyword] = schema.pop(limit)
        else:
            del schema[keyword]
        notes.change(f"`{keyword}` became a number")


def _example(schema: dict[str, Any], notes: Notes) -> None:
    # A property may be called "example": this is the keyword beside a type.
    if "example" in schema:
        example = schema.pop("example")
        if "examples" not in schema:
            schema["examples"] = [example]
        notes.change("`example` became `examples`")


def _nullable(schema: dict[str, Any], notes: Notes) -> None:
    if "nullable" not in schema:
        return
    is_nullable = schema.pop("nullable") is True
    if not is_nullable:
        return
    notes.change("`nullable` became the type `null`")
    if isinstance(schema.get("type"), str):
        if schema["type"] != "null":
            schema["type"] = [schema["type"], "null"]
        enum = schema.get("enum")
        if isinstance(enum, list) and None not in enum:
            schema["enum"] = [*enum, None]
    elif isinstance(schema.get("type"), list):
        if "null" not in schema["type"]:
            schema["type"] = [*schema["type"], "null"]
    elif isinstance(schema.get("anyOf"), list):
        schema["anyOf"] = [*schema["anyOf"], {"type": "null"}]
    elif rest := {k: v for k, v in schema.items() if k not in ("description", "title", "default")}:
        for keyword in rest:
            del schema[keyword]
        schema["anyOf"] = [rest, {"type": "null"}]
