"""The last runs of the session: which one is shown, and which one it is compared with."""

import time
from collections.abc import Sequence

import streamlit as st

from clarifai_chat import run_report
from clarifai_chat.runs import Run
from components.session import forget_widgets, seed, session, uninterrupted, widget


def show() -> tuple[Run | None, Run | None]:
    """Draw the choices, where there is more than one run. Returns the run to show, and another."""
    kept = {run["turn"]["id"]: run for run in session.runs}
    shown = opened()
    if shown is None:
        return None, None
    shown_id = shown["turn"]["id"]
    others = [id for id in kept if id != shown_id]
    compared = session.compared_run if session.compared_run in others else ""
    if others:
        with st.container(horizontal=True):
            _choose("Run", "opened_run", list(reversed(kept)), shown_id, kept)
            _choose("Compare with", "compared_run", ["", *reversed(others)], compared, kept)
    return shown, kept.get(compared)


def opened() -> Run | None:
    """The run that is shown."""
    chosen = [run for run in session.runs if run["turn"]["id"] == session.opened_run]
    return next(reversed(chosen or session.runs), None)


def open_run(run: Run) -> None:
    """Show this run. For callbacks."""
    session.opened_run = run["turn"]["id"]
    forget_widgets("opened_run", "compared_run")


def _choose(label: str, key: str, ids: Sequence[str], now: str, kept: dict[str, Run]) -> None:
    if widget(key) not in ids:
        forget_widgets(key)
    seed(key, now)
    numbers = {id: number for number, id in enumerate(kept, 1)}
    st.selectbox(
        label,
        ids,
        key=key,
        format_func=lambda id: _label(numbers[id], kept[id]) if id else "nothing",
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
