"""The shapes that go over the wire: OpenAI chat messages, as plain dicts."""

from typing import Any, Literal, NotRequired, TypedDict


class FunctionCall(TypedDict):
    name: str
    arguments: str  # JSON text, exactly as the model wrote it


class ToolCall(TypedDict):
    id: str
    type: Literal["function"]
    function: FunctionCall


class Message(TypedDict):
    """One message as it is sent, stored and exported.

    `reasoning_content` is what the model thought aloud. It is kept for the reader and never sent
    back: strict servers refuse the field.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    reasoning_content: NotRequired[str]
    tool_calls: NotRequired[list[ToolCall]]
    tool_call_id: NotRequired[str]


ToolSpec = dict[str, Any]  # {"type": "function", "function": {"name", "description", "parameters"}}
