"""Build the request that asks a question: the conversation up to it, as messages."""

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import pairwise, takewhile
from operator import itemgetter
from typing import Any, cast

from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.attachments.limits import MAX_SENT_BYTES
from clarifai_chat.catalog import Model
from clarifai_chat.chat import context_window
from clarifai_chat.chat import settings as chat_settings
from clarifai_chat.chat.settings import ChatSettings
from clarifai_chat.chat.token_counts import TokenCounter
from clarifai_chat.chat.turn import CARRY_ON, STOPPED, Turn, is_answered
from clarifai_chat.errors import TooManyFiles
from clarifai_chat.llm.request import ChatRequest
from clarifai_chat.messages import Message, Part, Sendable, ToolCall, ToolSpec, is_json

# A model's own pictures go back with the next question: in the API, only questions have pictures.
MADE = "The pictures of your last answer:"
ONLY_PICTURES = "(a picture)"  # in place of the words of an answer without any


def chat_request(
    turn: Turn,
    turns: Sequence[Turn],
    settings: ChatSettings,
    model: Model,
    *,
    counter: TokenCounter,
    leave_out: int | None = None,
    content: Callable[[Turn], str | list[Part]] = itemgetter("prompt"),
    pictures: Callable[[Turn], list[Part]] = lambda turn: [],
) -> ChatRequest:
    """Build the request that asks `turn` of its model, after the `turns` of its branch.

    `turn` is one of `turns` or comes after them, and need not have been asked yet. The oldest
    `leave_out` turns are not sent, or as many as do not fit into the window of `model`. `content`
    returns a question with its files as sent, `pictures` those of an answer; `counter` counts
    tokens. Raises `BadSchema`, `TooManyFiles`, and whatever `content` raises.
    """
    settings = with_tools_of(turn, settings)
    fields = chat_settings.params(settings)
    left_out = context_window.left_out(turns, turn, settings, model, counter, leave_out=leave_out)
    asked = sent(turns, turn, left_out)
    check_files(asked)
    shown = with_pictures(asked, model)
    messages = to_messages(
        turns,
        turn,
        chat_settings.system(settings),
        left_out=left_out,
        content=content,
        pictures=lambda each: pictures(each) if each["id"] in shown else [],
    )
    return ChatRequest(
        model=turn["model"]["url"],
        messages=tuple(messages),
        tools=tuple(cast(ToolSpec, tool) for tool in tools_of(settings)),
        params=fields,
        left_out=tuple(left_out),
    )


def with_tools_of(turn: Turn, settings: ChatSettings) -> ChatSettings:
    """Return the settings with the tools of this turn, which the conversation's may differ from."""
    rest = cast(ChatSettings, {k: v for k, v in settings.items() if k != "tools"})
    if tools := turn.get("tools"):
        rest["tools"] = tools
    return rest


def tools_of(settings: ChatSettings) -> list[dict[str, Any]]:
    tools = settings.get("tools")
    return tools["specs"] if tools else []


def to_messages(
    turns: Sequence[Turn],
    last: Turn,
    system: str = "",
    *,
    left_out: Collection[str] = (),
    content: Callable[[Turn], str | list[Part]] = itemgetter("prompt"),
    pictures: Callable[[Turn], list[Part]] = lambda turn: [],
) -> list[Sendable]:
    """Return the messages that ask `last`, which is one of `turns` or comes after them.

    Leaves out questions without any answer, and those whose ids are in `left_out`. Partial answers
    are sent, because the reader has seen them; thoughts are not an answer. Open calls get a result,
    because servers insist on it. `content` returns a question with its files, `pictures` those of
    an answer, which go with the question after it.
    """
    messages: list[Sendable] = [{"role": "system", "content": system}] if system else []
    made: list[Part] = []
    for turn in sent(turns, last, left_out):
        messages.append(_question(content(turn), made))
        messages.extend(_close_open_calls(turn))
        made = pictures(turn)
    if messages[-1]["role"] == "assistant":
        messages.append(_question(CARRY_ON, made))
    return messages


def sent(turns: Sequence[Turn], last: Turn, left_out: Collection[str] = ()) -> list[Turn]:
    """Return the turns that are sent to ask `last`, including it."""
    earlier = takewhile(lambda turn: turn["id"] != last["id"], turns)
    counts = (t for t in earlier if is_answered(t) and t["id"] not in left_out)
    return [*counts, last]


def check_files(turns: Iterable[Turn]) -> None:
    """Raise `TooManyFiles` if the turns' files are more than one request may carry."""
    if sum(_bytes(turn.get("attachments", [])) for turn in turns) > MAX_SENT_BYTES:
        raise TooManyFiles


def with_pictures(turns: Iterable[Turn], model: Model) -> set[str]:
    """Return the ids of the turns whose answers' pictures are sent, the newest as far as they fit.

    Only if the model is known to see pictures: another one might refuse all later questions.
    """
    turns = list(turns)
    room = MAX_SENT_BYTES - sum(_bytes(turn.get("attachments", [])) for turn in turns)
    shown: set[str] = set()
    for turn in reversed(turns if model.vision else []):
        room -= _bytes(turn.get("pictures", []))
        if room < 0:
            break
        shown.add(turn["id"])
    return shown


def _bytes(files: Iterable[Attachment]) -> int:
    return sum(file["size"] for file in files)


def _question(content: str | list[Part], made: Sequence[Part]) -> Sendable:
    if made:
        words = [{"type": "text", "text": content}] if isinstance(content, str) else content
        return {"role": "user", "content": [{"type": "text", "text": MADE}, *made, *words]}
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
    if not settled and turn.get("pictures"):
        settled.append({"role": "assistant", "content": ONLY_PICTURES})
    return settled


def _is_whole(call: ToolCall) -> bool:
    return bool(call["id"]) and is_json(call["function"]["arguments"] or "{}")
