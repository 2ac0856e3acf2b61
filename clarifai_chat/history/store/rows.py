"""Read, write and lock the rows of chats and turns, each by its owner."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, Update, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import Turn, files_of
from clarifai_chat.history.store.merging import FIELDS, changes
from clarifai_chat.history.store.searching import fold, searched, words_of
from clarifai_chat.history.store.tables import chats, dumped, turns, uses

AnyRow = Row[*tuple[Any, ...]]


def snapshot(turn: Turn) -> Turn:
    """Return a consistent copy of a turn that a worker may be filling."""
    copy: Turn = json.loads(dumped(turn))
    return copy


def chat_row(connection: Connection, owner: str, chat_id: str) -> AnyRow | None:
    wanted = select(chats).where(chats.c.owner == owner, chats.c.id == chat_id)
    return connection.execute(wanted).one_or_none()


def lock(
    connection: Connection, owner: str, chat_id: str, condition: ColumnElement[bool] | None = None
) -> AnyRow | None:
    """Lock the chat's row until this transaction ends, and return it."""
    wanted = select(chats).where(chats.c.owner == owner, chats.c.id == chat_id)
    if condition is not None:
        wanted = wanted.where(condition)
    return connection.execute(wanted.with_for_update()).one_or_none()


def chat_of(row: AnyRow, of_it: list[Turn]) -> Chat:
    return {
        "id": row.id,
        "title": row.title,
        "is_named": row.is_named,
        "pinned": row.pinned,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
        "model": row.model,
        "settings": row.settings,
        "turns": of_it,
        "leaf": row.leaf,
    }


def _columns(chat: Chat) -> dict[str, Any]:
    values: dict[str, Any] = dict(chat)
    kept = {name: values[name] for name in (*FIELDS, "created_at", "updated_at", "leaf")}
    used = {"saved_at": time.time(), "expired_at": None}
    return {**kept, "title_folded": fold(chat["title"]), **used}


def insert_chat(connection: Connection, owner: str, chat: Chat) -> bool:
    """Insert the chat; return False if another process was faster."""
    values = {"owner": owner, "id": chat["id"], "revision": 1, "changed": {}, **_columns(chat)}
    new = _insert(connection, chats).values(values)
    return bool(connection.execute(new.on_conflict_do_nothing()).rowcount)


def upsert(
    connection: Connection, table: Table, key: dict[str, Any], values: dict[str, Any]
) -> None:
    """Insert a row, or update the one with its key."""
    new = _insert(connection, table).values(key | values)
    connection.execute(new.on_conflict_do_update(index_elements=[*key], set_=values))


def insert_if_missing(
    connection: Connection, table: Table, key: dict[str, Any], values: dict[str, Any]
) -> None:
    """Insert a row unless there is one with its key."""
    connection.execute(_insert(connection, table).values(key | values).on_conflict_do_nothing())


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    is_sqlite = connection.dialect.name == "sqlite"
    return sqlite.insert(table) if is_sqlite else postgresql.insert(table)


def update_chat(
    connection: Connection, owner: str, chat: Chat, stored: AnyRow, revision: int
) -> None:
    values = _columns(chat)
    changed = dict.fromkeys(changes(values, stored._asdict()), revision)
    connection.execute(
        update(chats)
        .where(chats.c.owner == owner, chats.c.id == chat["id"])
        .values(**values, revision=revision, changed=stored.changed | changed)
    )


def touch(connection: Connection, owner: str, chat_id: str) -> None:
    """Note that the chat is in use, so that it does not expire."""
    one = update(chats).where(chats.c.owner == owner, chats.c.id == chat_id)
    connection.execute(one.values(saved_at=time.time(), expired_at=None))


def turns_of(
    connection: Connection, owner: str, chat_id: str, only: str | None = None
) -> dict[str, AnyRow]:
    """Return the chat's turns by id, in order, including removed ones."""
    wanted = select(
        turns.c.id, turns.c.number, turns.c.revision, turns.c.removed_at, turns.c.body
    ).where(turns.c.owner == owner, turns.c.chat_id == chat_id)
    if only is not None:
        wanted = wanted.where(turns.c.id == only)
    found = connection.execute(wanted.order_by(turns.c.number, turns.c.serial))
    return {row.id: row for row in found}


def write_turns(
    connection: Connection,
    owner: str,
    chat_id: str,
    kept: Sequence[Turn],
    known: Mapping[str, AnyRow],
    revision: int,
) -> None:
    """Write the turns in `kept`; empty the rows of the chat's other turns."""
    for number, turn in enumerate(kept):
        write_turn(connection, owner, chat_id, turn, number, known.get(turn["id"]), revision)
    ids = {turn["id"] for turn in kept}
    gone = [one for one, row in known.items() if one not in ids and row.removed_at is None]
    now = time.time()
    for one in gone:
        connection.execute(
            _one(owner, chat_id, one).values(
                removed_at=now, revision=revision, is_over=True, text="", body="{}", words=""
            )
        )


def write_turn(
    connection: Connection,
    owner: str,
    chat_id: str,
    turn: Turn,
    number: int,
    there: AnyRow | None,
    revision: int,
) -> None:
    """Insert the turn, or update its row `there`. Revision 0 keeps the stored one."""
    body = dumped(turn)
    if there is not None and there.removed_at is None and there.body == body:
        if there.number != number:
            connection.execute(_one(owner, chat_id, turn["id"]).values(number=number))
        return
    values = {
        "parent": turn.get("parent", ""),
        "number": number,
        "updated_at": time.time(),
        "removed_at": None,
        "is_over": turn.get("ended_at") is not None,
        "text": searched(words_of(turn)),
        "body": body,
        "words": None,
        **({"revision": revision} if revision else {}),
    }
    if there is None:
        own = {"owner": owner, "chat_id": chat_id, "id": turn["id"]}
        connection.execute(insert(turns).values(own | values))
    else:
        connection.execute(_one(owner, chat_id, turn["id"]).values(values))
    _note_uses(connection, owner, chat_id, turn)


def _one(owner: str, chat_id: str, turn_id: str) -> Update:
    return update(turns).where(
        turns.c.owner == owner, turns.c.chat_id == chat_id, turns.c.id == turn_id
    )


def _note_uses(connection: Connection, owner: str, chat_id: str, turn: Turn) -> None:
    own = {"owner": owner, "chat_id": chat_id, "turn_id": turn["id"]}
    used = [own | {"attachment_id": each["id"]} for each in files_of(turn)]
    if used:
        connection.execute(_insert(connection, uses).values(used).on_conflict_do_nothing())
