"""Build the request that asks a question: the conversation up to it, as messages."""

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import pairwise, takewhile
from operator import itemgetter

from clarifai_chat.attachments.limits import MAX_SENT_BYTES
from clarifai_chat.catalog import Model
from clarifai_chat.chat import context_window
from clarifai_chat.chat import settings as chat_settings
from clarifai_chat.chat.settings import ChatSettings
from clarifai_chat.chat.token_counts import TokenCounter
from clarifai_chat.chat.turn import CARRY_ON, STOPPED, Turn, is_over
from clarifai_chat.errors import TooManyFiles
from clarifai_chat.llm.request import ChatRequest
from clarifai_chat.messages import Message, Part, Sendable, ToolCall, is_json


def chat_request(
    turn: Turn,
    turns: Sequence[Turn],
    settings: ChatSettings,
    model: Model,
    *,
    tally: TokenCounter,
    leave_out: int | None = None,
    content: Callable[[Turn], str | list[Part]] = itemgetter("prompt"),
) -> ChatRequest:
    """Build the request that asks `turn` of its model, after the `turns` of its branch.

    `turn` is one of `turns` or comes after them, and need not have been asked yet. Of the oldest
    turns, `leave_out` are not sent, or as many as do not fit into the window of `model`. `content`
    gives a question with its files as they are sent; `tally` counts tokens. Raises `BadSchema`,
    `TooManyFiles`, and what `content` raises.
    """
    fields = chat_settings.params(settings)
    left_out = context_window.left_out(turns, turn, settings, model, tally, leave_out=leave_out)
    check_files(sent(turns, turn, left_out))
    system = chat_settings.system(settings)
    return ChatRequest(
        model=turn["model"]["url"],
        messages=tuple(to_messages(turns, turn, system, left_out=left_out, content=content)),
        params=fields,
        left_out=tuple(left_out),
    )


def to_messages(
    turns: Sequence[Turn],
    last: Turn,
    system: str = "",
    *,
    left_out: Collection[str] = (),
    content: Callable[[Turn], str | list[Part]] = itemgetter("prompt"),
) -> list[Sendable]:
    """Return what to send to ask `last`, which is one of `turns` or comes after them.

    Questions that brought nothing back are left out, and those whose ids are in `left_out`; a
    partial answer is part of the conversation, as the reader has seen it. A call that stayed open
    is answered, because servers insist on it. `content` gives a question with what goes with it.
    """
    messages: list[Sendable] = [{"role": "system", "content": system}] if system else []
    for turn in sent(turns, last, left_out):
        messages.append(_question(content(turn)))
        messages.extend(_close_open_calls(turn))
    if messages[-1]["role"] == "assistant":
        messages.append({"role": "user", "content": CARRY_ON})
    return messages


def sent(turns: Sequence[Turn], last: Turn, left_out: Collection[str] = ()) -> list[Turn]:
    """Return the turns that go out to ask `last`, itself included."""
    earlier = takewhile(lambda turn: turn["id"] != last["id"], turns)
    counts = (t for t in earlier if is_over(t) and t["replies"] and t["id"] not in left_out)
    return [*counts, last]


def check_files(turns: Iterable[Turn]) -> None:
    """Raise `TooManyFiles` if the turns' files are more than one request may carry."""
    files = (file for turn in turns for file in turn.get("attachments", []))
    if sum(file["size"] for file in files) > MAX_SENT_BYTES:
        raise TooManyFiles


def _question(content: str | list[Part]) -> Sendable:
    if isinstance(content, str):
        return {"role": "user", "content": content}
    return {"role": "user", "content": content}


def _close_open_calls(turn: Turn) -> list[Message]:
    """Return the turn's replies with no call left open: servers insist on an answer to each.

    A call that was cut off is left out; it cannot be answered.
    """
    settled: list[Message] = []
    places = [i for i, message in enumerate(turn["replies"]) if message["role"] == "assistant"]
    for start, end in pairwise([*places, len(turn["replies"])]):
        reply, answers = turn["replies"][start].copy(), turn["replies"][start + 1 : end]
        answered = {message.get("tool_call_id") for message in answers}
        calls = reply.pop("tool_calls", [])
        kept = [call for call in calls if call["id"] in answered or _is_whole(call)]
        if kept:
            reply["tool_calls"] = kept
        if kept or reply["content"] or not calls:
            settled.append(reply)
        settled += answers
        settled += [
            {"role": "tool", "tool_call_id": call["id"], "content": STOPPED}
            for call in kept
            if call["id"] not in answered
        ]
    return settled


def _is_whole(call: ToolCall) -> bool:
    return bool(call["id"]) and is_json(call["function"]["arguments"] or "{}")
