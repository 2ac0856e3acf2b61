"""Measure on request whether the model in use calls tools, beside what its facts claim."""

import streamlit as st

from clarifai_chat import background
from clarifai_chat.background import Job
from clarifai_chat.chat.turn import new_turn
from clarifai_chat.evidence import probe
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.text import counted
from components.frame import measured
from components.state.session import session
from components.state.streamlit_patches import uninterrupted


def show() -> list[Job]:
    """Draw the button and what came of it; return the job that the page waits for, if one runs."""
    model = session.model
    job = session.measured.get(model.url)
    is_running = job is not None and job["state"] == "running"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Measure tool calls of {escaped(model.name)}",
            key="measure_model",
            icon=":material/fact_check:",
            disabled=is_running,
            help="Three runs: a call when it fits, a call when one is required, and a call whose"
            f" answer it must use. At most {counted(probe.REQUESTS, 'request')}, which cost what"
            " they cost. The page Evaluate measures more.",
            on_click=_measure,
        )
        if job is None:
            st.text("Not measured in this tab.")
        elif is_running:
            st.text("Asking …")
        elif job["problem"]:
            st.text(f"Not measured. {job['problem']['what']} {job['problem']['advice']}")
        else:
            st.text(f"Measured: passed {measured.text(model.url)}.")
    if job and job["result"] and not is_running:
        for why in job["result"]["whys"]:
            st.text(why)
    return [job] if job and is_running else []


@uninterrupted()
def _measure() -> None:
    asked = session.asked_model
    known = session.measured.get(asked["url"])
    if known and known["state"] == "running":  # a second click
        return
    endpoint = session.endpoint(new_turn("", asked))
    job = background.start(lambda: probe.measure(asked, endpoint))
    session.measured = {**session.measured, asked["url"]: job}
