"""Measure on request what the model in use can do, beside what its facts claim."""

from typing import cast

import streamlit as st

from clarifai_chat import background
from clarifai_chat.background import Job
from clarifai_chat.catalog import Model
from clarifai_chat.chat.turn import new_turn
from clarifai_chat.evidence import probe
from clarifai_chat.evidence.probe import KINDS, NAMES, Kind
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.text import counted, listed
from components.evaluate import table
from components.frame import measured
from components.models.table import YES_NO
from components.state.session import session
from components.state.slots import seed, widget
from components.state.streamlit_patches import uninterrupted

ABOUT: dict[Kind, str] = {
    "tools": "a call when it fits, one when it is required, and one whose answer must be used",
    "parallel": "two or three calls in one reply",
    "json": "an answer that is JSON by a schema which the prompt does not tell",
    "vision": "the colour of a picture",
    "reasoning": "thinking that arrives beside the answer",
}


def show() -> list[Job]:
    """Draw the choice and what came of it; return the job that the page waits for, if one runs."""
    model = session.model
    job = session.measuring.get(model.url)
    is_running = job is not None and job["state"] == "running"
    seed("measure_kinds", ["tools"])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.pills(
            f"Measure {escaped(model.name)}",
            KINDS,
            selection_mode="multi",
            format_func=NAMES.__getitem__,
            key="measure_kinds",
            wrap=True,
            help="Three runs each: "
            + listed([f"{NAMES[kind]}, {about}" for kind, about in ABOUT.items()])
            + ". The page Evaluate measures more.",
        )
        st.button(
            "Measure",
            key="measure_model",
            icon=":material/fact_check:",
            disabled=is_running or not _chosen(),
            on_click=_measure,
        )
    most = counted(probe.requests(_chosen()), "request")
    st.text("Asking …" if is_running else f"At most {most}, at the model's price.")
    if job and job["problem"]:
        st.text(f"Not measured. {job['problem']['what']} {job['problem']['advice']}")
    _show_found(model, job)
    return [job] if job and is_running else []


def _show_found(model: Model, job: Job | None) -> None:
    """Draw what is claimed and what was measured, side by side."""
    claimed = {"tools": model.tools, "vision": model.vision, "reasoning": model.reasoning}
    last = (job and job["result"]) or {}
    found = {**last, **session.measured.get(model.url, {})}
    rows = [
        [
            NAMES[kind],
            YES_NO[claimed[kind]] if kind in claimed else "no claim",
            f"passed {probe.said(found[kind])}" if found[kind]["of"] else "could not be judged",
            "; ".join(found[kind]["whys"]),
        ]
        for kind in KINDS
        if kind in found
    ]
    if rows:
        table.show(["Ability", "Claimed", "Measured", "Why not"], rows, "Claimed and measured")
    elif not job:
        st.text("Not measured yet.")


def _chosen() -> list[Kind]:
    chosen = widget("measure_kinds") or []
    return [kind for kind in KINDS if kind in cast(list[Kind], chosen)]


@uninterrupted()
def _measure() -> None:
    asked, kinds = session.asked_model, _chosen()
    known = session.measuring.get(asked["url"])
    if (known and known["state"] == "running") or not kinds:  # a second click
        return
    measured.take()  # of this model, before its job is replaced
    endpoint = session.endpoint(new_turn("", asked))
    job = background.start(lambda: probe.measure(asked, endpoint, kinds))
    session.measuring = {**session.measuring, asked["url"]: job}
