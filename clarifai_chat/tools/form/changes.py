"""Change a tool as a form does. Each function takes the whole text and returns the new one.

All raise `BadInput` with a sentence for what cannot be done, and then change nothing.
"""

import json

from clarifai_chat.tools.form import spans
from clarifai_chat.tools.form.boxes import BadInput, Kind, as_json, shown, written
from clarifai_chat.tools.form.schema_view import Keyword
from clarifai_chat.tools.lint import edits
from clarifai_chat.tools.lint.check import unique
from clarifai_chat.tools.text.diagnostics import Path, quoted
from clarifai_chat.tools.text.parse import read

NOT_A_LIST = '"required" is not a list of names here. Change it as JSON.'
NO_PARAMETERS = "The parameters are not a schema here. Change them as JSON."


def set_keyword(text: str, path: Path, keyword: Keyword, of_type: str, typed: str) -> str:
    """Set a keyword of the schema at `path` to what was typed; nothing typed removes it."""
    return _set(text, (*path, keyword.name), keyword.kind, of_type, typed, keyword.label)


def _set(text: str, path: Path, kind: Kind, of_type: str, typed: str, label: str) -> str:
    node = read(text).node(path)
    if node and shown(kind, of_type, node, text) == typed:
        return text
    if not (typed if kind == "line" else typed.strip()):
        return spans.drop(text, path)
    return spans.put(text, path, written(kind, of_type, typed, label))


def set_type(text: str, path: Path, of_type: str) -> str:
    """Name the type of a schema; "" removes it. Whether null is allowed beside it stays."""
    node = read(text).node((*path, "type"))
    if not of_type:
        return spans.drop(text, (*path, "type"))
    if node and isinstance(node.value, list):
        index = next((n for n, each in enumerate(node.value) if each != "null"), 0)
        return spans.put(text, (*path, "type", index), as_json(of_type))
    return spans.put(text, (*path, "type"), as_json(of_type))


def allow_null(text: str, path: Path, is_allowed: bool) -> str:
    """Allow null beside the one type of a schema, or not."""
    node = read(text).node((*path, "type"))
    if node is None:
        raise BadInput("Choose a type first: without one, null is allowed as well.")
    names = node.value if isinstance(node.value, list) else [node.value]
    if ("null" in names) is is_allowed:
        return text
    others = [name for name in names if name != "null"]
    new = [*others, "null"] if is_allowed else others[0] if len(others) == 1 else others
    return spans.put(text, (*path, "type"), as_json(new))


def allow_others(text: str, path: Path, is_allowed: bool) -> str:
    """Allow parameters that the schema of an object does not name, or not."""
    node = read(text).node((*path, "additionalProperties"))
    if (node.value if node else True) is is_allowed:
        return text
    return spans.put(text, (*path, "additionalProperties"), as_json(is_allowed))


def rename_tool(text: str, function_path: Path, typed: str) -> str:
    name = typed.strip()
    if not name:
        raise BadInput("A tool needs a name, such as get_weather.")
    others = [tool for tool in read(text).tools if tool.function_path != function_path]
    if any(tool.name == name for tool in others):
        raise BadInput(f"Another tool is already named {quoted(name)}.")
    return spans.put(text, (*function_path, "name"), as_json(name))


def set_function(text: str, function_path: Path, key: str, typed: str) -> str:
    """Set "description" or "strict" of a function; nothing typed removes it."""
    kind: Kind = "flag" if key == "strict" else "text"
    return _set(text, (*function_path, key), kind, "", typed, key.capitalize())


def rename_parameter(text: str, path: Path, typed: str) -> str:
    """Rename a property, and its name in `required`."""
    old, name = path[-1], typed
    properties = read(text).node(path[:-1])
    if properties is None or old not in properties.children:
        raise BadInput(spans.GONE)
    if name == old:
        return text
    _free(name, properties.value)
    text = spans.rename(text, path, name)
    required = read(text).node((*path[:-2], "required"))
    if required is None or not isinstance(required.value, list) or old not in required.value:
        return text
    if name in required.value:  # it was required, but was not in properties
        return require(text, (*path[:-1], old), is_required=False)
    names = [name if each == old else each for each in required.value]
    return spans.put(text, (*path[:-2], "required"), as_json(names))


def require(text: str, path: Path, is_required: bool) -> str:
    """Add the property at `path` to its object's `required`, or remove it."""
    *above, _, name = path
    place = (*above, "required")
    node = read(text).node(place)
    if node is None:
        return spans.put(text, place, as_json([name])) if is_required else text
    if not isinstance(node.value, list):
        raise BadInput(NOT_A_LIST)
    if is_required:
        return text if name in node.value else spans.append(text, place, as_json(name))
    while node and name in node.value:
        text = spans.drop(text, (*place, node.value.index(name)))
        node = read(text).node(place)
    return text


def add_parameter(text: str, path: Path, typed: str) -> str:
    """Add a text to the properties of the object schema at `path`, whose parents may be missing."""
    name = typed.strip()
    document = read(text)
    node, properties = document.node(path), document.node((*path, "properties"))
    _free(name, properties.value if properties else {})
    new = {name: {"type": "string"}}
    if properties:
        if not isinstance(properties.value, dict):
            raise BadInput(NO_PARAMETERS)
        return spans.put(text, (*path, "properties", name), as_json(new[name]))
    if node:
        if not isinstance(node.value, dict):
            raise BadInput(NO_PARAMETERS)
        return spans.put(text, (*path, "properties"), as_json(new))
    return spans.put(text, path, as_json({"type": "object", "properties": new}))


def remove_parameter(text: str, path: Path) -> str:
    """Remove a property, and its name from `required`."""
    required = read(text).node((*path[:-2], "required"))
    if required and isinstance(required.value, list):
        text = require(text, path, is_required=False)
    return spans.drop(text, path)


def describe_items(text: str, path: Path, of_type: str) -> str:
    """Say of which type the items of the list at `path` are, if nothing is said yet."""
    if read(text).node((*path, "items")):
        return text
    return spans.put(text, (*path, "items"), json.dumps({"type": of_type}))


def add_tool(text: str) -> str:
    """Add an empty tool under an unused name."""
    name = unique("new_tool", {tool.name for tool in read(text).tools})
    function = {"name": name, "description": "", "parameters": {"type": "object"}}
    function["parameters"] = {"type": "object", "properties": {}, "required": []}
    new = json.dumps({"type": "function", "function": function}, indent=2)
    return edits.added(text, new)


def _free(name: str, properties: object) -> None:
    """Raise `BadInput` if a parameter cannot have this name."""
    if not name.strip():
        raise BadInput("A parameter needs a name, such as city.")
    if isinstance(properties, dict) and name in properties:
        raise BadInput(f"There is already a parameter named {quoted(name)}.")
