"""Save a database into a file, also while the app runs, and restore it, also into another kind.

A backup is an SQLite database of this app, whole in one file, whatever kind the database is. A
backup of one database that is restored into another moves everything.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Engine, column, inspect, select, table, text

from clarifai_chat.history.store import copying
from clarifai_chat.history.store.address import place_of, read_address
from clarifai_chat.history.store.copying import Counts
from clarifai_chat.history.store.opening import (
    VERSIONS,
    head,
    open_engine,
)
from clarifai_chat.history.store.postgresql import (
    APPLICATION,
    UPGRADE_S,
    open_postgresql,
    patience,
)
from clarifai_chat.history.store.trouble import StoreDamaged, StoreNewer, in_plain_words, meaning
from clarifai_chat.text import size

_HEADER = b"SQLite format 3\0"
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = :name AND pid <> pg_backend_pid()"
)
_AGAIN = (
    "Make it again with `python -m clarifai_chat backup`, or copy the file after the app has"
    " stopped."
)


class BadBackup(Exception):
    """A backup cannot be made or restored; the text is a sentence about why."""


def save(address: str | URL, file: Path, *, replace: bool = False) -> Counts:
    """Write all that is in the database into `file`, as it is at one moment.

    The app may go on meanwhile. Raises `BadBackup` and `StoreTrouble`.
    """
    url = read_address(address)
    if file.exists() and not replace:
        raise BadBackup(f"{file} is there already. Name another file, or add --force.")
    with _whole(file) as part, in_plain_words(place_of(url)), patience(UPGRADE_S):
        if url.drivername.startswith("sqlite"):
            _save_sqlite(url, file, part)
        else:
            _save_postgresql(url, part)
        with _opened(_file(part)) as engine, engine.begin() as made:
            counts = copying.count(made)
        with closing(sqlite3.connect(part)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")  # one file, and no log beside it
    return counts


def restore(address: str | URL, file: Path, *, replace: bool = False) -> Counts:
    """Copy all that is in a backup into the database, which may be of another kind.

    With `replace`, what is there goes. Either all is done or nothing. Raises `BadBackup` and
    `StoreTrouble`.
    """
    url = read_address(address)
    with (
        tempfile.TemporaryDirectory() as folder,
        _opened_copy(file, Path(folder)) as backup,
        in_plain_words(place_of(url)),
        patience(UPGRADE_S),
    ):
        _refuse_if_in_use(url, file)
        with _opened(url) as engine:
            return _copy(backup, engine, replace=replace)


@contextmanager
def _opened_copy(file: Path, folder: Path) -> Iterator[Engine]:
    """Open a copy of a backup, so that it can be of an older version and stays as it is."""
    copy = folder / "copy.db"
    with in_plain_words(f"({file})"):
        _check_and_copy(file, copy)
        try:
            engine = open_engine(_file(copy))
        except StoreNewer:
            newer = f"{file} was made by a newer version of this app. Restore it with that version."
            raise BadBackup(newer) from None
        except StoreDamaged as error:
            raise BadBackup(f"{file} is not whole: {error.more.partition(': ')[2][:-1]}.") from None
    try:
        yield engine
    finally:
        engine.dispose()


def _copy(backup: Engine, engine: Engine, *, replace: bool) -> Counts:
    with (
        backup.begin() as source,
        engine.execution_options(writes=True).begin() as target,
    ):
        if not copying.is_empty(target):
            if not replace:
                raise BadBackup(
                    f"The database {place_of(engine.url)} has {copying.count(target)}."
                    " Add --force to replace all of it."
                )
            copying.empty(target)
        copying.copy(source, target)
        counts = copying.count(target)
        if counts != copying.count(source):
            raise BadBackup("The copy is not complete, so nothing was changed.")
    return counts


# --- Making one -----------------------------------------------------------------------------------


def _save_sqlite(url: URL, file: Path, part: Path) -> None:
    source = Path(url.database or "")
    if not source.is_file():
        raise BadBackup(f"There is no database at {source}.")
    if file.exists() and file.samefile(source):
        raise BadBackup(f"{file} is the database itself. Name another file.")
    _check_and_copy(source, part)


def _save_postgresql(url: URL, part: Path) -> None:
    engine = open_postgresql(url)
    try:
        one_moment = engine.execution_options(isolation_level="REPEATABLE READ")
        with one_moment.begin() as source, _opened(_file(part)) as backup:
            if not inspect(source).has_table(VERSIONS):
                raise BadBackup(f"The database {place_of(url)} has no tables of this app.")
            found = source.scalar(select(column("version_num")).select_from(table(VERSIONS)))
            if found != head():
                raise BadBackup(
                    f"The database {place_of(url)} is of another version of this app. Make the"
                    " backup with that version, or start this one once, which updates it."
                )
            with backup.execution_options(writes=True).begin() as target:
                copying.copy(source, target)
    finally:
        engine.dispose()


@contextmanager
def _whole(file: Path) -> Iterator[Path]:
    """Yield the path of a new file beside `file`, which takes its place at the end of the block."""
    if not file.parent.is_dir():
        raise BadBackup(f"There is no folder {file.parent}.")
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as folder:
            part = Path(folder) / "part.db"
            yield part
            part.chmod(0o600)  # everybody's conversations
            part.replace(file)
    except OSError as error:
        raise BadBackup(f"{file} cannot be written: {error.strerror}.") from None


# --- Reading one ----------------------------------------------------------------------------------


def _check_and_copy(file: Path, copy: Path) -> None:
    """Copy an SQLite database of this app; raise `BadBackup` if it is not one, or not whole."""
    _check_size(file)
    try:
        with closing(_reader(file)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
            (found,) = target.execute("PRAGMA quick_check(1)").fetchone()
            names = {name for (name,) in target.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError as error:
        if meaning(error) is not StoreDamaged:
            raise
        found, names = "damaged", set()
    if found != "ok":
        raise BadBackup(f"{file} is damaged. Use another copy.")
    if not names:
        raise BadBackup(f"{file} has no tables, as a copy made beside a running app. {_AGAIN}")
    if VERSIONS not in names:
        raise BadBackup(f"{file} is a database, but not of this app.")


def _check_size(file: Path) -> None:
    try:
        with file.open("rb") as opened:
            start = opened.read(100)
    except OSError as error:
        raise BadBackup(f"{file} cannot be read: {error.strerror}.") from None
    if not start.startswith(_HEADER) or len(start) < 100:
        raise BadBackup(f"{file} is not a backup of this app: it is not an SQLite database.")
    page = int.from_bytes(start[16:18], "big")
    whole = (65536 if page == 1 else page) * int.from_bytes(start[28:32], "big")
    here = file.stat().st_size
    if here < whole:
        raise BadBackup(f"{file} is cut short: {size(here)} of {size(whole)} are there. {_AGAIN}")


def _reader(file: Path) -> sqlite3.Connection:
    """Open a database that is only read, also in a folder that cannot be written."""
    address = f"file:{quote(str(file.resolve()))}?mode=ro"
    connection = sqlite3.connect(address, uri=True)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if Path(f"{file}-wal").exists():
            raise
        return sqlite3.connect(f"{address}&immutable=1", uri=True)
    return connection


def _file(path: Path) -> URL:
    return URL.create("sqlite+pysqlite", database=str(path))


@contextmanager
def _opened(url: URL) -> Iterator[Engine]:
    """Open a database and update its tables, for as long as the block lasts."""
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _refuse_if_in_use(url: URL, file: Path) -> None:
    """Raise `BadBackup` if the app has the database open, as far as that can be known."""
    if url.drivername.startswith("sqlite"):
        path = Path(url.database or "")
        if not path.exists() or path.stat().st_size == 0:
            return
        if path.samefile(file):
            raise BadBackup(f"{file} is the database itself.")
        with closing(sqlite3.connect(path, timeout=0)) as connection:
            try:
                (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
            except sqlite3.OperationalError:
                mode = "wal"
        is_in_use = mode == "wal"
    else:
        engine = open_postgresql(url)
        try:
            with engine.begin() as connection:
                is_in_use = bool(connection.scalar(_OTHERS, {"name": APPLICATION}))
        finally:
            engine.dispose()
    if is_in_use:
        raise BadBackup(f"The app has the database {place_of(url)} open. Stop it, then restore.")
