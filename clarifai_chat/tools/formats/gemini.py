"""Write tools as Gemini declares functions."""

from typing import Any

from clarifai_chat.tools.formats.dialects import Notes, translated

_KEYWORDS = {
    "type", "format", "title", "description", "nullable", "enum", "items", "minItems", "maxItems",
    "properties", "required", "minLength", "maxLength", "minProperties", "maxProperties",
    "pattern", "minimum", "maximum", "anyOf", "default",
}  # fmt: skip
_FORMATS = {
    "string": ("date-time",), "integer": ("int32", "int64"), "number": ("float", "double"),
}  # fmt: skip


def declaration(function: dict[str, Any]) -> dict[str, Any]:
    """Return a function declaration. `parametersJsonSchema` holds what `parameters` cannot."""
    made: dict[str, Any] = {
        name: function[name] for name in ("name", "description") if name in function
    }
    schema = function.get("parameters")
    if "parameters" not in function:
        return made
    written = _written(schema)
    if written and translated(written, Notes()) == schema:
        return {**made, "parameters": written}
    return {**made, "parametersJsonSchema": schema}


def _written(schema: Any) -> dict[str, Any]:
    """Return a schema in Gemini's subset of OpenAPI; {} if it has more than that."""
    if not isinstance(schema, dict) or not schema.keys() <= _KEYWORDS:
        return {}
    made = dict(schema)
    kind = made.get("type")
    if isinstance(kind, list) and len(kind) == 2 and kind[1] == "null":
        kind, made["nullable"] = kind[0], True
        if isinstance(made.get("enum"), list):
            made["enum"] = [value for value in made["enum"] if value is not None]
    if not isinstance(kind, str):
        return {}
    made["type"] = kind.upper()
    if "format" in made and made["format"] not in _FORMATS.get(kind, ()):
        return {}
    if "enum" in made and (kind != "string" or not made["enum"]):
        return {}
    if kind == "object" and not made.get("properties"):
        return {}
    for key in ("properties", "items", "anyOf"):
        if key not in made:
            continue
        held = made[key]
        if key == "properties" and isinstance(held, dict):
            made[key] = {name: _written(inner) for name, inner in held.items()}
            inner = list(made[key].values())
        elif key == "anyOf" and isinstance(held, list):
            made[key] = inner = [_written(each) for each in held]
        else:
            made[key] = _written(held)
            inner = [made[key]]
        if not all(inner):
            return {}
    return made
