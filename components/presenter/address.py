"""Read the demo that the address names, and keep the address up to date. It never sends."""

import streamlit as st

from components.presenter import steps
from components.state.session import session
from components.state.streamlit_patches import uninterrupted

DEMO, STEP, NOTES = "demo", "step", "notes"


def go_to_stage() -> None:
    """Go to the Stage page, if the chat page's address names a demo."""
    if DEMO in st.query_params:
        said = {k: v for k, v in st.query_params.to_dict().items() if k in (DEMO, STEP, NOTES)}
        st.switch_page("pages/stage.py", query_params=said)


@uninterrupted()
def read() -> None:
    """Open the demo that the address names, once; at its step, if it names one."""
    asked = str(st.query_params.get(DEMO, ""))[:100]
    if asked == session.address_demo:
        return
    session.address_demo = asked
    if not asked:
        return
    steps.open_plan(asked)
    number = str(st.query_params.get(STEP, ""))
    if (
        session.demo_plan
        and number.isdecimal()
        and 0 < int(number[:3]) <= len(session.demo_plan["steps"])
    ):
        steps.go_to(int(number[:3]) - 1)


def write() -> None:
    """Put the demo and its step into the address, so that a reload finds both."""
    wanted = {k: v for k, v in st.query_params.to_dict().items() if k not in (DEMO, STEP)}
    if session.demo_plan:
        wanted[DEMO] = session.demo_plan["name"]
        if session.step_at >= 0:
            wanted[STEP] = str(session.step_at + 1)
    if wanted != st.query_params.to_dict():
        st.query_params.from_dict(wanted)
    session.address_demo = wanted.get(DEMO, "")
