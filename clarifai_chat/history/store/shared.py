"""Store the pages that visitors share, for whoever knows their ids."""

import time
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from clarifai_chat.history.store.tables import shared_pages

MOST = 20  # of one visitor, so that strangers cannot fill the database

Connecting = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class SharedPage:
    """A shared page as its owner's list shows it. Times are Unix times."""

    id: str
    kind: str
    title: str
    created_at: float
    expires_at: float


class SharedStore:
    """The shared pages of all visitors. Any method may raise `StoreTrouble`, as the store's."""

    def __init__(self, reading: Connecting, writing: Connecting) -> None:
        self._reading = reading
        self._writing = writing

    def add(self, owner: str, page: SharedPage, sources: str, html: str, copy: str) -> bool:
        """Share a page; return False if the owner has `MOST` already. Expired ones go."""
        new = {
            "id": page.id,
            "owner": owner,
            "sources": sources,
            "kind": page.kind,
            "title": page.title,
            "created_at": page.created_at,
            "expires_at": page.expires_at,
            "page": zlib.compress(html.encode()),
            "copy": zlib.compress(copy.encode()) if copy else b"",
        }
        with self._writing() as connection:
            is_own = shared_pages.c.owner == owner
            is_old = shared_pages.c.expires_at <= time.time()
            connection.execute(delete(shared_pages).where(is_own, is_old))
            there = select(func.count()).select_from(shared_pages).where(is_own)
            if (connection.scalar(there) or 0) >= MOST:
                return False
            connection.execute(insert(shared_pages).values(new))
            return True

    def all(self, owner: str) -> list[SharedPage]:
        """Return the owner's pages that can be read, the newest first."""
        names = ("id", "kind", "title", "created_at", "expires_at")
        wanted = select(*(shared_pages.c[name] for name in names))
        wanted = wanted.where(shared_pages.c.owner == owner, _is_read())
        newest = wanted.order_by(shared_pages.c.created_at.desc(), shared_pages.c.id)
        with self._reading() as connection:
            return [SharedPage(*row) for row in connection.execute(newest)]

    def page(self, id: str) -> str | None:
        """Return the HTML of a page, anybody's; None if it has expired or was revoked."""
        with self._reading() as connection:
            found = connection.scalar(select(shared_pages.c.page).where(_one(id), _is_read()))
        return None if found is None else zlib.decompress(found).decode()

    def copy(self, id: str) -> str | None:
        """Return what to continue from, as JSON; "" if nothing is; None as for `page`."""
        with self._reading() as connection:
            found = connection.scalar(select(shared_pages.c.copy).where(_one(id), _is_read()))
        if not found:
            return None if found is None else ""
        return zlib.decompress(found).decode()

    def revoke(self, id: str, owner: str | None = None) -> bool:
        """Remove a page, anybody's without an `owner`; return whether it was there."""
        one = delete(shared_pages).where(_one(id))
        if owner is not None:
            one = one.where(shared_pages.c.owner == owner)
        with self._writing() as connection:
            return connection.execute(one).rowcount > 0


def _one(id: str) -> ColumnElement[bool]:
    return shared_pages.c.id == id


def _is_read() -> ColumnElement[bool]:
    return shared_pages.c.expires_at > time.time()
