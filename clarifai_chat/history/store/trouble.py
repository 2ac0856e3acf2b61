"""Define what can go wrong with saved conversations, in the reader's words."""

import errno
import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from clarifai_chat.errors import ChatError

log = logging.getLogger(__name__)


class Conflict(Exception):
    """The stored chat is newer than the one to be saved, or gone: call `Store.merge`."""


class StoreTrouble(ChatError):
    """The store failed. Nothing was half done."""

    what = "The stored conversations cannot be reached."
    side = "this app"
    advice = "What is on the page stays there. Try again; if it keeps failing, tell the operator."

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.more, self.advice) if part)


class StoreFull(StoreTrouble):
    """No room on the disk."""

    what = "The disk that holds the conversations is full."
    advice = (
        "What is on the page stays there, but is not saved. The operator has to free some space;"
        " then try again."
    )


class StoreBusy(StoreTrouble):
    """Another process holds the lock, or every connection is in use."""

    what = "The database of conversations is busy with something else."
    advice = "Try again in a moment. If it persists, another program holds the database."


class StoreReadOnly(StoreTrouble):
    """The file or its folder may not be opened or written."""

    what = "The database of conversations cannot be written."
    advice = "The operator has to let the app write to the file and to the folder it is in."


class StoreMoved(StoreTrouble):
    """The file is another one than the app has opened, or gone."""

    what = "The file with the conversations was moved, replaced or deleted while the app ran."
    advice = "The operator has to put it back, or restart the app, which then uses what is there."


class StoreDamaged(StoreTrouble):
    """The file is not a database, or is damaged."""

    what = "The file with the conversations is not a database of this app, or it is damaged."
    advice = "The operator has to move it away or restore a copy; the app then creates a new one."


class StoreNewer(StoreTrouble):
    """A later version of the app changed the database."""

    what = "The database of conversations was made by a newer version of this app."
    advice = "Run that version, or set DATABASE_URL to another database."
    can_retry = False


class StoreUnreachable(StoreTrouble):
    """The database server does not answer, or does not let us in."""

    what = "The database server of the conversations cannot be reached, or refused the connection."
    advice = "The operator has to check that it runs, and its address, name and password."


class StoreLogin(StoreUnreachable):
    """The server does not accept the name, the password or this machine."""

    what = "The database server of the conversations does not accept this app's name or password."
    advice = "The operator has to check both in DATABASE_URL, and pg_hba.conf of the server."


class StoreMissing(StoreUnreachable):
    """The server has no database of this name."""

    what = "The database server has no database of the name in DATABASE_URL."
    advice = "The operator has to create it, or correct the name."


class StoreNoHost(StoreUnreachable):
    """The server's name is unknown."""

    what = "The name of the database server cannot be found."
    advice = "The operator has to check the host in DATABASE_URL, and the network."


class StoreRefused(StoreUnreachable):
    """Nothing listens at the server's address."""

    what = "Nothing answers at the address of the database server."
    advice = "The operator has to check that it runs, and host and port in DATABASE_URL."


class StoreInsecure(StoreUnreachable):
    """Encryption is asked for and not there, or the server's certificate is not trusted."""

    what = "The connection to the database server cannot be encrypted as DATABASE_URL asks for."
    advice = (
        "The operator has to check sslmode and sslrootcert there, and the server's certificate."
    )


class StoreAddress(StoreTrouble):
    """The address of the database cannot be used."""

    what = "The address of the database cannot be used."
    advice = "DATABASE_URL must look like sqlite:///folder/file.db or postgresql://name@host/base."
    can_retry = False


_SQLITE = {
    "SQLITE_FULL": StoreFull,
    "SQLITE_BUSY": StoreBusy,
    "SQLITE_LOCKED": StoreBusy,
    "SQLITE_READONLY": StoreReadOnly,
    "SQLITE_CANTOPEN": StoreReadOnly,
    "SQLITE_PERM": StoreReadOnly,
    "SQLITE_AUTH": StoreReadOnly,
    "SQLITE_NOTADB": StoreDamaged,
    "SQLITE_CORRUPT": StoreDamaged,
}
_SQLSTATES = {  # by class or code: postgresql.org/docs/current/errcodes-appendix.html
    "08": StoreUnreachable,
    "28": StoreLogin,
    "3D": StoreMissing,
    "57P": StoreUnreachable,
    "53100": StoreFull,
    "53": StoreBusy,
    "55": StoreBusy,
    "40": StoreBusy,
    "57014": StoreBusy,
    "25006": StoreReadOnly,
    "42501": StoreReadOnly,
    "XX": StoreDamaged,
}
# A connection that failed has no code, only words: libpq's, and the server's (if in English).
_WORDS = {
    r"no pg_hba\.conf entry|authentication failed|no password supplied"
    r"|role .* (does not exist|is not permitted)": StoreLogin,
    r"database .* does not exist": StoreMissing,
    r"failed to resolve|could not translate host name": StoreNoHost,
    r"\bSSL\b|certificate|sslmode": StoreInsecure,
    r"Connection refused|No such file or directory": StoreRefused,
}


def meaning(error: Exception) -> type[StoreTrouble]:
    """Return the `StoreTrouble` for an error of the database or the disk."""
    if isinstance(error, OSError):
        return StoreFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else StoreReadOnly
    if isinstance(error, PoolTimeout):
        return StoreBusy
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        name = getattr(cause, "sqlite_errorname", "")  # e.g. "SQLITE_IOERR_WRITE": base first
        return _SQLITE.get("_".join(name.split("_")[:2]), StoreTrouble)
    state = getattr(cause, "sqlstate", None) or ""
    for length in (5, 3, 2):
        if state[:length] in _SQLSTATES:
            return _SQLSTATES[state[:length]]
    # psycopg gives no code if it could not connect.
    is_connection = type(cause).__name__ in ("OperationalError", "ConnectionTimeout")
    if state or not is_connection:
        return StoreTrouble
    said = str(cause)
    return next(
        (kind for words, kind in _WORDS.items() if re.search(words, said)), StoreUnreachable
    )


@contextmanager
def in_plain_words(more: str = "") -> Iterator[None]:
    """Turn errors of the database or the disk into `StoreTrouble`.

    Only the kind is logged: a driver's message can contain the address, or what was typed.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        trouble = meaning(error)(more=more)
        cause = getattr(error, "orig", None) or error
        code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""
        log.error("%s: %s %s", type(trouble).__name__, type(cause).__name__, code)
        raise trouble from None
