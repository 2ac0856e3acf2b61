"""Define a request: what a model is asked, without a server or a token.

Sending, recording, comparing and generated code all start from the same `ChatRequest`.
"""

import json
from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, TypedDict, cast

from clarifai_chat.catalog import wire_name
from clarifai_chat.llm import sent_back
from clarifai_chat.llm.sent_back import SentBack
from clarifai_chat.messages import Sendable, ToolSpec


class Params(TypedDict, total=False):
    """The parameters of a request. Unset ones are not sent."""

    temperature: float
    top_p: float
    max_tokens: int
    max_completion_tokens: int
    stop: list[str]
    seed: int
    presence_penalty: float
    frequency_penalty: float
    reasoning_effort: str
    response_format: dict[str, Any]
    tool_choice: str | dict[str, Any]
    parallel_tool_calls: bool
    mcp_servers: list[str]  # Clarifai's own; its addresses


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One request to a model. The server and the token are in an `Endpoint`."""

    model: str  # its address; Clarifai's with or without "openai/"
    messages: tuple[Sendable, ...]  # with attachments as they are sent
    tools: tuple[ToolSpec, ...] = ()
    params: Params = field(default_factory=Params)
    stream: bool = True
    # Places of messages that a person typed, which are sent whole.
    typed: Collection[int] = field(default=(), compare=False)
    left_out: tuple[str, ...] = ()  # ids of the conversation's turns that are not among `messages`
    sent_back: SentBack | None = "automatic"  # None: the messages are as they go over the wire

    @property
    def model_url(self) -> str:
        """The model's name as the server expects it."""
        return wire_name(self.model)

    @property
    def extra_body(self) -> dict[str, Any]:
        """A copy of the body without `messages`, `model` and `stream`; it may be changed."""
        extra: dict[str, Any] = {k: deepcopy(v) for k, v in self.params.items() if v is not None}
        if self.tools:
            extra["tools"] = deepcopy(list(self.tools))
        if self.stream:
            extra["stream_options"] = {"include_usage": True}
        return extra

    @property
    def sent_messages(self) -> list[dict[str, Any]]:
        """A copy of the messages without fields that this model is not sent; it may be changed."""
        if self.sent_back is None:
            return deepcopy([cast(dict[str, Any], message) for message in self.messages])
        sent = sent_back.as_sent(self.messages, self.model, self.sent_back)
        for place in self.typed:
            sent[place] = deepcopy(cast(dict[str, Any], self.messages[place]))
        return sent

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body, its fields in the order sent."""
        stream = {"stream": True} if self.stream else {}
        named = {"messages": self.sent_messages, "model": self.model_url, **stream}
        return {**named, **self.extra_body}

    @property
    def body_bytes(self) -> bytes:
        """The JSON body exactly as it goes over the wire."""
        text = json.dumps(self.body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode()

    @property
    def tool_parameters(self) -> dict[str, Any]:
        """The schema of each tool's parameters by its name; "" for a tool without a name."""
        functions = (tool.get("function") for tool in self.tools)
        named = [f if isinstance(f, dict) else {} for f in functions]
        return {str(f.get("name", "")): f.get("parameters") for f in named}


def request_from_body(body: Mapping[str, Any]) -> ChatRequest:
    """Return the request whose JSON body this is; the reverse of `ChatRequest.body`.

    Raises `KeyError` if the model or the messages are missing. A field with the value null counts
    as not set.
    """
    named = ("model", "messages", "tools", "stream", "stream_options")
    params = {name: value for name, value in body.items() if name not in named}
    return ChatRequest(
        model=str(body["model"]),
        messages=tuple(body["messages"]),
        tools=tuple(body.get("tools") or ()),
        params=cast(Params, params),
        stream=bool(body.get("stream")),
        sent_back=None,
    )
