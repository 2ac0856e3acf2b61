"""A form from a tool's schema: how each argument is typed, and what a pasted call is."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from clarifai_chat.tools.form.boxes import as_json, is_same
from clarifai_chat.tools.schema.references import resolved
from clarifai_chat.tools.schema.subschemas import is_object, properties, required
from clarifai_chat.tools.schema.validator import SchemaTrouble, errors_in
from clarifai_chat.tools.text.diagnostics import Path
from clarifai_chat.tools.text.json_errors import NUMBER
from clarifai_chat.tools.text.json_parser import Node
from clarifai_chat.tools.text.parse import read

Control = Literal["text", "number", "choice", "object", "list", "json"]
Chosen = Mapping[Path, int]  # the branch of a value, by the value's path
MAX_OPTIONS = 200
MAX_ITEMS = 50  # of a list; a longer one is typed as JSON
MAX_DEPTH = 8  # levels of a value that have boxes; deeper ones are typed as JSON
_TYPES: dict[str, Any] = {
    "string": str, "boolean": bool, "object": dict, "array": list, "null": type(None),
}  # fmt: skip
_ARGUMENTS = ("arguments", "input", "parameters", "args")
_BESIDE = {"id", "call_id", "type", "index", "name", "function", "function_call", "tool_calls"}
_BESIDE |= {"role", "content", "refusal", "annotations", *_ARGUMENTS}


@dataclass(frozen=True, slots=True)
class Field:
    """How one value is typed. `schema` is the part that applies: of `branches`, the chosen one."""

    control: Control
    schema: Any
    text: str  # what its box shows; "" for an object and a list
    options: tuple[str, ...] = ()  # JSON texts to choose from
    branches: tuple[Any, ...] = ()
    branch: int = 0


def field(node: Node, source: str, path: Path, schema: Any, root: Any, chosen: Chosen) -> Field:
    """Return how the value at `node` of `source` is typed."""
    schema = _whole(schema, root)
    branches = _branches(schema, root)
    branch = 0
    if branches:
        branch = chosen.get(path, -1)
        if not 0 <= branch < len(branches):
            branch = _fitting(node.value, branches, root)
        schema = _whole(branches[branch], root)
    control, text, options = _control(node, source, path, schema)
    return Field(control, schema, text, options, branches, branch)


def _control(
    node: Node, source: str, path: Path, schema: Any
) -> tuple[Control, str, tuple[str, ...]]:
    value, text = node.value, source[node.start : node.end]
    if not isinstance(schema, dict) or len(path) > MAX_DEPTH:
        return "json", text, ()
    options = _options(schema)
    if options:
        found = next((one for one in options if is_same(json.loads(one), value)), None)
        return ("choice", found, options) if found else ("json", text, ())
    of_type = _type(schema)
    if of_type in ("number", "integer"):
        if isinstance(value, int | float) and not isinstance(value, bool):
            return "number", text, ()
        if isinstance(value, str) and not NUMBER.fullmatch(value.strip()) and "\n" not in value:
            return "number", value, ()
    if of_type == "string" and isinstance(value, str) and "\r" not in value:
        return "text", value, ()
    if of_type == "object" and isinstance(value, dict):
        return "object", "", ()
    if of_type == "array" and isinstance(value, list) and len(value) <= MAX_ITEMS:
        return "list", "", ()
    return "json", text, ()


def _options(schema: dict[str, Any]) -> tuple[str, ...]:
    if "const" in schema:
        return (as_json(schema["const"]),)
    values = schema.get("enum")
    if isinstance(values, list) and len(values) <= MAX_OPTIONS:
        return tuple(dict.fromkeys(as_json(value) for value in values))
    return {"boolean": ("true", "false"), "null": ("null",)}.get(_type(schema), ())


def _type(schema: dict[str, Any]) -> str:
    named = schema.get("type")
    if isinstance(named, str):
        return named
    return "object" if is_object(schema) else "array" if "items" in schema else ""


def typed(control: Control, text: str) -> str:
    """Return what was typed as JSON text. What is no number stays text: the verdict names it."""
    if control == "number" and NUMBER.fullmatch(text.strip()):
        return text.strip()
    return as_json(text)


# --- Schemas --------------------------------------------------------------------------------------


def _whole(schema: Any, root: Any) -> Any:
    """Return a schema with its reference, or its only part, in its place."""
    schema = resolved(schema, root)
    if isinstance(schema, dict):
        parts = schema.get("allOf")
        if isinstance(parts, list) and len(parts) == 1:
            inner = resolved(parts[0], root)
            if isinstance(inner, dict):
                return {key: v for key, v in schema.items() if key != "allOf"} | inner
    return schema


def _branches(schema: Any, root: Any) -> tuple[Any, ...]:
    """Return the schemas of which a value has one: of anyOf or oneOf, or one for each type."""
    if not isinstance(schema, dict) or {"enum", "const", "properties"} & schema.keys():
        return ()
    for word in ("anyOf", "oneOf"):
        parts = schema.get(word)
        if isinstance(parts, list) and parts:
            rest = {key: value for key, value in schema.items() if key != word}
            whole = [_whole(part, root) for part in parts]
            return tuple({**rest, **one} if isinstance(one, dict) else one for one in whole)
    named = schema.get("type")
    if isinstance(named, list) and named:
        return tuple({**schema, "type": each} for each in named)
    return ()


def _fitting(value: Any, branches: tuple[Any, ...], root: Any) -> int:
    """Return the first branch that a value fits, else the first of its type."""
    near = 0
    defined = {key: root[key] for key in ("$defs", "definitions") if key in _dict(root)}
    for index in reversed(range(len(branches))):
        branch = _dict(branches[index])
        kind = _TYPES.get(_type(branch), (int, float))
        if _type(branch) and isinstance(value, kind):
            near = index
    for index, branch in enumerate(branches):
        try:
            if isinstance(branch, dict) and not errors_in(value, {**defined, **branch}):
                return index
        except SchemaTrouble:
            continue
    return near


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def initial(schema: Any, root: Any, depth: int = 0) -> Any:
    """Return a value to begin with: the default, the first that is allowed, or an empty one.

    An object has what it requires.
    """
    schema = _whole(schema, root)
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return None
    if "default" in schema:
        return schema["default"]
    if branches := _branches(schema, root):
        return initial(branches[0], root, depth + 1)
    if options := _options(schema):
        return False if options == ("true", "false") else json.loads(options[0])
    of_type = _type(schema)
    if of_type == "object":
        known = properties(schema)
        names = [name for name in required(schema) if name in known]
        return {name: initial(known[name], root, depth + 1) for name in names}
    if of_type in ("number", "integer"):
        low = schema.get("minimum", 0)
        return low if isinstance(low, int | float) else 0
    empty: dict[str, Any] = {"string": "", "array": []}
    return empty.get(of_type)


def schema_like(value: Any, depth: int = 0) -> dict[str, Any]:
    """Return a schema of values like this one; a list is like its first item."""
    if isinstance(value, dict) and depth < MAX_DEPTH:
        inside = {name: schema_like(inner, depth + 1) for name, inner in value.items()}
        return {"type": "object", "properties": inside}
    if isinstance(value, list) and depth < MAX_DEPTH:
        return {"type": "array", "items": schema_like(value[0], depth + 1) if value else {}}
    named = next((name for name, kind in _TYPES.items() if isinstance(value, kind)), "number")
    return {"type": named} if value is not None else {}


def names_in(schema: Any, value: Mapping[str, Any]) -> list[str]:
    """Return the names that an object may have, in the schema's order, then the others it has."""
    known = properties(schema) if isinstance(schema, dict) else {}
    return [*known, *(name for name in value if name not in known)]


def part(schema: Any, step: str | int) -> Any:
    """Return the schema of one property or item; True, which allows anything, if it has none."""
    schema = _dict(schema)
    if isinstance(step, int):
        return schema.get("items", True)
    other = schema.get("additionalProperties", True)
    return properties(schema).get(step, other if isinstance(other, dict) else True)


# --- Calls ----------------------------------------------------------------------------------------


def calls_in(text: str, tool: str, schema: Any) -> list[tuple[str, str]]:
    """Return name and arguments of each call in a text: whole calls, else arguments of `tool`.

    A call is an object with a name and arguments, as OpenAI, Anthropic, MCP and others write it, or
    a message or a list of such calls. Arguments stay as written.
    """
    root = read(text).root
    known = properties(schema) if isinstance(schema, dict) else {}
    if root is None or (isinstance(root.value, dict) and root.value.keys() <= known.keys()):
        return [(tool, text)]
    return list(_calls(root, text)) or [(tool, text)]


def _calls(node: Node, text: str) -> Iterator[tuple[str, str]]:
    if isinstance(node.value, list):
        for item in node.children.values():
            yield from _calls(item, text)
        return
    if not isinstance(node.value, dict) or node.value.keys() - _BESIDE:
        return
    for key in ("tool_calls", "function", "function_call"):
        if key in node.children and isinstance(node.value[key], dict | list):
            yield from _calls(node.children[key], text)
            return
    named = [key for key in _ARGUMENTS if key in node.children]
    if isinstance(node.value.get("name"), str) and len(named) == 1:
        inner = node.children[named[0]]
        is_text = isinstance(inner.value, str)
        yield node.value["name"], inner.value if is_text else text[inner.start : inner.end]
