"""Read what visitors chose, and prepare the statements that write it."""

import json
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Executable, Text, delete, exists, literal, select, update
from sqlalchemy import type_coerce as as_type

from clarifai_chat.history.store import statements
from clarifai_chat.history.store.tables import chats, choices, dumped

DAY_S = 24 * 3600.0


def read(connection: Connection, owner: str) -> tuple[str, bool]:
    """Return an owner's choices as JSON, "" without any, and whether a day passed since a use."""
    wanted = select(as_type(choices.c.body, Text).label("text"), choices.c.used_at)
    row = connection.execute(wanted.where(choices.c.owner == owner)).one_or_none()
    return ("", False) if row is None else (row.text, row.used_at < time.time() - DAY_S)


def body_of(text: str) -> Mapping[str, Any]:
    body: Mapping[str, Any] = json.loads(text) if text else {}
    return body


def used(owner: str) -> Executable:
    return update(choices).where(choices.c.owner == owner).values(used_at=time.time())


def changed(dialect: str, owner: str, body: Mapping[str, Any], before: str) -> Executable:
    """Write an owner's choices, unless they are not `before` any more: no row is written then."""
    if not before:
        values = {"owner": owner, "body": body, "used_at": time.time()}
        return statements.insert_if_missing(dialect, choices, values)
    one = update(choices).where(choices.c.owner == owner)
    is_same = as_type(choices.c.body, Text) == literal(before, Text)
    return one.where(is_same).values(body=literal(dumped(body), Text), used_at=time.time())


def unused(now: float, days: float) -> list[Executable]:
    """Remove what visitors chose who were not here for `days`, and have no chats; 0 keeps all."""
    if days <= 0:
        return []
    has_chats = exists().where(chats.c.owner == choices.c.owner)
    return [delete(choices).where(choices.c.used_at < now - days * DAY_S, ~has_chats)]
