"""Replies that run on their own: ask, watch, stop.

A worker thread reads the provider and folds events into the turn; pages only watch. A click, a
change of page or a lost connection leaves it running. It ends with its last event, by `stop`, or
when nobody has watched it for `reply_lease_s`.

One line of waiting questions per conversation is worked off in order, one at a time.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

from clarifai_chat.config import settings
from clarifai_chat.conversation import INTERRUPTED, STOPPED, UNWATCHED, Turn, apply, end, is_over
from clarifai_chat.errors import AppBusy, AppFault, ChatError, Problem
from clarifai_chat.events import StreamEvent
from clarifai_chat.wire import Call

log = logging.getLogger(__name__)

HEAD_START_S = 0.01

Events = Callable[[Call], Iterator[StreamEvent]]


class Reply:
    """The handle of a reply that waits or runs. Pages keep the turn; the registry keeps this."""

    def __init__(self, turn: Turn, events: Events, line: str, is_here: Callable[[], bool]) -> None:
        self.turn = turn
        self.line = line
        self.done = threading.Event()
        self.version = 0  # grows with every event
        self.seen_at = time.monotonic()
        self._events = events
        self._is_here = is_here
        self._call = Call()
        self._news = threading.Condition()
        self._began = time.monotonic()

    @property
    def is_running(self) -> bool:
        return self.turn["asked_at"] is not None and not self.done.is_set()

    def watch(self, version: int, timeout_s: float) -> int:
        """Wait for news after `version`, at most `timeout_s`; say that somebody is watching."""
        self.seen_at = time.monotonic()
        with self._news:
            self._news.wait_for(lambda: self.version != version or self.done.is_set(), timeout_s)
            return self.version

    def wait_until_sent(self, timeout_s: float) -> None:
        """Wait until the request is on its way, at most `timeout_s`."""
        self._call.sent.wait(timeout_s)

    def run(self) -> None:
        if self.done.is_set():  # stopped before its time came
            return
        problem: Problem | None = AppFault().problem()
        try:
            events = self._events(self._call)
            self._began = time.monotonic()  # getting ready for the request is not the model's time
            for event in events:
                with self._news:
                    if self.done.is_set():
                        return
                    apply(self.turn, event, time.monotonic() - self._began)
                    self.version += 1
                    self._news.notify_all()
            problem = None
        except ChatError as error:
            problem = error.problem()
        except BaseException as error:  # noqa: BLE001 - no mistake may leave a turn open, or a line
            # Its type only: an exception's text could hold what a visitor typed.
            log.error("%s in the worker of a reply", type(error).__name__)
        finally:
            self.finish(INTERRUPTED if problem is None else "", problem)

    def finish(self, ending: str, problem: Problem | None = None) -> None:
        """Mark the turn as over and forget this handle; the first ending counts."""
        with _lock, self._news:  # at once: a turn is over just when it has no handle any more
            if not self.done.is_set():
                end(self.turn, ending, time.monotonic() - self._began, problem)
                self.done.set()
                self._news.notify_all()
                _replies.pop(self.turn["id"], None)

    def stop(self, ending: str = STOPPED) -> None:
        self.finish(ending)
        self._call.cut()

    def is_forsaken(self) -> bool:
        if self._is_here():
            self.seen_at = time.monotonic()
        return time.monotonic() - self.seen_at > settings().reply_lease_s


_lock = threading.Lock()
_replies: dict[str, Reply] = {}  # by turn id, waiting and running; finished ones are dropped
_lines: dict[str, deque[Reply]] = {}  # by conversation, those that still wait
_keeper: threading.Thread | None = None


def ask(
    turn: Turn, events: Events, *, line: str, is_here: Callable[[], bool] = lambda: False
) -> None:
    """Ask for the turn's reply after those that wait in the same `line`. Idempotent per turn.

    `events` is called in the worker when its time has come. `is_here` tells whether the visitor's
    page is still connected; it is called from another thread.
    """
    global _keeper
    with _lock:
        if turn["id"] in _replies or turn["asked_at"] is not None or is_over(turn):
            return
        if len(_replies) >= settings().max_replies:
            turn["asked_at"] = time.time()
            end(turn, "", None, AppBusy().problem())
            return
        reply = Reply(turn, events, line, is_here)
        _replies[turn["id"]] = reply
        if line in _lines:
            _lines[line].append(reply)
        else:
            _lines[line] = deque([reply])
            turn["asked_at"] = time.time()
            threading.Thread(target=_work, args=(line,), name="reply", daemon=True).start()
        if _keeper is None or not _keeper.is_alive():
            _keeper = threading.Thread(target=_keep, name="reply-keeper", daemon=True)
            _keeper.start()
    if reply.is_running:
        # Else the page's drawing and the request's sending share the interpreter, 5 ms by 5 ms.
        reply.wait_until_sent(HEAD_START_S)


def get(turn: Turn) -> Reply | None:
    """The handle of a turn that waits or runs; None when it is over, or was never asked here."""
    return _replies.get(turn["id"])


def stop(turn: Turn) -> None:
    """End the turn's reply now; its text stays. Nothing when it is over."""
    if reply := get(turn):
        reply.stop()


def withdraw(turn: Turn) -> bool:
    """Take a turn out of its line before it is asked; False when it was asked already."""
    with _lock:
        reply = _replies.get(turn["id"])
        if reply is None or reply.is_running or reply.done.is_set():
            return False
        del _replies[turn["id"]]
        if reply in _lines.get(reply.line, ()):
            _lines[reply.line].remove(reply)
    reply.done.set()
    return True


def mark_interrupted(turn: Turn) -> None:
    """A turn that is not over and has no worker is over: nobody works on it.

    So it is after a restart, or when nobody watched while it waited. Only the visitor asks again,
    so that no redraw is ever billed twice.
    """
    if not is_over(turn) and get(turn) is None:
        end(turn, UNWATCHED if turn["asked_at"] is None else INTERRUPTED, None)


def running() -> int:
    """How many replies wait or run in this process."""
    return len(_replies)


def _work(line: str) -> None:
    while True:
        with _lock:
            if not _lines[line]:
                del _lines[line]
                return
            reply = _lines[line].popleft()
            if reply.done.is_set():  # stopped before its time came
                continue
            if reply.turn["asked_at"] is None:
                reply.turn["asked_at"] = time.time()  # before the request goes out
        reply.run()


def _keep() -> None:
    """End replies that nobody watches; runs as long as there are replies."""
    while True:
        time.sleep(min(1.0, settings().reply_lease_s / 10))
        with _lock:
            if not _replies:
                global _keeper
                _keeper = None
                return
            replies = list(_replies.values())
        for reply in replies:
            if reply.is_forsaken() and not withdraw(reply.turn):
                reply.stop(UNWATCHED)
