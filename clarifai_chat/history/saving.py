"""Save conversations while they go on, and load them.

One store for the process. Without it, or if it fails, the chat goes on in memory, `trouble()` says
why, and what could not be saved is saved once the store works again.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from clarifai_chat.chat import chats, replies
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import Turn, is_over
from clarifai_chat.config import ROOT, settings
from clarifai_chat.text import whole, whole_data

if TYPE_CHECKING:
    from sqlalchemy import URL

    from clarifai_chat.history.store import Store, Summary

log = logging.getLogger(__name__)
T = TypeVar("T")

EVERY_S = 1.0  # a killed server loses no more than this of a running reply
RETRY_S = 30.0  # before a database that could not be opened, or failed slowly, is tried again
SLOW_S = 1.0  # a slower failure must not delay every click
EXPIRE_S = 3600.0
READ_S = 0.2  # of each second, while turns are to be read for searches: the rest is for visitors
MAX_UNSAVED = 200  # conversations that wait in memory for a working store


@dataclass(frozen=True, slots=True)
class _Followed:
    owner: str
    chat: Chat
    turn: Turn
    holds_token: Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class _Unsaved:
    owner: str
    chat: Chat
    why: str


class _History:
    """The state that the process shares."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.opening = threading.Lock()
        self.saving = threading.Lock()  # otherwise the keeper could put an old revision into a chat
        self.store: Store | None = None
        self.trouble = ""
        self.failed_at = -math.inf
        self.followed: dict[str, _Followed] = {}  # by turn id
        self.opened: dict[tuple[str, str], None] = {}  # owner and chat, to be noted as in use
        self.unsaved: dict[int, _Unsaved] = {}  # by the chat's identity: two tabs may have a copy
        self.has_unread = False  # turns to be read for searches
        self.keeper: threading.Thread | None = None
        self.tried_again_at = self.expired_at = -math.inf
        self.is_closed = False
        self.write_files: Callable[[str, Chat], bool] = lambda owner, chat: True


_history = _History()


def trouble(chat: Chat | None = None) -> str:
    """Return why conversations, or this one, cannot be saved at the moment; "" if they can."""
    unsaved = _history.unsaved.get(id(chat))
    return unsaved.why if unsaved else _history.trouble


def forget_store() -> None:
    """Close the store and stop following turns; the next use opens it again."""
    with _history.lock:
        _history.followed.clear()
        _history.opened.clear()
        _history.unsaved.clear()
    _history.is_closed = False
    _close_store()


def close() -> None:
    """End the replies that run, save everything for the last time, and close the store."""
    replies.stop_all()
    _history.failed_at = -math.inf  # one more try, even a moment after an outage began
    with _history.lock:
        followed = list(_history.followed.values())
        unsaved = list(_history.unsaved.values())
    for waiting in unsaved:
        _save_again(waiting)
    for each in followed:
        if not _save_turn(each) and (waiting_now := _history.unsaved.get(id(each.chat))):
            _save_again(waiting_now)
    _history.is_closed = True
    _close_store()


def _close_store() -> None:
    with _history.opening:
        store, _history.store = _history.store, None
        _history.trouble, _history.failed_at = "", -math.inf
    if store:
        store.close()


def save(owner: str, chat: Chat) -> bool:
    """Save the whole conversation, merged with another tab's changes."""

    def write(store: "Store") -> None:
        from clarifai_chat.history.store import Conflict

        try:
            chat["revision"] = store.save_chat(owner, chat)
        except Conflict:
            merged = store.merge(owner, chat)
            if merged is None:  # deleted elsewhere but continued here: a new chat
                chat["id"], chat["revision"] = chats.new_chat()["id"], 0
                chat["revision"] = store.save_chat(owner, chat)
            else:
                _take_over(owner, chat, merged)

    with _history.saving:
        _, why = attempt(write)
        _note(owner, chat, why)
    _read_later()
    return not why


def with_files(write: Callable[[str, Chat], bool]) -> None:
    """Have `write` save the files before each delayed save; it returns whether it could."""
    _history.write_files = write


def follow(
    owner: str, chat: Chat, turn: Turn, holds_token: Callable[[object], bool] = lambda _: False
) -> None:
    """Save the turn about once a second from now on, until it is over or `holds_token`."""
    with _history.lock:
        _history.followed[turn["id"]] = _Followed(owner, chat, turn, holds_token)
        _start_keeper()


def leave(chat: Chat) -> None:
    """Save nothing more of this conversation, also nothing that waits to be saved."""
    with _history.lock:
        _history.unsaved.pop(id(chat), None)
        for key, each in list(_history.followed.items()):
            if each.chat is chat:
                del _history.followed[key]


def load(owner: str, chat_id: str) -> Chat | None:
    """Return a saved conversation, with the live turns of replies that run here."""
    followed = {**_history.followed}  # first: a turn that ends meanwhile is in either
    chat: Chat | None = whole_data(_do(lambda store: store.load(owner, chat_id), None))
    if chat:
        chat["turns"] = [
            _live_turn(owner, chat_id, turn, followed) or turn for turn in chat["turns"]
        ]
        with _history.lock:
            _history.opened[owner, chat_id] = None
            _start_keeper()
    return chat


def listing(owner: str, query: str = "", limit: int = 30) -> "list[Summary]":
    """Return saved conversations, pinned first, then newest; with a query, those that match."""
    nothing: list[Summary] = []
    found = _do(lambda store: store.listing(owner, query, limit), nothing)
    return [replace(each, title=whole(each.title)) for each in found]


def every_chat(owner: str) -> list[Chat]:
    nothing: list[Chat] = []
    return [whole_data(chat) for chat in _do(lambda store: list(store.chats(owner)), nothing)]


def delete(owner: str, chat_id: str) -> bool:
    """Delete a conversation and end its running replies; `undelete` works for a day."""
    done = _do(lambda store: store.delete(owner, chat_id), False)
    if done:
        _end(owner, chat_id)
    return done


def undelete(owner: str, chat_id: str) -> bool:
    return _do(lambda store: store.undelete(owner, chat_id), False)


def delete_everything(owner: str) -> bool:
    """Remove all data of a visitor for good, and end the running replies."""
    done = _do(lambda store: store.delete_all(owner) >= 0, False)
    if done:
        _end(owner)
    return done


FILE = ROOT / "data" / "history.db"


def address() -> "str | URL":
    """Return where conversations are saved: the operator's database, or a file beside the app."""
    from clarifai_chat.history.store import sqlite_url

    return settings().database_url or sqlite_url(FILE)


def open_early() -> None:
    """Open the database before anybody needs it, so that trouble is logged at the start."""
    if settings().history:
        attempt(lambda store: None)


def place() -> str:
    """Return where conversations are saved, for the operator, without secrets."""
    if not settings().history:
        return "none (HISTORY=false)"
    if not settings().database_url:  # without loading the library of databases
        return f"SQLite ({FILE})"
    from clarifai_chat.history import store

    try:
        return store.place(address())
    except store.StoreTrouble as error:
        return error.what


def look() -> str:
    """Return the state of the database without changing it, a sentence. Raises `StoreTrouble`."""
    from clarifai_chat.history.store import looking

    return f"{place()} {looking.state(address())}."


def why_unwritable() -> str:
    """Return why the next save would fail, in a sentence without an address, or ""."""
    from clarifai_chat.history.store import StoreTrouble

    probe, why = attempt(lambda store: (store.presets(""), store.probe)[1])
    try:
        if probe:
            probe.try_writing()
    except StoreTrouble as error:  # an open connection may still save: pages go by that
        return f"{error.what} {error.advice}"
    return why


# --- The store, as long as it works ---------------------------------------------------------------


def _do(action: "Callable[[Store], T]", otherwise: T) -> T:
    result, why = attempt(action)
    return otherwise if why else result  # type: ignore[return-value]  # without a why it is a T


def attempt(action: "Callable[[Store], T]") -> tuple[T | None, str]:
    """Return the result of an action on the store, or a sentence about why it failed."""
    from clarifai_chat.history.store import StoreTrouble

    began = time.monotonic()
    try:
        store = _open()
        if store is None:
            return None, _history.trouble
        result = action(store)
        _history.trouble = ""
        return result, ""
    except StoreTrouble as error:
        why = f"{error.what} {error.advice}"  # only the operator may see where the database is
        if why != _history.trouble:
            log.error("Conversations are not saved: %s", error)
        _history.trouble = why
        if _history.store is None or time.monotonic() - began > SLOW_S:
            _history.failed_at = time.monotonic()
        return None, why


def _open() -> "Store | None":
    """Return the store; None while it is left alone, because it failed a moment ago."""
    from clarifai_chat.history.store import open_store

    with _history.opening:
        if _history.is_closed:
            _history.trouble = "The app is stopping."
            return None
        if _history.trouble and time.monotonic() - _history.failed_at < RETRY_S:
            return None
        if _history.store is None:
            _history.store = open_store(address())
            _read_later()
        return _history.store


# --- What runs, and what waits to be written ------------------------------------------------------


def _note(owner: str, chat: Chat, why: str) -> None:
    """Remember why the conversation could not be saved; with no `why`, that it was."""
    with _history.lock:
        _history.unsaved.pop(id(chat), None)
        if why:
            _history.unsaved[id(chat)] = _Unsaved(owner, chat, why)
            if len(_history.unsaved) > MAX_UNSAVED:
                del _history.unsaved[next(iter(_history.unsaved))]
            _start_keeper()


def _start_keeper() -> None:
    if _history.keeper is None or not _history.keeper.is_alive():
        _history.keeper = threading.Thread(target=_keep, name="history", daemon=True)
        _history.keeper.start()


def _keep() -> None:
    """Save followed turns and waiting conversations, read saved ones; run while there are any."""
    while True:
        time.sleep(EVERY_S)
        with _history.lock:
            followed = list(_history.followed.values())
            unsaved = list(_history.unsaved.values())
            is_idle = not followed and not unsaved and not _history.opened
            if is_idle and not _history.has_unread:
                _history.keeper = None
                return
        if unsaved and time.monotonic() - _history.tried_again_at >= RETRY_S:
            _history.tried_again_at = time.monotonic()
            for waiting in unsaved:
                _save_again(waiting)
        for each in followed:
            over = is_over(each.turn)  # before saving: later events wait for the next round
            if _save_turn(each) and over:
                with _history.lock:
                    if _history.followed.get(each.turn["id"]) is each:  # it may be continued
                        del _history.followed[each.turn["id"]]
                _history.has_unread = True
        if _history.has_unread:
            _read()
        _note_opened()
        _expire()


def _read_later() -> None:
    with _history.lock:
        _history.has_unread = True
        _start_keeper()


def _read() -> None:
    """Read saved turns for searches, for a part of a second."""
    from clarifai_chat.history.store import StoreTrouble

    _history.has_unread = False  # first: what is saved meanwhile is read in the next round
    until = time.monotonic() + READ_S
    with suppress(StoreTrouble):  # nothing is lost: the next one is found with the others
        while (store := _history.store) and store.read_some():
            if time.monotonic() > until:
                _history.has_unread = True
                return


def _save_turn(each: _Followed) -> bool:
    """Save the turn; return False if it has to be tried again."""
    if each.holds_token(each.turn):
        return True
    if id(each.chat) in _history.unsaved:
        return False  # the whole conversation comes first
    turns = [*each.chat["turns"]]  # a page may be changing it
    number = next((i for i, turn in enumerate(turns) if turn is each.turn), None)
    if number is None:
        return True  # removed from its conversation meanwhile
    chat_id = each.chat["id"]
    if each.turn.get("pictures") and not _history.write_files(each.owner, each.chat):
        return False
    _, why = attempt(lambda store: store.save_turn(each.owner, chat_id, each.turn, number))
    if why:
        _note(each.owner, each.chat, why)
    return not why


def _save_again(waiting: _Unsaved) -> None:
    """Retry a failed save. Changes by others reach the page with its next save."""

    def write(store: "Store") -> None:
        from clarifai_chat.history.store import Conflict

        try:
            chat["revision"] = store.save_chat(waiting.owner, chat)
        except Conflict:
            store.merge(waiting.owner, chat)

    chat = waiting.chat
    with _history.saving:
        if _history.unsaved.get(id(chat)) is not waiting:
            return  # its page saved it first
        has_files = _history.write_files(waiting.owner, chat)
        _, why = attempt(write)
        if has_files and not why:
            _note(waiting.owner, chat, "")


def _end(owner: str, chat_id: str = "") -> None:
    """End the running replies of one or all conversations, and drop what waits to be saved."""
    with _history.lock:
        for key, waiting in list(_history.unsaved.items()):
            if waiting.owner == owner and chat_id in ("", waiting.chat["id"]):
                del _history.unsaved[key]
        followed = list(_history.followed.values())
    for each in followed:
        if each.owner == owner and chat_id in ("", each.chat["id"]):
            replies.stop(each.turn)


def _note_opened() -> None:
    """Note which conversations were opened: reading one keeps it from expiring."""
    while _history.opened:
        (owner, chat_id), _ = _history.opened.popitem()
        _do(lambda store, one=(owner, chat_id): store.note_use(*one), None)  # type: ignore[misc]


def _expire() -> None:
    """Remove expired conversations, once an hour."""
    now = _awake()
    if now - _history.expired_at <= EXPIRE_S:
        return
    awake_s = now - _history.expired_at if math.isfinite(_history.expired_at) else None
    _, why = attempt(lambda store: store.expire(settings().history_days, awake_s))
    _history.expired_at = now if not why else now - EXPIRE_S + RETRY_S


def _awake() -> float:
    """Return seconds by a clock that cannot be set, and that goes on while a laptop sleeps."""
    if hasattr(time, "CLOCK_BOOTTIME"):  # Linux
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


# --- Merged conversations -------------------------------------------------------------------------


def _live_turn(
    owner: str, chat_id: str, turn: Turn, followed: Mapping[str, _Followed]
) -> Turn | None:
    """Return the live turn if its reply runs in this conversation, or ended a moment ago."""
    each = followed.get(turn["id"])
    if each:
        return each.turn if (each.owner, each.chat["id"]) == (owner, chat_id) else None
    handle = replies.get(turn)
    return handle.turn if handle and handle.queue == chat_id else None


def _take_over(owner: str, chat: Chat, merged: Chat) -> None:
    """Update the chat to the merged one. Turns stay the same objects: others hold them."""
    here = {turn["id"]: turn for turn in chat["turns"]}
    turns: list[Turn] = []
    merged = whole_data(merged)
    for turn in merged["turns"]:
        live = _live_turn(owner, chat["id"], turn, _history.followed)
        mine = live or here.get(turn["id"], turn)
        if mine is not live and mine is not turn:
            mine.update(turn)
        turns.append(mine)
    chat["turns"][:] = turns
    chat.update({**merged, "turns": chat["turns"]})
