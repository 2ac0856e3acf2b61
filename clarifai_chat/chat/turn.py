"""Turns: one question and everything that came back for it. Functions over plain dicts.

The worker that asks for a turn fills it in place while pages read it. A stopped or failed reply
keeps what has been folded in.
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict, cast

from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.catalog import Model
from clarifai_chat.errors import Problem
from clarifai_chat.events import (
    CallDelta,
    Finished,
    Kept,
    PictureCame,
    PictureKept,
    ReasoningDelta,
    Replayed,
    Retrying,
    Sources,
    StepEnded,
    StreamEvent,
    TextDelta,
    TextWasThought,
    ToolCallDone,
    ToolResult,
    Usage,
)
from clarifai_chat.messages import FunctionCall, Message, ToolCall, UsedTools

# How a reply can end without the provider's own finish reason.
STOPPED = "stopped"
UNWATCHED = "unwatched"
INTERRUPTED = "interrupted"
ERROR = "error"  # a provider's finish reason: it broke off without saying why

# Sent to get the rest of an answer. Few servers continue a last message of the assistant.
CARRY_ON = "Continue exactly where you stopped, in mid-sentence if need be. Repeat nothing."


class ModelRef(TypedDict):
    """The model of a turn, with its price as known when the turn was asked."""

    url: str
    name: str
    input_price: float | None  # USD per 1M tokens; None is unknown, never 0
    output_price: float | None


def asked_of(model: Model) -> ModelRef:
    """Return a model as a turn keeps it."""
    return {
        "url": model.url,
        "name": model.label if model.is_demo else model.name,
        "input_price": model.input_price,
        "output_price": model.output_price,
    }


class Notice(TypedDict):
    """Why a running reply waits; removed by the next event."""

    what: str
    until: float  # Unix time of the next attempt
    attempt: int
    attempts: int


class RequestMetrics(TypedDict):
    """The seconds and tokens of one request; None is "not reported"."""

    first_token_s: float | None
    thought_s: float | None
    total_s: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    reasoning_tokens: int | None
    cached_tokens: int | None
    ending: NotRequired[str]  # the finish reason, once it is over
    began_s: NotRequired[float]  # when it was sent, after the first request of its turn
    reply: NotRequired[int]  # which of the turn's replies it produced


class Attempt(TypedDict):
    """One attempt at an answer."""

    replies: list[Message]  # "assistant" and "tool" messages, in order
    asked_at: float | None  # Unix time; None before the request goes out
    ended_at: float | None
    ending: str  # the provider's finish reason, or STOPPED, UNWATCHED, INTERRUPTED; "" before
    problem: Problem | None
    figures: RequestMetrics  # of the last request
    before: list[RequestMetrics]  # of the earlier requests of the answer
    request_id: str
    notice: NotRequired[Notice]
    pace: NotRequired[str]  # what had arrived when; see pace.py


class Turn(Attempt):
    """One question, its current attempt, and the earlier attempts."""

    id: str
    prompt: str
    model: ModelRef
    earlier: list[Attempt]
    parent: NotRequired[str]  # id of the turn before it; "" for the first; absent if not saved
    attachments: NotRequired[list[Attachment]]
    pictures: NotRequired[list[Attachment]]  # that the model made
    feedback: NotRequired[Literal["up", "down"]]
    left_out: NotRequired[list[str]]  # ids of earlier turns that were not sent with it
    tools: NotRequired[UsedTools]  # that went with it, if any did


def new_turn(prompt: str, model: ModelRef) -> Turn:
    named = {"id": uuid.uuid4().hex, "prompt": prompt, "model": model, "earlier": []}
    return cast(Turn, {**named, **_blank()})


def note_left_out(turn: Turn, ids: Sequence[str]) -> None:
    """Store on the turn the ids of earlier turns that are not sent with it."""
    turn.pop("left_out", None)
    if ids:
        turn["left_out"] = [*ids]


def rename_left_out(turn: Turn, new: Mapping[str, str]) -> None:
    """Replace the ids of turns that were not sent with it by new ones."""
    if "left_out" in turn:
        turn["left_out"] = [new.get(id, id) for id in turn["left_out"]]


def _blank() -> Attempt:
    return {
        "replies": [],
        "asked_at": None,
        "ended_at": None,
        "ending": "",
        "problem": None,
        "figures": no_figures(),
        "before": [],
        "request_id": "",
    }


def no_figures() -> RequestMetrics:
    return {
        "first_token_s": None,
        "thought_s": None,
        "total_s": None,
        "prompt_tokens": None,
        "completion_tokens": None,
        "reasoning_tokens": None,
        "cached_tokens": None,
    }


def can_continue(turn: Turn) -> bool:
    """Return whether the answer broke off after some text and can be continued."""
    if not is_over(turn) or pending_calls(turn) or not answer_text(turn).strip():
        return False
    broken = (STOPPED, UNWATCHED, INTERRUPTED, ERROR, "length")
    return turn["ending"] in broken or turn["problem"] is not None


def resume(turn: Turn) -> None:
    """Make a broken-off turn ready to be asked for the rest; new text joins what is there."""
    turn["before"] = [*turn["before"], turn["figures"]]
    turn["figures"] = no_figures()
    turn["asked_at"] = turn["ended_at"] = turn["problem"] = None
    turn["ending"] = turn["request_id"] = ""


def apply(turn: Turn, event: StreamEvent, after_s: float) -> None:
    """Fold one event, `after_s` seconds after the question went out, into the turn."""
    if isinstance(event, Replayed):
        for name, value in event.fields.items():
            cast(dict[str, Any], turn)[name] = value
        return
    figures = turn["figures"]
    after_s -= figures.get("began_s", 0.0)
    if isinstance(event, Retrying):
        turn["notice"] = {
            "what": event.what,
            "until": time.time() + event.wait_s,
            "attempt": event.attempt,
            "attempts": event.attempts,
        }
        return
    turn.pop("notice", None)
    is_token = isinstance(event, TextDelta | ReasoningDelta | CallDelta | ToolCallDone)
    if is_token and figures["first_token_s"] is None:
        figures["first_token_s"] = after_s
        _open_reply(turn)
        figures["reply"] = len(turn["replies"]) - 1
    match event:
        case ReasoningDelta(text):
            reply = _open_reply(turn)
            _add_thought(reply, text)
            if "later_thoughts" not in reply:
                figures["thought_s"] = after_s - (figures["first_token_s"] or 0.0)
        case TextWasThought(length) if length:
            reply = _open_reply(turn)
            content = reply["content"]
            reply["content"] = content[:-length]
            _add_thought(reply, content[-length:])
            figures["thought_s"] = after_s - (figures["first_token_s"] or 0.0)
        case Sources(sources):
            known = _open_reply(turn).setdefault("sources", [])
            known += [source for source in sources if source not in known]
        case PictureKept(file):
            _open_reply(turn)
            figures["reply"] = len(turn["replies"]) - 1
            turn["pictures"] = [*turn.get("pictures", []), file]
        case PictureCame(_):
            reply = _open_reply(turn)
            reply["lost_pictures"] = reply.get("lost_pictures", 0) + 1
        case TextDelta(text):
            reply = _open_reply(turn)
            if not reply["content"] and "reasoning_content" in reply:
                figures["thought_s"] = after_s - (figures["first_token_s"] or 0.0)
            reply["content"] += text
        case CallDelta(number, call_id, name, arguments):
            call = _open_call(_open_reply(turn), number)
            call["id"] += call_id
            call["function"]["name"] += name
            call["function"]["arguments"] += arguments
        case Kept(fields, None):
            _open_reply(turn).update(cast(Message, fields))
        case Kept(fields, int(number)):
            _open_call(_open_reply(turn), number).update(cast(ToolCall, fields))
        case ToolCallDone(call, number):
            calls = _open_reply(turn).setdefault("tool_calls", [])
            calls[number : number + 1] = [call]
        case Usage(sent, received, reasoning, cached):
            figures["prompt_tokens"] = sent
            figures["completion_tokens"] = received
            figures["reasoning_tokens"] = reasoning
            figures["cached_tokens"] = cached
        case StepEnded(reason, _):
            figures["ending"], figures["total_s"] = reason, after_s
            # In this order: a page that reads in between must not see the same request twice.
            turn["figures"] = no_figures()
            turn["figures"]["began_s"] = after_s + figures.get("began_s", 0.0)
            turn["before"] = [*turn["before"], figures]
        case ToolResult(call_id, content):
            turn["replies"].append({"role": "tool", "tool_call_id": call_id, "content": content})
            figures["began_s"] = after_s + figures.get("began_s", 0.0)
        case Finished(reason, request_id):
            turn["request_id"] = request_id
            end(turn, reason, after_s + figures.get("began_s", 0.0))


def end(turn: Turn, ending: str, after_s: float | None, problem: Problem | None = None) -> None:
    """Mark the turn as over; only the first ending counts."""
    if is_over(turn):
        return
    turn.pop("notice", None)
    figures = turn["figures"]
    figures["total_s"] = None if after_s is None else after_s - figures.get("began_s", 0.0)
    figures["ending"] = ending
    turn["problem"] = problem
    turn["ending"] = ending
    turn["ended_at"] = time.time()


def is_over(turn: Turn) -> bool:
    return turn["ended_at"] is not None


def is_thinking(turn: Turn) -> bool:
    """Return whether the model is still thinking: there are thoughts, but no answer yet."""
    if is_over(turn) or not turn["replies"]:
        return False
    last = turn["replies"][-1]
    if last.get("tool_calls"):
        return False
    if later := last.get("later_thoughts"):
        return later[-1]["after"] >= len(last["content"])
    return "reasoning_content" in last and not last["content"]


def lacks_answer(turn: Turn) -> bool:
    """Return whether the model ended its last reply without words, calls or pictures."""
    if turn["problem"] or turn["ending"] in (STOPPED, UNWATCHED, INTERRUPTED):
        return False
    return is_over(turn) and has_nothing(turn)


def has_nothing(turn: Turn) -> bool:
    """Return whether the last reply has no words, calls or pictures, however it ended."""
    if not turn["replies"] or turn.get("pictures"):
        return not turn.get("pictures")
    last = turn["replies"][last_reply(turn)]
    return not (last["content"].strip() or last.get("tool_calls") or last.get("lost_pictures"))


def is_answered(turn: Turn) -> bool:
    """Return whether the turn is over and has more than thoughts: words, calls or pictures."""
    if is_over(turn) and turn.get("pictures"):
        return True
    return is_over(turn) and any(
        message["content"].strip() or message.get("tool_calls")
        for message in turn["replies"]
        if message["role"] == "assistant"
    )


def lost_pictures(turn: Turn) -> int:
    """Return how many pictures of the answer were not kept."""
    return sum(message.get("lost_pictures", 0) for message in turn["replies"])


def files_of(turn: Turn) -> list[Attachment]:
    """Return all files of a turn: those of its question, then the pictures of its answer."""
    return [*turn.get("attachments", []), *turn.get("pictures", [])]


def answer_text(attempt: Attempt) -> str:
    """Return the whole text of the model's answer."""
    return "\n\n".join(m["content"] for m in attempt["replies"] if m["role"] == "assistant")


def last_reply(turn: Turn) -> int:
    """Return the index of the model's last message among the turn's replies; 0 if none."""
    replies = turn["replies"]
    return max((i for i, m in enumerate(replies) if m["role"] == "assistant"), default=0)


def pending_calls(turn: Turn) -> list[ToolCall]:
    """Return the unanswered tool calls of the last reply, oldest first.

    Excludes calls cut off before their id arrived; no result could refer to them.
    """
    # Only the last: a request is sent once all earlier calls are answered, and some servers
    # reuse the same ids for the calls of each reply.
    last = last_reply(turn)
    answered = {message.get("tool_call_id") for message in turn["replies"][last:]}
    calls = turn["replies"][last].get("tool_calls", []) if turn["replies"] else []
    return [call for call in calls if call["id"] and call["id"] not in answered]


def _add_thought(reply: Message, text: str) -> None:
    """Add to the thoughts before the words, or to a thought after them."""
    if not reply["content"].strip():
        reply["reasoning_content"] = reply.get("reasoning_content", "") + text
        return
    after, later = len(reply["content"]), reply.setdefault("later_thoughts", [])
    if later and later[-1]["after"] == after:
        later[-1]["text"] += text
    else:
        later.append({"after": after, "text": text})


def _open_call(reply: Message, number: int) -> ToolCall:
    """Return a call of a reply; add it, and those before it, if needed."""
    calls = reply.setdefault("tool_calls", [])
    while len(calls) <= number:  # empty fragments cause no event
        function: FunctionCall = {"name": "", "arguments": ""}
        calls.append({"id": "", "type": "function", "function": function})
    return calls[number]


def _open_reply(turn: Turn) -> Message:
    """Return the assistant message being written; append one if needed."""
    last = turn["replies"][-1] if turn["replies"] else None
    # Text continues a cut-off answer; cut-off calls stay as they are.
    is_older = "reply" not in turn["figures"]
    if last is None or last["role"] == "tool" or (is_older and "tool_calls" in last):
        last = {"role": "assistant", "content": ""}
        turn["replies"].append(last)
    return last
