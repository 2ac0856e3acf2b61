"""Prepare what a save writes, from what was read, so that only statements run within the lock.

SQLite has one writer at a time, and JSON, merging and folding text take longer than writing.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Executable

from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import Turn
from clarifai_chat.history.store import merging, rows, statements
from clarifai_chat.history.store.rows import Stored
from clarifai_chat.history.store.tables import dumped
from clarifai_chat.history.store.trouble import Conflict

T = TypeVar("T")
MOST_TURNS, MOST_CHARACTERS = 25, 100_000  # written at once: some 10 ms, with the search index


@dataclass(frozen=True, slots=True)
class Prepared(Generic[T]):
    """The statements of a save, none if there is nothing to write, and what it returns.

    The first one changes the chat's row: if there is none to change, the others have to wait.
    """

    statements: Sequence[Executable]
    result: T


def parts(dialect: str, owner: str, chat: Chat, stored: Stored) -> Iterator[Sequence[Executable]]:
    """Yield the statements that add a new, long chat, so that others write in between.

    Nobody sees the chat until `whole_chat` finds all turns there. If that never happens, it goes
    like a deleted one; a second attempt goes on where the first one ended.
    """
    if chat["revision"] or (stored.chat is not None and stored.chat.revision):
        return  # `whole_chat` says what to do
    missing = [(n, turn) for n, turn in enumerate(chat["turns"]) if turn["id"] not in stored.turns]
    if len(missing) <= MOST_TURNS:
        return
    part, length = [statements.hidden_chat(dialect, owner, chat)], 0
    for written, (number, turn) in enumerate(missing, 1):
        part += statements.one_turn(dialect, owner, chat["id"], turn, number, None, 1)
        length += len(dumped(turn))
        if written % MOST_TURNS == 0 or length > MOST_CHARACTERS:
            yield part
            part, length = [], 0
    yield part


def whole_chat(dialect: str, owner: str, chat: Chat, stored: Stored) -> Prepared[int]:
    """Prepare to save the chat; the result is its revision. Raises `Conflict`."""
    row, known = stored.chat, stored.turns
    if row is None:
        if chat["revision"]:
            raise Conflict
        new = statements.new_chat(dialect, owner, chat)
        written = statements.all_turns(dialect, owner, chat["id"], chat["turns"], {}, 1)
        return Prepared([new, *written], 1)
    is_hidden = row.deleted_at is not None and row.revision > 0
    if is_hidden or row.revision != chat["revision"]:
        raise Conflict
    kept = _normalized(chat, stored)
    revision: int = row.revision + 1
    changed = statements.changed_chat(owner, chat, row, revision)
    written = statements.all_turns(dialect, owner, chat["id"], kept, known, revision)
    return Prepared([changed, *written], revision)


def _normalized(chat: Chat, stored: Stored) -> list[Turn]:
    """Return the chat's turns as to be saved. Raises `Conflict` if the store knows more."""
    ids = {turn["id"] for turn in chat["turns"]}
    for one, row in stored.turns.items():
        if one not in ids and row.removed_at is None and row.revision > chat["revision"]:
            raise Conflict
    kept = []
    for turn in chat["turns"]:
        there, body = stored.turns.get(turn["id"]), dumped(turn)
        known = None if there is None or there.removed_at is not None else there.body
        if known == body:  # as most are, and merging takes long
            kept.append(turn)
            continue
        mine: Turn | None = json.loads(body)
        if mine is not None and known is not None:
            mine = merging.merge_turn(mine, json.loads(known), is_current=True)
        if mine is None:
            raise Conflict
        kept.append(mine)
    return kept


def one_turn(
    dialect: str, owner: str, chat_id: str, turn: Turn, number: int, stored: Stored
) -> Prepared[str | None]:
    """Prepare to save a turn; the result is its id, "" if it must not be saved.

    The result is None if it becomes a sibling, for which all turns have to be known.
    """
    known = stored.turns
    row = known.get(turn["id"])
    if stored.chat is None or (row is not None and row.removed_at is not None):
        return Prepared([], "")
    last = merging.settle_all(snapshot(turn), stored.bodies(), is_current=True)[-1]
    if last["id"] != turn["id"] and stored.only is not None:
        return Prepared([], None)
    there = known.get(last["id"])
    feedback = json.loads(there.body).get("feedback") if there else None
    if feedback and "feedback" not in last:
        last = {**last, "feedback": feedback}
    # A new turn is newer than the chat: a copy that lacks it must not remove it.
    revision = 0 if there else stored.chat.revision + 1
    written = statements.one_turn(dialect, owner, chat_id, last, number, there, revision)
    return Prepared([statements.written_chat(owner, chat_id), *written], last["id"])


def merged_chat(dialect: str, owner: str, chat: Chat, stored: Stored) -> Prepared[Chat | None]:
    """Prepare to save the chat merged with what is stored; the result is None if that is gone.

    Turns taken from `chat` are the same objects in the result.
    """
    row, known = stored.chat, stored.turns
    if row is None or row.deleted_at is not None:
        return Prepared([], None)
    live = stored.bodies()
    came = {one: known[one].revision for one in live}
    removed = {
        one: (each.revision, each.removed_at)
        for one, each in known.items()
        if each.removed_at is not None
    }
    turns = [*chat["turns"]]  # a page may be changing it
    snapshots = [snapshot(turn) for turn in turns]
    mine: Chat = {**chat, "turns": snapshots}
    merged = merging.merge_fields(mine, rows.chat_of(row, []), row.changed)
    merged["turns"] = merging.merge_turns(mine, live, came, removed)
    if merged["leaf"] not in {turn["id"] for turn in merged["turns"]}:
        merged["leaf"] = row.leaf
    merged["revision"] = revision = row.revision + 1
    changed = statements.changed_chat(owner, merged, row, revision)
    written = statements.all_turns(dialect, owner, chat["id"], merged["turns"], known, revision)
    originals = {id(copy): turn for copy, turn in zip(snapshots, turns, strict=True)}
    merged["turns"] = [originals.get(id(turn), turn) for turn in merged["turns"]]
    return Prepared([changed, *written], merged)


def snapshot(turn: Turn) -> Turn:
    """Return a consistent copy of a turn that a worker may be filling."""
    copy: Turn = json.loads(dumped(turn))
    return copy
