"""Update all replies on a page while they arrive."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from clarifai_chat.chat import replies
from clarifai_chat.chat.turn import Turn
from components.reply.announcer import Announcer
from components.state.slots import LOOK_S, pause_point

FIRST_WORD_S = 0.2  # the rest of the page, shown as it was, waits so long for the first word
QUIET_S = 0.08  # then the browser draws that, with nothing else to do
TICK_S = 1 / 10  # the shortest time between two drawings of a reply
TAIL_BYTES_PER_S = 40_000
DRAWINGS_PER_S = 300  # for all visitors together; one takes about 1 ms of the interpreter


class View(Protocol):
    """A reply on the page that `watch` keeps up to date."""

    turn: Turn

    @property
    def tail_size(self) -> int: ...
    def draw(self) -> None: ...


def draw_first_word(view: View) -> None:
    """Draw a reply that has just been asked, up to its first word if that comes at once.

    Call it before the rest of the page is drawn, among which the word would be late.
    """
    view.draw()
    turn = view.turn
    until = (turn["asked_at"] or 0.0) + FIRST_WORD_S
    while (left_s := until - time.time()) > 0 and (reply := replies.get(turn)):
        if turn["figures"]["first_token_s"] is not None:
            view.draw()
            time.sleep(QUIET_S)
            return
        pause_point()
        replies.wait_for_news({reply: reply.version}, min(left_s, LOOK_S))


def watch(
    views: Sequence[View],
    *,
    has_news: Callable[[], bool],
    when_over: Callable[[], object] = lambda: None,
) -> None:
    """Draw all replies as they arrive, until none waits or runs.

    Call it last on a page. It returns early when `has_news()`; otherwise it calls `when_over` at
    the end.
    """
    watched = [_Watched(view) for view in views]
    live = _live(watched)
    announcer, turns = Announcer(), [view.turn for view in views]
    while live:
        announcer.draw(turns)
        seen = {reply: each.draw_what_is_due(reply) for each, reply in live.items()}
        if has_news():
            return
        pause_point()
        replies.wait_for_news(seen, LOOK_S)
        before, live = live, _live(watched)
        for each in before.keys() - live.keys():
            each.view.draw()
    for view in views:
        view.draw()
    announcer.draw(turns)
    when_over()


class _Watched:
    """A reply on the page: which version is drawn, and when that was."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._version, self._drawn_at = 0, 0.0

    def draw_what_is_due(self, reply: replies.Reply) -> int | None:
        """Draw the reply unless it was drawn a moment ago.

        Returns the version drawn, or None if it is too early to draw again.
        """
        interval_s = tick_s(self.view.tail_size, replies.running())
        if time.monotonic() - self._drawn_at < interval_s:
            return None
        # The clock starts with the first version, so that the first word is drawn at once.
        if reply.version != self._version:
            self._version, self._drawn_at = reply.version, time.monotonic()
        self.view.draw()
        return self._version


def _live(watched: Sequence[_Watched]) -> dict[_Watched, replies.Reply]:
    """Return the views whose replies wait or run."""
    return {each: reply for each in watched if (reply := replies.get(each.view.turn))}


def tick_s(tail_size: int, replies_running: int) -> float:
    """Return the seconds between two drawings of a streaming reply.

    Longer for a long tail (a big table is one block, sent whole each time), and when many replies
    share this process's interpreter.
    """
    return max(TICK_S, tail_size / TAIL_BYTES_PER_S, replies_running / DRAWINGS_PER_S)
