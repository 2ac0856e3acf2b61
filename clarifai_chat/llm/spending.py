"""Count what the operator's token spends in a day, and stop before it spends more than it may.

A request is counted when it is sent, by an estimate, and corrected when it ends, by the tokens that
the provider counted. Requests at once can therefore exceed the budget by no more than what the
replies in flight cost beyond their estimates.
"""

import json
import math
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from clarifai_chat.config import settings
from clarifai_chat.errors import BadReply, ChatError, CutOff, SharedPatSpent, TimedOut
from clarifai_chat.events import (
    CallDelta,
    Finished,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    Usage,
)
from clarifai_chat.llm.request import ChatRequest

Prices = tuple[float, float]  # US dollars per million tokens, in and out

MICRO = 1_000_000  # money is counted in whole millionths of a dollar
# One token is about four bytes of English, and three of Chinese or Japanese in UTF-8.
BYTES_PER_TOKEN = 3
FILE_TOKENS = 1500  # about what a picture counts; its bytes say nothing about that
ANSWER_TOKENS = 1000  # of an answer without a limit, until its real count is known
FULL_S = 60.0  # for which a page believes the ledger: requests that end can free something again
# After these the provider may have worked: nobody here knows.
MAY_COST = (BadReply, CutOff, TimedOut)


class Ledger(Protocol):
    """Where the sum of a day is kept, so that a restart and other processes know it."""

    def spend(self, day: str, micro_usd: int, most: int | None) -> bool | None:
        """Add to the day's sum if it is below `most`; return whether, or None in trouble."""


class _Spending:
    """What this process knows of the day's sum."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._day = ""
        self._spent = 0  # by this process
        self._owed = 0  # what the ledger could not be told yet
        self._full_at = -math.inf  # when the ledger said last that nothing is left
        self.ledger: Ledger | None = None

    def take(self, micro_usd: int, most: int) -> bool:
        """Count a request that is about to be sent; return False if the day's budget is spent."""
        with self._lock:
            day = self._today()
            if self._spent >= most:
                return False
            self._spent += micro_usd
            told, self._owed = micro_usd + self._owed, 0
        if self.ledger is None:
            return True
        is_within = self.ledger.spend(day, told, most)
        if not is_within:
            with self._lock:
                self._owed += told if is_within is None else told - micro_usd
                if is_within is False and day == self._day:
                    self._spent -= micro_usd
                    self._full_at = time.monotonic()
        return is_within is not False

    def correct(self, micro_usd: int) -> None:
        """Add the difference between what a request cost and what was counted for it."""
        with self._lock:
            day = self._today()
            self._spent += micro_usd
            told, self._owed = micro_usd + self._owed, 0
        if self.ledger and told and self.ledger.spend(day, told, None) is None:
            with self._lock:
                self._owed += told

    def is_spent(self, most: int) -> bool:
        with self._lock:
            self._today()
            is_full = time.monotonic() - self._full_at < FULL_S
            return is_full or self._spent >= most

    def spent(self) -> int:
        with self._lock:
            self._today()
            return self._spent

    def _today(self) -> str:
        day = datetime.now(UTC).date().isoformat()
        if day != self._day:
            self._day, self._spent, self._full_at = day, 0, -math.inf
        return day


_spending = _Spending()


def keep_in(ledger: Ledger) -> None:
    """Keep the sums of days in `ledger` too."""
    _spending.ledger = ledger


def is_spent() -> bool:
    """Return whether today's budget is known to be spent, without asking the database."""
    budget = settings().shared_pat_budget_usd
    return bool(budget) and _spending.is_spent(round(budget * MICRO))


def spent_usd() -> float:
    """Return what this process spent of the operator's token today, estimates included."""
    return _spending.spent() / MICRO


def counted(
    events: Iterator[StreamEvent], request: ChatRequest, prices: Prices
) -> Iterator[StreamEvent]:
    """Yield the events of a request that the operator pays for, and count what it costs.

    Raises `SharedPatSpent` before anything is sent if the day's budget is spent.
    """
    limit = request.params.get("max_completion_tokens") or request.params.get("max_tokens")
    sent = prompt_tokens(request)
    estimate = _micro_usd(prices, sent, limit or ANSWER_TOKENS)
    if not _spending.take(estimate, round(settings().shared_pat_budget_usd * MICRO)):
        raise SharedPatSpent(more=why())
    received, usage, begun = 0, Usage(None, None), False
    cost: int | None = None
    try:
        for event in events:
            if isinstance(event, Usage):
                usage = event
            elif isinstance(event, TextDelta | ReasoningDelta):
                received += len(event.text.encode(errors="replace"))
            elif isinstance(event, CallDelta):
                received += len(event.arguments.encode(errors="replace"))
            begun = begun or received > 0 or isinstance(event, Finished)
            yield event
    except ChatError as error:
        if not begun and not isinstance(error, MAY_COST):
            cost = 0  # refused: there is nothing to pay for
        raise
    finally:
        if cost is None:
            count_in, count_out = usage.prompt_tokens, usage.completion_tokens
            cost = _micro_usd(
                prices,
                sent if count_in is None else count_in,
                received // BYTES_PER_TOKEN if count_out is None else count_out,
            )
        _spending.correct(cost - estimate)


def why() -> str:
    """Return the sentence about a budget that is spent."""
    return (
        f"Today's budget for all visitors, ${settings().shared_pat_budget_usd:,.2f}, is used up."
        " The next day begins at 00:00 UTC."
    )


def prompt_tokens(request: ChatRequest) -> int:
    """Estimate the tokens of a request, rather too many than too few."""
    size, files = _size(request.messages)
    more, _ = _size(request.tools)
    return (size + more) // BYTES_PER_TOKEN + files * FILE_TOKENS


def _size(value: Any) -> tuple[int, int]:
    """Return the bytes of text in `value`, and how many files are in it."""
    if isinstance(value, str):
        is_file = value.startswith("data:")
        return (0, 1) if is_file else (len(value.encode(errors="replace")), 0)
    if isinstance(value, Mapping):
        found = [_size(each) for each in value.values()]
        found.append((sum(len(str(name)) + 4 for name in value), 0))
    elif isinstance(value, list | tuple):
        found = [_size(each) for each in value]
    else:
        return len(json.dumps(value, default=str)), 0
    return sum(size for size, _ in found), sum(files for _, files in found)


def _micro_usd(prices: Prices, tokens_in: int, tokens_out: int) -> int:
    # Dollars per million tokens are millionths of a dollar per token.
    return round(prices[0] * tokens_in + prices[1] * tokens_out)
