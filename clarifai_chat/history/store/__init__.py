"""Save conversations in a database. `open_store(address)` opens it, or says why it cannot."""

from clarifai_chat.history.store.opening import open_engine, place_of, read_address
from clarifai_chat.history.store.searching import Summary
from clarifai_chat.history.store.store import Store
from clarifai_chat.history.store.trouble import Conflict, StoreTrouble, in_plain_words

__all__ = ["Conflict", "Store", "StoreTrouble", "Summary", "open_store"]


def open_store(address: str) -> Store:
    """Open the store at `address` (`sqlite:///…` or `postgresql://…`) and update its tables.

    Raises `StoreTrouble`, without the password. Several processes may start at once.
    """
    url = read_address(address)
    with in_plain_words(place_of(url)):
        return Store(open_engine(url))
