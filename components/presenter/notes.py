"""Draw the speaker's notes in a window of their own, in step with the presentation."""

import time

import streamlit as st

from clarifai_chat.chat.usage import seconds
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.presenting import plans, presentations
from clarifai_chat.presenting.plan import BadPlan, Plan
from components.reply.answer_view import AnswerView
from components.state.owner import visitor

LOOK_S = 1.0  # how often the window looks where the presentation is
STYLE = """<style>[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"]
{ display: none }</style>"""


def is_wanted() -> bool:
    """Return whether the address asks for the notes."""
    return "notes" in st.query_params and "demo" in st.query_params


def show() -> None:
    st.html(STYLE)
    st.title("Speaker's notes", anchor=False)
    try:
        plan = plans.load(str(st.query_params["demo"])[:100])
    except BadPlan as error:
        st.warning(escaped(str(error)), icon=":material/warning:")
        return
    _follow(plan, str(st.query_params["notes"])[:100])


@st.fragment(run_every=LOOK_S)
def _follow(plan: Plan, id: str) -> None:
    """Draw the notes of the step that is presented now."""
    place = presentations.find(id, plan["name"], visitor() or "")
    if place is None:
        st.info(
            "No presentation is in progress here. Open the demo, and follow its link to the notes.",
            icon=":material/info:",
        )
        return
    number, steps = place["step"], plan["steps"]
    step = steps[min(number, len(steps) - 1)]
    began = place["began_at"]
    st.caption(
        f"{escaped(plan['title'])} · {number + 1} of {len(steps)}"
        + (f" · {seconds(time.time() - began)}" if began else " · not begun")
    )
    st.header(escaped(step["title"]), anchor=False)
    if step["notes"]:
        AnswerView(st.container(), f"notes:{plan['name']}:{number}").draw(step["notes"], over=True)
    else:
        st.caption("This step has no notes.")
    if step["prompt"]:
        st.caption("Asks:")
        st.text(step["prompt"])
    if number + 1 < len(steps):
        st.caption(f"Next: {escaped(steps[number + 1]['title'])}")
    else:
        st.caption("This is the last step.")
