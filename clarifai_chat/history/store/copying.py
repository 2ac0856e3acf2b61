"""Copy all rows of one database into another, whatever kind each is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select

from clarifai_chat.history.store.tables import (
    EVERYONE,
    attachments,
    chats,
    choices,
    clock,
    experiments,
    metadata,
    playground,
    presets,
    running,
    shared_pages,
    turns,
)
from clarifai_chat.text import counted, listed

BATCH = 100  # rows at once
# An attachment has up to 15 MB, a shared page up to 5; a batch of them has not.
BATCHES = {attachments.name: 1, shared_pages.name: 1}
# Numbered again by the other database, in the same order; what a clock said and what runs are of no
# use there.
RENUMBERED = turns.c.serial
LEFT_OUT = {clock.name, running.name}


@dataclass(frozen=True, slots=True)
class Counts:
    """What is in a database."""

    owners: int
    chats: int
    turns: int
    attachments: int
    presets: int
    in_playground: int  # sets and runs
    experiments: int
    shared_pages: int

    def __str__(self) -> str:
        things = (
            counted(self.chats, "conversation") + f" ({counted(self.turns, 'turn')})",
            counted(self.attachments, "attachment"),
            counted(self.presets, "preset"),
            counted(self.in_playground, "tool set or run", "tool sets and runs")
            if self.in_playground
            else "",
            counted(self.experiments, "experiment") if self.experiments else "",
            counted(self.shared_pages, "shared page") if self.shared_pages else "",
        )
        return f"{listed(things)} of {counted(self.owners, 'visitor')}"


def count(connection: Connection) -> Counts:
    """Count what is in a database, deleted conversations that can be restored included."""

    def rows_of(table: Table) -> int:
        return connection.scalar(select(func.count()).select_from(table)) or 0

    owned = (attachments, presets, choices, playground, experiments, shared_pages)
    others = (select(table.c.owner).where(table.c.owner != EVERYONE) for table in owned)
    owners = select(chats.c.owner).union(*others)
    return Counts(
        connection.scalar(select(func.count()).select_from(owners.subquery())) or 0,
        rows_of(chats),
        connection.scalar(select(func.count()).where(turns.c.removed_at.is_(None))) or 0,
        rows_of(attachments),
        rows_of(presets),
        rows_of(playground),
        rows_of(experiments),
        rows_of(shared_pages),
    )


def is_empty(connection: Connection) -> bool:
    """Return whether no visitor has anything in this database."""
    return all(
        connection.execute(select(table.c.owner).limit(1)).first() is None
        for table in (chats, attachments, presets, choices, playground, experiments, shared_pages)
    )


def empty(connection: Connection) -> None:
    """Remove everything."""
    for table in reversed(metadata.sorted_tables):
        connection.execute(delete(table))


def copy(source: Connection, target: Connection) -> None:
    """Copy every row; within the transactions of both, so that it is whole or not there."""
    for table in metadata.sorted_tables:
        if table.name in LEFT_OUT:
            continue
        columns = [column for column in table.c if column is not RENUMBERED]
        order = [RENUMBERED] if table is turns else [*table.primary_key]
        wanted = select(*columns).order_by(*order)
        size = BATCHES.get(table.name, BATCH)
        found = source.execution_options(yield_per=size).execute(wanted)
        for rows in _batches(found.mappings(), size):
            target.execute(insert(table), rows)


def _batches(rows: Iterable[Any], size: int) -> Iterator[list[dict[str, Any]]]:
    rest = iter(rows)
    while batch := [dict(row) for row in islice(rest, size)]:
        yield batch
