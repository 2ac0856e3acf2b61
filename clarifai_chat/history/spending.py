"""Keep what the operator's token spends in a day in the database, where there is one."""

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
