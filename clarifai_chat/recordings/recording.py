"""A recording: turns as they were, in one column or several, or a playground run."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, TypedDict, get_args

from clarifai_chat.chat import pace
from clarifai_chat.chat.settings import ChatSettings
from clarifai_chat.chat.turn import Turn, is_over
from clarifai_chat.playground.runs import Run
from clarifai_chat.text import listed

Kind = Literal["answer", "comparison", "run"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Column(TypedDict):
    """A conversation with one model."""

    settings: ChatSettings
    turns: list[Turn]


class Recording(TypedDict):
    kind: Kind
    recorded_at: float  # Unix time; 0 if it is not known
    columns: list[Column]  # of a run: one, with the run's turn
    run: Run | None


def of_answer(turn: Turn, settings: ChatSettings) -> Recording:
    return _new("answer", [{"settings": settings, "turns": [turn]}])


def of_comparison(columns: Sequence[Column]) -> Recording:
    """Return a recording of the rounds that are over in all columns."""
    rounds = min(len(column["turns"]) for column in columns)
    while rounds and not all(is_over(column["turns"][rounds - 1]) for column in columns):
        rounds -= 1
    return _new("comparison", [{**c, "turns": c["turns"][:rounds]} for c in columns])


def of_run(run: Run) -> Recording:
    return {**_new("run", [{"settings": {}, "turns": [run["turn"]]}]), "run": run}


def _new(kind: Kind, columns: Sequence[Column]) -> Recording:
    asked = [turn["asked_at"] or 0.0 for column in columns for turn in column["turns"]]
    return {
        "kind": kind,
        "recorded_at": max(asked, default=0.0),
        "columns": [*columns],
        "run": None,
    }


def rounds(recording: Recording) -> int:
    """Return how many questions were asked, one after the other."""
    return max((len(column["turns"]) for column in recording["columns"]), default=0)


def models(recording: Recording) -> list[str]:
    """Return the names of the models that answered, each once, in the order of the columns."""
    turns = [turn for column in recording["columns"] for turn in column["turns"]]
    return [*dict.fromkeys(turn["model"]["name"] for turn in turns)]


def is_measured(recording: Recording) -> bool:
    """Return whether the timing of all answers is known."""
    turns = [turn for column in recording["columns"] for turn in column["turns"]]
    return all(pace.is_measured(turn) for turn in turns)


def ribbon(recording: Recording) -> str:
    """Return what is always said of a recording: when, with which models, whose timing."""
    text = "Recording"
    if recording["recorded_at"]:
        day = datetime.fromtimestamp(recording["recorded_at"], UTC)
        text = f"Recorded on {day.day} {day:%B %Y} at {day:%H:%M} UTC"
    text += f" with {listed(models(recording))}. Nothing is sent."
    if not is_measured(recording):
        text += " The timing is made up: only its average was kept."
    return text


def file_name(recording: Recording) -> str:
    """Return a name for the file: what it is, and its day."""
    day = datetime.fromtimestamp(recording["recorded_at"] or time.time(), UTC)
    return f"{recording['kind']}-{day:%Y-%m-%d-%H%M}.json"
