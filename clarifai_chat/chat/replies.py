"""Run replies in the background: ask, watch, stop.

A worker thread reads the provider and folds events into the turn; pages only watch. A click, a
change of page or a lost connection leaves it running. It ends with its last event, on `stop`, or
when it has not been watched for `reply_lease_s`.

Each conversation has a queue of waiting questions, asked in order, one at a time. A turn that hits
one of the operator's limits gets a sentence about it.
"""

import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any

from clarifai_chat import memory, metrics
from clarifai_chat.chat.pace import Pacer
from clarifai_chat.chat.turn import INTERRUPTED, STOPPED, UNWATCHED, Turn, apply, end, is_over
from clarifai_chat.config import settings
from clarifai_chat.errors import (
    AppBusy,
    AppFault,
    AppFull,
    AppStopping,
    ChatError,
    ChatFull,
    Problem,
    Runaway,
)
from clarifai_chat.events import Replayed, StreamEvent
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.messages import Message, opaque_size, thoughts

log = logging.getLogger(__name__)

HEAD_START_S = 0.01

Events = Callable[[InFlight], Iterator[StreamEvent]]


class Reply:
    """A handle of a waiting or running reply. Pages keep the turn; the registry keeps this."""

    is_elsewhere = False  # another process runs it, and this handle follows

    def __init__(
        self,
        turn: Turn,
        events: Events,
        queue: str,
        is_here: Callable[[], bool],
        turns: Sequence[Turn],
    ) -> None:
        self.turn = turn
        self.queue = queue
        self._turns = turns
        self.done = threading.Event()
        self.version = 0  # grows with every event
        self.seen_at = time.monotonic()
        self._events = events
        self._is_here = is_here
        self._in_flight = InFlight()
        self._folding = threading.Lock()  # held while an event or the end goes into the turn
        self._listeners: set[threading.Event] = set()  # set with each event, and at the end
        self._enders: set[threading.Event] = set()  # set at the end only
        self._began = time.monotonic()

    @property
    def is_running(self) -> bool:
        return self.turn["asked_at"] is not None and not self.done.is_set()

    def has_news(self, version: int | None) -> bool:
        """Return whether it is over or, unless `version` is None, has events after `version`."""
        return self.done.is_set() or (version is not None and self.version != version)

    @contextmanager
    def folding(self) -> Iterator[None]:
        """Change the turn within this block; those who wait for events are woken."""
        with self._folding:
            yield
            self.version += 1
            for waiter in self._listeners:
                waiter.set()

    @contextmanager
    def waking(self, waiter: threading.Event, *, only_end: bool) -> Iterator[None]:
        """Set `waiter` on each event within this block, or only at the end."""
        waiters = self._enders if only_end else self._listeners
        with self._folding:
            waiters.add(waiter)
        try:
            yield
        finally:
            with self._folding:
                waiters.discard(waiter)

    def wait_until_sent(self, timeout_s: float) -> None:
        """Wait until the request is sent, at most `timeout_s`."""
        self._in_flight.sent.wait(timeout_s)

    def begin(self) -> None:
        """Note that it is asked now: its time has come."""
        if self.turn["asked_at"] is None:
            self.turn["asked_at"] = time.time()  # before the request goes out

    def run(self) -> None:
        if self.done.is_set():  # stopped before its time came
            return
        problem: Problem | None = AppFault().problem()
        try:
            self._check_room()
            most = size(self.turn["replies"]) + settings().max_reply_chars
            events = self._events(self._in_flight)
            self._began = time.monotonic()  # preparing the request is not the model's time
            pacer = Pacer()
            for event in events:
                with self.folding():
                    if self.done.is_set():
                        return
                    after_s = time.monotonic() - self._began
                    apply(self.turn, event, after_s)
                    if not isinstance(event, Replayed):
                        pacer.note(self.turn, after_s)
                if size(self.turn["replies"]) > most:
                    self._in_flight.cut()
                    raise Runaway
            problem = None
        except ChatError as error:
            problem = error.problem()
        except BaseException as error:  # noqa: BLE001 - no bug may leave a turn or a queue open
            # The type only: an exception's text could contain what a visitor typed.
            fault = AppFault()
            metrics.note_failure(fault, f"the worker of a reply: {type(error).__name__}")
            problem = fault.problem()
        finally:
            self.finish(INTERRUPTED if problem is None else "", problem)

    def _check_room(self) -> None:
        others = (turn for turn in self._turns if turn["id"] != self.turn["id"])
        if sum(map(turn_size, (*others, self.turn))) > settings().max_conversation_chars:
            raise ChatFull

    def finish(self, ending: str, problem: Problem | None = None) -> None:
        """Mark the turn as over and forget this handle; the first ending counts."""
        with _lock, self._folding:  # together: a turn is over exactly when it has no handle
            if not self.done.is_set():
                end(self.turn, ending, time.monotonic() - self._began, problem)
                metrics.note_end(self.turn["ending"], has_failed=bool(self.turn["problem"]))
                self.done.set()
                if _replies.get(self.turn["id"]) is self:
                    del _replies[self.turn["id"]]
                for waiter in self._listeners | self._enders:
                    waiter.set()

    def stop(self, ending: str = STOPPED) -> None:
        self.finish(ending)
        self._in_flight.cut()

    def withdraw(self) -> bool:
        """Take it out of its queue before it is asked; return False if it was asked already."""
        return forget(self, only_waiting=True)

    def let_go(self, ending: str) -> None:
        """End it, or withdraw it if it waits, for a reason that is not the visitor's."""
        if not self.withdraw():
            self.stop(ending)

    def last_seen(self) -> float:
        """When it was last watched, on the monotonic clock."""
        if self._is_here():
            self.seen_at = time.monotonic()
        return self.seen_at


# When a watched file is edited, Streamlit imports all our modules again; running replies must still
# be found. It does not drop a module without a file.
_kept: Any = sys.modules.setdefault("clarifai_chat_replies", ModuleType("clarifai_chat_replies"))
_lock: threading.Lock = vars(_kept).setdefault("lock", threading.Lock())
# By turn id, waiting and running; finished ones are dropped.
_replies: dict[str, Reply] = vars(_kept).setdefault("replies", {})
# By conversation, those still waiting.
_queues: dict[str, deque[Reply]] = vars(_kept).setdefault("queues", {})


def ask(
    turn: Turn,
    events: Events,
    *,
    queue: str,
    is_here: Callable[[], bool] = lambda: False,
    turns: Sequence[Turn] = (),
) -> None:
    """Ask for the turn's reply after those that wait in the same `queue`. Idempotent per turn.

    The worker calls `events` once the turn is first in the queue. `is_here` returns whether the
    visitor's page is still connected; another thread calls it. `turns` is the conversation, whose
    length is limited; it may or may not contain the turn itself.
    """
    with _lock:
        if turn["id"] in _replies or turn["asked_at"] is not None or is_over(turn):
            return
        if refusal := _refusal():
            turn["asked_at"] = time.time()
            end(turn, "", None, refusal.problem())
            metrics.refused.labels(type(refusal).__name__).inc()
            return
        reply = Reply(turn, events, queue, is_here, turns)
        _add(reply)
    if reply.is_running:
        # Otherwise drawing the page and sending the request take turns of 5 ms in the interpreter.
        reply.wait_until_sent(HEAD_START_S)


def adopt(reply: Reply) -> None:
    """Take a reply that runs elsewhere into its queue, unless the turn has a handle."""
    with _lock:
        if reply.turn["id"] not in _replies and not reply.done.is_set():
            _add(reply)


def _add(reply: Reply) -> None:
    _replies[reply.turn["id"]] = reply
    if reply.queue in _queues:
        _queues[reply.queue].append(reply)
    else:
        _queues[reply.queue] = deque([reply])
        reply.begin()
        threading.Thread(target=_work, args=(reply.queue,), name="reply", daemon=True).start()
    if not vars(_kept).get("keeper"):
        _kept.keeper = threading.Thread(target=_keep, name="reply-keeper", daemon=True)
        _kept.keeper.start()


def get(turn: Turn) -> Reply | None:
    """Return the handle of a waiting or running turn; None if it is over, or not asked here."""
    return _replies.get(turn["id"])


def wait_for_news(seen: Mapping[Reply, int | None], timeout_s: float) -> None:
    """Wait for news of any of these replies, at most `timeout_s`; all count as watched.

    A reply has news if there are events after the version seen, or if it is over; with None as the
    version, only if it is over.
    """
    for reply in seen:
        reply.seen_at = time.monotonic()
    waiter = threading.Event()
    with ExitStack() as listening:
        for reply, version in seen.items():
            listening.enter_context(reply.waking(waiter, only_end=version is None))
        if not any(reply.has_news(version) for reply, version in seen.items()):
            waiter.wait(timeout_s)


def stop(turn: Turn) -> None:
    """End the turn's reply now, and keep its text. Does nothing if it is over."""
    if reply := get(turn):
        reply.stop()


def stop_all() -> None:
    """End what runs, because the app stops; a question that waits was not asked and stays so."""
    with _lock:
        replies = list(_replies.values())
    for reply in reversed(replies):  # waiting ones first: otherwise ending one starts the next
        reply.let_go(INTERRUPTED)


def withdraw(turn: Turn) -> bool:
    """Take a turn out of its queue before it is asked; return False if it was asked already."""
    reply = get(turn)
    return reply is not None and reply.withdraw()


def forget(reply: Reply, *, only_waiting: bool = False) -> bool:
    """Take a reply out of its queue, without an end; return whether it was there."""
    with _lock:
        is_there = _replies.get(reply.turn["id"]) is reply and not reply.done.is_set()
        if not is_there or (only_waiting and reply.is_running):
            return False
        del _replies[reply.turn["id"]]
        if reply in _queues.get(reply.queue, ()):
            _queues[reply.queue].remove(reply)
        reply.done.set()
    return True


def drop(turn: Turn) -> None:
    """Take a turn out of its queue, or end it if it runs."""
    if not withdraw(turn):
        stop(turn)


def mark_interrupted(turn: Turn, *, although: Reply | None = None) -> None:
    """Mark a turn that is not over as over if it has no worker, or none but this handle.

    This happens after a restart, or if the page was closed while it waited. Only the visitor asks
    again, so that no redraw is ever billed twice.
    """
    if not is_over(turn) and get(turn) in (None, although):
        end(turn, UNWATCHED if turn["asked_at"] is None else INTERRUPTED, None)


def running() -> int:
    """Return how many replies wait or run in this process, or are followed."""
    return len(_replies)


def counts() -> tuple[int, int]:
    """Return how many replies run in this process, and how many wait for their turn."""
    with _lock:
        found = [reply.is_running for reply in _replies.values()]
    return sum(found), len(found) - sum(found)


def refuse_new() -> None:
    """Take no more questions, because the app stops; what waits or runs goes on."""
    _kept.is_stopping = True


def refuses_new() -> bool:
    """Return whether the app stops once its replies are over."""
    return bool(vars(_kept).get("is_stopping"))


def is_idle() -> bool:
    """Return whether no reply waits or runs in this process."""
    return all(reply.is_elsewhere for reply in list(_replies.values()))


def size(messages: Sequence[Message]) -> int:
    """Count the characters of messages: answers, thoughts, arguments of calls, opaque fields."""
    return sum(
        len(message["content"])
        + sum(map(len, thoughts(message)))
        + sum(len(call["function"]["arguments"]) for call in message.get("tool_calls", ()))
        + opaque_size(message)
        for message in messages
    )


def turn_size(turn: Turn) -> int:
    """Count the characters of a turn, including earlier attempts."""
    attempts = (turn, *turn["earlier"])
    return len(turn["prompt"]) + sum(size(attempt["replies"]) for attempt in attempts)


def _refusal() -> ChatError | None:
    """Return why no further question is accepted now; None if it is. Running replies go on."""
    if refuses_new():
        return AppStopping()
    if len(_replies) >= settings().max_replies:
        return AppBusy()
    most_mb = memory.limit_mb()
    if most_mb and memory.used_mb() > most_mb:
        log.error("More than %.0f MB of memory are in use: new questions are refused", most_mb)
        return AppFull()
    return None


def _work(queue: str) -> None:
    while True:
        with _lock:
            if not _queues[queue]:
                del _queues[queue]
                return
            reply = _queues[queue].popleft()
            if reply.done.is_set():  # stopped before its time came
                continue
            reply.begin()
        reply.run()


def _keep() -> None:
    """End replies that are not watched; run while there are replies."""
    while True:
        time.sleep(min(1.0, settings().reply_lease_s / 10))
        with _lock:
            if not _replies:
                _kept.keeper = None
                return
            replies = list(_replies.values())
        seen: dict[str, float] = {}  # a page that watches one reply of a queue keeps all of it
        for reply in replies:
            seen[reply.queue] = max(reply.last_seen(), seen.get(reply.queue, 0.0))
        for reply in reversed(replies):  # waiting ones first: otherwise ending one starts the next
            if time.monotonic() - seen[reply.queue] > settings().reply_lease_s:
                reply.let_go(UNWATCHED)
