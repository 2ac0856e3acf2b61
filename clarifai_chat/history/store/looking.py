"""Look at a database without changing it: is it reached, and are its tables current?"""

import os
from pathlib import Path

from alembic.migration import MigrationContext
from sqlalchemy import URL, create_engine, inspect

from clarifai_chat.history.store.address import place_of, read_address
from clarifai_chat.history.store.opening import VERSIONS, head, revisions
from clarifai_chat.history.store.postgresql import open_postgresql
from clarifai_chat.history.store.trouble import (
    StoreDamaged,
    StoreNewer,
    StoreReadOnly,
    in_plain_words,
)


def state(address: str | URL) -> str:
    """Return what the app will find there, as the end of a sentence. Raises `StoreTrouble`."""
    url = read_address(address)
    place = place_of(url)
    is_file = url.drivername.startswith("sqlite")
    file = Path(url.database or "") if is_file else None
    if file and not file.exists():
        folder = next(each for each in file.absolute().parents if each.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            raise StoreReadOnly(more=place)
        return "is not there yet; the app creates it"
    if file and not (os.access(file, os.W_OK) and os.access(file.absolute().parent, os.W_OK)):
        raise StoreReadOnly(more=place)
    with in_plain_words(place):
        engine = create_engine(url, hide_parameters=True) if is_file else open_postgresql(url)
        try:
            with engine.connect() as connection:
                options = {"version_table": VERSIONS}
                context = MigrationContext.configure(connection, opts=options)
                found = set(context.get_current_heads())
                tables = inspect(connection).get_table_names()
        finally:
            engine.dispose()
    if found == {head()}:
        return "is up to date"
    if found - revisions():
        raise StoreNewer(more=place)
    if found:
        return "is of an earlier version; the app updates it when it starts"
    if tables and is_file:
        raise StoreDamaged(more=place)
    return "is empty; the app creates its tables when it starts"
