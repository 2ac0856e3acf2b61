"""Open the database at an address, and update its tables."""

import logging
import os
import sqlite3
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text

from clarifai_chat.config import ROOT
from clarifai_chat.history.store.address import place_of
from clarifai_chat.history.store.postgresql import UPGRADE_S, open_postgresql, patience
from clarifai_chat.history.store.tables import metadata
from clarifai_chat.history.store.trouble import (
    StoreBusy,
    StoreDamaged,
    StoreNewer,
    meaning,
)
from clarifai_chat.text import are, listed

log = logging.getLogger(__name__)

MIGRATIONS = ROOT / "migrations"
# Not "alembic_version": in a shared PostgreSQL, that may belong to another app.
VERSIONS = "clarifai_chat_version"
BUSY_S = 5.0  # how long to wait for a lock
LOCK = 0x436C6172  # of a PostgreSQL advisory lock; any unused number will do

_migrating = threading.Lock()  # Alembic has one context for the whole process


def open_engine(url: URL) -> Engine:
    """Return an engine, its tables updated to this version of the app."""
    is_sqlite = url.drivername.startswith("sqlite")
    engine = _sqlite(url) if is_sqlite else open_postgresql(url)
    try:
        with _migrating:
            if _migrate(engine) and is_sqlite:
                checkpoint(engine)  # a copy of the file has its tables from the first moment on
    except BaseException:
        engine.dispose()
        raise
    return engine


def _sqlite(url: URL) -> Engine:
    if not (url.database or "").startswith("file:"):
        path = Path(url.database or "")
        _make_file(path)
        _look_for_tables(path)
    # isolation_level: Python's own idea of when transactions begin leaves DDL and reads out.
    engine = create_engine(
        url, connect_args={"timeout": BUSY_S, "isolation_level": None}, hide_parameters=True
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    _to_wal(engine)
    return engine


def _make_file(path: Path) -> None:
    """Create the file and folder if missing, readable by their owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _look_for_tables(path: Path) -> None:
    """Log it if a file has content but no tables, as a copy made beside a running app has."""
    if path.stat().st_size == 0 or Path(f"{path}-wal").exists():
        return
    with suppress(sqlite3.Error), closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            log.warning(
                "The database file %s has no tables: no conversation is in it. If it is a copy, it"
                " was made without the file %s-wal. Copy again with `python -m clarifai_chat"
                " backup`, or after the app has stopped.",
                path,
                path.name,
            )


def checkpoint(engine: Engine) -> None:
    """Write everything into the SQLite file itself, as far as nobody reads an older state."""
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        raw.close()


def _set_up(connection: SqliteConnection, record: Any) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")  # with WAL, a crash of the app loses nothing


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later can meet a lock that waiting does not solve.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _to_wal(engine: Engine) -> None:
    """Let pages read while workers write. SQLite does not wait for the lock this takes."""
    deadline = time.monotonic() + BUSY_S
    while True:
        raw = None
        try:
            raw = engine.raw_connection()
            raw.cursor().execute("PRAGMA journal_mode = WAL")
            return
        except engine.dialect.loaded_dbapi.Error as error:
            if meaning(error) is not StoreBusy or time.monotonic() > deadline:
                raise
        finally:
            if raw is not None:
                raw.close()
        time.sleep(0.02)


def _migrate(engine: Engine) -> bool:
    """Update the tables; return whether there was anything to do."""
    config = _config()
    script = ScriptDirectory.from_config(config)
    heads = set(script.get_heads())
    with engine.execution_options(writes=True).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{BUSY_S:.0f}s'"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        else:
            connection.exec_driver_sql("PRAGMA user_version = 0")  # fails without write access
        options = {"version_table": VERSIONS}
        found = set(MigrationContext.configure(connection, opts=options).get_current_heads())
        if found - {each.revision for each in script.walk_revisions()}:
            raise StoreNewer(more=place_of(engine.url))
        if engine.dialect.name == "sqlite":
            _look_at_tables(connection, is_ours=bool(found), is_current=found == heads)
        if found != heads:
            config.attributes |= {"connection": connection, "version_table": VERSIONS}
            with patience(UPGRADE_S):
                if engine.dialect.name == "postgresql":
                    connection.execute(text("SET LOCAL statement_timeout = 0"))
                command.upgrade(config, "heads")
        return found != heads


def head() -> str:
    """Return the version of the tables that this app uses."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def revisions() -> set[str]:
    """Return every version of the tables that this app knows."""
    return {each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions()}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _look_at_tables(connection: Connection, *, is_ours: bool, is_current: bool) -> None:
    """Raise `StoreDamaged` for the tables of another program, or if some of ours are missing."""
    names = set(inspect(connection).get_table_names())
    place = place_of(connection.engine.url)
    if names and not is_ours:
        raise StoreDamaged(more=place)
    if is_current and (missing := sorted(set(metadata.tables) - names)):
        lost = f"{listed(missing)} {are(len(missing))} missing"
        raise StoreDamaged(more=f"{place[:-1]}: {lost})")
