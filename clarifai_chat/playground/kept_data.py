"""Define what of the playground is saved, and write it as text and read it."""

import json
import uuid
from collections.abc import Mapping
from typing import Any, TypedDict, cast

from clarifai_chat.playground.runs import Run
from clarifai_chat.text import cut, whole_data

ABOUT_CHARS = 60


class OpenSet(TypedDict):
    """The set on a page, as far as it is saved. The thread that saves it changes this in place."""

    id: str
    name: str  # "" if it has none
    revision: int  # 0: not saved yet
    notice: str  # one sentence about what became of it
    trouble: str  # why its last change is not saved


class KeptRun(TypedDict):
    """How far a run is saved."""

    id: str
    revision: int
    mark: int  # see `mark_of`
    trouble: str
    is_left_out: bool  # it is never saved


class Loaded(TypedDict):
    """What a visitor had: the set used last, None without any, and the last runs, oldest first."""

    open_set: OpenSet | None
    slots: dict[str, Any]
    runs: list[Run]
    kept_runs: dict[str, KeptRun]  # by turn id


def new_set(name: str = "") -> OpenSet:
    return {"id": uuid.uuid4().hex, "name": name, "revision": 0, "notice": "", "trouble": ""}


def new_run() -> KeptRun:
    """Return the state of a run that is not saved yet."""
    return {"id": "", "revision": 0, "mark": 0, "trouble": "", "is_left_out": False}


def written(slots: Mapping[str, Any]) -> str:
    """Return a set as it is saved: any slots of plain data, none of which this has to know.

    A slot that would not come back as it is, such as one with a job in it, is left out.
    """
    from clarifai_chat.history.store.tables import dumped

    return dumped({"slots": {name: each for name, each in slots.items() if _is_plain(each)}})


def _is_plain(value: Any) -> bool:
    try:
        return repr(json.loads(json.dumps(value))) == repr(value)
    except (TypeError, ValueError, RecursionError):
        return False


def read(body: str) -> dict[str, Any]:
    """Return the slots of a saved set, {} if it has none."""
    slots = json.loads(body).get("slots")
    return cast(dict[str, Any], whole_data(slots)) if isinstance(slots, dict) else {}


def about(slots: Mapping[str, Any]) -> str:
    """Return a few words of a set: its prompt, or else its tools."""
    tools = slots.get("tools")
    texts = (slots.get("run_prompt"), tools.get("text") if isinstance(tools, dict) else "")
    words = (" ".join(text[:1000].split()) for text in texts if isinstance(text, str))
    return cut(next(filter(None, words), ""), ABOUT_CHARS)


def mark_of(run: Run) -> int:
    """Return a number that changes with what is in a run, without reading all of it."""
    turn = run["turn"]
    rest = {name: each for name, each in run.items() if name not in ("turn", "tools", "exchanges")}
    stage = [turn["asked_at"], turn["ended_at"], turn["ending"], len(turn["replies"])]
    counts = [len(turn["before"]), len(turn["earlier"]), len(run["exchanges"])]
    return hash(json.dumps([stage, counts, rest], default=str))
