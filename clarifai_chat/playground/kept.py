"""Load, list, open, rename and delete what is saved of the playground."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from clarifai_chat.chat.turn import is_over
from clarifai_chat.history import database
from clarifai_chat.playground import keeping, runs, shared
from clarifai_chat.playground.keeping import Followed
from clarifai_chat.playground.kept_data import (
    KeptRun,
    Loaded,
    OpenSet,
    mark_of,
    new_run,
    new_set,
    read,
)
from clarifai_chat.playground.runs import Run, RunSettings
from clarifai_chat.text import whole_data

if TYPE_CHECKING:
    from clarifai_chat.history.store import Store
    from clarifai_chat.history.store.playground import SetSummary, Stored


def load(owner: str) -> tuple[Loaded | None, str]:
    """Return what a visitor has, and why it cannot be read, or "".

    Runs in progress are the same objects as in the tab that began them, or followed where another
    process asks them. Others that are not over were interrupted.
    """
    keeping.flush(owner)
    followed = keeping.followed()
    going_on: list[tuple[Run, KeptRun]] = []

    def find(store: "Store") -> Loaded:
        stored = store.playground.load_set(owner)
        found_runs, kept_runs = [], {}
        for row in store.playground.runs(owner):
            run, kept = _run_in(row, followed)
            if not is_over(run["turn"]):
                going_on.append((run, kept))
            found_runs.append(run)
            kept_runs[run["turn"]["id"]] = kept
        open_set = _open_set(stored) if stored else None
        slots = read(stored.body) if stored else {}
        return {"open_set": open_set, "slots": slots, "runs": found_runs, "kept_runs": kept_runs}

    found, why = database.attempt(find)
    for run, kept in going_on:
        shared.catch_up(owner, run, kept)
    if found:
        ids = [kept["id"] for kept in found["kept_runs"].values()]
        keeping.note_use(owner, [*ids, *([found["open_set"]["id"]] if found["open_set"] else [])])
    return found, why


def _run_in(row: "Stored", followed: Mapping[str, Followed]) -> tuple[Run, KeptRun]:
    if live := next((e for e in followed.values() if e.kept["id"] == row.id), None):
        return live.run, live.kept
    run = _whole(whole_data(json.loads(row.body)))
    kept = new_run()
    kept["id"], kept["revision"], kept["mark"] = row.id, row.revision, mark_of(run)
    return run, kept


def _whole(found: Run) -> Run:
    """Return a run with what an earlier version of this app did not know."""
    turn = found["turn"]
    blank = runs.new_run("", turn["model"], [], runs.default_settings(), {}, {})
    settings = cast(RunSettings, {**blank["settings"], **found["settings"]})
    return cast(Run, {**blank, **found, "settings": settings})


def _open_set(stored: "Stored") -> OpenSet:
    found = new_set(stored.name)
    found["id"], found["revision"] = stored.id, stored.revision
    return found


def sets(owner: str) -> "tuple[list[SetSummary], str]":
    """Return a visitor's sets, the one used last first, and why they cannot be read, or ""."""
    found, why = database.attempt(lambda store: store.playground.sets(owner))
    return found or [], why


def has_any(owner: str) -> bool:
    """Return whether a visitor has a set or a run."""
    return bool(database.attempt(lambda store: store.playground.has_any(owner))[0])


def open_set(owner: str, id: str) -> tuple[OpenSet, dict[str, Any]] | None:
    """Return a set and its slots; None if it is not there any more, or cannot be read."""
    stored, _ = database.attempt(lambda store: store.playground.load_set(owner, id))
    if stored is None:
        return None
    keeping.note_use(owner, [stored.id])
    return _open_set(stored), read(stored.body)


def read_set(owner: str, id: str) -> tuple[str, dict[str, Any]] | None:
    """Return a set's name and slots, to use its tools elsewhere; None as in `open_set`."""
    keeping.flush(owner)
    stored, _ = database.attempt(lambda store: store.playground.load_set(owner, id))
    return (stored.name, read(stored.body)) if stored else None


def rename(owner: str, id: str, name: str) -> tuple[str, str]:
    """Give a set a name; return it, made unique, and why that failed, or ""."""
    from clarifai_chat.history.store.playground import OutOfRoom

    try:
        found, why = database.attempt(lambda store: store.playground.rename(owner, id, name))
    except OutOfRoom:
        return "", "There are 100 sets with a name already. Delete one first."
    return found or "", why or ("" if found else "It was deleted in another tab.")


def delete(owner: str, id: str) -> str:
    """Delete a set; `undelete` works for a day. Return why it is still there, or ""."""
    return database.attempt(lambda store: store.playground.delete(owner, id))[1]


def undelete(owner: str, id: str) -> str:
    """Restore a deleted set; return why it is not there again, or ""."""
    found, why = database.attempt(lambda store: store.playground.undelete(owner, id))
    return why or ("" if found else "It was deleted more than a day ago.")
