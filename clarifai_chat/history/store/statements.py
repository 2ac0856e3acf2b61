"""Write chats, turns and other rows as statements, with all that they say worked out before."""

import math
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Executable, Insert, Table, Text, Update, insert, literal, update
from sqlalchemy.dialects import postgresql, sqlite

from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import Turn, files_of
from clarifai_chat.history.store.merging import FIELDS, changes
from clarifai_chat.history.store.rows import AnyRow
from clarifai_chat.history.store.searching import fold, searched, words_of
from clarifai_chat.history.store.tables import Json, chats, dumped, turns, uses

_COUNTED = {"writes": chats.c.writes + 1}  # as whatever writes a chat or a turn must note
MOST_IDS = 1000  # in one statement; databases take some ten thousand


def _ready(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` with those of JSON columns as text; else they are written within the lock."""
    return {
        name: literal(dumped(value), Text) if isinstance(table.c[name].type, Json) else value
        for name, value in values.items()
    }


def _columns(chat: Chat) -> dict[str, Any]:
    values: dict[str, Any] = dict(chat)
    kept = {name: values[name] for name in (*FIELDS, "created_at", "updated_at", "leaf")}
    used = {"saved_at": time.time(), "expired_at": None}
    return {**kept, "title_folded": fold(chat["title"]), **used}


def new_chat(dialect: str, owner: str, chat: Chat) -> Executable:
    """Insert the chat, unless another process was faster."""
    values = {"owner": owner, "id": chat["id"], "revision": 1, "changed": {}, **_columns(chat)}
    return insert_if_missing(dialect, chats, values)


def hidden_chat(dialect: str, owner: str, chat: Chat) -> Executable:
    """Insert the chat as a deleted one of revision 0, until all of its turns are there."""
    values = {"owner": owner, "id": chat["id"], "revision": 0, "changed": {}, **_columns(chat)}
    new = insert_into(dialect, chats).values(_ready(chats, {**values, "deleted_at": time.time()}))
    return new.on_conflict_do_update(index_elements=["owner", "id"], set_=_COUNTED)


def changed_chat(owner: str, chat: Chat, stored: AnyRow, revision: int) -> Executable:
    """Update the chat's row, which is visible then: a deleted one is not saved."""
    values = {**_columns(chat), "deleted_at": None}
    changed = dict.fromkeys(changes(values, stored._asdict()), revision)
    values |= {"revision": revision, "changed": stored.changed | changed, **_COUNTED}
    one = update(chats).where(chats.c.owner == owner, chats.c.id == chat["id"])
    return one.values(_ready(chats, values))


def used_chat(owner: str, chat_id: str) -> Executable:
    """Note that the chat is in use, so that it does not expire."""
    one = update(chats).where(chats.c.owner == owner, chats.c.id == chat_id)
    return one.values(saved_at=time.time(), expired_at=None)


def written_chat(owner: str, chat_id: str) -> Executable:
    """Note that a turn of the chat is written; that is a use too."""
    one = update(chats).where(chats.c.owner == owner, chats.c.id == chat_id)
    return one.values(saved_at=time.time(), expired_at=None, **_COUNTED)


def upsert(
    dialect: str, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> Executable:
    """Insert a row, or update the one with its key."""
    ready = _ready(table, values)
    new = insert_into(dialect, table).values({**key, **ready})
    return new.on_conflict_do_update(index_elements=[*key], set_=ready)


def insert_if_missing(
    dialect: str, table: Table, values: Mapping[str, Any]
) -> sqlite.Insert | postgresql.Insert:
    """Insert a row unless there is one with its key."""
    return insert_into(dialect, table).values(_ready(table, values)).on_conflict_do_nothing()


def insert_into(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Begin an INSERT with the options of SQLite and PostgreSQL."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def all_turns(
    dialect: str,
    owner: str,
    chat_id: str,
    kept: Sequence[Turn],
    known: Mapping[str, AnyRow],
    revision: int,
) -> list[Executable]:
    """Write the turns in `kept`; empty the rows of the chat's other turns."""
    written: list[Executable] = []
    moved = defaultdict(list)  # by how far: all turns after one that is deleted
    for number, turn in enumerate(kept):
        there = known.get(turn["id"])
        if there is None or not _is_same(turn, there):
            written += one_turn(dialect, owner, chat_id, turn, number, there, revision)
        elif there.number != number:
            moved[number - there.number].append(turn["id"])
    for by, these in moved.items():
        written += [one.values(number=turns.c.number + by) for one in _some(owner, chat_id, these)]
    ids = {turn["id"] for turn in kept}
    gone = [one for one, row in known.items() if one not in ids and row.removed_at is None]
    empty = {"is_over": True, "text": "", "body": "{}", "words": ""}
    empty |= {"removed_at": time.time(), "revision": revision}
    return [*written, *(one.values(empty) for one in _some(owner, chat_id, gone))]


def one_turn(
    dialect: str,
    owner: str,
    chat_id: str,
    turn: Turn,
    number: int,
    there: AnyRow | None,
    revision: int,
) -> list[Executable]:
    """Insert the turn, or update its row `there`. Revision 0 keeps the stored one."""
    if there is not None and _is_same(turn, there):
        if there.number == number:
            return []
        return [_one(owner, chat_id, turn["id"]).values(number=number)]
    values = {
        "parent": turn.get("parent", ""),
        "number": number,
        "updated_at": _later(there),
        "removed_at": None,
        "is_over": turn.get("ended_at") is not None,
        "text": searched(words_of(turn)),
        "body": dumped(turn),
        "words": None,
        **({"revision": revision} if revision else {}),
    }
    own = {"owner": owner, "chat_id": chat_id, "id": turn["id"]}
    written: Insert | Update = (
        insert(turns).values(own | values)
        if there is None
        else _one(owner, chat_id, turn["id"]).values(values)
    )
    return [written, *_uses(dialect, owner, chat_id, turn)]


def _is_same(turn: Turn, there: AnyRow) -> bool:
    return there.removed_at is None and bool(there.body == dumped(turn))


def _later(there: AnyRow | None) -> float:
    """Return the time; later than that of the row, also by a clock that stands still or goes back.

    Who shows a reply of another process knows by the time whether it has changed.
    """
    now = time.time()
    return now if there is None else max(now, math.nextafter(there.updated_at, math.inf))


def _one(owner: str, chat_id: str, turn_id: str) -> Update:
    return update(turns).where(
        turns.c.owner == owner, turns.c.chat_id == chat_id, turns.c.id == turn_id
    )


def _some(owner: str, chat_id: str, ids: Sequence[str]) -> Iterator[Update]:
    for start in range(0, len(ids), MOST_IDS):
        these = turns.c.id.in_(ids[start : start + MOST_IDS])
        yield update(turns).where(turns.c.owner == owner, turns.c.chat_id == chat_id, these)


def _uses(dialect: str, owner: str, chat_id: str, turn: Turn) -> list[Executable]:
    own = {"owner": owner, "chat_id": chat_id, "turn_id": turn["id"]}
    used = [own | {"attachment_id": each["id"]} for each in files_of(turn)]
    return [insert_into(dialect, uses).values(used).on_conflict_do_nothing()] if used else []
