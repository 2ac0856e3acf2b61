"""The one database of this process: opened when it is needed, left alone while it fails."""

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from clarifai_chat import metrics
from clarifai_chat.config import ROOT, settings

if TYPE_CHECKING:
    from sqlalchemy import URL

    from clarifai_chat.history.store import Store

log = logging.getLogger(__name__)
T = TypeVar("T")

RETRY_S = 30.0  # before a database that could not be opened, or failed slowly, is tried again
SLOW_S = 1.0  # a slower failure must not delay every click
FILE = ROOT / "data" / "history.db"


class _State:
    """What the process shares."""

    def __init__(self) -> None:
        self.opening = threading.Lock()
        self.store: Store | None = None
        self.trouble = ""
        self.failed_at = -math.inf
        self.is_closed = False
        self.when_opened: Callable[[], None] = lambda: None


_state = _State()


def when_opened(act: Callable[[], None]) -> None:
    """Have `act` done each time the database has been opened."""
    _state.when_opened = act


def trouble() -> str:
    """Return why the database did not work when it was last used; "" if it did."""
    return _state.trouble


def try_again() -> None:
    """Try again at the next use, even a moment after an outage began."""
    _state.failed_at = -math.inf


def close(*, for_good: bool) -> None:
    """Close the store; the next use opens it again, unless it is `for_good`."""
    _state.is_closed = for_good
    with _state.opening:
        store, _state.store = _state.store, None
        _state.trouble, _state.failed_at = "", -math.inf
    if store:
        store.close()


def address() -> "str | URL":
    """Return where conversations are saved: the operator's database, or a file beside the app."""
    from clarifai_chat.history.store import sqlite_url

    return settings().database_url or sqlite_url(FILE)


def open_early() -> None:
    """Open the database before anybody needs it, so that trouble is logged at the start."""
    if settings().history:
        attempt(lambda store: None)


def place() -> str:
    """Return where conversations are saved, for the operator, without secrets."""
    if not settings().history:
        return "none (HISTORY=false)"
    if not settings().database_url:  # without loading the library of databases
        return f"SQLite ({FILE})"
    from clarifai_chat.history import store

    try:
        return store.place(address())
    except store.StoreTrouble as error:
        return error.what


def look() -> str:
    """Return the state of the database without changing it, a sentence. Raises `StoreTrouble`."""
    from clarifai_chat.history.store import looking

    return f"{place()} {looking.state(address())}."


def why_unwritable() -> str:
    """Return why the next save would fail, in a sentence without an address, or ""."""
    from clarifai_chat.history.store import StoreTrouble

    probe, why = attempt(lambda store: (store.presets(""), store.probe)[1])
    try:
        if probe:
            probe.try_writing()
    except StoreTrouble as error:  # an open connection may still save: pages go by that
        return f"{error.what} {error.advice}"
    return why


# --- In use ---------------------------------------------------------------------------------------


def result_of(action: "Callable[[Store], T]", otherwise: T) -> T:
    """Return the result of an action on the store, or `otherwise` if it fails."""
    result, why = attempt(action)
    return otherwise if why else result  # type: ignore[return-value]  # without a why it is a T


def attempt(action: "Callable[[Store], T]") -> tuple[T | None, str]:
    """Return the result of an action on the store, or a sentence about why it failed."""
    from clarifai_chat.history.store import StoreTrouble

    began = time.monotonic()
    try:
        store = _open()
        if store is None:
            return None, _state.trouble
        with metrics.database_time.time():
            result = action(store)
        _state.trouble = ""
        return result, ""
    except StoreTrouble as error:
        metrics.database_failures.labels(type(error).__name__).inc()
        why = f"{error.what} {error.advice}"  # only the operator may see where the database is
        if why != _state.trouble:
            log.error("Conversations are not saved: %s", error)
        _state.trouble = why
        if _state.store is None or time.monotonic() - began > SLOW_S:
            _state.failed_at = time.monotonic()
        return None, why


def opened() -> "Store | None":
    """Return the store if it is open; it is not opened for this."""
    return _state.store


def _open() -> "Store | None":
    """Return the store; None while it is left alone, because it failed a moment ago."""
    from clarifai_chat.history.store import open_store

    with _state.opening:
        if _state.is_closed:
            _state.trouble = "The app is stopping."
            return None
        if _state.trouble and time.monotonic() - _state.failed_at < RETRY_S:
            return None
        if _state.store is None:
            _state.store = open_store(address())
            _state.when_opened()
        return _state.store
