"""Save conversations in a database. `open_store(address)` opens it, or says why it cannot."""

from sqlalchemy import URL

from clarifai_chat.history.store.address import place_of, read_address, sqlite_url
from clarifai_chat.history.store.opening import open_engine
from clarifai_chat.history.store.searching import Summary
from clarifai_chat.history.store.store import Store
from clarifai_chat.history.store.trouble import Conflict, StoreTrouble, in_plain_words

__all__ = ["Conflict", "Store", "StoreTrouble", "Summary", "open_store", "place", "sqlite_url"]


def place(address: str | URL) -> str:
    """Return the kind of a database and where it is, without secrets. Raises `StoreAddress`."""
    url = read_address(address)
    kind = "SQLite" if url.drivername.startswith("sqlite") else "PostgreSQL"
    return f"{kind} {place_of(url)}"


def open_store(address: str | URL) -> Store:
    """Open the store at `address` (`sqlite:///…` or `postgresql://…`) and update its tables.

    Raises `StoreTrouble`, without the password. Several processes may start at once.
    """
    url = read_address(address)
    with in_plain_words(place_of(url)):
        return Store(open_engine(url))
