"""Try whether the next save would succeed, without touching a conversation."""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import Engine, delete, false

from clarifai_chat.history.store.address import place_of
from clarifai_chat.history.store.opening import BUSY_S
from clarifai_chat.history.store.tables import clock
from clarifai_chat.history.store.trouble import (
    StoreFull,
    StoreMoved,
    StoreReadOnly,
    in_plain_words,
)

MIN_FREE = 1_000_000  # bytes; while less is free, a commit may still fit into SQLite's log


class Probe:
    """Tries to write what was opened a while ago: a file, a disk or a server can change."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        database = engine.url.database or ""
        is_file = engine.url.drivername.startswith("sqlite") and not database.startswith("file:")
        self._path = Path(database).absolute() if is_file else None
        self._opened = _identity(self._path)

    def try_writing(self) -> None:
        """Raise `StoreTrouble` if a save would fail. Nothing is changed."""
        with in_plain_words(place_of(self._engine.url)):
            if self._path is None:
                self._write_nothing()
            else:
                self._write_file(self._path)

    def _write_nothing(self) -> None:
        """Begin to write, which a read-only server refuses although no row is concerned."""
        with self._engine.execution_options(writes=True).begin() as connection:
            connection.execute(delete(clock).where(false()))

    def _write_file(self, path: Path) -> None:
        """Write a page of the file as it is, over a new connection.

        One that is open stays writable when the file becomes read-only, or goes.
        """
        if _identity(path) != self._opened:
            raise StoreMoved(more=place_of(self._engine.url))
        room = shutil.disk_usage(path.parent)
        if room.total and room.free < MIN_FREE:  # some network drives know neither
            raise StoreFull(more=place_of(self._engine.url))
        as_used = os.access in os.supports_effective_ids
        # SQLite may use again what it opened before, when writing was allowed.
        if not os.access(path, os.W_OK, effective_ids=as_used):
            raise StoreReadOnly(more=place_of(self._engine.url))
        address = f"{path.as_uri()}?mode=rw"
        connect = sqlite3.connect(address, uri=True, timeout=BUSY_S, isolation_level=None)
        with closing(connect) as connection:
            connection.execute("BEGIN IMMEDIATE")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            connection.execute(f"PRAGMA user_version = {version}")
            connection.execute("COMMIT")


def _identity(path: Path | None) -> tuple[int, int] | None:
    """Return what tells a file from another of its name; None if there is none."""
    if path is None:
        return None
    with suppress(OSError):
        found = path.stat()
        return found.st_dev, found.st_ino
    return None
