"""Store visitors' experiments: what is asked, and what came of each run.

A run is claimed before it is asked, so that it is asked once, whatever is killed and whichever tabs
or processes go on with the same experiment.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select, update

from clarifai_chat.history.store import statements
from clarifai_chat.history.store.tables import experiment_runs, experiments

MAX_EXPERIMENTS = 20  # of one visitor; the oldest go first
ASKED = "asked"  # the status of a run that was claimed, and has no result yet
BATCH = 500

Connecting = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class ExperimentSummary:
    """An experiment as a list shows it."""

    id: str
    name: str
    created_at: float


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A run of an experiment: its number, its status, and what came of it ({} before)."""

    number: int
    status: str
    result: dict[str, Any]


class ExperimentStore:
    """The experiments of all visitors. Any method may raise `StoreTrouble`, as the store's."""

    def __init__(self, reading: Connecting, writing: Connecting, dialect: str) -> None:
        self._reading = reading
        self._writing = writing
        self._dialect = dialect

    def save(self, owner: str, id: str, name: str, body: str) -> None:
        """Save a new experiment; the owner's oldest ones go, beyond `MAX_EXPERIMENTS`."""
        now = time.time()
        values = {"name": name, "created_at": now, "saved_at": now, "body": body}
        with self._writing() as connection:
            key = {"owner": owner, "id": id}
            connection.execute(statements.upsert(self._dialect, experiments, key, values))
            wanted = select(experiments.c.id).where(experiments.c.owner == owner)
            newest = wanted.order_by(experiments.c.created_at.desc(), experiments.c.id)
            for old in connection.scalars(newest.offset(MAX_EXPERIMENTS)).all():
                connection.execute(delete(experiments).where(_one(owner, old)))

    def all(self, owner: str) -> list[ExperimentSummary]:
        """Return the owner's experiments, the newest first."""
        columns = (experiments.c.id, experiments.c.name, experiments.c.created_at)
        wanted = select(*columns).where(experiments.c.owner == owner, _is_there())
        newest = wanted.order_by(experiments.c.created_at.desc(), experiments.c.id)
        with self._reading() as connection:
            return [ExperimentSummary(*row) for row in connection.execute(newest)]

    def load(self, owner: str, id: str) -> str | None:
        """Return an experiment as it was saved; None if it is not there. It counts as used."""
        with self._writing() as connection:
            wanted = select(experiments.c.body).where(_one(owner, id), _is_there())
            body: str | None = connection.scalar(wanted)
            if body is not None:
                used = {"saved_at": time.time(), "expired_at": None}
                connection.execute(update(experiments).where(_one(owner, id)).values(**used))
            return body

    def delete(self, owner: str, id: str) -> bool:
        """Hide an experiment until `undelete`, or for good after a day; return whether it was."""
        return self._mark(owner, id, time.time(), _is_there())

    def undelete(self, owner: str, id: str) -> bool:
        """Restore a deleted experiment; return whether it was still there."""
        return self._mark(owner, id, None, experiments.c.deleted_at.is_not(None))

    def _mark(self, owner: str, id: str, at: float | None, before: ColumnElement[bool]) -> bool:
        one = update(experiments).where(_one(owner, id), before)
        values = {"deleted_at": at, "saved_at": time.time(), "expired_at": None}
        with self._writing() as connection:
            return connection.execute(one.values(**values)).rowcount > 0

    def claim(self, owner: str, id: str, number: int) -> bool:
        """Note that a run is about to be asked; return False if it was, or may not be, asked."""
        key = {"owner": owner, "experiment_id": id, "number": number}
        new = {**key, "status": ASKED, "asked_at": time.time(), "result": {}, "body": ""}
        with self._writing() as connection:
            there = select(experiments.c.id).where(_one(owner, id), _is_there())
            if connection.execute(there).first() is None:
                return False
            claimed = statements.insert_if_missing(self._dialect, experiment_runs, new)
            number_of = claimed.returning(experiment_runs.c.number)
            return connection.execute(number_of).first() is not None

    def finish(
        self, owner: str, id: str, number: int, status: str, result: dict[str, Any], body: str
    ) -> bool:
        """Save what came of a claimed run; return False if its experiment is not there any more."""
        one = update(experiment_runs).where(_run(owner, id, number))
        with self._writing() as connection:
            done = connection.execute(one.values(status=status, result=result, body=body))
            return done.rowcount > 0

    def release(self, owner: str, id: str, numbers: Iterable[int]) -> None:
        """Take claims back, so that these runs are asked later."""
        with self._writing() as connection:
            for number in numbers:
                connection.execute(delete(experiment_runs).where(_run(owner, id, number)))

    def results(self, owner: str, id: str) -> Iterator[StoredResult]:
        """Yield the claimed runs in the order of their numbers, without their bodies."""
        table, last = experiment_runs, -1
        columns = (table.c.number, table.c.status, table.c.result)
        while True:  # in batches, so that memory stays small and no writer waits
            wanted = select(*columns).where(_all(owner, id), table.c.number > last)
            with self._reading() as connection:
                rows = connection.execute(wanted.order_by(table.c.number).limit(BATCH)).all()
            for row in rows:
                last = row.number
                yield StoredResult(row.number, row.status, row.result)
            if len(rows) < BATCH:
                return

    def body(self, owner: str, id: str, number: int) -> str:
        """Return a run as it was saved; "" if it is not there."""
        wanted = select(experiment_runs.c.body).where(_run(owner, id, number))
        with self._reading() as connection:
            return connection.scalar(wanted) or ""


def _one(owner: str, id: str) -> ColumnElement[bool]:
    return (experiments.c.owner == owner) & (experiments.c.id == id)


def _is_there() -> ColumnElement[bool]:
    return experiments.c.deleted_at.is_(None)


def _all(owner: str, id: str) -> ColumnElement[bool]:
    return (experiment_runs.c.owner == owner) & (experiment_runs.c.experiment_id == id)


def _run(owner: str, id: str, number: int) -> ColumnElement[bool]:
    return _all(owner, id) & (experiment_runs.c.number == number)
