"""Read a request from outside, a curl command or a JSON body, into the playground.

The server, the key and the headers of a curl command are never read.
"""

import json
import re
import shlex
from dataclasses import dataclass
from typing import Any

from clarifai_chat import catalog, json_text
from clarifai_chat.llm.request import SENT_FIELDS
from clarifai_chat.playground.runs import CHOICES, default_settings
from clarifai_chat.playground.toolset import MAX_FILE_BYTES, OWN, ToolSet
from clarifai_chat.text import are, listed, size

BODY_OPTIONS = ("-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json")
_ANSI = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)  # as browsers copy text with a quote in it
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class BadPaste(ValueError):
    """A text that is not a request. Its text is a sentence for the reader."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """A request as the playground holds it, and a sentence for each thing that differs."""

    toolset: ToolSet
    notes: tuple[str, ...]


def is_request(text: str) -> bool:
    """Return whether a text is a curl command, or JSON with messages."""
    if _is_curl(text):
        return True
    try:
        body = json_text.read(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and isinstance(body.get("messages"), list)


def read(text: str) -> Pasted:
    """Return the request in a curl command or a JSON body. Raises `BadPaste`."""
    if len(text) > MAX_FILE_BYTES:
        raise BadPaste(f"The text is too long: a request of up to {size(MAX_FILE_BYTES)} is read.")
    body_text = _curl_body(text) if _is_curl(text) else text
    try:
        body = json_text.read(body_text)
    except json.JSONDecodeError as error:
        raise BadPaste(
            "This is neither a curl command nor the JSON body of a request: line"
            f" {error.lineno}, column {error.colno} cannot be read."
        ) from None
    except (ValueError, RecursionError):
        raise BadPaste("The request's JSON is nested too deeply to read.") from None
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
        raise BadPaste('The JSON is not a chat request: it has no list of "messages".')
    return _pasted(body)


def _pasted(body: dict[str, Any]) -> Pasted:
    notes: list[str] = []
    settings = default_settings()
    messages = _messages(body["messages"], notes)
    if messages and messages[0]["role"] == "system" and isinstance(messages[0]["content"], str):
        settings["system"] = messages.pop(0)["content"]
    prompt = ""
    if messages and messages[-1]["role"] == "user" and isinstance(messages[-1]["content"], str):
        prompt = messages.pop()["content"]
    settings["messages"] = messages
    settings["stream"] = bool(body.get("stream"))
    if settings["stream"] and body.get("stream_options") != {"include_usage": True}:
        notes.append("Streaming asks for the token usage too (`stream_options`).")
    settings["extra"] = {n: v for n, v in body.items() if n not in OWN and v is not None}
    _take_fields(settings, has_tools=bool(body.get("tools")), notes=notes)
    model = body.get("model")
    address = catalog.parse_address(model) if isinstance(model, str) else None
    if not address:
        notes.append("Its model is not on Clarifai, so the model chosen here is used.")
    tools = body.get("tools") or []
    text = json.dumps(tools, ensure_ascii=False, indent=2) if tools else ""
    toolset: ToolSet = {
        "tools": text,
        "prompt": prompt,
        "model": address or "",
        "settings": settings,
    }
    return Pasted(toolset, tuple(notes))


def _messages(found: list[Any], notes: list[str]) -> list[Any]:
    """Return the messages with the fields that are sent. Raises `BadPaste`."""
    dropped: dict[str, None] = {}
    for number, message in enumerate(found, 1):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise BadPaste(f"Message {number} of the request has no role.")
        dropped |= dict.fromkeys(str(name) for name in message if name not in SENT_FIELDS)
    if dropped:
        names = [f"`{name}`" for name in dropped]
        notes.append(f"{listed(names)} of messages {are(len(names))} not sent by this app.")
    kept = [{n: m[n] for n in SENT_FIELDS if n in m} for m in found]
    return [{"content": None, **message} if len(message) > 1 else message for message in kept]


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


# --- curl -----------------------------------------------------------------------------------------


def _is_curl(text: str) -> bool:
    return bool(re.match(r"\s*(?:\$\s+)?curl(?:\.exe)?\s", text))


def _curl_body(text: str) -> str:
    """Return the body in a curl command. Raises `BadPaste`."""
    joined = re.sub(r"[\\^]\r?\n", " ", _ANSI.sub(_quoted, text))
    try:
        words = shlex.split(joined)
    except ValueError:
        raise BadPaste("The curl command is not complete: a quote is not closed.") from None
    bodies: list[str] = []
    for number, word in enumerate(words):
        option, _, value = word.partition("=")
        if word in BODY_OPTIONS and number + 1 < len(words):
            bodies.append(words[number + 1])
        elif option in BODY_OPTIONS[1:] and value:
            bodies.append(value)
        elif re.match(r"-d.", word):
            bodies.append(word[2:])
    if not bodies:
        raise BadPaste("The curl command has no body: it needs --data with the request's JSON.")
    if bodies[0].startswith("@"):
        raise BadPaste(
            f"The curl command reads its body from the file {bodies[0][1:]}: paste what is in it."
        )
    return "&".join(bodies)


def _quoted(match: re.Match[str]) -> str:
    """Return text in `$'…'` as a plain shell word."""

    def plain(escape: re.Match[str]) -> str:
        code = escape[1]
        if len(code) > 1:
            return chr(int(code[1:], 16))
        return _ESCAPES.get(code, code)

    text = _ESCAPE.sub(plain, match[1])
    # Two escapes make one character beyond the 65,536 first ones.
    return shlex.quote(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
