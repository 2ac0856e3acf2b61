"""Save which models a visitor chose and measured, and merge the choices of several tabs."""

from collections.abc import Iterable
from typing import Any, TypedDict

from clarifai_chat.history import database, measured
from clarifai_chat.history.measured import Findings

MOST = 200  # favourites of one visitor
MOST_RECENT = 5
MAX_CHARS = 2000  # of a model's address


class Choices(TypedDict):
    """Models by their addresses, the newest first."""

    favourites: list[str]
    recent: list[str]
    model: str  # the last one; "" if the app chose
    measured: Findings


def none() -> Choices:
    return {"favourites": [], "recent": [], "model": "", "measured": {}}


def load(owner: str) -> Choices | None:
    """Return what the visitor chose; None if it cannot be read at the moment."""
    found, why = database.attempt(lambda store: store.choices(owner))
    return None if why or found is None else _sound(found)


def save(owner: str, mine: Choices, before: Choices) -> Choices | None:
    """Save what changed since `before`; return all that is saved now, None if that failed.

    What other tabs changed meanwhile stays.
    """
    saved, why = database.attempt(
        lambda store: store.change_choices(owner, lambda there: merged(mine, before, _sound(there)))
    )
    return None if why or saved is None else _sound(saved)


def merged(mine: Choices, before: Choices, there: Choices) -> Choices:
    """Return what is there with the changes from `before` to `mine`."""
    gone = {*before["favourites"]} - {*mine["favourites"]}
    new = [url for url in mine["favourites"] if url not in before["favourites"]]
    has_chosen = mine["recent"] != before["recent"]
    recent = [*mine["recent"], *there["recent"]] if has_chosen else there["recent"]
    return {
        "favourites": _unique([*new, *(url for url in there["favourites"] if url not in gone)]),
        "recent": _unique(recent)[:MOST_RECENT],
        "model": mine["model"] if mine["model"] != before["model"] else there["model"],
        "measured": measured.merged(
            measured.changes(mine["measured"], before["measured"]), there["measured"]
        ),
    }


def _unique(urls: Iterable[str]) -> list[str]:
    return [*dict.fromkeys(urls)][:MOST]


def _sound(body: Any) -> Choices:
    """Return choices, whatever was saved: by another version, or in a restored file."""
    known = body if isinstance(body, dict) else {}
    return {
        "favourites": _addresses(known.get("favourites")),
        "recent": _addresses(known.get("recent")),
        "model": next(iter(_addresses([known.get("model")])), ""),
        "measured": measured.sound(known.get("measured")),
    }


def _addresses(value: Any) -> list[str]:
    urls = value if isinstance(value, list) else []
    return _unique(u for u in urls if isinstance(u, str) and 0 < len(u) <= MAX_CHARS)
