"""Group conversations as lists show them: pinned, today, yesterday, by month."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the database library is loaded only when something is saved
    from clarifai_chat.history.store import Summary


def grouped(
    found: "Iterable[Summary]", now: float, zone: tzinfo
) -> "list[tuple[str, list[Summary]]]":
    """Return the groups in the order of `found`, each with its heading. `zone`: the visitor's."""
    groups = groupby(found, key=lambda each: _heading(each, now, zone))
    return [(heading, [*members]) for heading, members in groups]


def _heading(summary: "Summary", now: float, zone: tzinfo) -> str:
    if summary.pinned:
        return "Pinned"
    try:
        day = datetime.fromtimestamp(summary.updated_at, zone).date()
    except (ValueError, OverflowError, OSError):  # a date from an imported file
        return "Earlier"
    days = (datetime.fromtimestamp(now, zone).date() - day).days
    for most, heading in ((0, "Today"), (1, "Yesterday"), (7, "Previous 7 days")):
        if days <= most:
            return heading
    return "Previous 30 days" if days <= 30 else f"{day:%B %Y}"
