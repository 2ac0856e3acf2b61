"""Define the settings of a conversation, and turn them into parameters of a request."""

import re
from typing import Any, TypedDict, cast

from clarifai_chat.llm.request import Params
from clarifai_chat.messages import OfferedTools

EFFORTS = ("minimal", "low", "medium", "high")  # what Clarifai's own playground offers
ANY_JSON = "{}"  # the schema that any JSON matches: stands for JSON mode

# OpenAI's newer name for the limit: some models refuse "max_tokens", and all accept this.
_SENT_AS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_completion_tokens",
    "stop": "stop",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "reasoning_effort": "reasoning_effort",
}
_ESCAPE = re.compile(r"\\([nrt\\])")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_MEANT = {sign[1]: char for char, sign in _ESCAPES.items()}


class ChatSettings(TypedDict, total=False):
    """The settings of a conversation. Absent ones are not sent."""

    system: str
    temperature: float
    top_p: float
    max_tokens: int
    stop: list[str]
    seed: int
    presence_penalty: float
    frequency_penalty: float
    reasoning_effort: str
    json_schema: str  # JSON text: the answer is JSON that matches it
    tools: OfferedTools


def given(settings: ChatSettings) -> ChatSettings:
    """Return the settings that are set; blank texts and empty lists are not.

    A schema counts even while invalid, so that a request for JSON never silently returns
    something else.
    """
    found = {name: value for name, value in settings.items() if _says_something(name, value)}
    return cast(ChatSettings, found)


def system(settings: ChatSettings) -> str:
    """Return the system prompt; "" if it is not set."""
    return given(settings).get("system", "")


def params(settings: ChatSettings) -> Params:
    """Return the request's parameters that are set. Raises `BadSchema`."""
    found: dict[str, Any] = dict(given(settings))
    sent = {field: found[name] for name, field in _SENT_AS.items() if name in found}
    if "json_schema" in found:
        # Here, because few ask for JSON, and the schema modules are slow to import.
        from clarifai_chat.chat.json_schema import response_format

        sent["response_format"] = response_format(found["json_schema"])
    return cast(Params, sent)


def is_any_json(schema: str) -> bool:
    """Return whether a schema's text stands for JSON mode."""
    return "".join(schema.split()) == ANY_JSON


def stop_lines(stop: list[str]) -> str:
    r"""Return stop sequences as a person edits them: one per line, line breaks as `\n`."""
    return "\n".join(re.sub(r"[\\\n\r\t]", lambda m: _ESCAPES[m[0]], each) for each in stop)


def stops_in(text: str) -> list[str]:
    """Return the stop sequences in such lines, skipping empty ones."""
    lines = (_ESCAPE.sub(lambda m: _MEANT[m[1]], line) for line in text.split("\n"))
    return [line for line in lines if line]


def _says_something(name: str, value: Any) -> bool:
    if name == "json_schema":
        return True
    return bool(value.strip()) if isinstance(value, str) else value not in (None, [])
