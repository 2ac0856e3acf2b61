"""The session's last runs: which one is shown, and which one it is compared with."""

import time
from collections.abc import Mapping, Sequence

import streamlit as st

from clarifai_chat.chat.turn import Turn
from clarifai_chat.playground import run_report, runs
from clarifai_chat.playground.runs import Run
from components.state.session import session
from components.state.slots import forget_widgets, seed, widget
from components.state.streamlit_patches import uninterrupted


class Entry:
    """A run in progress in the list of runs, which draws nothing until it is over."""

    tail_size = 0

    def __init__(self, turn: Turn) -> None:
        self.turn = turn

    def draw(self) -> None:
        pass


def show() -> tuple[Run | None, Run | None]:
    """Draw the choice of runs, if there are several; return the run to show and one to compare."""
    kept = {run["turn"]["id"]: run for run in session.runs}
    shown = opened()
    if shown is None:
        return None, None
    shown_id = shown["turn"]["id"]
    others = [id for id in kept if id != shown_id]
    compared = session.compared_run if session.compared_run in others else ""
    if others:
        labels = {id: _label(number, run) for number, (id, run) in enumerate(kept.items(), 1)}
        with st.container(horizontal=True):
            _choose("Run", "opened_run", list(reversed(kept)), shown_id, labels)
            _choose("Compare with", "compared_run", ["", *reversed(others)], compared, labels)
    return shown, kept.get(compared)


def opened() -> Run | None:
    """Return the run that is shown."""
    chosen = [run for run in session.runs if run["turn"]["id"] == session.opened_run]
    return next(reversed(chosen or session.runs), None)


def open_run(run: Run) -> None:
    """Show this run. For callbacks."""
    session.opened_run = run["turn"]["id"]
    forget_widgets("opened_run", "compared_run")


def add(run: Run) -> None:
    """Add a run from a file to the session's, and show it. For callbacks."""
    session.runs = runs.latest([*session.runs, run])
    open_run(run)


def _choose(label: str, key: str, ids: Sequence[str], now: str, labels: Mapping[str, str]) -> None:
    # Drawn afresh in each run: the browser knows an option by its label only, and labels change.
    forget_widgets(key)
    seed(key, now)
    st.selectbox(
        label,
        ids,
        key=key,
        format_func=lambda id: labels.get(id, "nothing"),
        on_change=_keep,
        args=(key,),
    )


def _label(number: int, run: Run) -> str:
    asked = run["turn"]["asked_at"]
    at = time.strftime("%H:%M", time.localtime(asked)) if asked else "not sent"
    return f"{number} · {run_report.outcome(run)} · {at} · {run['turn']['model']['name']}"


@uninterrupted()
def _keep(key: str) -> None:
    if key == "opened_run":
        session.opened_run = widget(key) or ""
    else:
        session.compared_run = widget(key) or ""
