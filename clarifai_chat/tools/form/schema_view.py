"""Show a schema as a form: its type, its boxes, its parameters, and what stays as written."""

from dataclasses import dataclass
from typing import Any

from clarifai_chat.tools.form.boxes import Kind, shown
from clarifai_chat.tools.schema.describe import described
from clarifai_chat.tools.schema.subschemas import is_object, types
from clarifai_chat.tools.text.diagnostics import Path
from clarifai_chat.tools.text.parse import Document

TYPES = ("string", "number", "integer", "boolean", "object", "array")


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword that has a box, for values of these types; none for all, "" for no type."""

    name: str
    label: str
    kind: Kind
    types: tuple[str, ...] = ()
    example: str = ""  # shown in the empty box: a few words, since most boxes are small
    help: str = ""


_NUMBERS, _TEXTS, _LISTS = ("number", "integer"), ("string",), ("array",)
KEYWORDS = (
    Keyword("description", "Description", "text", (), "What it is, and its unit or format"),
    Keyword("enum", "Allowed values", "values", (*_TEXTS, *_NUMBERS, ""), "One a line"),
    Keyword("default", "Default", "value", (*_TEXTS, *_NUMBERS, "boolean", ""), "If left out"),
    Keyword("minimum", "Minimum", "number", _NUMBERS),
    Keyword("maximum", "Maximum", "number", _NUMBERS),
    Keyword("exclusiveMinimum", "More than", "number", _NUMBERS),
    Keyword("exclusiveMaximum", "Less than", "number", _NUMBERS),
    Keyword("multipleOf", "Multiple of", "number", _NUMBERS),
    Keyword("minLength", "Minimum length", "count", _TEXTS),
    Keyword("maxLength", "Maximum length", "count", _TEXTS),
    Keyword("pattern", "Pattern", "line", _TEXTS, "Such as ^[A-Z]{3}$", "A regular expression"),
    Keyword(
        "format", "Format", "line", _TEXTS, "Such as date", "date, date-time, email, uri, uuid, …"
    ),
    Keyword("minItems", "Minimum items", "count", _LISTS),
    Keyword("maxItems", "Maximum items", "count", _LISTS),
    Keyword("uniqueItems", "Every item differs", "flag", _LISTS),
)


@dataclass(frozen=True, slots=True)
class Box:
    """A keyword and its text; "" where the schema does not have it."""

    keyword: Keyword
    of_type: str
    text: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A property of an object. `is_required` is None if `required` is not a list."""

    name: str
    path: Path
    is_required: bool | None
    summary: str


@dataclass(frozen=True, slots=True)
class SchemaView:
    """A schema as a form. Paths are the document's.

    `type` is "" if the schema names none, None if a box cannot show it.
    """

    path: Path
    type: str | None
    or_null: bool
    boxes: tuple[Box, ...]
    parameters: tuple[Parameter, ...] | None  # None: the value is no object
    allows_others: bool | None  # additionalProperties; None if a box cannot show it
    items: Path | None
    has_items_box: bool  # a list whose items can be described, or are
    left: tuple[str, ...]  # keywords that stay as they are written


def view(document: Document, path: Path, root: Any) -> SchemaView | None:
    """Return the schema at `path` as a form; None if there is no object at it.

    `root` is the schema in which references are looked up.
    """
    node = document.node(path)
    if node is None or not isinstance(node.value, dict):
        return None
    schema = node.value
    of_type, or_null = _type(schema)
    seen = {"type"} if of_type is not None else set()
    boxes = []
    for keyword in KEYWORDS:
        if keyword.types and of_type not in keyword.types:
            continue
        child = node.children.get(keyword.name)
        text = shown(keyword.kind, of_type or "", child, document.text) if child else ""
        if text is not None and (child or of_type is not None):
            boxes.append(Box(keyword, of_type or "", text))
            seen.add(keyword.name)
    parameters, others, items, has_items_box = None, None, None, False
    if of_type == "object" or (is_object(schema) and not of_type):
        parameters, names = _parameters(document, path, schema, root)
        seen |= names
        if isinstance(schema.get("additionalProperties", True), bool):
            others = schema.get("additionalProperties", True)
            seen.add("additionalProperties")
    if of_type == "array":
        has_items_box = isinstance(schema.get("items", {}), dict)
        if has_items_box:
            seen.add("items")
            items = (*path, "items") if "items" in schema else None
    left = tuple(key for key in schema if key not in seen)
    return SchemaView(
        path, of_type, or_null, tuple(boxes), parameters, others, items, has_items_box, left
    )


def _type(schema: dict[str, Any]) -> tuple[str | None, bool]:
    """Return the one type of a schema, and whether null is allowed beside it."""
    if "type" not in schema:
        return "", False
    named = schema["type"]
    if isinstance(named, list):
        others = [each for each in named if each != "null"]
        if len(named) == 2 and len(others) == 1 and others[0] in TYPES:
            return others[0], True
        return None, False
    return (named, False) if named in TYPES else (None, False)


def _parameters(
    document: Document, path: Path, schema: dict[str, Any], root: Any
) -> tuple[tuple[Parameter, ...] | None, set[str]]:
    """Return the parameters of an object, and the keywords that they show."""
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, dict):
        return None, set()
    is_list = isinstance(required, list) and all(isinstance(name, str) for name in required)
    found = tuple(
        Parameter(
            name,
            (*path, "properties", name),
            name in required if is_list else None,
            described(inner, root),
        )
        for name, inner in properties.items()
    )
    is_shown = is_list and all(name in properties for name in required)
    return found, {"properties", "required"} if is_shown else {"properties"}


def is_nested(schema: Any) -> bool:
    """Return whether a schema has others in it that a form shows."""
    return isinstance(schema, dict) and (is_object(schema) or "array" in types(schema))
