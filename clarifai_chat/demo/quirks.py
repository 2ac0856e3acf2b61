"""Get tool calls wrong as models do, on request: `/call malformed`, `/call invented`.

The call is to the first tool offered, or to the one that `tool_choice` names, and is correct except
for its quirk.
"""

import json
from collections.abc import Callable
from typing import Any

from clarifai_chat.demo import tools
from clarifai_chat.demo.arguments import Reader, resolved, schema_of
from clarifai_chat.demo.shapes import Json, Reply

_MORE = ("mood", "priority", "verbose", "invented_argument")
# Values to try where a schema allows only other types.
_STRANGERS: tuple[Any, ...] = (42, "forty-two", True, ["a list"], {"an": "object"}, None)
_KINDS = ("integer", "string", "boolean", "array", "object", "null")


def reply_with(quirk: str, body: Json) -> Reply:
    """Return the reply that has the quirk, or an explanation if no tool is offered for it."""
    offered = tools.offered(body)
    choice = body.get("tool_choice") or "auto"
    if not offered or choice == "none":
        return Reply(
            f"`/call {quirk}` shows what happens when a tool call goes wrong, but this request"
            " allows no tool. Send it with a tool.\n"
        )
    return QUIRKS[quirk](tools.named(offered, choice), offered)


def _calling(*calls: tuple[str, str], **rest: Any) -> Reply:
    return Reply(calls=calls, finish="tool_calls", **rest)


def _proper(tool: Json, place: str = "Paris") -> tuple[str, str]:
    return tool["name"], _json(_filled(tool, place))


def _filled(tool: Json, place: str = "Paris") -> Json:
    return Reader("", "", place).read(tool)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _whole_schema(tool: Json) -> Json:
    return resolved(schema_of(tool), schema_of(tool))


def _malformed(tool: Json, offered: list[Json]) -> Reply:
    name, arguments = _proper(tool)
    return _calling((name, arguments[:-1] + ","))


def _fragments(tool: Json, offered: list[Json]) -> Reply:
    return _calling(_proper(tool), most_fragments=80, fragment_pauses=9)


def _two(tool: Json, offered: list[Json]) -> Reply:
    return _calling(*_pair(tool, offered))


def _shared(tool: Json, offered: list[Json]) -> Reply:
    return _calling(*_pair(tool, offered), on_one_index=True)


def _pair(tool: Json, offered: list[Json]) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return calls of two tools, or two calls of the only one, with different places."""
    other = next((each for each in offered if each["name"] != tool["name"]), tool)
    return _proper(tool), _proper(other, "Tokyo")


def _text(tool: Json, offered: list[Json]) -> Reply:
    call = {"name": tool["name"], "arguments": _filled(tool)}
    return Reply(f"<tool_call>\n{_json(call)}\n</tool_call>")


def _invented(tool: Json, offered: list[Json]) -> Reply:
    known = _whole_schema(tool).get("properties") or {}
    name = next((n for n in _MORE if n not in known), "_".join(_MORE))
    return _calling((tool["name"], _json({**_filled(tool), name: "cheerful"})))


def _wrong(tool: Json, offered: list[Json]) -> Reply:
    schema = _whole_schema(tool)
    known = schema.get("properties") or {}
    required = schema.get("required") or ()
    name = next((n for n in (*required, *known) if n in known), None)
    if name is None:  # no argument can have the wrong type, so the whole has it
        return _calling((tool["name"], _json(["not an object"])))
    kinds = _kinds(known[name], schema_of(tool))
    values = zip(_KINDS, _STRANGERS, strict=True)
    stranger = next((value for kind, value in values if kind not in kinds), None)
    return _calling((tool["name"], _json({**_filled(tool), name: stranger})))


def _kinds(schema: Any, root: Json) -> set[str]:
    """Return the JSON types that a schema allows; if it allows numbers, integers too."""
    schema = resolved(schema, root)
    options = schema.get("anyOf") or schema.get("oneOf") or ()
    if options:
        return {kind for option in options for kind in _kinds(option, root)}
    if values := schema.get("enum") or ([schema["const"]] if "const" in schema else []):
        # A value must be wrong by its type, so the types of the listed values are not tried.
        return {_KINDS[_kind_of(value)] for value in values}
    said = schema.get("type", "object" if "properties" in schema else "string")
    kinds = set(said) if isinstance(said, list) else {said}
    return kinds | {"integer"} if "number" in kinds else kinds


def _kind_of(value: Any) -> int:
    if isinstance(value, bool):
        return 2
    kinds = (((int, float), 0), (str, 1), (list, 3), (dict, 4))
    return next((place for kind, place in kinds if isinstance(value, kind)), 5)


def _missing(tool: Json, offered: list[Json]) -> Reply:
    required = _whole_schema(tool).get("required") or ()
    if not required:
        return Reply(f"`{tool['name']}` requires no argument, so none can be missing.\n")
    filled = _filled(tool)
    filled.pop(required[0], None)
    return _calling((tool["name"], _json(filled)))


def _unknown(tool: Json, offered: list[Json]) -> Reply:
    names = {each["name"] for each in offered}
    name = f"{tool['name']}_v2"
    while name in names:
        name += "_v2"
    return _calling((name, _proper(tool)[1]))


QUIRKS: dict[str, Callable[[Json, list[Json]], Reply]] = {
    "malformed": _malformed,
    "invented": _invented,
    "wrong": _wrong,
    "missing": _missing,
    "unknown": _unknown,
    "text": _text,
    "shared": _shared,
    "two": _two,
    "fragments": _fragments,
}
