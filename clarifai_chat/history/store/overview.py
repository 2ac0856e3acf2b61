"""Tell the operator what is stored, and of how many visitors; never what is in it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, union

from clarifai_chat.history.store import copying
from clarifai_chat.history.store.copying import Counts
from clarifai_chat.history.store.tables import (
    attachments,
    chats,
    choices,
    experiments,
    playground,
    presets,
    shared_pages,
    spending,
    turns,
)


@dataclass(frozen=True, slots=True)
class Use:
    """What one visitor has stored; `last_at` is when a conversation was last saved or opened."""

    owner: str
    chats: int
    turns: int
    attachment_bytes: int
    last_at: float


class Overview:
    """Looks over all owners; changes nothing."""

    def __init__(self, reading: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._reading = reading

    def counts(self) -> Counts:
        with self._reading() as connection:
            return copying.count(connection)

    def uses(self, most: int) -> list[Use]:
        """Return those who have most turns, the first ones first."""
        number = func.count().label("number")
        busiest = select(turns.c.owner, number).where(turns.c.removed_at.is_(None))
        busiest = busiest.group_by(turns.c.owner).order_by(number.desc(), turns.c.owner)
        with self._reading() as connection:
            found = connection.execute(busiest.limit(most)).all()
            return [self._use(connection, row.owner, row.number) for row in found]

    def use(self, owner: str) -> Use:
        own = select(func.count()).where(turns.c.owner == owner, turns.c.removed_at.is_(None))
        with self._reading() as connection:
            return self._use(connection, owner, connection.scalar(own) or 0)

    def _use(self, connection: Connection, owner: str, number: int) -> Use:
        of_chats = select(func.count(), func.max(chats.c.saved_at)).where(chats.c.owner == owner)
        size = select(func.sum(attachments.c.size)).where(attachments.c.owner == owner)
        count, last_at = connection.execute(of_chats).one()
        return Use(owner, count, number, int(connection.scalar(size) or 0), last_at or 0.0)

    def spent(self, day: str) -> int:
        """Return what the operator's token spent in a day, in millionths of a dollar."""
        with self._reading() as connection:
            return connection.scalar(select(spending.c.micro_usd).where(spending.c.day == day)) or 0

    def owners(self, beginning: str) -> list[str]:
        """Return the owners whose hash begins so, three at most."""
        tables = (chats, attachments, presets, choices, playground, experiments, shared_pages)
        each = [
            select(table.c.owner).where(table.c.owner.startswith(beginning, autoescape=True))
            for table in tables
        ]
        with self._reading() as connection:
            return [*connection.scalars(union(*each).limit(3))]
