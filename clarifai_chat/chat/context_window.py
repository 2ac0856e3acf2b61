"""Measure how much of the context window the next question uses, and what it costs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from clarifai_chat.catalog import Model
from clarifai_chat.chat.settings import ChatSettings, given
from clarifai_chat.chat.token_counts import PER_MESSAGE, TokenCounter, size
from clarifai_chat.chat.turn import CARRY_ON, Turn, is_answered
from clarifai_chat.chat.usage import dollars
from clarifai_chat.text import capitalized

PER_ANSWER = 3  # tokens that models add before an answer
ROOM = 1000  # tokens reserved for an answer if no limit is set


@dataclass(frozen=True, slots=True)
class Meter:
    """How much of the window is used. Tokens are estimates; None is "not known"."""

    model: Model
    tokens: int  # sent with the next question, without the turns left out
    room: int | None  # tokens left for the answer
    limit: int | None  # tokens of the answer, as set by the visitor
    cost_usd: float | None  # of what is sent; the answer costs extra
    sent: tuple[Turn, ...]
    left_out: tuple[Turn, ...]  # the oldest turns
    chosen: int | None  # how many to leave out; None is "those that do not fit"
    fits: bool  # whether the question fits, with room for an answer
    is_rough: bool  # some texts are estimated, not counted

    @property
    def window(self) -> int | None:
        return self.model.context_window

    @property
    def is_empty(self) -> bool:
        """Whether nothing but the question itself would be sent."""
        return not self.left_out and self.tokens <= PER_ANSWER + PER_MESSAGE

    @property
    def line(self) -> str:
        """The meter on one line."""
        about = f"{self._about} {self.tokens:,}"
        if self.window is None:
            parts = [f"{about} tokens"]
        else:
            parts = [f"{about} of {self.window:,} tokens", _percent(self.tokens / self.window)]
        if self.left_out:
            parts.append(f"without {oldest(len(self.left_out))}")
        line = " · ".join([*parts, *filter(None, [self.price])])
        return capitalized(line) if self.fits else f"Too long: {line}"

    @property
    def price(self) -> str:
        """The price of what is sent; "" if it is not known."""
        if self.model.server in ("demo", "local"):
            return "free"
        return "" if self.cost_usd is None else dollars(self.cost_usd)

    @property
    def sentence(self) -> str:
        """What is sent, what is left out, and what to do if it is too long, in a sentence."""
        gone, of = oldest(len(self.left_out)), self._of
        if self.fits and not self.left_out:
            return capitalized(f"{of}.")
        if self.fits:
            why = "to leave room for the answer" if self.chosen is None else "as you chose"
            return capitalized(f"{of}: {gone} will be left out, {why}.")
        if self.limit and self.tokens < (self.window or 0):
            return (
                f"Too long: {of}, which leaves too few for an answer of {self.limit:,}."
                " Lower that limit, shorten the question, or choose a model that takes more."
            )
        if self.chosen is not None and self.sent:
            without = f"even without {gone}" if self.left_out else "because nothing is left out"
            return f"Too long: {of}, with room for the answer, {without}. The model may refuse it."
        return (
            f"Too long: {of}, with room for the answer, even without what came before. Shorten"
            " the question, its files or the system prompt, or choose a model that takes more."
        )

    @property
    def _of(self) -> str:
        about, name = f"{self._about} {self.tokens:,}", self.model.name
        if self.model.is_demo:
            return f"{about} tokens; {name} takes any number"
        if self.window is None:
            return f"{about} tokens; how many {name} takes is not known"
        return f"{about} of {name}'s {self.window:,} tokens"

    @property
    def _about(self) -> str:
        return "roughly" if self.is_rough else "about"


def measure(
    turns: Sequence[Turn],
    settings: ChatSettings,
    model: Model,
    counter: TokenCounter,
    *,
    asked: int = PER_MESSAGE,
    leave_out: int | None = None,
) -> Meter:
    """Return the meter for a question of `asked` tokens after the `turns` of its branch.

    `turns` are oldest first. The oldest `leave_out` turns are not sent, or as many as do not fit; a
    turn is sent whole or not at all, and nothing else is ever left out.
    """
    sendable = [turn for turn in turns if is_answered(turn)]
    sizes = [counter.of_turn(turn) for turn in sendable]
    total = PER_ANSWER + asked + _of_settings(settings, counter) + sum(sizes)
    gone = min(len(sizes), leave_out or 0)
    tokens = total - sum(sizes[:gone])
    most = _most(settings, model)
    if leave_out is None and most is not None:
        while tokens > most and gone < len(sizes):
            tokens -= sizes[gone]
            gone += 1
    price = 0.0 if model.is_demo else model.input_price
    return Meter(
        model=model,
        tokens=tokens,
        room=_room(settings, model, tokens),
        limit=settings.get("max_tokens"),
        cost_usd=None if price is None else price * tokens / 1_000_000,
        sent=tuple(sendable[gone:]),
        left_out=tuple(sendable[:gone]),
        chosen=leave_out,
        fits=most is None or tokens <= most,
        is_rough=counter.is_rough,
    )


def left_out(
    turns: Sequence[Turn],
    asked: Turn,
    settings: ChatSettings,
    model: Model,
    counter: TokenCounter,
    *,
    leave_out: int | None = None,
) -> list[str]:
    """Return the ids of the `turns` before `asked` that are not sent with it."""
    before = list(takewhile(lambda turn: turn["id"] != asked["id"], turns))
    # The first word waits for this, and most conversations are far from any limit: if the bytes
    # fit, the tokens do too and need not be counted.
    found = _asking(before, asked, settings, model, TokenCounter(size), leave_out)
    if leave_out is None and found.left_out:
        found = _asking(before, asked, settings, model, counter, leave_out)
    return [turn["id"] for turn in found.left_out]


def _asking(
    turns: Sequence[Turn],
    asked: Turn,
    settings: ChatSettings,
    model: Model,
    counter: TokenCounter,
    leave_out: int | None,
) -> Meter:
    question = counter.of_turn(asked)
    if asked["replies"]:  # we ask for the rest of the answer
        question += PER_MESSAGE + counter.of_text("carry on", CARRY_ON)
    return measure(turns, settings, model, counter, asked=question, leave_out=leave_out)


def oldest(number: int) -> str:
    """Return "the oldest turn" or "the 3 oldest turns"."""
    return "the oldest turn" if number == 1 else f"the {number:,} oldest turns"


def _most(settings: ChatSettings, model: Model) -> int | None:
    """Return how many tokens to send at most: some must be left for the answer."""
    window = model.context_window
    if window is None:
        return None
    if "max_tokens" in settings:
        return window - settings["max_tokens"]
    return window - min(ROOM, model.max_output_tokens or ROOM, window // 4)


def _room(settings: ChatSettings, model: Model, tokens: int) -> int | None:
    """Return how many tokens an answer can have at most."""
    window = model.context_window
    limits = [settings.get("max_tokens"), model.max_output_tokens]
    limits.append(None if window is None else max(0, window - tokens))
    return min((limit for limit in limits if limit is not None), default=None)


def _of_settings(settings: ChatSettings, counter: TokenCounter) -> int:
    found = given(settings)
    system = counter.of_text("system", found.get("system", ""))
    schema = counter.of_text("schema", found.get("json_schema", ""))
    tools = found["tools"]["specs"] if "tools" in found else []
    offered = counter.of_text("tools", json.dumps(tools, ensure_ascii=False) if tools else "")
    return (PER_MESSAGE + system if system else 0) + schema + offered


def _percent(share: float) -> str:
    return "under 1 %" if 0 < share < 0.01 else f"{100 * share:,.0f} %"
