"""Define the events of a reply: any number of them, then exactly one Finished."""

from dataclasses import dataclass
from typing import Any

from clarifai_chat.messages import Attachment, Source, ToolCall


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the model's thoughts, before its answer or within it."""

    text: str


@dataclass(frozen=True, slots=True)
class TextWasThought:
    """The last `length` characters of the answer were a thought: its end came without a start."""

    length: int


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of the answer, in the order of their numbers."""

    sources: list[Source]


@dataclass(frozen=True, slots=True)
class PictureCame:
    """A picture that the model made; a caller that cannot keep it notes that it came."""

    url: str  # a `data:` URL, or an address that is never fetched


@dataclass(frozen=True, slots=True)
class PictureKept:
    """A picture that the model made, kept as attachments are."""

    file: Attachment


@dataclass(frozen=True, slots=True)
class CallDelta:
    """More of a tool call: the new parts of its id, name and arguments."""

    number: int  # which call of this reply, from 0
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Fields of the reply, or of one of its calls, that may have to go back as they came."""

    fields: dict[str, Any]  # some of `Message` or `ToolCall`
    number: int | None = None  # which call of this reply, from 0; None for the reply itself


@dataclass(frozen=True, slots=True)
class ToolCallDone:
    """One whole tool call; its arguments are the text the model wrote, valid or not.

    Comes at the end, in order, and replaces what the deltas with the same number showed.
    """

    call: ToolCall
    number: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them; None is "not reported"."""

    prompt_tokens: int | None
    completion_tokens: int | None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Retrying:
    """The request failed before its first token and will be retried after `wait_s` seconds."""

    what: str
    wait_s: float
    attempt: int  # the number of the next one: 2 is the first retry
    attempts: int  # how many there can be in all


@dataclass(frozen=True, slots=True)
class Finished:
    """The end. `reason` is the finish reason as the provider sent it: "stop", "length"…"""

    reason: str
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A request ended with calls that are answered at once; another request follows."""

    reason: str  # its finish reason
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The result of a tool call."""

    call_id: str
    content: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a recorded reply held at one moment. It replaces what the turn holds."""

    fields: dict[str, Any]  # some of `Turn`, in the order in which they are replaced


StreamEvent = (
    TextDelta
    | ReasoningDelta
    | TextWasThought
    | Sources
    | PictureCame
    | PictureKept
    | CallDelta
    | Kept
    | ToolCallDone
    | Usage
    | Retrying
    | StepEnded
    | ToolResult
    | Replayed
    | Finished
)
