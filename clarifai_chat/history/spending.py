"""Keep what the operator's token spends, and who uses it, in the database, where there is one."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping

from clarifai_chat.config import settings
from clarifai_chat.history import database


class DatabaseLedger:
    """The sums of days in the app's database, shared by every process that uses it."""

    def spend(self, day: str, micro_usd: int, most: int | None) -> bool | None:
        """Add to the day's sum if it is below `most`; return whether.

        None in trouble, or without a database: then the process counts for itself.
        """
        if not settings().history:
            return None
        found, why = database.attempt(lambda store: store.spend(day, micro_usd, most))
        return None if why else found


class DatabaseUses:
    """The uses of the last hour in the app's database, shared by every process that uses it."""

    def take(self, most: Mapping[str, int]) -> str | None:
        """Count one use for each name; if a name has `most` already, count nothing, return it.

        None in trouble, or without a database.
        """
        if not settings().history:
            return None
        names = {_hidden(name): name for name in most}
        limits = {hidden: most[name] for hidden, name in names.items()}
        full, why = database.attempt(lambda store: store.token_uses.take(limits))
        return None if why or full is None else names.get(full, "")

    def counts(self, names: Iterable[str]) -> Mapping[str, int] | None:
        """Return how many uses each name had in the last hour; None in trouble."""
        if not settings().history:
            return None
        hidden = {_hidden(name): name for name in names}
        found, why = database.attempt(lambda store: store.token_uses.counts(hidden))
        return None if why or found is None else {hidden[each]: n for each, n in found.items()}


def _hidden(name: str) -> str:
    """Return a hash of a visitor or an address, which nobody without the token can find again."""
    return hmac.new(settings().shared_key.encode(), name.encode(), hashlib.sha256).hexdigest()
