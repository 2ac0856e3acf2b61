"""Define the shapes that go over the wire: OpenAI chat messages, as plain dicts."""

import json
from typing import Any, Literal, NotRequired, TypedDict
from urllib.parse import urlsplit

from clarifai_chat import json_text
from clarifai_chat.text import whole_data

MAX_URL_CHARS = 2000
MAX_OPAQUE_CHARS = 200_000  # of a field that only its provider understands, as JSON


class FunctionCall(TypedDict):
    name: str
    arguments: str  # JSON text, exactly as the model wrote it


# How a call differed from what the API says, on its way to us.
Quirk = Literal[
    "shared_index",  # merged with another call under one index, and split
    "from_text",  # written as text, and recovered
    "converted",  # its arguments were written in another form than JSON
    "no_id",  # came without an id; ours was generated
    "same_id",  # came with the id of another call
    "object",  # its arguments came as an object, not as text
    "not_text",  # its arguments came as a list, a number or a truth value
    "legacy",  # came in the API's older form, `function_call`
    "changing_id",  # came with another id in each fragment; the first is kept
    "placeholder",  # came with empty arguments before the real ones
    "repeated",  # each fragment began its arguments from the start
    "not_kept",  # its `extra_content` was too large to keep
]


class ToolCall(TypedDict):
    id: str
    type: Literal["function"]
    function: FunctionCall
    quirks: NotRequired[list[Quirk]]  # kept for the reader, never sent
    extra_content: NotRequired[dict[str, Any]]  # opaque: Gemini's thought signature is in it


class Attachment(TypedDict):
    """A file that goes with a question. Its content is in the store, not in the turn."""

    id: str  # 32 hex digits, random
    name: str
    kind: Literal["image", "text", "audio"]
    mime: str
    size: int  # bytes, as kept
    tokens: int | None
    sha256: str


class LaterThought(TypedDict):
    """A thought after some words: `after` so many characters of the message's content."""

    after: int
    text: str


class Source(TypedDict):
    """A source of an answer; `url` is "" if what was sent is not a web address."""

    url: str
    title: str


class Message(TypedDict):
    """One message as it is sent, stored and exported.

    `reasoning_content` holds the model's thoughts before its words, `later_thoughts` the others.
    What of them goes back to the model is decided by `llm/sent_back.py`: some servers insist on the
    fields, strict ones refuse them.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    reasoning_content: NotRequired[str]
    tool_calls: NotRequired[list[ToolCall]]
    tool_call_id: NotRequired[str]
    later_thoughts: NotRequired[list[LaterThought]]
    sources: NotRequired[list[Source]]  # in the order of their numbers
    lost_pictures: NotRequired[int]  # how many came and were not kept
    thoughts_in: NotRequired[Literal["reasoning", "tags"]]  # where they came, if elsewhere
    reasoning_details: NotRequired[list[dict[str, Any]]]  # thoughts in parts, some encrypted
    extra_content: NotRequired[dict[str, Any]]  # opaque, as of a call


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


class OfferedTools(TypedDict):
    """The tools that go with the questions of a conversation, and who answers their calls.

    They are a copy: the set that they come from may change, or be deleted.
    """

    source: str  # BUILT_IN, or the id of a set of the playground
    name: str  # of that set, as shown
    specs: list[dict[str, Any]]  # each a `ToolSpec` as far as it is known
    answerers: dict[str, str]  # tool → who answers its calls; the reader where it is absent
    results: dict[str, str]  # tool → the answer that its answerer repeats
    mocks: NotRequired[dict[str, Any]]  # tool → the mock that is its answerer
    automatic: bool  # calls are answered without a question, up to `max_requests`
    max_requests: int  # of one turn; each may cost money


class UsedTools(OfferedTools):
    """The tools of one turn as they were sent, and what became of its calls."""

    answered_by: dict[str, str]  # as in a run of the playground
    server_calls: dict[str, Any]
    drafts: dict[str, str]  # call → the answer being typed


def opaque(found: Any) -> Any:
    """Return data that only its provider understands, as it can be kept; None if it cannot.

    It goes back as it came, so it is kept whole or not at all.
    """
    try:
        text = json.dumps(found, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return None
    return whole_data(found) if len(text) <= MAX_OPAQUE_CHARS else None


def opaque_size(message: Message) -> int:
    """Return how many characters the opaque fields of a message and its calls hold."""
    held: list[Any] = [message.get("reasoning_details"), message.get("extra_content")]
    held += [call.get("extra_content") for call in message.get("tool_calls", ())]
    return sum(map(_characters, filter(None, held)))


def _characters(data: Any) -> int:
    if isinstance(data, str):
        return len(data)
    inside = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return sum(map(_characters, inside))


def is_json(text: str) -> bool:
    """Return whether `text` is whole JSON, as a call's arguments should be."""
    try:
        json_text.read(text)
    except (ValueError, RecursionError):
        return False
    return True


Piece = tuple[Literal["thought", "text"], str]


def thoughts(message: Message) -> list[str]:
    """Return the model's thoughts, in order."""
    later = (thought["text"] for thought in message.get("later_thoughts", []))
    return [each for each in (message.get("reasoning_content", ""), *later) if each.strip()]


def pieces(message: Message) -> list[Piece]:
    """Return a message's thoughts and words in the order in which they came, without blank ones."""
    content, at = message["content"], 0
    found: list[Piece] = [("thought", message.get("reasoning_content", ""))]
    for thought in message.get("later_thoughts", []):
        after = min(max(at, thought["after"]), len(content))
        found += [("text", content[at:after]), ("thought", thought["text"])]
        at = after
    found.append(("text", content[at:]))
    return [piece for piece in found if piece[1].strip()]


def web_address(url: str) -> str:
    """Return `url` if it can be a link: on the web, in one piece and not too long; else ""."""
    if len(url) > MAX_URL_CHARS or not url.isprintable() or any(c in url for c in ' <>"\\'):
        return ""
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return url if is_web else ""
