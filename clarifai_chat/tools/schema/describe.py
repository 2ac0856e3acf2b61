"""Describe what a schema asks for."""

from typing import Any

from clarifai_chat.tools.schema.references import resolved
from clarifai_chat.tools.schema.wording import few_of, name_text, one_of, shortened, types_text

_MAX_NESTED = 4  # levels of nested schemas that are described
_PLURALS = {
    "string": "strings",
    "integer": "integers",
    "number": "numbers",
    "boolean": "booleans",
    "object": "objects",
    "array": "lists",
}


def described(schema: Any, root: Any = None, depth: int = 0) -> str:
    """Return what `schema` asks for: one of "celsius", "kelvin"; integer from 1 to 10.

    References are looked up in `root`. Any schema gets a description.
    """
    schema = resolved(schema, root)
    if schema is False:
        return "nothing"
    if not isinstance(schema, dict) or depth > _MAX_NESTED:
        return "anything" if schema is True else "a value that fits the schema"
    if "const" in schema:
        return shortened(schema["const"])
    if isinstance(schema.get("enum"), list):
        return one_of(schema["enum"])
    for word in ("anyOf", "oneOf", "allOf"):
        if "type" not in schema and isinstance(schema.get(word), list) and schema[word]:
            each = [described(one, root, depth + 1) for one in schema[word][:8]]
            return few_of(list(dict.fromkeys(each)), "and" if word == "allOf" else "or")
    types = schema.get("type") or _implied(schema)
    if isinstance(types, list) and types:
        return few_of([_of_type(one, schema, root, depth) for one in types[:8]], "or")
    if isinstance(types, str) and types:
        return _of_type(types, schema, root, depth)
    return "a value that fits the schema" if schema.keys() - _ABOUT else "anything"


_ABOUT = {"$comment", "default", "deprecated", "description", "examples", "title"}


def _implied(schema: dict[str, Any]) -> str:
    for json_type, words in (
        ("object", {"properties", "required", "additionalProperties", "minProperties"}),
        ("array", {"items", "prefixItems", "minItems", "maxItems", "uniqueItems"}),
        ("string", {"pattern", "minLength", "maxLength", "format"}),
        ("number", {"minimum", "maximum", "multipleOf"}),
    ):
        if words & schema.keys():
            return json_type
    return ""


def _of_type(json_type: Any, schema: dict[str, Any], root: Any, depth: int) -> str:
    if json_type == "object":
        names = schema.get("required")
        names = [n for n in names if isinstance(n, str)] if isinstance(names, list) else []
        return f"object with {few_of([name_text(n) for n in names])}" if names else "object"
    if json_type == "array":
        return _list_of(schema, root, depth)
    text = types_text(json_type) if isinstance(json_type, str) else "a value that fits the schema"
    if json_type == "string":
        low, high = schema.get("minLength"), schema.get("maxLength")
        text += _range(low, high, " of {} characters")
        text += f" matching {name_text(schema['pattern'])}" if "pattern" in schema else ""
        text += f" ({name_text(schema['format'])})" if "format" in schema else ""
    if json_type in ("integer", "number"):
        text += _range(schema.get("minimum"), schema.get("maximum"), " of {}", " from {}")
        for word, words in (("exclusiveMinimum", "above"), ("exclusiveMaximum", "below")):
            text += f" {words} {shortened(schema[word])}" if _is_number(schema.get(word)) else ""
        text += f" in steps of {shortened(schema['multipleOf'])}" if "multipleOf" in schema else ""
    return text


def _list_of(schema: dict[str, Any], root: Any, depth: int) -> str:
    text = "list" + _range(schema.get("minItems"), schema.get("maxItems"), " of {} items")
    items = resolved(schema.get("items", True), root)
    if not isinstance(items, dict) or not items:
        return text
    each = described(items, root, depth + 1)
    plural = _PLURALS.get(str(items.get("type")))
    if plural and each == types_text(items["type"]):
        return (
            text.removesuffix(" items") + f" of {plural}" if text == "list" else f"{text}: {plural}"
        )
    return f"{text}, each {each}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _range(low: Any, high: Any, words: str, words_of_both: str = "") -> str:
    has_low, has_high = _is_number(low), _is_number(high)
    if has_low and has_high and low != high:
        return (words_of_both or words).format(f"{shortened(low)} to {shortened(high)}")
    if has_low:
        return words.format(shortened(low) if has_high else f"at least {shortened(low)}")
    return words.format(f"at most {shortened(high)}") if has_high else ""
