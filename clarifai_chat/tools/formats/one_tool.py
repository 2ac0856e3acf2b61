"""Convert one tool, whoever's form it has, to OpenAI's."""

import json
from typing import Any

from clarifai_chat import json_text
from clarifai_chat.tools.formats.dialects import Notes, translated
from clarifai_chat.tools.formats.tool_import import FoundTool, NotTools, code, tool_of

OPENAI = "OpenAI's form"
SCHEMA_KEYS = (
    "parameters", "input_schema", "inputSchema", "parametersJsonSchema", "parameters_json_schema",
    "args_schema", "argsSchema", "input", "schema", "args", "arguments",
)  # fmt: skip
# What a tool answers; OpenAI's form has no place for it, so it is kept beside the tool.
ANSWERS = ("outputSchema", "output_schema", "responseJsonSchema", "response")
_INNER_SCHEMAS = ("json", "jsonSchema", "json_schema", "schema")
_FORMS = {
    "input_schema": "Anthropic's form",
    "inputSchema": "MCP's form",
    "parametersJsonSchema": "Gemini's form",
    "parameters_json_schema": "Gemini's form",
    "args_schema": "LangChain's form",
    "args": "LangChain's form",
}
_SCHEMA_MARKS = ("properties", "$ref", "anyOf", "oneOf", "allOf", "$defs", "definitions")


def is_schema(value: dict[str, Any]) -> bool:
    """Return whether an object is a schema of an object, without a tool around it."""
    if "name" in value and isinstance(value["name"], str):
        return False
    named = value.get("type")
    if isinstance(named, str) and named.lower() == "object":
        return True
    return any(key in value for key in _SCHEMA_MARKS) and "type" not in value


def is_openai(item: Any) -> bool:
    """Return whether a tool is OpenAI's, with its schema where OpenAI's API looks for it."""
    function = item.get("function") if isinstance(item, dict) else None
    if not isinstance(function, dict):
        return False
    return "parameters" in function or function.keys().isdisjoint(_FORMS)


def converted(item: Any) -> tuple[str, FoundTool]:
    """Return whose form a tool has, and the tool. Raises `NotTools`."""
    if not isinstance(item, dict):
        raise NotTools(f"`{code(json.dumps(item), 40)}`, which is no object")
    if isinstance(item.get("function"), dict):
        return _of_openai(item)
    if isinstance(spec := item.get("toolSpec"), dict):
        return "Bedrock's form", _of_function(spec, ["`toolSpec` unwrapped"])[1]
    if is_schema(item):
        return _of_schema(item)
    kind = item.get("type")
    if isinstance(kind, str) and kind not in ("function", "custom", "object", "tool"):
        raise NotTools(f"`{code(kind)}`, which the server offers itself")
    if "name" not in item:
        name = next(iter(item), "an empty object")
        raise NotTools(f"`{code(name)}`, which is not a function")
    if "format" in item and kind == "custom":
        raise NotTools(f"`{code(item['name'])}`, whose input is free text and not JSON")
    return _of_function(item, [])


def _of_openai(item: dict[str, Any]) -> tuple[str, FoundTool]:
    function = dict(item["function"])
    changed = []
    key = next((k for k in SCHEMA_KEYS if k in function), "")
    if key in _FORMS and "parameters" not in function:
        function = {"parameters" if k == key else k: v for k, v in function.items()}
        changed.append(f"`{key}` renamed `parameters`")
    if isinstance(parameters := function.get("parameters"), str):
        function["parameters"] = _schema_in(parameters)
        changed.append("the schema was a JSON string")
    if "strict" in item and "strict" not in function:
        function["strict"] = item["strict"]
        changed.append("`strict` moved into the function")
    more = {k: v for k, v in item.items() if k not in ("type", "function", "strict")}
    lost = [f"`{code(name)}`" for name in more]
    return OPENAI, tool_of(function, changed, lost)


def _of_schema(schema: dict[str, Any]) -> tuple[str, FoundTool]:
    """Return a tool around a schema alone, named by its title."""
    parameters = dict(schema)
    function: dict[str, Any] = {}
    changed = []
    if isinstance(title := parameters.get("title"), str) and title.strip():
        function["name"] = title
        del parameters["title"]
        changed.append("its title became its name")
    elif isinstance(name := parameters.get("$id"), str):
        function["name"] = name.rstrip("/").rpartition("/")[2].partition(".")[0]
    if isinstance(description := parameters.get("description"), str):
        function["description"] = description
        del parameters["description"]
    notes = Notes()
    function["parameters"] = _as_json_schema(parameters, notes)
    return "the form of a JSON Schema alone", tool_of(
        function, [*changed, *notes.changed], notes.lost
    )


def _of_function(item: dict[str, Any], changed: list[str]) -> tuple[str, FoundTool]:
    """Return a tool from an object with a name, a description and a schema."""
    function: dict[str, Any] = {}
    if isinstance(item.get("name"), str):
        function["name"] = item["name"]
    description, title = item.get("description"), item.get("title")
    used = {"name", "description", "type", "strict"}
    if isinstance(description, str):
        function["description"] = description
    elif isinstance(title, str):
        function["description"] = title
        used.add("title")
        changed.append("its title became its description")
    key = next((k for k in SCHEMA_KEYS if isinstance(item.get(k), dict | str)), "")
    form = _FORMS.get(key, OPENAI)
    notes = Notes()
    if key:
        used.add(key)
        schema = _schema_in(item[key])
        if key in ("args", "arguments") and not is_schema(schema):
            schema = {"type": "object", "properties": schema}  # LangChain's `tool.args`
        if _is_shouting(schema):
            form = "Gemini's form"
        function["parameters"] = _as_json_schema(schema, notes)
        if key != "parameters":
            changed.append(f"`{key}` became `parameters`")
    if isinstance(item.get("strict"), bool):
        function["strict"] = item["strict"]
    if form == OPENAI and item.get("type") == "custom":
        form = "Anthropic's form"
    elif form == OPENAI and item.get("type") == "function":
        form = "the form of OpenAI's Responses API"
    if form.endswith(("OpenAI's form", "Responses API")):
        changed.append('wrapped in `{"type": "function", "function": …}`')
    answers = None
    if of_answers := next((k for k in ANSWERS if isinstance(item.get(k), dict)), ""):
        used.add(of_answers)
        answers = _as_json_schema(item[of_answers], Notes())
        changed.append(f"`{of_answers}` kept beside the tool, for answers that are typed")
    lost = [f"`{code(name)}`" for name in item if name not in used]
    all_lost = [*lost, *notes.lost]
    return form, tool_of(function, [*changed, *notes.changed], all_lost, answers=answers)


def _schema_in(value: Any) -> Any:
    """Return the schema in a JSON string or in a wrapper around it."""
    for _ in range(3):
        if isinstance(value, str):
            try:
                value = json_text.read(value)
            except (ValueError, RecursionError):
                raise NotTools("a tool whose schema is a text that is not JSON") from None
        if not isinstance(value, dict):
            raise NotTools("a tool whose schema is not an object")
        inner = next((value[k] for k in _INNER_SCHEMAS if isinstance(value.get(k), dict)), None)
        if inner is None or is_schema(value):
            break
        value = inner
    return value


def _as_json_schema(schema: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """Return a schema in JSON Schema's words; one that has them already stays as it is."""
    if not _is_shouting(schema):
        return schema
    made: dict[str, Any] = translated(schema, notes)
    return made


def _is_shouting(schema: Any, layer: int = 0) -> bool:
    """Return whether a schema names its types as Gemini does: STRING, OBJECT."""
    if not isinstance(schema, dict) or layer > 20:
        return False
    if isinstance(named := schema.get("type"), str) and named.isupper():
        return True
    held = schema.get("properties")
    inner = [*held.values()] if isinstance(held, dict) else []
    return any(_is_shouting(each, layer + 1) for each in (*inner, schema.get("items")))
