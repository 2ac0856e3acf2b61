"""Read a request from outside, a curl command or a JSON body, into the playground.

The server, the key and the headers of a curl command are never read.
"""

import json
from dataclasses import dataclass
from typing import Any

from clarifai_chat import catalog, json_text
from clarifai_chat.llm.sent_back import EXTRA_FIELDS
from clarifai_chat.playground import bodies
from clarifai_chat.playground.parameters import OWN
from clarifai_chat.playground.runs import CHOICES, default_settings
from clarifai_chat.playground.toolset import MAX_FILE_BYTES, ToolSet
from clarifai_chat.text import size
from clarifai_chat.tools.formats import curl, one_tool, recognize
from clarifai_chat.tools.formats.tool_import import FoundTool, NotTools


class BadPaste(ValueError):
    """A text that is not a request. Its text is a sentence for the reader."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """A request as the playground holds it, and a sentence for each thing that differs."""

    toolset: ToolSet
    notes: tuple[str, ...]
    tools: tuple[FoundTool, ...] = ()


def is_request(text: str) -> bool:
    """Return whether a text is JSON with messages, alone or in a curl command."""
    try:
        body = curl.body(text) if curl.is_curl(text) else text
        return _is_body(json_text.read(body.strip("\ufeff \t\r\n")))
    except (ValueError, RecursionError):
        return False


def _is_body(body: Any) -> bool:
    """Return whether a value is a request with messages, in any known form."""
    if not isinstance(body, dict):
        return False
    if bodies.form_of(body):
        return any(body.get(name) for name in ("messages", "contents", "input"))
    if not isinstance(body.get("messages"), list):
        return False
    has_tools = body.get("tools") or body.get("functions")
    return bool(body["messages"] or not has_tools)


def read(text: str) -> Pasted:
    """Return the request in a curl command or a JSON body. Raises `BadPaste`."""
    if len(text) > MAX_FILE_BYTES:
        raise BadPaste(f"The text is too long: a request of up to {size(MAX_FILE_BYTES)} is read.")
    body_text = text.strip("\ufeff \t\r\n")
    try:
        body_text = curl.body(text) if curl.is_curl(text) else body_text
    except curl.NoBody as why:
        raise BadPaste(str(why)) from None
    try:
        body = json_text.read(body_text)
    except json.JSONDecodeError as error:
        raise BadPaste(
            "This is neither a curl command nor the JSON body of a request: line"
            f" {error.lineno}, column {error.colno} cannot be read."
        ) from None
    except (ValueError, RecursionError):
        raise BadPaste("The request's JSON is nested too deeply to read.") from None
    is_chat = isinstance(body, dict) and isinstance(body.get("messages"), list)
    if not is_chat and not bodies.form_of(body):
        raise BadPaste('The JSON is not a chat request: it has no list of "messages".')
    return _pasted(body)


def _pasted(body: dict[str, Any]) -> Pasted:
    notes: list[str] = []
    is_other = bodies.form_of(body) is not None
    body = _without_functions(bodies.as_chat(body, notes), notes)
    settings = default_settings()
    messages = _messages(body["messages"])
    if messages and _says(messages[0], "system"):
        settings["system"] = messages.pop(0)["content"]
    prompt = ""
    if messages and _says(messages[-1], "user"):
        prompt = messages.pop()["content"]
    settings["messages"] = messages
    if any(_has_extra(message) for message in messages):
        settings["sent_back"] = "everything"  # the request is to be sent as it was pasted
    settings["stream"] = bool(body.get("stream"))
    if settings["stream"] and body.get("stream_options") != {"include_usage": True}:
        notes.append("Streaming asks for the token usage too (`stream_options`).")
    settings["extra"] = {n: v for n, v in body.items() if n not in OWN and v is not None}
    _take_fields(settings, has_tools=bool(body.get("tools")), notes=notes)
    model = body.get("model")
    address = catalog.parse_address(model) if isinstance(model, str) else None
    if not address:
        notes.append("Its model is not on Clarifai, so the model chosen here is used.")
    tools, text = _tools(body.get("tools") or [], notes)
    if is_other and not tools:
        text = ""  # of tools that only another API offers
    toolset: ToolSet = {
        "tools": text,
        "prompt": prompt,
        "model": address or "",
        "settings": settings,
    }
    return Pasted(toolset, tuple(notes), tools)


def _says(message: dict[str, Any], role: str) -> bool:
    """Return whether a message has this role, some words, and nothing else."""
    is_plain = message["role"] == role and set(message) == {"role", "content"}
    return is_plain and isinstance(message["content"], str) and bool(message["content"])


def _without_functions(body: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    """Return a body whose `functions`, the API's older form, are `tools`."""
    if not isinstance(body.get("functions"), list) or body.get("tools"):
        return body
    made = {k: v for k, v in body.items() if k not in ("functions", "function_call")}
    made["tools"] = body["functions"]
    choice = body.get("function_call")
    if isinstance(choice, dict):
        choice = {"type": "function", "function": {"name": choice.get("name")}}
    if choice is not None:
        made["tool_choice"] = choice
    notes.append("`functions` and `function_call` are sent as `tools` and `tool_choice`.")
    return made


def _tools(found: Any, notes: list[str]) -> tuple[tuple[FoundTool, ...], str]:
    """Return a request's tools, and their text: as written if that is how they are sent."""
    text = json.dumps(found, ensure_ascii=False, indent=2) if found else ""
    if not found or not isinstance(found, list):
        return (), text
    try:
        made = recognize.found_in(found)
    except NotTools as why:
        notes.append(str(why))
        return (), text
    if all(one_tool.is_openai(tool) for tool in found):
        return made.tools, text
    notes += made.notes
    return made.tools, json.dumps([tool.spec for tool in made.tools], ensure_ascii=False, indent=2)


def _messages(found: list[Any]) -> list[Any]:
    """Return the messages, as they are. Raises `BadPaste`."""
    for number, message in enumerate(found, 1):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise BadPaste(f"Message {number} of the request has no role.")
    return [*found]


def _has_extra(message: dict[str, Any]) -> bool:
    calls = message.get("tool_calls")
    parts = [message, *(calls if isinstance(calls, list) else [])]
    return any(
        isinstance(part, dict) and not part.keys().isdisjoint(EXTRA_FIELDS) for part in parts
    )


def _take_fields(settings: Any, *, has_tools: bool, notes: list[str]) -> None:
    """Move what the playground has a field for from `extra` into its field."""
    extra = settings["extra"]
    choice = extra.get("tool_choice")
    if isinstance(choice, str) and choice in CHOICES:
        settings["tool_choice"] = extra.pop("tool_choice")
    elif _name(choice):
        settings["tool_choice"] = _name(extra.pop("tool_choice"))
    elif choice is None and has_tools:
        notes.append("`tool_choice` auto is sent, which is the default.")
    if has_tools and isinstance(extra.get("parallel_tool_calls"), bool):
        settings["parallel"] = extra.pop("parallel_tool_calls")
    if _is_number(extra.get("temperature"), 0, 2):
        settings["temperature"] = float(extra.pop("temperature"))
    limit = extra.get("max_completion_tokens")
    if isinstance(limit, int) and _is_number(limit, 1, 1_000_000):
        settings["max_tokens"] = extra.pop("max_completion_tokens")


def _is_number(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _name(choice: Any) -> str:
    """Return the name in `{"type": "function", "function": {"name": …}}`; "" if it is not that."""
    function = choice.get("function") if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    is_exact = choice == {"type": "function", "function": {"name": name}}
    return name if is_exact and isinstance(name, str) and name not in CHOICES else ""
