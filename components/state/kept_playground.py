"""Save the playground's work for its owner, and find it again in a new session.

What a set consists of is in playground_slots.py.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from clarifai_chat.access_token import MARK, holds, redact
from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.chat import replies
from clarifai_chat.config import settings
from clarifai_chat.history import attachment_contents
from clarifai_chat.playground import keeping, kept, shared
from clarifai_chat.playground.kept_data import mark_of, new_run, new_set
from clarifai_chat.playground.runs import Run
from clarifai_chat.text import listed
from components.state import persistence
from components.state.playground_slots import PlaygroundSlots
from components.state.session import session
from components.state.slots import LOOK_S, Slot, pause_point

SETTLE_S = 2.0  # how long a page waits at its end to say what became of a change
NEVER = -1  # a hash that no set has: the next `note` saves


def _slots() -> dict[str, Slot[Any]]:
    found = {name: slot for name, slot in vars(PlaygroundSlots).items() if isinstance(slot, Slot)}
    return {name: slot for name, slot in found.items() if slot.kept}


def work() -> dict[str, Any]:
    """Return the open set: the model, and all slots that are kept."""
    return {name: getattr(session, name) for name in _slots()} | {"model": session.chosen}


def fill(slots: dict[str, Any]) -> None:
    """Replace the open set's slots; those that are not in `slots` begin again."""
    shown = {name: getattr(session, name) for name in _slots()}
    for name, slot in _slots().items():
        default = slot.default()
        value = slots.get(name, default)
        if default is not None and not isinstance(value, type(default)):
            value = default
        if isinstance(default, dict):  # a set from before some part of it was invented
            value = {**default, **value}
        setattr(session, name, _renewed(value, shown[name]))
    attach(session.run_files, "Attached files that were not sent are no longer here.")


def attach(files: list[Attachment], why_not: str) -> None:
    """Attach files to the next run as far as their contents are still here, and name the others."""
    found, _ = attachment_contents.find(persistence.owner(), files)
    session.run_files = [file for file in files if file["id"] in found]
    lost = listed([file["name"] for file in files if file["id"] not in found])
    session.run_refused = [f"{why_not} Attach them again: {lost}."] if lost else []


def _renewed(value: Any, shown: Any) -> Any:
    """Return a text, or texts by name, as newer than those that editors show."""
    if not isinstance(value, dict):
        return value
    if value.keys() == {"text", "gen"}:
        return {**value, "gen": (shown["gen"] if isinstance(shown, dict) else 0) + 1}
    known = shown if isinstance(shown, dict) else {}
    return {name: _renewed(each, known.get(name)) for name, each in value.items()}


def restore() -> None:
    """Find what the visitor had, once in a session, unless there is something already."""
    if session.is_restored:
        return
    session.is_restored = True
    owner = persistence.owner()
    if owner is None or session.tools["gen"] or session.tools["text"] or session.runs:
        return
    found, why = kept.load(owner)
    if found is None:
        session.open_set["trouble"] = f"What you had here before cannot be read. {why}"
        return
    session.runs, session.kept_runs = found["runs"], found["kept_runs"]
    if found["open_set"]:
        session.open_set = found["open_set"]
        fill(found["slots"])
        if not session.chosen and isinstance(model := found["slots"].get("model"), str):
            session.chosen = model


def leave_set() -> None:
    """Let what is on the page be a new set; the one that it was stays as it is saved."""
    session.open_set, session.noted_set = new_set(), NEVER


def begin_set(slots: dict[str, Any]) -> None:
    """Leave the open set as it is saved, and fill the page with another one. For callbacks."""
    fill({**slots, "address_tools": session.address_tools})  # or the address would be opened again
    leave_set()
    session.held_by, session.is_set_temporary = 0, False


def note() -> None:
    """Save what has changed, soon. For each run of the page: most find nothing to save."""
    owner = persistence.owner()
    if session.is_temporary:
        session.is_set_temporary = True  # also after that chat has been left
    if owner is None:
        return
    _note_runs(owner)
    slots = work()
    now = hash(repr(slots))
    if session.noted_set is None:  # as it is saved, or as the app begins
        session.noted_set = now
    if session.is_set_temporary or (now == session.noted_set and not _came_to_light(slots)):
        return
    session.noted_set = now
    token = session.pat
    if session.held_by and hash(token) != session.held_by:
        keeping.drop(session.open_set)  # only the forgotten token could be found in it
        return
    whole = redact(slots, token)
    session.held_by = hash(token) if whole != slots else 0
    keeping.note(owner, session.open_set, whole)


def _came_to_light(slots: dict[str, Any]) -> bool:
    """Return whether a token has been entered that is in what is saved already."""
    known, session.noted_token = session.noted_token, hash(session.pat)
    is_new = known != session.noted_token
    return is_new and bool(session.open_set["revision"]) and holds(slots, session.pat)


def _note_runs(owner: str) -> None:
    states = session.kept_runs
    for run in session.runs:
        state = states.setdefault(run["turn"]["id"], new_run())
        if state["is_left_out"]:
            continue
        if session.is_set_temporary and not state["revision"]:
            state["is_left_out"] = True
        elif mark_of(run) != state["mark"] and not _is_elsewhere(run):
            _follow(owner, run)
    here = {run["turn"]["id"] for run in session.runs}
    session.kept_runs = {id: state for id, state in states.items() if id in here}


def _is_elsewhere(run: Run) -> bool:
    handle = replies.get(run["turn"])
    return handle is not None and handle.is_elsewhere


def _follow(owner: str, run: Run) -> None:
    state, access = session.kept_runs[run["turn"]["id"]], session.access
    if holds(_asked(run), session.pat):  # now: the token may be forgotten in a moment
        state["is_left_out"], state["trouble"] = True, f"The last run {keeping.HELD}"
        return
    keeping.follow(owner, run, state, lambda data: holds(data, access["pat"]))


@contextmanager
def asking(run: Run) -> Iterator[bool]:
    """Let other processes know that a run is asked within this block, and save it then.

    False if another process is asking it: then it is followed from there.
    """
    owner = persistence.owner()
    state = session.kept_runs.get(run["turn"]["id"]) or new_run()
    is_secret = holds(_asked(run), session.pat)
    is_unsaved = session.is_temporary or session.is_set_temporary or state["is_left_out"]
    if owner is None or is_unsaved or is_secret:
        yield True
        return
    session.kept_runs = {**session.kept_runs, run["turn"]["id"]: state}
    access = session.access
    with shared.claiming(owner, run, state, lambda data: holds(data, access["pat"])) as is_free:
        yield is_free


def _asked(run: Run) -> dict[str, Any]:
    """Return what of a run comes from the visitor."""
    return {**run, "exchanges": [], "turn": run["turn"]["prompt"]}


def settle() -> bool:
    """Wait a little for what is being saved; return whether that changes what the page says.

    Call it at a page's end.
    """
    until = time.monotonic() + SETTLE_S
    while time.monotonic() < until and keeping.is_waiting(
        session.open_set, session.kept_runs.values()
    ):
        time.sleep(LOOK_S / 4)
        pause_point()
    return said() != session.drawn_state


def said() -> list[str]:
    """Return all that the page says about saving; the page notes it in `drawn_state`."""
    return [session.open_set["notice"], session.open_set["name"], trouble()]


def trouble() -> str:
    """Return why something on the page is not saved as it is, in sentences, or "" if all is."""
    last = session.kept_runs.get(session.runs[-1]["turn"]["id"]) if session.runs else None
    sentences = [set_trouble(), last["trouble"] if last and not session.is_set_temporary else ""]
    if session.pat and session.held_by == hash(session.pat):  # the hash of "" is 0
        said = f"This set contains your access token. It is saved with {MARK} in its place."
        sentences.insert(0, said)
    return " ".join(filter(None, sentences))


def set_trouble() -> str:
    """Return why the open set is not saved, in a sentence, or "" if it is."""
    if session.is_set_temporary:
        return "Temporary: this set and its runs are not saved, and a reload deletes them."
    if session.held_by not in (0, hash(session.pat)):
        return (
            "This set contains an access token that is forgotten here, so it is not saved any more."
            " Remove the token, and save the set under a new name."
        )
    return session.open_set["trouble"]


def why_not() -> str:
    """Return why nothing is saved for this visitor, in a sentence, or ""."""
    if not settings().history:
        return "Sets and runs are not saved here: a reload deletes them."
    if persistence.owner() is None:
        return "This browser sent no cookie, so sets are not saved: a reload deletes them."
    return ""


def forget() -> None:
    """Begin again with nothing, once all that was saved is deleted."""
    for name, slot in vars(PlaygroundSlots).items():
        if isinstance(slot, Slot):
            setattr(session, name, slot.default())
    session.is_restored = True
