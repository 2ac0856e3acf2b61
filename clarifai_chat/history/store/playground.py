"""Store what visitors have in the tool playground: their sets, named or not, and their runs.

A set is saved as a whole. Of two tabs that change the same one, the second gets a `Conflict`.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from clarifai_chat.history.store.tables import playground
from clarifai_chat.history.store.trouble import Conflict
from clarifai_chat.text import unused

MAX_NAMED = 100  # sets of one visitor, as presets
MAX_UNNAMED = 20  # the oldest go first
MAX_RUNS = 20

Connecting = Callable[[], AbstractContextManager[Connection]]
_SET, _RUN = playground.c.kind == "set", playground.c.kind == "run"


class OutOfRoom(Exception):
    """What is to be saved does not fit in beside what its owner has."""


@dataclass(frozen=True, slots=True)
class SetSummary:
    """A set as a list shows it. `name` is "" if it has none, `about` a few words of it."""

    id: str
    name: str
    about: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A set or a run. `body` is JSON text."""

    id: str
    name: str
    revision: int
    body: str


class PlaygroundStore:
    """The playgrounds of all visitors. Any method may raise `StoreTrouble`, as the store's."""

    def __init__(self, reading: Connecting, writing: Connecting) -> None:
        self._reading = reading
        self._writing = writing

    def save_set(
        self, owner: str, id: str, revision: int, *, name: str, about: str, body: str, room: int
    ) -> tuple[int, str]:
        """Save a set; return its new revision, and its name, which is unique once it has one.

        A set that is there keeps its name. The owner's sets and runs have at most `room` characters
        together: the oldest runs go first. Raises `Conflict` if the stored set has other changes or
        is deleted, and `OutOfRoom`.
        """
        with self._writing() as connection:
            row = _lock(connection, owner, id)
            if row and (row.deleted_at is not None or row.revision != revision):
                if row.deleted_at is None and row.body == body:
                    return row.revision, row.name
                raise Conflict
            _make_room(connection, owner, room - len(body), but=id)
            values = {"about": about, "size": len(body), "body": body, **_used()}
            if row:
                _change(connection, owner, id, revision=revision + 1, **values)
                return revision + 1, row.name
            name = _free_name(connection, owner, name)
            new = {"owner": owner, "id": id, "kind": "set", "name": name, "revision": 1}
            connection.execute(insert(playground).values(created_at=time.time(), **new, **values))
            _forget_oldest_unnamed(connection, owner)
            return 1, name

    def sets(self, owner: str) -> list[SetSummary]:
        """Return the owner's sets, the one used last first."""
        wanted = select(playground.c.id, playground.c.name, playground.c.about)
        with self._reading() as connection:
            found = connection.execute(_in_order(wanted.where(_there(owner), _SET)))
            return [SetSummary(*row) for row in found]

    def load_set(self, owner: str, id: str = "") -> Stored | None:
        """Return a set; without an id the one used last. None if there is none."""
        wanted = _whole().where(_there(owner), _SET)
        if id:
            wanted = wanted.where(playground.c.id == id)
        with self._reading() as connection:
            row = connection.execute(_in_order(wanted).limit(1)).one_or_none()
        return Stored(*row) if row else None

    def rename(self, owner: str, id: str, name: str) -> str:
        """Give a set a name; return it, made unique, or "" if the set is not there."""
        with self._writing() as connection:
            row = _lock(connection, owner, id)
            if row is None or row.deleted_at is not None:
                return ""
            name = _free_name(connection, owner, name, but=id)
            _change(connection, owner, id, name=name, **_used())
            return name

    def delete(self, owner: str, id: str) -> bool:
        """Hide a set until `undelete`, or for good after a day; return whether it was there."""
        with self._writing() as connection:
            return _mark(connection, owner, id, time.time(), playground.c.deleted_at.is_(None))

    def undelete(self, owner: str, id: str) -> bool:
        """Restore a deleted set; return whether it was still there."""
        with self._writing() as connection:
            return _mark(connection, owner, id, None, playground.c.deleted_at.is_not(None))

    def note_use(self, owner: str, ids: Sequence[str]) -> None:
        """Note that sets and runs were opened, so that they do not expire."""
        with self._writing() as connection:
            one = update(playground).where(_there(owner), playground.c.id.in_(ids))
            connection.execute(one.values(**_used()))

    def save_run(
        self, owner: str, id: str, revision: int, *, asked_at: float, body: str, room: int
    ) -> int:
        """Save a run, new with revision 0; return its new revision, or 0 if it was removed.

        The owner's oldest runs go: those beyond `MAX_RUNS`, and those for which there is no room.
        Raises `Conflict` if the stored run has other changes, and `OutOfRoom`.
        """
        with self._writing() as connection:
            row = _lock(connection, owner, id)
            if row is None and revision:
                return 0
            if row and row.revision != revision:
                if row.body == body:
                    return int(row.revision)
                raise Conflict
            _make_room(connection, owner, room - len(body), but=id, runs=MAX_RUNS - 1)
            values = {"size": len(body), "body": body, "revision": revision + 1, **_used()}
            if row:
                _change(connection, owner, id, **values)
            else:
                new = {"owner": owner, "id": id, "kind": "run", "name": "", "about": ""}
                connection.execute(insert(playground).values(created_at=asked_at, **new, **values))
            return revision + 1

    def runs(self, owner: str) -> list[Stored]:
        """Return the owner's runs, the oldest first."""
        wanted = _whole().where(_there(owner), _RUN).order_by(playground.c.created_at)
        with self._reading() as connection:
            return [Stored(*row) for row in connection.execute(wanted)]

    def load_run(self, owner: str, id: str) -> Stored | None:
        wanted = _whole().where(_there(owner), _RUN, playground.c.id == id)
        with self._reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return Stored(*row) if row else None

    def has_any(self, owner: str) -> bool:
        """Return whether the owner has a set or a run."""
        with self._reading() as connection:
            wanted = select(playground.c.id).where(_there(owner)).limit(1)
            return connection.execute(wanted).first() is not None


def _whole() -> Any:
    return select(playground.c.id, playground.c.name, playground.c.revision, playground.c.body)


def _there(owner: str) -> ColumnElement[bool]:
    return (playground.c.owner == owner) & playground.c.deleted_at.is_(None)


def _in_order(wanted: Any) -> Any:
    return wanted.order_by(playground.c.saved_at.desc(), playground.c.id)


def _used() -> dict[str, Any]:
    return {"saved_at": time.time(), "expired_at": None}


def _lock(connection: Connection, owner: str, id: str) -> Row[Any] | None:
    wanted = select(playground).where(playground.c.owner == owner, playground.c.id == id)
    return connection.execute(wanted.with_for_update()).one_or_none()


def _change(connection: Connection, owner: str, id: str, **values: Any) -> None:
    one = update(playground).where(playground.c.owner == owner, playground.c.id == id)
    connection.execute(one.values(**values))


def _mark(
    connection: Connection, owner: str, id: str, at: float | None, before: ColumnElement[bool]
) -> bool:
    one = update(playground).where(playground.c.owner == owner, playground.c.id == id, _SET, before)
    return connection.execute(one.values(deleted_at=at, **_used())).rowcount > 0


def _free_name(connection: Connection, owner: str, name: str, but: str = "") -> str:
    """Return the name or, if another set has it, the next free one."""
    named = select(playground.c.name).where(_there(owner), playground.c.name != "")
    names = connection.scalars(named.where(playground.c.id != but)).all()
    if name and len(names) >= MAX_NAMED:
        raise OutOfRoom
    return unused(name, names) if name else ""


def _make_room(
    connection: Connection, owner: str, room: int, *, but: str, runs: int = MAX_RUNS
) -> None:
    """Remove the oldest runs until everything but `but` has room. Raises `OutOfRoom`."""
    others = (_there(owner), playground.c.id != but)
    sets = connection.scalar(
        select(func.coalesce(func.sum(playground.c.size), 0)).where(*others, _SET)
    )
    room -= int(sets or 0)
    if room < 0:
        raise OutOfRoom
    newest = select(playground.c.id, playground.c.size).where(*others, _RUN)
    gone: list[str] = []
    for number, row in enumerate(
        connection.execute(newest.order_by(playground.c.created_at.desc(), playground.c.id))
    ):
        room -= row.size
        if number >= runs or room < 0:
            gone.append(row.id)
    _remove(connection, owner, gone)


def _forget_oldest_unnamed(connection: Connection, owner: str) -> None:
    wanted = select(playground.c.id).where(_there(owner), _SET, playground.c.name == "")
    _remove(connection, owner, connection.scalars(_in_order(wanted).offset(MAX_UNNAMED)).all())


def _remove(connection: Connection, owner: str, ids: Iterable[str]) -> None:
    for id in ids:
        one = delete(playground).where(playground.c.owner == owner, playground.c.id == id)
        connection.execute(one)
