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
from clarifai_chat.chat.turn import CARRY_ON, STOPPED, Turn, is_answered
from clarifai_chat.errors import TooManyFiles
from clarifai_chat.llm.request import ChatRequest
from clarifai_chat.messages import Message, Part, Sendable, ToolCall, is_json


def chat_request(
    turn: Turn,
    turns: Sequence[Turn],
    settings: ChatSettings,
    model: Model,
    *,
    counter: TokenCounter,
    leave_out: int | None = None,
    content: Callable[[Turn], str | list[Part]] = itemgetter("prompt"),
) -> ChatRequest:
    """Build the request that asks `turn` of its model, after the `turns` of its branch.

    `turn` is one of `turns` or comes after them, and need not have been asked yet. The oldest
    `leave_out` turns are not sent, or as many as do not fit into the window of `model`. `content`
    returns a question with its files as sent; `counter` counts tokens. Raises `BadSchema`,
    `TooManyFiles`, and whatever `content` raises.
    """
    fields = chat_settings.params(settings)
    left_out = context_window.left_out(turns, turn, settings, model, counter, leave_out=leave_out)
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
    """Return the messages that ask `last`, which is one of `turns` or comes after them.

    Leaves out questions without any answer, and those whose ids are in `left_out`. Partial answers
    are sent, because the reader has seen them; thoughts are not an answer. Open calls get a result,
    because servers insist on it. `content` returns a question with its files.
    """
    messages: list[Sendable] = [{"role": "system", "content": system}] if system else []
    for turn in sent(turns, last, left_out):
        messages.append(_question(content(turn)))
        messages.extend(_close_open_calls(turn))
    if messages[-1]["role"] == "assistant":
        messages.append({"role": "user", "content": CARRY_ON})
    return messages


def sent(turns: Sequence[Turn], last: Turn, left_out: Collection[str] = ()) -> list[Turn]:
    """Return the turns that are sent to ask `last`, including it."""
    earlier = takewhile(lambda turn: turn["id"] != last["id"], turns)
    counts = (t for t in earlier if is_answered(t) and t["id"] not in left_out)
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
    """Return the turn's replies with a result for each call, because servers insist on it.

    Calls that were cut off are left out; they cannot be answered.
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
        if kept or reply["content"].strip():  # strict servers refuse an empty one
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
