"""Share running replies among the processes that use one database.

A process ("replica") claims each reply before its request goes out, and its heartbeat says that it
lives. Others follow the reply from the database, and may ask to stop it. A reply whose replica has
died is interrupted; its text is kept.
"""

import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from clarifai_chat.chat import replies
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import INTERRUPTED, STOPPED, Turn, end, is_over
from clarifai_chat.history import database, keeper
from clarifai_chat.text import whole_data

if TYPE_CHECKING:
    from clarifai_chat.history.store.running import News, Place

ME = uuid.uuid4().hex
LOOK_S = 0.3  # between two looks: at what others want of our replies, and at replies of others
BEAT_S = 1.5
WATCHED_S = 3 * BEAT_S
WITHDRAWN_S = 3.0  # for another replica to withdraw a question
SURE_S = 2.0  # for which a silent replica is watched: after an outage its next beat takes a moment


class Saver(Protocol):
    """Who saves a turn while it is answered: `keeper` in conversations."""

    def followed(self) -> Mapping[str, object]: ...  # the turns that are still to be saved, by id
    def save_now(self, turn: Turn) -> None: ...


@dataclass(slots=True)
class _Claimed:
    at: "Place"
    turn: Turn
    saver: Saver
    is_asked: bool = False


class _State:
    """What this process shares."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.claimed: dict[str, _Claimed] = {}  # by turn id
        self.beat_at = 0.0
        self.thread: threading.Thread | None = None


_state = _State()


# --- Replies that run here ------------------------------------------------------------------------


@contextmanager
def claiming(
    owner: str, chat_id: str, turn: Turn, *, id: str = "", saver: Saver = keeper
) -> Iterator[bool]:
    """Claim a turn, to be asked within the block; False if another replica is asking it.

    It is stored as `id`, by default its own.

    Without a working database there is nothing that others could see: then it is True.
    """
    from clarifai_chat.history.store.running import Place

    mine = _Claimed(Place(owner, chat_id, id or turn["id"]), turn, saver)
    is_free, why = database.attempt(lambda store: store.running.claim(mine.at, ME))
    if why or not is_free:
        yield bool(why)
        return
    with _state.lock:
        _state.claimed[turn["id"]] = mine
        if _state.thread is None or not _state.thread.is_alive():
            _state.beat_at = time.monotonic()
            _state.thread = threading.Thread(target=_tend, name="replicas", daemon=True)
            _state.thread.start()
    try:
        yield True
    finally:
        mine.is_asked = True


def stop_elsewhere(owner: str, chat_id: str = "") -> None:
    """Have the replies of one or all conversations ended by the replicas that run them."""
    database.attempt(lambda store: store.running.ask_to_stop(owner, chat_id))


def release_all() -> None:
    """Give up every claim, because the app stops and all is saved."""
    with _state.lock:
        claimed, _state.claimed = list(_state.claimed.values()), {}
    for each in claimed:
        _release(each)


def forget() -> None:
    """Look after no reply any more."""
    with _state.lock:
        _state.claimed.clear()


def _release(each: _Claimed) -> bool:
    return not database.attempt(lambda store: store.running.release(each.at, ME))[1]


def _tend() -> None:
    """Look after what is claimed: heartbeats, and what others want; run while there is any."""
    while True:
        time.sleep(LOOK_S)
        with _state.lock:
            claimed = list(_state.claimed.values())
            if not claimed:
                _state.thread = None
                return
        if time.monotonic() - _state.beat_at >= BEAT_S and not _beat():
            _state.beat_at = time.monotonic()
        for each in claimed:
            if _is_done(each) and _release(each):
                _drop(each)
        errands, _ = database.attempt(lambda store: store.running.errands(ME, WATCHED_S))
        for each in claimed if errands is not None else ():
            if _state.claimed.get(each.turn["id"]) is not each or _is_done(each):
                continue
            errand = (errands or {}).get(each.at)
            if errand is None:
                _claim_again(each)
            elif errand.is_to_stop:
                _end(each.turn)
                each.saver.save_now(each.turn)
            elif errand.is_watched and (reply := replies.get(each.turn)):
                reply.seen_at = time.monotonic()
                each.saver.save_now(each.turn)


def _beat() -> str:
    """Say that this replica lives; return why that failed, or ""."""
    return database.attempt(lambda store: store.running.beat(ME))[1]


def _is_done(each: _Claimed) -> bool:
    """Return whether a reply is over and saved, or was withdrawn before it was asked."""
    if not each.is_asked or replies.get(each.turn):
        return False
    return not is_over(each.turn) or each.turn["id"] not in each.saver.followed()


def _drop(each: _Claimed) -> None:
    with _state.lock:
        if _state.claimed.get(each.turn["id"]) is each:
            del _state.claimed[each.turn["id"]]


def _claim_again(each: _Claimed) -> None:
    """Go on with a reply that another replica took for lost, unless it is asked there now."""
    is_mine, why = database.attempt(lambda store: store.running.claim(each.at, ME))
    if not is_mine and not why:
        if reply := replies.get(each.turn):
            reply.stop(INTERRUPTED)
        _drop(each)


def _end(turn: Turn) -> None:
    if replies.withdraw(turn):
        end(turn, STOPPED, None)
    else:
        replies.stop(turn)


# --- Replies of other replicas --------------------------------------------------------------------


def catch_up(owner: str, chat: Chat) -> None:
    """Follow the replies of a conversation that other replicas run, until they are over.

    Takes over what they have said. A reply that no replica runs is interrupted.
    """
    for number, turn in enumerate(chat["turns"]):
        if is_over(turn):
            continue
        handle = replies.get(turn)
        if handle and handle.queue == chat["id"]:
            chat["turns"][number] = handle.turn  # another tab follows it
        elif handle is None and (reply := _ChatFollowed(owner, chat, turn)).look():
            replies.adopt(reply)


class Followed(replies.Reply):
    """A handle of a reply that another replica runs, stored at `at`."""

    is_elsewhere = True

    def __init__(self, at: "Place", turn: Turn, queue: str) -> None:
        super().__init__(turn, lambda _: iter(()), queue, lambda: False, ())
        self._at = at
        self._changed_at = 0.0
        self._noted_at = self._silent_at = float("-inf")
        self._silent: News | None = None

    def begin(self) -> None:
        """Leave it to the other replica to ask."""

    def run(self) -> None:
        while not self.done.is_set() and self.look():
            self._note_watched()
            self.done.wait(LOOK_S)
        replies.forget(self)

    def look(self) -> bool:
        """Take over what is stored; return False once the reply is over."""
        at, since = self._at, self._changed_at
        news, _ = database.attempt(lambda store: store.running.news(at, since))
        if news is None:  # the database fails: nobody can know
            self._silent = None
            return replies.get(self.turn) is self
        if news.replica == ME or is_over(self.turn):
            return False
        self._changed_at = news.changed_at
        if news.body:
            self.take_over(whole_data(json.loads(news.body)), news)
        if is_over(self.turn):
            self.finish("")
        elif not news.replica or self._has_died(news):
            replies.mark_interrupted(self.turn, although=self)
            self.finish("")
            self.save()
        return not is_over(self.turn)

    def save(self) -> None:
        """Have the turn saved soon: it was interrupted."""

    def take_over(self, stored: Any, news: "News") -> None:
        """Show what is stored, in the form of its table."""
        self.show(stored)

    def show(self, stored: Turn) -> None:
        with self.folding():
            ended_at = stored["ended_at"]
            for name in set(self.turn) - set(stored):
                del self.turn[name]  # type: ignore[misc]  # a name that may be absent
            self.turn.update({**stored, "ended_at": None})
            self.turn["ended_at"] = ended_at  # last: then all is there

    def _has_died(self, news: "News") -> bool:
        """Return whether its replica has been silent all the time, also while we looked."""
        if not news.is_silent:
            self._silent = None
            return False
        if self._silent is None or self._silent.beat_at != news.beat_at:
            self._silent, self._silent_at = news, time.monotonic()
        if time.monotonic() - self._silent_at < SURE_S:
            return False
        return bool(database.attempt(lambda store: store.running.take_lost(self._at, news))[0])

    def _note_watched(self) -> None:
        """Let the other replica know that a page here shows the reply."""
        now = time.monotonic()
        if now - self.seen_at < BEAT_S <= now - self._noted_at:
            self._noted_at = now
            database.attempt(lambda store: store.running.note_watched(self._at))

    def stop(self, ending: str = STOPPED) -> None:
        """Ask the other replica to stop."""
        at = self._at
        database.attempt(lambda store: store.running.ask_to_stop(*at))

    def let_go(self, ending: str) -> None:
        """Follow it no more; it goes on, or ends, where it runs."""
        replies.forget(self)

    def withdraw(self) -> bool:
        """Ask the other replica to withdraw the question; return whether it did."""
        if self.is_running:
            return False
        self.stop()
        until = time.monotonic() + WITHDRAWN_S
        while time.monotonic() < until and self.look():
            time.sleep(LOOK_S / 3)
        return self.turn["asked_at"] is None and is_over(self.turn)


class _ChatFollowed(Followed):
    def __init__(self, owner: str, chat: Chat, turn: Turn) -> None:
        from clarifai_chat.history.store.running import Place

        super().__init__(Place(owner, chat["id"], turn["id"]), turn, chat["id"])
        self._owner, self._chat = owner, chat

    def save(self) -> None:
        keeper.follow(self._owner, self._chat, self.turn)
