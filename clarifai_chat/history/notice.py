"""The operator's word to all visitors, kept in the database so that every process shows it."""

import threading
import time

from clarifai_chat.config import settings
from clarifai_chat.history import database

AGAIN_S = 10.0  # between two looks
MOST_CHARACTERS = 500


class _Look:
    """What was there when a page looked last; one looks at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.at, self.text = float("-inf"), ""


_look = _Look()


def text() -> str:
    """Return what every page shows; "" for nothing. The database is not opened for this."""
    is_due = time.monotonic() - _look.at > AGAIN_S
    if is_due and settings().history and database.opened() and _look.lock.acquire(blocking=False):
        try:
            from clarifai_chat.history.store.tables import EVERYONE

            _look.text = database.result_of(
                lambda store: str(store.choices(EVERYONE).get("notice", "")), _look.text
            )
            _look.at = time.monotonic()
        finally:
            _look.lock.release()
    return _look.text


def forget() -> None:
    """Look again with the next page."""
    _look.at, _look.text = float("-inf"), ""
