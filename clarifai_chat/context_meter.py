"""What the next question will use of the model's context, and what it will cost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from clarifai_chat.catalog import Model
from clarifai_chat.chats import ChatSettings
from clarifai_chat.conversation import Turn, is_over

# What models put around each message, and before the answer; OpenAI's own cookbook counts so.
PER_MESSAGE, PER_ANSWER = 4, 3
ROOM = 1000  # tokens kept for an answer whose length nobody has limited

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Meter:
    """Tokens are estimates; None is "not known"."""

    tokens: int  # that go out with the next question, without what is left out
    all_tokens: int  # that would, if all of it fitted
    window: int | None
    room: int | None  # tokens left for the answer
    cost_usd: float | None  # of what goes out; the answer comes on top
    left_out: tuple[Turn, ...]  # the oldest turns, where not all fit
    fits: bool  # whether the rest does
    sentence: str


def measure(
    turns: Sequence[Turn],
    settings: ChatSettings,
    prompt: str,
    model: Model,
    count: Count,
    *,
    attached: int = 0,
) -> Meter:
    """The meter for asking `prompt` after `turns`, which are those of the branch, oldest first.

    `attached` are the tokens of what goes with the question; `count` tells those of a text. The
    system prompt and the question are never left out, and of other turns all or nothing.
    """
    fixed = PER_ANSWER + PER_MESSAGE + count(prompt) + attached + _of_settings(settings, count)
    sent = [(turn, _of_turn(turn, count)) for turn in turns if is_over(turn) and turn["replies"]]
    total = fixed + sum(tokens for _, tokens in sent)
    window = model.context_window
    tokens, left_out = total, []
    if window is not None:
        most = window - _wanted(settings, model, window)
        for turn, size in sent:
            if tokens <= most:
                break
            tokens -= size
            left_out.append(turn)
    return _meter(settings, model, tokens, total, left_out)


def _meter(
    settings: ChatSettings, model: Model, tokens: int, total: int, left_out: Sequence[Turn]
) -> Meter:
    window = model.context_window
    limits = [settings.get("max_tokens"), model.max_output_tokens]
    limits.append(None if window is None else max(0, window - tokens))
    known = [limit for limit in limits if limit is not None]
    fits = window is None or tokens + _wanted(settings, model, window) <= window
    price = 0.0 if model.is_demo else model.input_price
    return Meter(
        tokens=tokens,
        all_tokens=total,
        window=window,
        room=min(known) if known else None,
        cost_usd=None if price is None else price * tokens / 1_000_000,
        left_out=tuple(left_out),
        fits=fits,
        sentence=_sentence(model, tokens, len(left_out), settings.get("max_tokens"), fits=fits),
    )


def _wanted(settings: ChatSettings, model: Model, window: int) -> int:
    """Tokens to keep free for the answer: servers refuse a question that leaves too few."""
    if "max_tokens" in settings:
        return settings["max_tokens"]
    return min(ROOM, model.max_output_tokens or ROOM, window // 4)


def _of_settings(settings: ChatSettings, count: Count) -> int:
    system, schema = settings.get("system", ""), settings.get("json_schema", "")
    return (PER_MESSAGE + count(system) if system else 0) + (count(schema) if schema else 0)


def _of_turn(turn: Turn, count: Count) -> int:
    """Tokens of a turn as it is sent: thoughts are not."""
    files = turn.get("attachments", [])
    tokens = PER_MESSAGE + count(turn["prompt"]) + sum(file["tokens"] or 0 for file in files)
    for message in turn["replies"]:
        tokens += PER_MESSAGE + _of_content(message["content"], count)
        for call in message.get("tool_calls", []):
            function = call["function"]
            tokens += PER_MESSAGE + count(function["name"]) + count(function["arguments"])
    return tokens


def _of_content(content: Any, count: Count) -> int:
    return count(content) if isinstance(content, str) else 0


def _sentence(model: Model, tokens: int, left_out: int, limit: int | None, *, fits: bool) -> str:
    window = model.context_window
    if window is None:
        return f"About {tokens:,} tokens; how many {model.name} takes is not known."
    of = f"{tokens:,} of {model.name}'s {window:,} tokens"
    if not fits and limit and tokens < window:
        return (
            f"Too long: about {of}, which leaves too few for an answer of {limit:,}."
            " Lower that limit, shorten the question, or choose a model that takes more."
        )
    if not fits:
        return (
            f"Too long: about {of}, with room for the answer, even without what came before."
            " Shorten the question, or choose a model that takes more."
        )
    if left_out:
        turns = "the oldest turn" if left_out == 1 else f"the {left_out} oldest turns"
        return f"About {of}: {turns} will be left out, to leave room for the answer."
    return f"About {of}."
