"""Turns: one question and everything that came back for it. Functions over plain dicts.

A turn is filled in place by the worker that asks for it, while pages read it; whatever has been
folded in is what a stopped or failed reply keeps.
"""

import time
import uuid
from collections.abc import Sequence
from typing import NotRequired, TypedDict

from clarifai_chat.errors import Problem
from clarifai_chat.events import (
    Finished,
    Retrying,
    StreamEvent,
    Text,
    Thinking,
    ToolCalled,
    Usage,
)
from clarifai_chat.messages import Message, ToolCall

# How a reply can end without the provider's own finish reason.
STOPPED = "stopped"
UNWATCHED = "unwatched"
INTERRUPTED = "interrupted"

# Sent for the rest of an answer. Few servers carry on an assistant message that comes last.
CARRY_ON = "Continue exactly where you stopped, in mid-sentence if need be. Repeat nothing."


class Asked(TypedDict):
    """The model that a turn was asked of, with what was known of its price at that moment."""

    url: str
    name: str
    input_price: float | None  # USD per 1M tokens; None is unknown, never 0
    output_price: float | None


class Notice(TypedDict):
    """Why a running reply waits: shown, and gone with the next event."""

    what: str
    until: float  # Unix time of the next attempt
    attempt: int
    attempts: int


class Figures(TypedDict):
    """What one request cost, in seconds and tokens; None is "not reported"."""

    first_token_s: float | None
    thought_s: float | None
    total_s: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    reasoning_tokens: int | None
    cached_tokens: int | None


class Attempt(TypedDict):
    """What came back for one asking of the question."""

    replies: list[Message]  # "assistant" and "tool" messages, in order
    asked_at: float | None  # Unix time; None before the request goes out
    ended_at: float | None
    ending: str  # the provider's finish reason, or STOPPED, UNWATCHED, INTERRUPTED; "" before
    problem: Problem | None
    figures: Figures  # of the last request
    before: list[Figures]  # of those that an answer took before it was continued
    request_id: str
    notice: NotRequired[Notice]


class Turn(Attempt):
    """One question, the attempt that counts, and earlier ones that were asked again."""

    id: str
    prompt: str
    model: Asked
    earlier: list[Attempt]


def new_turn(prompt: str, model: Asked) -> Turn:
    return {"id": uuid.uuid4().hex, "prompt": prompt, "model": model, "earlier": [], **_blank()}


def _blank() -> Attempt:
    return {
        "replies": [],
        "asked_at": None,
        "ended_at": None,
        "ending": "",
        "problem": None,
        "figures": {
            "first_token_s": None,
            "thought_s": None,
            "total_s": None,
            "prompt_tokens": None,
            "completion_tokens": None,
            "reasoning_tokens": None,
            "cached_tokens": None,
        },
        "before": [],
        "request_id": "",
    }


def again(turn: Turn, model: Asked) -> Turn:
    """The turn that asks `turn`'s question again; what had come back for it is in `earlier`."""
    fresh = new_turn(turn["prompt"], model)
    fresh["earlier"] = [*turn["earlier"]]
    if turn["replies"]:
        fresh["earlier"].append(
            {
                "replies": turn["replies"],
                "asked_at": turn["asked_at"],
                "ended_at": turn["ended_at"],
                "ending": turn["ending"],
                "problem": turn["problem"],
                "figures": turn["figures"],
                "before": turn["before"],
                "request_id": turn["request_id"],
            }
        )
    return fresh


def can_continue(turn: Turn) -> bool:
    """Whether the answer broke off after some of its words, and can be carried on from there."""
    if not is_over(turn) or pending_calls(turn) or not said(turn).strip():
        return False
    broken = (STOPPED, UNWATCHED, INTERRUPTED, "length")
    return turn["ending"] in broken or turn["problem"] is not None


def resume(turn: Turn) -> None:
    """Make a broken-off turn ready to be asked for the rest; new text joins what is there."""
    turn["before"] = [*turn["before"], turn["figures"]]
    turn["figures"] = _blank()["figures"]
    turn["asked_at"] = turn["ended_at"] = turn["problem"] = None
    turn["ending"] = turn["request_id"] = ""


def apply(turn: Turn, event: StreamEvent, after_s: float) -> None:
    """Fold one event, `after_s` seconds after the question went out, into the turn."""
    figures = turn["figures"]
    if isinstance(event, Retrying):
        turn["notice"] = {
            "what": event.what,
            "until": time.time() + event.wait_s,
            "attempt": event.attempt,
            "attempts": event.attempts,
        }
        return
    turn.pop("notice", None)
    if isinstance(event, Text | Thinking | ToolCalled) and figures["first_token_s"] is None:
        figures["first_token_s"] = after_s
    match event:
        case Thinking(text):
            reply = _open_reply(turn)
            reply["reasoning_content"] = reply.get("reasoning_content", "") + text
            figures["thought_s"] = after_s - (figures["first_token_s"] or 0.0)
        case Text(text):
            reply = _open_reply(turn)
            if not reply["content"] and "reasoning_content" in reply:
                figures["thought_s"] = after_s - (figures["first_token_s"] or 0.0)
            reply["content"] += text
        case ToolCalled(call):
            _open_reply(turn).setdefault("tool_calls", []).append(call)
        case Usage(sent, received, reasoning, cached):
            figures["prompt_tokens"] = sent
            figures["completion_tokens"] = received
            figures["reasoning_tokens"] = reasoning
            figures["cached_tokens"] = cached
        case Finished(reason, request_id):
            turn["request_id"] = request_id
            end(turn, reason, after_s)


def end(turn: Turn, ending: str, after_s: float | None, problem: Problem | None = None) -> None:
    """Mark the turn as over, once: the first ending counts."""
    if is_over(turn):
        return
    turn.pop("notice", None)
    turn["figures"]["total_s"] = after_s
    turn["problem"] = problem
    turn["ending"] = ending
    turn["ended_at"] = time.time()


def is_over(turn: Turn) -> bool:
    return turn["ended_at"] is not None


def is_thinking(turn: Turn) -> bool:
    """Whether the model still thinks: there are thoughts, and no answer after them yet."""
    if is_over(turn) or not turn["replies"]:
        return False
    last = turn["replies"][-1]
    return "reasoning_content" in last and not last["content"] and not last.get("tool_calls")


def said(attempt: Attempt) -> str:
    """All that the model answered in words."""
    return "\n\n".join(m["content"] for m in attempt["replies"] if m["role"] == "assistant")


def pending_calls(turn: Turn) -> list[ToolCall]:
    """The tool calls that nobody has answered yet, oldest first."""
    answered = {message.get("tool_call_id") for message in turn["replies"]}
    return [
        call
        for message in turn["replies"]
        for call in message.get("tool_calls", [])
        if call["id"] not in answered
    ]


def to_messages(turns: Sequence[Turn], last: Turn, system: str = "") -> list[Message]:
    """What to send to ask `last`, which is one of `turns` or comes after them.

    Questions that brought nothing back are left out; a partial answer is part of the conversation,
    as the reader has seen it. A call that stayed open is answered, because servers insist on it.
    """
    messages: list[Message] = [{"role": "system", "content": system}] if system else []
    for turn in turns:
        if turn["id"] == last["id"]:
            break
        if not is_over(turn) or not turn["replies"]:
            continue
        messages.append({"role": "user", "content": turn["prompt"]})
        messages.extend(turn["replies"])
        messages.extend(
            {"role": "tool", "tool_call_id": call["id"], "content": "stopped"}
            for call in pending_calls(turn)
        )
    messages.append({"role": "user", "content": last["prompt"]})
    messages.extend(last["replies"])
    if last["replies"] and last["replies"][-1]["role"] == "assistant":
        messages.append({"role": "user", "content": CARRY_ON})
    return messages


def _open_reply(turn: Turn) -> Message:
    """The assistant message that is being written."""
    if not turn["replies"] or turn["replies"][-1]["role"] == "tool":
        turn["replies"].append({"role": "assistant", "content": ""})
    return turn["replies"][-1]
