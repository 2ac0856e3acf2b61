"""Save what goes on and what waits, in the background, and look after what is saved.

One thread, which runs while there is anything to do: it saves running replies each second, saves
again what could not be saved, reads saved turns for searches, and removes what has expired.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clarifai_chat.chat import replies
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import Turn, is_over
from clarifai_chat.config import settings
from clarifai_chat.history import database

if TYPE_CHECKING:
    from clarifai_chat.history.store import Store

EVERY_S = 1.0  # a killed server loses no more than this of a running reply
EXPIRE_S = 3600.0
READ_S = 0.2  # of each second, while turns are to be read for searches: the rest is for visitors
MAX_UNSAVED = 200  # conversations that wait in memory for a working store


@dataclass(frozen=True, slots=True)
class Followed:
    owner: str
    chat: Chat
    turn: Turn
    holds_token: Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class _Unsaved:
    owner: str
    chat: Chat
    why: str


class _State:
    """What the process shares."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.followed: dict[str, Followed] = {}  # by turn id
        self.opened: dict[tuple[str, str], None] = {}  # owner and chat, to be noted as in use
        self.unsaved: dict[int, _Unsaved] = {}  # by the chat's identity: two tabs may have a copy
        self.has_unread = False  # turns to be read for searches
        self.thread: threading.Thread | None = None
        self.tried_again_at = self.expired_at = -math.inf
        self.write_files: Callable[[str, Chat], bool] = lambda owner, chat: True


_state = _State()
saving_lock = threading.Lock()  # else an old revision could be put into a chat that its page saves


def trouble(chat: Chat) -> str:
    """Return why this conversation waits to be saved; "" if it does not."""
    unsaved = _state.unsaved.get(id(chat))
    return unsaved.why if unsaved else ""


def forget() -> None:
    """Stop following turns, and drop what waits."""
    with _state.lock:
        _state.followed.clear()
        _state.opened.clear()
        _state.unsaved.clear()


def save_all() -> None:
    """Save everything that goes on or waits, once."""
    with _state.lock:
        followed = list(_state.followed.values())
        unsaved = list(_state.unsaved.values())
    for waiting in unsaved:
        _save_again(waiting)
    for each in followed:
        if not _save_turn(each) and (waiting_now := _state.unsaved.get(id(each.chat))):
            _save_again(waiting_now)


def save_now(turn: Turn) -> None:
    """Save a followed turn as it is now: another process shows it."""
    if each := _state.followed.get(turn["id"]):
        _save_turn(each)


def with_files(write: Callable[[str, Chat], bool]) -> None:
    """Have `write` save the files before each delayed save; it returns whether it could."""
    _state.write_files = write


def follow(
    owner: str, chat: Chat, turn: Turn, holds_token: Callable[[object], bool] = lambda _: False
) -> None:
    """Save the turn about once a second from now on, until it is over or `holds_token`."""
    with _state.lock:
        _state.followed[turn["id"]] = Followed(owner, chat, turn, holds_token)
        _start()


def leave(chat: Chat) -> None:
    """Save nothing more of this conversation, also nothing that waits to be saved."""
    with _state.lock:
        _state.unsaved.pop(id(chat), None)
        for key, each in list(_state.followed.items()):
            if each.chat is chat:
                del _state.followed[key]


def note(owner: str, chat: Chat, why: str) -> None:
    """Remember why the conversation could not be saved; with no `why`, that it was."""
    with _state.lock:
        _state.unsaved.pop(id(chat), None)
        if why:
            _state.unsaved[id(chat)] = _Unsaved(owner, chat, why)
            if len(_state.unsaved) > MAX_UNSAVED:
                del _state.unsaved[next(iter(_state.unsaved))]
            _start()


def note_opened(owner: str, chat_id: str) -> None:
    """Note that a conversation is read, which keeps it from expiring."""
    with _state.lock:
        _state.opened[owner, chat_id] = None
        _start()


def followed() -> Mapping[str, Followed]:
    """Return the turns that are followed at this moment, by id."""
    return {**_state.followed}


def read_later() -> None:
    """Read saved turns for searches, soon."""
    with _state.lock:
        _state.has_unread = True
        _start()


def end(owner: str, chat_id: str = "") -> None:
    """End the running replies of one or all conversations, and drop what waits to be saved."""
    with _state.lock:
        for key, waiting in list(_state.unsaved.items()):
            if waiting.owner == owner and chat_id in ("", waiting.chat["id"]):
                del _state.unsaved[key]
        followed = list(_state.followed.values())
    for each in followed:
        if each.owner == owner and chat_id in ("", each.chat["id"]):
            replies.stop(each.turn)


database.when_opened(read_later)


# --- The thread -----------------------------------------------------------------------------------


def _start() -> None:
    if _state.thread is None or not _state.thread.is_alive():
        _state.thread = threading.Thread(target=_keep, name="history", daemon=True)
        _state.thread.start()


def _keep() -> None:
    """Save followed turns and waiting conversations, read saved ones; run while there are any."""
    while True:
        time.sleep(EVERY_S)
        with _state.lock:
            followed = list(_state.followed.values())
            unsaved = list(_state.unsaved.values())
            is_idle = not followed and not unsaved and not _state.opened
            if is_idle and not _state.has_unread:
                _state.thread = None
                return
        if unsaved and time.monotonic() - _state.tried_again_at >= database.RETRY_S:
            _state.tried_again_at = time.monotonic()
            for waiting in unsaved:
                _save_again(waiting)
        for each in followed:
            over = is_over(each.turn)  # before saving: later events wait for the next round
            if _save_turn(each) and over:
                with _state.lock:
                    if _state.followed.get(each.turn["id"]) is each:  # it may be continued
                        del _state.followed[each.turn["id"]]
                _state.has_unread = True
        if _state.has_unread:
            _read()
        _note_opened()
        _expire()


def _read() -> None:
    """Read saved turns for searches, for a part of a second."""
    from clarifai_chat.history.store import StoreTrouble

    _state.has_unread = False  # first: what is saved meanwhile is read in the next round
    until = time.monotonic() + READ_S
    with suppress(StoreTrouble):  # nothing is lost: the next one is found with the others
        while (store := database.opened()) and store.read_some():
            if time.monotonic() > until:
                _state.has_unread = True
                return


def _save_turn(each: Followed) -> bool:
    """Save the turn; return False if it has to be tried again."""
    if each.holds_token(each.turn):
        return True
    if id(each.chat) in _state.unsaved:
        return False  # the whole conversation comes first
    turns = [*each.chat["turns"]]  # a page may be changing it
    number = next((i for i, turn in enumerate(turns) if turn is each.turn), None)
    if number is None:
        return True  # removed from its conversation meanwhile
    chat_id = each.chat["id"]
    if each.turn.get("pictures") and not _state.write_files(each.owner, each.chat):
        return False
    _, why = database.attempt(lambda store: store.save_turn(each.owner, chat_id, each.turn, number))
    if why:
        note(each.owner, each.chat, why)
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
    with saving_lock:
        if _state.unsaved.get(id(chat)) is not waiting:
            return  # its page saved it first
        has_files = _state.write_files(waiting.owner, chat)
        _, why = database.attempt(write)
        if has_files and not why:
            note(waiting.owner, chat, "")


def _note_opened() -> None:
    """Note which conversations were opened: reading one keeps it from expiring."""
    while _state.opened:
        (owner, chat_id), _ = _state.opened.popitem()
        database.result_of(lambda store, one=(owner, chat_id): store.note_use(*one), None)  # type: ignore[misc]


def _expire() -> None:
    """Remove expired conversations, once an hour."""
    now = _awake()
    if now - _state.expired_at <= EXPIRE_S:
        return
    awake_s = now - _state.expired_at if math.isfinite(_state.expired_at) else None
    _, why = database.attempt(lambda store: store.expire(settings().history_days, awake_s))
    _state.expired_at = now if not why else now - EXPIRE_S + database.RETRY_S


def _awake() -> float:
    """Return seconds by a clock that cannot be set, and that goes on while a laptop sleeps."""
    if hasattr(time, "CLOCK_BOOTTIME"):  # Linux
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
