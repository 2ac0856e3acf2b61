"""Save the playground's sets and runs while they change.

A thread saves them, so that no page waits. What could not be saved is tried again.
"""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from clarifai_chat.chat import replies
from clarifai_chat.chat.turn import Turn, is_over
from clarifai_chat.config import settings
from clarifai_chat.history import attachment_contents, database, keeper
from clarifai_chat.playground.kept_data import KeptRun, OpenSet, about, mark_of, written
from clarifai_chat.playground.runs import Run
from clarifai_chat.text import size

if TYPE_CHECKING:
    from clarifai_chat.history.store import Store

EVERY_S = 1.0  # a killed server loses no more than this of a running reply
RETRY_S = 5.0  # before what could not be saved is tried again
MAX_WAITING = 200  # sets that wait in memory for a working store
NAME = "Tools"  # of a set without a name, once it needs one
HELD = "contains your access token, so it is not saved. Remove the token."


@dataclass(slots=True)
class _Change:
    owner: str
    of: OpenSet
    body: str
    about: str
    tried_at: float = 0.0


@dataclass(slots=True)
class Followed:
    owner: str
    run: Run
    kept: KeptRun
    holds_token: Callable[[object], bool]
    tried_at: float = 0.0


@dataclass(slots=True)
class _Keeper:
    """The state that the process shares."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    saving: threading.Lock = field(default_factory=threading.Lock)
    wake: threading.Event = field(default_factory=threading.Event)
    changes: dict[int, _Change] = field(default_factory=dict)  # by the set's identity
    followed: dict[str, Followed] = field(default_factory=dict)  # by turn id
    used: list[tuple[str, list[str]]] = field(default_factory=list)
    thread: threading.Thread | None = None


_keeper = _Keeper()


def note(owner: str, of: OpenSet, slots: Mapping[str, Any]) -> None:
    """Save a set soon, as it is now."""
    change = _Change(owner, of, written(slots), about(slots))
    with _keeper.lock:
        _keeper.changes.pop(id(of), None)
        _keeper.changes[id(of)] = change
        if len(_keeper.changes) > MAX_WAITING:
            del _keeper.changes[next(iter(_keeper.changes))]
        _start()


def drop(of: OpenSet) -> None:
    """Save nothing more of a set, also not what waits."""
    with _keeper.lock:
        _keeper.changes.pop(id(of), None)


def follow(owner: str, run: Run, kept: KeptRun, holds_token: Callable[[object], bool]) -> None:
    """Save a run soon and about once a second, until it is over or `holds_token`."""
    with _keeper.lock:
        _keeper.followed[run["turn"]["id"]] = Followed(owner, run, kept, holds_token)
        _start()


def is_waiting(of: OpenSet, kept: Iterable[KeptRun]) -> bool:
    """Return whether a first attempt to save the set or one of the runs is to be awaited."""
    change = _keeper.changes.get(id(of))
    if change and not change.tried_at:
        return True
    new = {id(each) for each in kept}
    return any(id(e.kept) in new and not e.tried_at for e in [*_keeper.followed.values()])


def flush(owner: str = "") -> None:
    """Save now what waits, of one owner or all."""
    with _keeper.lock:
        changes = [each for each in _keeper.changes.values() if owner in ("", each.owner)]
        followed = [each for each in _keeper.followed.values() if owner in ("", each.owner)]
    for change in changes:
        _save_set(change)
    for each in followed:
        _save_run(each)


def close() -> None:
    """End the runs, and save everything for the last time. Call it before `saving.close`."""
    replies.stop_all()
    database.try_again()
    flush()


def forget(owner: str) -> None:
    """Drop what waits to be saved for an owner and end the runs; nothing of it is saved later."""
    with _keeper.lock:
        gone = [each for each in _keeper.followed.values() if each.owner == owner]
        for each in gone:
            each.kept["is_left_out"] = True
        _keeper.followed = {k: e for k, e in _keeper.followed.items() if e.owner != owner}
        _keeper.changes = {k: c for k, c in _keeper.changes.items() if c.owner != owner}
    for each in gone:
        replies.stop(each.run["turn"])
    with _keeper.saving:  # what was being saved meanwhile is saved, and can be deleted
        return


def note_use(owner: str, ids: list[str]) -> None:
    """Note soon that sets and runs were opened, so that they do not expire."""
    if ids:
        with _keeper.lock:
            _keeper.used.append((owner, ids))
            _start()


def followed() -> dict[str, Followed]:
    """Return the runs that are being saved, by turn id."""
    with _keeper.lock:
        return {**_keeper.followed}


def _start() -> None:
    _keeper.wake.set()
    if _keeper.thread is None or not _keeper.thread.is_alive():
        _keeper.thread = threading.Thread(target=_keep, name="playground", daemon=True)
        _keeper.thread.start()


def _keep() -> None:
    """Save what changes; run while there is anything."""
    while True:
        _keeper.wake.clear()
        with _keeper.lock:
            changes, followed = [*_keeper.changes.values()], [*_keeper.followed.values()]
            used, _keeper.used = _keeper.used, []
            if not (changes or followed or used):
                _keeper.thread = None
                return
        for change in changes:
            if _is_due(change.tried_at, RETRY_S):
                _save_set(change)
        for each in followed:
            pause_s = 0.0 if is_over(each.run["turn"]) else EVERY_S
            if _is_due(each.tried_at, RETRY_S if each.kept["trouble"] else pause_s):
                _save_run(each)
        for owner, ids in used:
            database.attempt(partial(_note_use, owner, ids))
            keeper.read_later()  # this also looks for what has expired
        with _keeper.lock:
            if not _keeper.changes and not _keeper.followed and not _keeper.used:
                _keeper.thread = None
                return
        _keeper.wake.wait(EVERY_S / 4)


def _note_use(owner: str, ids: list[str], store: "Store") -> None:
    store.playground.note_use(owner, ids)


def _is_due(tried_at: float, pause_s: float) -> bool:
    return not tried_at or time.monotonic() - tried_at >= pause_s


def _room() -> int:
    """Return how many characters the sets and runs of a visitor may have: two conversations."""
    return 2 * settings().max_conversation_chars


def _save_set(change: _Change) -> None:
    from clarifai_chat.history.store import Conflict
    from clarifai_chat.history.store.playground import OutOfRoom

    of = change.of

    def write(store: "Store", id: str, revision: int, name: str) -> tuple[int, str]:
        text = {"name": name, "about": change.about, "body": change.body}
        return store.playground.save_set(change.owner, id, revision, room=_room(), **text)

    def write_apart(store: "Store") -> tuple[int, str]:
        """Save the set, apart from that of another tab if both have changed it."""
        try:
            return write(store, of["id"], of["revision"], of["name"])
        except Conflict:
            former, id = of["name"] or NAME, uuid.uuid4().hex
            found = write(store, id, 0, of["name"] or f"{NAME} (2)")
            of["id"] = id
            of["notice"] = (
                f"Another tab changed or deleted “{former}” too. What you see here is now a set of"
                f" its own: “{found[1]}”."
            )
            return found

    with _keeper.saving:
        if _keeper.changes.get(id(of)) is not change:
            return  # a newer one took its place, or it is not to be saved any more
        try:
            found, why = database.attempt(write_apart)
            is_done = not why
        except OutOfRoom:  # until it is changed again
            found, why, is_done = None, _no_room("This set"), True
        if found:
            of["revision"], of["name"] = found
        of["trouble"] = why
        change.tried_at = time.monotonic()
        with _keeper.lock:
            if is_done and _keeper.changes.get(id(of)) is change:
                del _keeper.changes[id(of)]


def _no_room(what: str) -> str:
    return (
        f"{what} is not saved: there is room for 100 sets with a name, and for {size(_room())} of"
        " sets and runs together. Delete sets that you do not need, or export this one."
    )


def _save_run(each: Followed) -> None:
    from clarifai_chat.history.store.playground import OutOfRoom

    run, kept = each.run, each.kept
    turn_id = run["turn"]["id"]
    with _keeper.saving:
        if _keeper.followed.get(turn_id) is not each:
            return
        over = is_over(run["turn"])  # before saving: later events wait for the next round
        mark, why = mark_of(run), ""
        if each.holds_token(run):
            kept["is_left_out"], kept["trouble"] = True, f"The last run {HELD}"
        elif run["turn"]["asked_at"] is not None or over:
            try:
                _, why = database.attempt(lambda store: _write_run(store, each))
                files: Any = {"id": kept["id"], "turns": [run["turn"]]}  # as a chat has them
                attachment_contents.write(each.owner, files)
            except OutOfRoom:
                kept["is_left_out"], kept["trouble"] = True, _no_room("The last run")
            if not kept["is_left_out"]:
                kept["mark"], kept["trouble"] = (kept["mark"] if why else mark), why
        each.tried_at = time.monotonic()
        with _keeper.lock:
            is_done = kept["is_left_out"] or (over and not why)
            if is_done and _keeper.followed.get(turn_id) is each:
                del _keeper.followed[turn_id]


def _write_run(store: "Store", each: Followed) -> None:
    """Save a run; one that another tab went on with differently is saved beside that."""
    from clarifai_chat.history.store import Conflict
    from clarifai_chat.history.store.merging import holds, sibling
    from clarifai_chat.history.store.tables import dumped

    run, kept = each.run, each.kept
    kept["id"] = kept["id"] or run["turn"]["id"]

    def write(revision: int) -> int:
        body = dumped({**run, "turn": {**run["turn"], "id": kept["id"]}})
        asked_at = run["turn"]["asked_at"] or time.time()
        return store.playground.save_run(
            each.owner, kept["id"], revision, asked_at=asked_at, body=body, room=_room()
        )

    try:
        kept["revision"] = write(kept["revision"])
    except Conflict:
        there = store.playground.load_run(each.owner, kept["id"])
        mine: Turn = json.loads(dumped({**run["turn"], "id": kept["id"]}))
        theirs: Turn | None = json.loads(there.body)["turn"] if there else None
        if there and theirs and holds(mine, theirs):
            kept["revision"] = write(there.revision)
        elif theirs is None or not holds(theirs, mine):
            kept["id"] = sibling(mine)["id"]
            there = store.playground.load_run(each.owner, kept["id"])
            kept["revision"] = write(there.revision if there else 0)
    if not kept["revision"]:
        kept["is_left_out"] = True  # it was removed elsewhere
