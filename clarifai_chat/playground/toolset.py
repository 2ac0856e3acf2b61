"""Put a playground's set-up (tools, prompts, model, settings, mocks) into a file or an address.

It never contains a server or a token, and opening it sends nothing.
"""

import base64
import json
import zlib
from typing import Any, NotRequired, TypedDict, cast

from clarifai_chat import catalog, json_text
from clarifai_chat.llm.sent_back import CHOICES as SENT_BACK
from clarifai_chat.messages import Sendable
from clarifai_chat.playground import clarifai_servers
from clarifai_chat.playground.parameters import OWN
from clarifai_chat.playground.runs import ANSWERS, MAX_STEPS, RunSettings, default_settings
from clarifai_chat.playground.server_calls import MAX_CALLS
from clarifai_chat.playground.variables import MAX_VALUES
from clarifai_chat.text import size, whole_data
from clarifai_chat.tools.mocks import Mock, sound_mocks

KIND = "clarifai-chat-tools"
MAX_LINK_CHARS = 4_000  # browsers and proxies take more, but many mail programs do not
MAX_FILE_BYTES = 1_000_000
MAX_NAME_CHARS = 64  # of the tool in `tool_choice`, as in OpenAI's API


class ToolSet(TypedDict):
    tools: str  # the editor's text
    prompt: str
    model: str  # its address, or "" for the reader's own choice
    settings: RunSettings
    # What is typed where the settings hold its value: broken JSON, or another layout of it.
    texts: NotRequired[dict[str, str]]
    mocks: NotRequired[dict[str, Mock]]  # tool → how its calls are answered


class BadToolSet(ValueError):
    """A tool set that cannot be read. Its text is a sentence for the reader."""


def to_json(toolset: ToolSet) -> str:
    """Return the set as the text of a file."""
    made = {name: value for name, value in toolset.items() if name != "mocks" or value}
    return json.dumps({"kind": KIND, **made}, ensure_ascii=False, indent=2)


def to_parameter(toolset: ToolSet) -> str | None:
    """Return the set as the value of `?tools=`; None if it is too large for an address."""
    defaults = default_settings()
    changed = {k: v for k, v in toolset["settings"].items() if v != defaults[k]}  # type: ignore[literal-required]  # keys of the same TypedDict
    small: dict[str, Any] = {"tools": toolset["tools"], "prompt": toolset["prompt"]}
    small |= {"model": toolset["model"]} if toolset["model"] else {}
    small |= {"texts": toolset["texts"]} if toolset.get("texts") else {}
    small |= {"mocks": toolset["mocks"]} if toolset.get("mocks") else {}
    text = json.dumps(small | {"settings": changed}, ensure_ascii=False, separators=(",", ":"))
    packed = base64.urlsafe_b64encode(zlib.compress(text.encode("utf-8", "replace"), 9))
    parameter = packed.decode().rstrip("=")
    return parameter if len(parameter) <= MAX_LINK_CHARS else None


def from_parameter(parameter: str) -> ToolSet:
    """Return the set in an address. Raises `BadToolSet`."""
    if len(parameter) > MAX_LINK_CHARS:
        raise BadToolSet("The tools in this page's address are too long to read.")
    try:
        packed = base64.urlsafe_b64decode(parameter + "=" * (-len(parameter) % 4))
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(packed, MAX_FILE_BYTES)
        if unpacker.unconsumed_tail or not unpacker.eof:  # too long, or cut off
            raise ValueError
        return from_json(data.decode("utf-8"))
    except (ValueError, zlib.error):
        raise BadToolSet(
            "The tools in this page's address cannot be read. It may have been cut off"
            " on its way: ask for it again, or for a file."
        ) from None


def from_json(text: str) -> ToolSet:
    """Return the set in a file, or bare tools. Raises `BadToolSet`."""
    if len(text) > MAX_FILE_BYTES:
        raise BadToolSet(
            f"The file is too large: at most {size(MAX_FILE_BYTES)} of tools can be opened."
        )
    try:
        found = json_text.read(text)
    except (ValueError, RecursionError):
        raise BadToolSet("The file is not JSON: it should hold tools, or a saved set.") from None
    if not (isinstance(found, dict) and isinstance(found.get("tools"), str)):
        # Bare tools: the editor says what may be wrong with them.
        return {"tools": text, "prompt": "", "model": "", "settings": default_settings()}
    return from_data(found)


def from_data(found: dict[str, Any]) -> ToolSet:
    """Return the set in the data of a file, whose `tools` are text."""
    model = found.get("model")
    made: ToolSet = {
        "tools": _text(found["tools"]),
        "prompt": _text(found.get("prompt")),
        "model": (catalog.parse_address(model) or "") if isinstance(model, str) else "",
        "settings": settings_in(found.get("settings")),
    }
    if texts := _texts(found.get("texts")):
        made["texts"] = texts
    if mocks := sound_mocks(whole_data(found.get("mocks"))):
        made["mocks"] = mocks
    return made


def settings_in(saved: Any) -> RunSettings:
    """Return the valid settings of a file, with defaults for the rest."""
    settings, found = default_settings(), saved if isinstance(saved, dict) else {}
    settings["system"] = _text(found.get("system"))
    if 0 < len(choice := _text(found.get("tool_choice"))) <= MAX_NAME_CHARS:
        settings["tool_choice"] = choice
    settings["parallel"] = _switch(found.get("parallel"))
    settings["strict"] = _switch(found.get("strict"))
    settings["stream"] = found.get("stream") is not False
    if (answers := found.get("answers")) in ANSWERS:
        settings["answers"] = answers
    if (sent_back := found.get("sent_back")) in SENT_BACK:
        settings["sent_back"] = sent_back
    settings["temperature"] = _number(found.get("temperature"), 0.0, 2.0)
    if (most := _number(found.get("max_tokens"), 1, 1_000_000)) is not None:
        settings["max_tokens"] = int(most)
    if (most := _number(found.get("max_steps"), 1, MAX_STEPS)) is not None:
        settings["max_steps"] = int(most)
    if (most := _number(found.get("max_calls"), 1, MAX_CALLS)) is not None:
        settings["max_calls"] = int(most)
    settings["mcp_servers"] = clarifai_servers.known(found.get("mcp_servers"))
    messages, extra = found.get("messages"), found.get("extra")
    if isinstance(messages, list):
        settings["messages"] = [cast(Sendable, m) for m in messages if isinstance(m, dict)]
    settings["variables"] = dict([*_texts(found.get("variables")).items()][:MAX_VALUES])
    if isinstance(extra, dict):
        settings["extra"] = {name: value for name, value in extra.items() if name not in OWN}
    return settings


def _switch(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: Any, low: float, high: float) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or value != value:  # NaN; math.isnan fails on a whole number of 400 digits
        return None
    return float(min(high, max(low, value)))


def _texts(value: Any) -> dict[str, str]:
    items = value.items() if isinstance(value, dict) else ()
    return {_text(name): _text(text) for name, text in items if isinstance(text, str)}


def _text(value: Any) -> str:
    """Return `value` if it is text; half a surrogate pair, which cannot be sent, is a "?"."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""
