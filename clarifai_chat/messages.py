"""Define the shapes that go over the wire: OpenAI chat messages, as plain dicts."""

from typing import Any, Literal, NotRequired, TypedDict

from clarifai_chat import json_text


class FunctionCall(TypedDict):
    name: str
    arguments: str  # JSON text, exactly as the model wrote it


# How a call differed from what the API says, on its way to us.
Quirk = Literal[
    "shared_index",  # merged with another call under one index, and split
    "from_text",  # written as text, and recovered
    "no_id",  # came without an id; ours was generated
    "same_id",  # came with the id of another call
    "object",  # its arguments came as an object, not as text
    "legacy",  # came in the API's older form, `function_call`
]


class ToolCall(TypedDict):
    id: str
    type: Literal["function"]
    function: FunctionCall
    quirks: NotRequired[list[Quirk]]  # kept for the reader, never sent


class Message(TypedDict):
    """One message as it is sent, stored and exported.

    `reasoning_content` holds the model's thoughts. They are kept for the reader and never sent
    back: strict servers refuse the field.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    reasoning_content: NotRequired[str]
    tool_calls: NotRequired[list[ToolCall]]
    tool_call_id: NotRequired[str]


Part = dict[str, Any]  # {"type": "text" | "image_url" | "input_audio", and a field of that name}


class Question(TypedDict):
    """A user message in several parts: a question with images or audio."""

    role: Literal["user"]
    content: list[Part]


Sendable = Message | Question


class FunctionSpec(TypedDict):
    name: str
    description: NotRequired[str]
    parameters: NotRequired[dict[str, Any]]  # JSON Schema
    strict: NotRequired[bool | None]


class ToolSpec(TypedDict):
    """A tool as OpenAI's API defines it.

    A developer types it and it is sent as typed, so it may lack fields, have others, or hold values
    of other types: check before use, and copy it whole.
    """

    type: Literal["function"]
    function: FunctionSpec


def is_json(text: str) -> bool:
    """Return whether `text` is whole JSON, as a call's arguments should be."""
    try:
        json_text.read(text)
    except (ValueError, RecursionError):
        return False
    return True
