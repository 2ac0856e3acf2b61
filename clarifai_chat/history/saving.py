"""Conversations written down while they go on, and found again.

One store for the process. Without it, or if it fails, the chat goes on in memory, `trouble()`
says why, and what could not be written is written once the store works again.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from clarifai_chat.chat import chats, replies
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import Turn, is_over
from clarifai_chat.config import ROOT, settings

if TYPE_CHECKING:
    from clarifai_chat.history.store import Store, Summary

log = logging.getLogger(__name__)
T = TypeVar("T")

EVERY_S = 1.0  # a killed server loses no more than this of a running reply
RETRY_S = 30.0  # until a database that could not be opened, or failed slowly, is tried again
SLOW_S = 1.0  # a failure that took longer is not waited for with every click
EXPIRE_S = 3600.0
MAX_UNSAVED = 200  # conversations that wait in memory for a store that works


@dataclass(frozen=True, slots=True)
class _Followed:
    owner: str
    chat: Chat
    turn: Turn


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
        self.saving = threading.Lock()  # else the keeper could put an old revision into a chat
        self.store: Store | None = None
        self.trouble = ""
        self.failed_at = -math.inf
        self.followed: dict[str, _Followed] = {}  # by turn id
        self.unsaved: dict[int, _Unsaved] = {}  # by the chat's identity: two tabs may have a copy
        self.keeper: threading.Thread | None = None
        self.tried_again_at = self.expired_at = -math.inf
        self.write_files: Callable[[str, Chat], bool] = lambda owner, chat: True


_history = _History()


def trouble(chat: Chat | None = None) -> str:
    """Why conversations, or this one, cannot be kept at the moment; "" while they can."""
    unsaved = _history.unsaved.get(id(chat))
    return unsaved.why if unsaved else _history.trouble


def forget_store() -> None:
    """Close the store, and follow nothing any more; the next use opens it again."""
    with _history.lock:
        _history.followed.clear()
        _history.unsaved.clear()
    with _history.opening:
        store, _history.store = _history.store, None
        _history.trouble, _history.failed_at = "", -math.inf
    if store:
        store.close()


def save(owner: str, chat: Chat) -> bool:
    """Keep the whole conversation, together with what another tab changed in it."""

    def write(store: "Store") -> None:
        from clarifai_chat.history.store import Conflict

        try:
            chat["revision"] = store.save_chat(owner, chat)
        except Conflict:
            merged = store.merge(owner, chat)
            if merged is None:  # deleted elsewhere, and gone on with here: it is a new chat
                chat["id"], chat["revision"] = chats.new_chat()["id"], 0
                chat["revision"] = store.save_chat(owner, chat)
            else:
                _take_over(owner, chat, merged)

    with _history.saving:
        _, why = attempt(write)
        _note(owner, chat, why)
    return not why


def with_files(write: Callable[[str, Chat], bool]) -> None:
    """Have `write` put a conversation's files into the store, before it is written at last.

    It says whether it could.
    """
    _history.write_files = write


def follow(owner: str, chat: Chat, turn: Turn) -> None:
    """Save the turn about once a second from now on, until it is over."""
    with _history.lock:
        _history.followed[turn["id"]] = _Followed(owner, chat, turn)
        _start_keeper()


def load(owner: str, chat_id: str) -> Chat | None:
    """Return a kept conversation. A reply of it that runs here is the running one, not the kept
    copy."""
    followed = {**_history.followed}  # before the store is read: what ends meanwhile is in either
    chat = _do(lambda store: store.load(owner, chat_id), None)
    if chat:
        chat["turns"] = [_here(owner, chat_id, turn, followed) or turn for turn in chat["turns"]]
    return chat


def listing(owner: str, query: str = "", limit: int = 30) -> "list[Summary]":
    """Kept conversations, pinned first, then the newest; with a query, those that hold it."""
    return _do(lambda store: store.listing(owner, query, limit), [])


def every_chat(owner: str) -> list[Chat]:
    return _do(lambda store: list(store.chats(owner)), [])


def delete(owner: str, chat_id: str) -> bool:
    """Delete a conversation, and end what runs in it; `undelete` brings it back, for a day."""
    done = _do(lambda store: store.delete(owner, chat_id), False)
    if done:
        _end(owner, chat_id)
    return done


def undelete(owner: str, chat_id: str) -> bool:
    return _do(lambda store: store.undelete(owner, chat_id), False)


def delete_everything(owner: str) -> bool:
    """Remove all that is kept for a visitor, for good, and end what runs in it."""
    done = _do(lambda store: store.delete_all(owner) >= 0, False)
    if done:
        _end(owner)
    return done


def address() -> str:
    """Return where conversations are kept: the operator's database, or a file beside the app."""
    return settings().database_url or f"sqlite:///{ROOT / 'data' / 'history.db'}"


# --- The store, as long as it works ---------------------------------------------------------------


def _do(action: "Callable[[Store], T]", otherwise: T) -> T:
    result, why = attempt(action)
    return otherwise if why else result  # type: ignore[return-value]  # without a why it is a T


def attempt(action: "Callable[[Store], T]") -> tuple[T | None, str]:
    """Return what an action on the store gives; or a sentence about why it was not done."""
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
        why = f"{error.what} {error.advice}"  # where the database is, is for the operator alone
        if why != _history.trouble:
            log.error("Conversations are not kept: %s", error)
        _history.trouble = why
        if _history.store is None or time.monotonic() - began > SLOW_S:
            _history.failed_at = time.monotonic()
        return None, why


def _open() -> "Store | None":
    """Return the store; None while nothing is asked of it, because it failed a moment ago."""
    from clarifai_chat.history.store import open_store

    with _history.opening:
        if _history.trouble and time.monotonic() - _history.failed_at < RETRY_S:
            return None
        if _history.store is None:
            _history.store = open_store(address())
        return _history.store


# --- What runs, and what waits to be written ------------------------------------------------------


def _note(owner: str, chat: Chat, why: str) -> None:
    """Remember that the conversation is not as it is kept; with no `why`, that it is."""
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
    """Save what is followed and what waits; runs as long as something is."""
    while True:
        time.sleep(EVERY_S)
        with _history.lock:
            followed = list(_history.followed.values())
            unsaved = list(_history.unsaved.values())
            if not followed and not unsaved:
                _history.keeper = None
                return
        if unsaved and time.monotonic() - _history.tried_again_at >= RETRY_S:
            _history.tried_again_at = time.monotonic()
            for waiting in unsaved:
                _save_again(waiting)
        for each in followed:
            over = is_over(each.turn)  # before it is saved: what comes after is in the next round
            if _save_turn(each) and over:
                with _history.lock:
                    if _history.followed.get(each.turn["id"]) is each:  # it may be continued
                        del _history.followed[each.turn["id"]]
        _expire()


def _save_turn(each: _Followed) -> bool:
    """Return whether the turn needs no further try: it was kept, or it is not to be kept any
    more."""
    if id(each.chat) in _history.unsaved:
        return False  # first the whole conversation
    turns = [*each.chat["turns"]]  # a page may be changing it
    number = next((i for i, turn in enumerate(turns) if turn is each.turn), None)
    if number is None:
        return True  # taken out of its conversation meanwhile
    chat_id = each.chat["id"]
    _, why = attempt(lambda store: store.save_turn(each.owner, chat_id, each.turn, number))
    if why:
        _note(each.owner, each.chat, why)
    return not why


def _save_again(waiting: _Unsaved) -> None:
    """Write what could not be written. What others changed reaches the page with its next save."""

    def write(store: "Store") -> None:
        from clarifai_chat.history.store import Conflict

        try:
            chat["revision"] = store.save_chat(waiting.owner, chat)
        except Conflict:
            store.merge(waiting.owner, chat)

    chat = waiting.chat
    with _history.saving:
        if _history.unsaved.get(id(chat)) is not waiting:
            return  # its page was faster
        has_files = _history.write_files(waiting.owner, chat)
        _, why = attempt(write)
        if has_files and not why:
            _note(waiting.owner, chat, "")


def _end(owner: str, chat_id: str = "") -> None:
    """End what runs in the owner's conversation, or in all of them; nothing of it is kept again."""
    with _history.lock:
        for key, waiting in list(_history.unsaved.items()):
            if waiting.owner == owner and chat_id in ("", waiting.chat["id"]):
                del _history.unsaved[key]
        followed = list(_history.followed.values())
    for each in followed:
        if each.owner == owner and chat_id in ("", each.chat["id"]):
            replies.stop(each.turn)


def _expire() -> None:
    """Remove what is older than the operator keeps, once an hour."""
    if time.monotonic() - _history.expired_at > EXPIRE_S:
        _history.expired_at = time.monotonic()
        _do(lambda store: store.expire(settings().history_days), 0)


# --- Conversations, put together ------------------------------------------------------------------


def _here(owner: str, chat_id: str, turn: Turn, followed: Mapping[str, _Followed]) -> Turn | None:
    """Return the turn itself where its reply runs here in this conversation, or ended a moment
    ago."""
    each = followed.get(turn["id"])
    if each:
        return each.turn if (each.owner, each.chat["id"]) == (owner, chat_id) else None
    handle = replies.get(turn)
    return handle.turn if handle and handle.queue == chat_id else None


def _take_over(owner: str, chat: Chat, merged: Chat) -> None:
    """Make the chat what was merged. Its turns stay the same ones: pages and workers hold them."""
    here = {turn["id"]: turn for turn in chat["turns"]}
    turns: list[Turn] = []
    for turn in merged["turns"]:
        live = _here(owner, chat["id"], turn, _history.followed)
        mine = live or here.get(turn["id"], turn)
        if mine is not live and mine is not turn:
            mine.update(turn)
        turns.append(mine)
    chat["turns"][:] = turns
    chat.update({**merged, "turns": chat["turns"]})
