"""Fold accents and ligatures in what searches look at."""

import sqlalchemy as sa
from alembic import op

from clarifai_chat.history.store.searching import PADDING, fold

revision = "0002"
down_revision = "0001"

BATCH = 200  # rows at once: texts can be long

turns = sa.table("turns", sa.column("serial", sa.BigInteger), sa.column("text", sa.Text))
chats = sa.table(
    "chats",
    sa.column("owner", sa.Text),
    sa.column("id", sa.Text),
    sa.column("title_folded", sa.Text),
)


def upgrade() -> None:
    _fold_turns(op.get_bind())
    _fold_titles(op.get_bind())


def _fold_turns(connection: sa.Connection) -> None:
    last = -1
    wanted = sa.select(turns.c.serial, turns.c.text).order_by(turns.c.serial).limit(BATCH)
    while rows := connection.execute(wanted.where(turns.c.serial > last)).all():
        for serial, text in rows:
            folded = fold(text) + PADDING
            if text and folded != text:  # the index follows by a trigger
                one = sa.update(turns).where(turns.c.serial == serial)
                connection.execute(one.values(text=folded))
        last = rows[-1].serial


def _fold_titles(connection: sa.Connection) -> None:
    last = ("", "")
    key = sa.tuple_(chats.c.owner, chats.c.id)
    wanted = sa.select(chats).order_by(chats.c.owner, chats.c.id).limit(BATCH)
    while rows := connection.execute(wanted.where(key > last)).all():
        for owner, id, title in rows:
            folded = fold(title)
            if folded != title:
                one = sa.update(chats).where(chats.c.owner == owner, chats.c.id == id)
                connection.execute(one.values(title_folded=folded))
        last = (rows[-1].owner, rows[-1].id)
