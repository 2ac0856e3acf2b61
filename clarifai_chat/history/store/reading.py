"""Read saved turns for searches: their words without markup, as a reader sees them.

Markdown takes milliseconds to read, so that happens after a turn has been saved, and outside of
transactions.
"""

import json
import logging
from dataclasses import dataclass

from sqlalchemy import Connection, Update, select, update

from clarifai_chat.history.store.searching import searched, words_of
from clarifai_chat.history.store.tables import turns
from clarifai_chat.markdown.as_read import as_read

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unread:
    """A turn whose words are still as they were sent."""

    serial: int
    updated_at: float
    body: str

    def words(self) -> str:
        """Return its words as a reader sees them."""
        try:
            return words_of(json.loads(self.body), as_read)
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not hold up the others
            log.error("%s while a turn was read for searches", type(error).__name__)
            return words_of(json.loads(self.body))

    def as_read(self) -> Update:
        """Write its words, unless it has changed meanwhile."""
        words = self.words()
        same = update(turns).where(
            turns.c.serial == self.serial, turns.c.updated_at == self.updated_at
        )
        return same.values(words=words, text=searched(words))


def unread(connection: Connection, most: int) -> list[Unread]:
    """Return some turns that are over and have not been read."""
    wanted = select(turns.c.serial, turns.c.updated_at, turns.c.body)
    wanted = wanted.where(turns.c.words.is_(None), turns.c.is_over).limit(most)
    return [Unread(*row) for row in connection.execute(wanted)]
