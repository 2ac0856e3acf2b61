"""Say in JSON Schema what enumerations, unions and lengths of Python say."""

import ast
from typing import Any


def enumeration(values: list[Any]) -> dict[str, Any]:
    """Return the schema of these values, with their type if it is one."""
    kinds = list(dict.fromkeys(_kind(value) for value in values))
    if len(values) == 1 and values[0] is None:
        return {"type": "null"}
    named = {"type": kinds[0] if len(kinds) == 1 else kinds} if all(kinds) else {}
    return {**named, "enum": values}


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that allows null too."""
    if not schema:
        return {}
    if isinstance(schema.get("type"), str) and "const" not in schema:
        made = {**schema, "type": [schema["type"], "null"]}
        if "enum" in made:
            made["enum"] = [*made["enum"], None]
        return made
    if isinstance(schema.get("type"), list) and "null" in schema["type"]:
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case int():
            return "integer"
        case float():
            return "number"
    return ""


def length_word(keyword: str, schema: dict[str, Any]) -> str:
    """Return JSON Schema's word for a length: of a text, a list or an object."""
    end = keyword[:3]
    kind = schema.get("type")
    if kind == "array" or "items" in keyword or (isinstance(kind, list) and "array" in kind):
        return f"{end}Items"
    return f"{end}Properties" if kind == "object" else f"{end}Length"


def alternatives(node: ast.expr) -> list[ast.expr]:
    """Return the types in `A | B | C`, without recursion: there may be thousands."""
    found: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        found.append(node.right)
        node = node.left
    return [node, *reversed(found)]
