"""Store which process runs which reply, with its heartbeat.

A row is there from before the request goes out until the reply is over and saved. Times are those
of one clock for all processes: the database server's, or with SQLite this machine's.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, delete, func, literal, or_, select, update

from clarifai_chat.history.store import statements
from clarifai_chat.history.store.tables import playground, running, turns

RUNS = "playground"  # in place of a chat's id: a run of the playground, by its id
LOST_S = 5.0  # without a heartbeat, of which there is one every 1.5 s

Connecting = Callable[[], AbstractContextManager[Connection]]


class Place(NamedTuple):
    """Where a turn is stored."""

    owner: str
    chat_id: str
    turn_id: str


@dataclass(frozen=True, slots=True)
class Errand:
    """What others want of a reply that runs here."""

    is_to_stop: bool
    is_watched: bool  # by a page of another replica, a moment ago


@dataclass(frozen=True, slots=True)
class News:
    """What is stored of a reply that another replica runs."""

    replica: str  # "" if none runs it
    beat_at: float
    is_silent: bool  # no heartbeat for `LOST_S`
    changed_at: float  # of the stored turn, or the revision of a run; 0 if it is gone
    body: str  # JSON of the turn; "" if it has not changed, or is gone


class RunningStore:
    """The running replies of all replicas. Any method may raise `StoreTrouble`, as the store's."""

    def __init__(self, dialect: str, reading: Connecting, writing: Connecting) -> None:
        self._dialect = dialect
        self._reading = reading
        self._writing = writing

    def claim(self, at: Place, replica: str) -> bool:
        """Note that `replica` runs a reply; return False if another one that lives does."""
        new = {"replica": replica, "beat_at": self._now(), "watched_at": 0.0, "is_to_stop": False}
        one = statements.insert_into(self._dialect, running).values(**at._asdict(), **new)
        is_free = or_(running.c.replica == replica, self._is_silent())
        key = ("owner", "chat_id", "turn_id")
        one = one.on_conflict_do_update(index_elements=key, set_=new, where=is_free)
        with self._writing() as connection:
            connection.execute(one)
            return connection.scalar(select(running.c.replica).where(_is_at(at))) == replica

    def release(self, at: Place, replica: str) -> None:
        """Note that a reply is over, and saved."""
        with self._writing() as connection:
            connection.execute(delete(running).where(_is_at(at), running.c.replica == replica))

    def beat(self, replica: str) -> None:
        """Note that a replica lives."""
        mine = update(running).where(running.c.replica == replica)
        with self._writing() as connection:
            connection.execute(mine.values(beat_at=self._now()))

    def errands(self, replica: str, watched_s: float) -> dict[Place, Errand]:
        """Return the replies of a replica; they are watched if that was noted `watched_s` ago."""
        is_watched = running.c.watched_at > self._now() - watched_s
        wanted = select(
            running.c.owner, running.c.chat_id, running.c.turn_id, running.c.is_to_stop, is_watched
        )
        with self._reading() as connection:
            found = connection.execute(wanted.where(running.c.replica == replica)).all()
        return {Place(*row[:3]): Errand(bool(row[3]), bool(row[4])) for row in found}

    def of_chat(self, owner: str, chat_id: str) -> dict[str, str]:
        """Return which replica runs which turn of a chat, living or not."""
        wanted = select(running.c.turn_id, running.c.replica)
        wanted = wanted.where(running.c.owner == owner, running.c.chat_id == chat_id)
        with self._reading() as connection:
            return {row.turn_id: row.replica for row in connection.execute(wanted)}

    def news(self, at: Place, changed_at: float) -> News:
        """Return how a reply goes on, with its turn if that has changed since `changed_at`."""
        row_of = select(running.c.replica, running.c.beat_at, self._is_silent())
        turn_of = _run_at(at) if at.chat_id == RUNS else _turn_at(at)
        with self._reading() as connection:
            # In this order: a row is removed after the end of its reply is saved.
            row = connection.execute(row_of.where(_is_at(at))).one_or_none()
            now = connection.scalar(turn_of.with_only_columns(turn_of.selected_columns[0]))
            is_new = now is not None and now != changed_at
            turn = connection.execute(turn_of).one_or_none() if is_new else None
        body: str = turn.body if turn else ""
        changed_at = turn[0] if turn else changed_at if now is not None else 0.0
        if row is None:
            return News("", 0.0, True, changed_at, body)
        return News(row[0], row[1], bool(row[2]), changed_at, body)

    def note_watched(self, at: Place) -> None:
        """Note that a page of another replica shows a reply, so that it goes on."""
        with self._writing() as connection:
            connection.execute(update(running).where(_is_at(at)).values(watched_at=self._now()))

    def ask_to_stop(self, owner: str, chat_id: str = "", turn_id: str = "") -> None:
        """Have an owner's replies ended by whoever runs them: of a turn, a chat, or all."""
        these = update(running).where(running.c.owner == owner)
        if chat_id:
            these = these.where(running.c.chat_id == chat_id)
        if turn_id:
            these = these.where(running.c.turn_id == turn_id)
        with self._writing() as connection:
            connection.execute(these.values(is_to_stop=True))

    def take_lost(self, at: Place, seen: News) -> bool:
        """Remove a reply whose replica has died; False if it lives, or another page did that."""
        same = (running.c.replica == seen.replica, running.c.beat_at == seen.beat_at)
        with self._writing() as connection:
            return bool(connection.execute(delete(running).where(_is_at(at), *same)).rowcount)

    def forget(self, silent_s: float) -> None:
        """Remove what no page has looked at since its replica died."""
        old = running.c.beat_at < self._now() - silent_s
        with self._writing() as connection:
            connection.execute(delete(running).where(old))

    def _is_silent(self) -> ColumnElement[bool]:
        return running.c.beat_at < self._now() - LOST_S

    def _now(self) -> ColumnElement[Any]:
        return now(self._dialect)


def now(dialect: str) -> ColumnElement[Any]:
    """Return the Unix time by the one clock of all processes: the server's, or this machine's."""
    if dialect == "sqlite":
        return literal(time.time())
    return func.date_part("epoch", func.clock_timestamp())


def _turn_at(at: Place) -> Select[Any]:
    found = select(turns.c.updated_at, turns.c.body).where(turns.c.owner == at.owner)
    found = found.where(turns.c.chat_id == at.chat_id, turns.c.id == at.turn_id)
    return found.where(turns.c.removed_at.is_(None))


def _run_at(at: Place) -> Select[Any]:
    found = select(playground.c.revision, playground.c.body).where(playground.c.kind == "run")
    return found.where(playground.c.owner == at.owner, playground.c.id == at.turn_id)


def _is_at(at: Place) -> ColumnElement[bool]:
    found: ColumnElement[bool] = running.c.owner == at.owner
    return found & (running.c.chat_id == at.chat_id) & (running.c.turn_id == at.turn_id)
