"""Store the uses of the operator's token in the last hour, exactly for any number of processes."""

import uuid
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, delete, func, insert, select, text

from clarifai_chat.history.store.running import Connecting, now
from clarifai_chat.history.store.tables import token_uses

HOUR_S = 3600.0
LOCK = 0x55736573  # of a PostgreSQL advisory lock: two that count at once would both find room


class TokenUses:
    """The uses of all visitors, by names that are hashes. Methods may raise `StoreTrouble`."""

    def __init__(self, dialect: str, reading: Connecting, writing: Connecting) -> None:
        self._dialect = dialect
        self._reading = reading
        self._writing = writing

    def take(self, most: Mapping[str, int]) -> str:
        """Count one use for each name; if a name has `most` already, count nothing, return it."""
        with self._writing() as connection:
            if self._dialect == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            found = self._counts(connection, most)
            full = next((name for name, limit in most.items() if found.get(name, 0) >= limit), "")
            if not full:
                old = token_uses.c.used_at <= now(self._dialect) - HOUR_S
                connection.execute(delete(token_uses).where(old))
                for name in most:
                    new = {"name": name, "id": uuid.uuid4().hex, "used_at": now(self._dialect)}
                    connection.execute(insert(token_uses).values(new))
            return full

    def counts(self, names: Iterable[str]) -> dict[str, int]:
        """Return how many uses each name had in the last hour; names without one are missing."""
        with self._reading() as connection:
            return self._counts(connection, names)

    def _counts(self, connection: Connection, names: Iterable[str]) -> dict[str, int]:
        wanted = select(token_uses.c.name, func.count()).where(token_uses.c.name.in_([*names]))
        wanted = wanted.where(token_uses.c.used_at > now(self._dialect) - HOUR_S)
        return {row[0]: row[1] for row in connection.execute(wanted.group_by(token_uses.c.name))}
