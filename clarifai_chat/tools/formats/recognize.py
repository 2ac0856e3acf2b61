"""Recognize tools in a value, whoever's form they have, and convert them to OpenAI's."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from clarifai_chat import json_text
from clarifai_chat.text import counted, listed
from clarifai_chat.tools.formats import openapi
from clarifai_chat.tools.formats.dialects import Notes, translated
from clarifai_chat.tools.formats.tool_import import (
    MAX_TOOLS,
    Found,
    FoundTool,
    NotTools,
    code,
    codes,
    tool_of,
    with_valid_names,
)

OPENAI = "OpenAI's form"
_SERVERS = ("mcpServers", "mcp_servers", "context_servers", "servers")
_LISTS = ("tools", "functions", "functionDeclarations", "function_declarations")
_WRAPPERS = (
    "result", "toolConfig", "tool_config", "body", "request", "params", "data", "response",
    "config", "json", "payload", "optional_params", "kwargs",
)  # fmt: skip
_SCHEMA_KEYS = (
    "parameters", "input_schema", "inputSchema", "parametersJsonSchema", "parameters_json_schema",
    "args_schema", "argsSchema", "input", "schema", "args", "arguments",
)  # fmt: skip
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
_MAX_LAYERS = 4


def found_in(value: Any) -> Found:
    """Return the tools in a value. Raises `NotTools` with what it is instead."""
    if isinstance(value, dict) and openapi.is_document(value):
        return openapi.read(value)
    _refuse(value)
    notes: list[str] = []
    items = list(_items(value, notes, 0))
    if not items:
        raise NotTools(_instead(value))
    if len(items) > MAX_TOOLS:
        notes.append(f"Only the first {MAX_TOOLS:,} of {len(items):,} tools are read.")
        items = items[:MAX_TOOLS]
    forms: Counter[str] = Counter()
    tools: list[FoundTool] = []
    others: list[str] = []
    for item in items:
        try:
            form, tool = _tool(item)
        except NotTools as why:
            others.append(str(why))
            continue
        forms[form] += 1
        tools.append(tool)
    if not tools:
        raise NotTools(f"No tool in it can be used: {listed(others, most=3)}.")
    if others:
        notes.append(f"Left out: {listed(others, most=5)}.")
    form = listed([name for name, _ in forms.most_common(3)])
    form = f"{counted(len(tools), 'tool', one='one')} in {form}"
    return Found(form, with_valid_names(tools), tuple(notes))


def _refuse(value: Any) -> None:
    """Raise `NotTools` for what has a name of its own and holds no tools."""
    if not isinstance(value, dict):
        return
    if isinstance(error := value.get("error"), dict) and "jsonrpc" in value:
        said = code(error.get("message", "no message"), 120)
        raise NotTools(f"This is the error of an MCP server, not its tools: {said}")
    inner = value.get("mcp")
    for holder in (value, inner if isinstance(inner, dict) else {}):
        for key in _SERVERS:
            servers = holder.get(key)
            if "tools" not in value and isinstance(servers, dict) and servers:
                names = listed(codes(servers), most=5)
                raise NotTools(
                    f"This is an MCP configuration: it names {names}, a server and not its tools."
                    if len(servers) == 1
                    else f"This is an MCP configuration: it names servers, not tools: {names}."
                )


# --- Where the tools are ------------------------------------------------------------------------


def _items(value: Any, notes: list[str], layer: int) -> Iterator[Any]:
    """Yield what may be a tool, in lists, requests and wrappers."""
    if layer > _MAX_LAYERS:
        return
    if isinstance(value, list):
        for item in value:
            if isinstance(item, list) or (
                isinstance(item, dict) and (not _is_tool(item) or _holds_list(item))
            ):
                yield from _items(item, notes, layer + 1) if _holds(item) else (item,)
            else:
                yield item
        return
    if not isinstance(value, dict):
        return
    if _is_tool(value) and not _holds_list(value):
        yield value
        return
    for key in _LISTS:
        held = value.get(key)
        if isinstance(held, dict):
            held = _named(held) or [held]
        if isinstance(held, list) and held:
            if value.get("nextCursor"):
                notes.append("This is one page of the list: its `nextCursor` leads to more tools.")
            others = [name for name in value if name not in (key, "nextCursor", "_meta")]
            if others and key in ("tools", "functions") and layer == 0 and "jsonrpc" not in value:
                notes.append(f"Only `{key}` is used, not {listed(codes(others), 'or', most=6)}.")
            yield from _items(held, notes, layer + 1)
            return
    for key in _WRAPPERS:
        if isinstance(value.get(key), dict | list) and _holds(value[key]):
            yield from _items(value[key], notes, layer + 1)
            return
    yield from _named(value)


def _holds(value: Any, layer: int = 0) -> bool:
    """Return whether tools are somewhere in a list or an object, by its keys."""
    if layer > _MAX_LAYERS:
        return False
    if isinstance(value, list):
        return any(_holds(item, layer + 1) for item in value[:20])
    if not isinstance(value, dict):
        return False
    return (
        _is_tool(value)
        or any(isinstance(value.get(key), list | dict) and value[key] for key in _LISTS)
        or any(_holds(value.get(key), layer + 1) for key in _WRAPPERS)
        or bool(_named(value))
    )


def _holds_list(value: dict[str, Any]) -> bool:
    """Return whether an object with a name is an assistant, whose list of tools is meant."""
    return isinstance(value.get("tools"), list) and "function" not in value


def _named(value: dict[str, Any]) -> list[Any]:
    """Return the tools of an object from names to tools; [] for any other object."""
    if not value or not all(isinstance(each, dict) for each in value.values()):
        return []
    if not all(
        any(key in each for key in _SCHEMA_KEYS) and "type" not in each for each in value.values()
    ):
        return []
    return [{"name": name, **each} for name, each in value.items()]


def _is_tool(value: dict[str, Any]) -> bool:
    if isinstance(value.get("function"), dict) or "toolSpec" in value:
        return True
    named = isinstance(value.get("name"), str)
    if named and ("description" in value or any(key in value for key in _SCHEMA_KEYS)):
        return True
    return _is_schema(value) or (named and value.get("type") in ("function", "custom"))


def _is_schema(value: dict[str, Any]) -> bool:
    if "name" in value and isinstance(value["name"], str):
        return False
    named = value.get("type")
    if isinstance(named, str) and named.lower() == "object":
        return True
    return any(key in value for key in _SCHEMA_MARKS) and "type" not in value


# --- One tool ------------------------------------------------------------------------------------


def _tool(item: Any) -> tuple[str, FoundTool]:
    """Return whose form a tool has, and the tool. Raises `NotTools`."""
    if not isinstance(item, dict):
        raise NotTools(f"`{code(json.dumps(item), 40)}`, which is no object")
    if isinstance(item.get("function"), dict):
        return _of_openai(item)
    if isinstance(spec := item.get("toolSpec"), dict):
        return "Bedrock's form", _of_function(spec, ["`toolSpec` unwrapped"])[1]
    if _is_schema(item):
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
    key = next((k for k in _SCHEMA_KEYS if k in function), "")
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
    key = next((k for k in _SCHEMA_KEYS if isinstance(item.get(k), dict | str)), "")
    form = _FORMS.get(key, OPENAI)
    notes = Notes()
    if key:
        used.add(key)
        schema = _schema_in(item[key])
        if key in ("args", "arguments") and not _is_schema(schema):
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
    lost = [f"`{code(name)}`" for name in item if name not in used]
    return form, tool_of(function, [*changed, *notes.changed], [*lost, *notes.lost])


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
        if inner is None or _is_schema(value):
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


def _instead(value: Any) -> str:
    """Return a sentence about a value that holds no tools."""
    if isinstance(value, list):
        if not value:
            return "The list is empty: there are no tools in it."
        return "No item of this list is a tool: a tool has a name and a schema."
    if not isinstance(value, dict):
        return "There are no tools in it, only a value."
    if not value:
        return "The object is empty: there are no tools in it."
    if isinstance(value.get("tools"), list):
        return 'Its list of "tools" is empty.'
    names = listed(codes(value), most=5)
    return f"There are no tools in it. A tool has a name and a schema; this has {names}."
