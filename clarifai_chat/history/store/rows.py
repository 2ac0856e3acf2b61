"""Read and lock the rows of chats and turns, each by its owner."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import Turn
from clarifai_chat.history.store.tables import chats, turns

AnyRow = Row[*tuple[Any, ...]]
_OF_TURN = ("id", "number", "revision", "updated_at", "removed_at", "body")


@dataclass(frozen=True, slots=True)
class Stored:
    """A chat's row, None if there is none, and its turns by id, as they were read."""

    chat: AnyRow | None
    turns: dict[str, AnyRow]
    only: str | None = None  # the turn to which `turns` is limited

    def bodies(self) -> dict[str, Turn]:
        """Return the turns that have not been removed."""
        return {
            one: json.loads(row.body) for one, row in self.turns.items() if row.removed_at is None
        }


def stored(connection: Connection, owner: str, chat_id: str, only: str | None = None) -> Stored:
    """Return what is stored of a chat: all of its turns, or `only` the one of this id."""
    # In this order: a turn that is written in between belongs to a later count of writes.
    chat = chat_row(connection, owner, chat_id)
    return Stored(chat, turns_of(connection, owner, chat_id, only), only)


def is_still(connection: Connection, owner: str, chat_id: str, read: Stored) -> bool:
    """Lock the chat's row, and return whether the chat and its turns are as they were read.

    One row is looked at, however many turns there are: whoever writes any of them counts it there.
    """
    wanted = select(chats.c.writes).where(chats.c.owner == owner, chats.c.id == chat_id)
    now = connection.execute(wanted.with_for_update()).scalar_one_or_none()
    return bool(now == (None if read.chat is None else read.chat.writes))


def chat_row(connection: Connection, owner: str, chat_id: str) -> AnyRow | None:
    wanted = select(chats).where(chats.c.owner == owner, chats.c.id == chat_id)
    return connection.execute(wanted).one_or_none()


def lock(connection: Connection, owner: str, chat_id: str, condition: ColumnElement[bool]) -> bool:
    """Lock the chat's row until this transaction ends; return whether it meets the condition."""
    wanted = select(chats.c.id).where(chats.c.owner == owner, chats.c.id == chat_id, condition)
    return connection.execute(wanted.with_for_update()).one_or_none() is not None


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


def turns_of(
    connection: Connection, owner: str, chat_id: str, only: str | None = None
) -> dict[str, AnyRow]:
    """Return the chat's turns by id, in order, including removed ones."""
    wanted = select(*(turns.c[name] for name in _OF_TURN))
    wanted = wanted.where(turns.c.owner == owner, turns.c.chat_id == chat_id)
    if only is not None:
        wanted = wanted.where(turns.c.id == only)
    found = connection.execute(wanted.order_by(turns.c.number, turns.c.serial))
    return {row.id: row for row in found}
