"""Keep a run as a case, which the page Evaluate asks again."""

import streamlit as st

from clarifai_chat.evidence import from_run
from clarifai_chat.evidence.cases import MAX_CASES
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.playground.runs import Run, runs_elsewhere
from components.state.session import session
from components.state.streamlit_patches import uninterrupted


def show(run: Run) -> None:
    """Draw the button below a run that is over; nothing where a case cannot hold the run."""
    turn = run["turn"]
    if turn["problem"] or turn.get("attachments") or runs_elsewhere(run):
        return
    st.button(
        "Keep as a case",
        key=f"keep_case:{turn['id']}",
        icon=":material/fact_check:",
        type="tertiary",
        help="What the model did becomes what is expected of every model, on the page Evaluate",
        on_click=_keep,
        args=(run,),
    )


@uninterrupted()
def _keep(run: Run) -> None:
    case = from_run.case_of(run, [each["id"] for each in session.my_cases])
    if case is None:
        st.toast("Not kept: a call of this run is not valid, so it cannot be what is expected.")
    elif len(session.my_cases) >= MAX_CASES:
        st.toast(f"Not kept: there are {MAX_CASES} cases. Remove some on the page Evaluate.")
    else:
        session.my_cases = [*session.my_cases, case]
        session.plan = {**session.plan, "cases": "mine"}
        st.toast(
            f"Kept as “{escaped(case['id'])}”. The page Evaluate asks it again and again.",
            icon=":material/check:",
        )
