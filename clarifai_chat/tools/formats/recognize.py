"""Recognize tools in a value, whoever's form they have, and convert them to OpenAI's."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from clarifai_chat.text import counted, listed
from clarifai_chat.tools.formats import one_tool, openapi
from clarifai_chat.tools.formats.tool_import import (
    MAX_TOOLS,
    Found,
    FoundTool,
    NotTools,
    code,
    codes,
    with_valid_names,
)

_SERVERS = ("mcpServers", "mcp_servers", "context_servers", "servers")
_LISTS = ("tools", "functions", "functionDeclarations", "function_declarations")
_WRAPPERS = (
    "result", "toolConfig", "tool_config", "body", "request", "params", "data", "response",
    "config", "json", "payload", "optional_params", "kwargs",
)  # fmt: skip
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
            form, tool = one_tool.converted(item)
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
        any(key in each for key in one_tool.SCHEMA_KEYS) and "type" not in each
        for each in value.values()
    ):
        return []
    return [{"name": name, **each} for name, each in value.items()]


def _is_tool(value: dict[str, Any]) -> bool:
    if isinstance(value.get("function"), dict) or "toolSpec" in value:
        return True
    named = isinstance(value.get("name"), str)
    if named and ("description" in value or any(key in value for key in one_tool.SCHEMA_KEYS)):
        return True
    return one_tool.is_schema(value) or (named and value.get("type") in ("function", "custom"))


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
