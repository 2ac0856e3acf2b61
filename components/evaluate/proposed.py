"""Draw cases that are proposed from the playground's tools: each is read, then kept or not."""

import json

import streamlit as st

from clarifai_chat import json_text
from clarifai_chat.evidence import cases, proposals
from clarifai_chat.evidence.cases import Case
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.text import unused
from clarifai_chat.tools.lint.check import check
from components.evaluate import acts
from components.playground import tool_text
from components.state.session import session
from components.state.slots import seed, widget
from components.state.streamlit_patches import uninterrupted


def show() -> None:
    """Draw the first proposal that was neither kept nor left out, behind a fold."""
    fold = st.expander(
        "Propose cases from the playground's tools",
        type="compact",
        key="proposals",
        on_change="rerun",
    )
    if not fold.open:
        return
    with fold:
        found = _all()
        left = [case for case in found if _mark(case) not in session.proposals_read]
        if not found:
            st.caption("The playground has no tools: write some there first.")
        elif not left:
            st.caption("You have read all proposals.")
            st.button("Begin again", key="proposals_again", on_click=_again)
        else:
            _show_one(left[0], len(found) - len(left) + 1, len(found))


def _all() -> list[Case]:
    return proposals.proposals(tool_text.sent(check(session.tools["text"])))


def _mark(case: Case) -> str:
    """Return what tells a proposal from others: one with another prompt is new."""
    return f"{case['id']}: {case['prompt']}"


def _show_one(case: Case, number: int, of: int) -> None:
    st.caption(
        f"Proposal {number} of {of}, {escaped(case['topic'])}. No model wrote it: change the prompt"
        " or what is expected until only one answer is right, or leave it out."
    )
    seed(_key("proposed_prompt", case), case["prompt"])
    st.text_area("Prompt of the case", key=_key("proposed_prompt", case), height=110)
    seed(_key("proposed_expect", case), json.dumps(case["expect"], ensure_ascii=False, indent=1))
    st.text_area(
        "Expected, by the rules of docs/EVIDENCE.md",
        key=_key("proposed_expect", case),
        height=220,
        help='For example {"$one_of": ["celsius", "C"]} in place of a value, or "asks": ["city"]'
        ' in place of "calls"',
    )
    try:
        st.markdown(f"Expected: **{escaped(cases.summary(_typed(case)))}**")
    except cases.BadCases as why:
        st.markdown(f":red[:material/error:] {escaped(str(why))}")
    with st.container(horizontal=True):
        st.button(
            "Keep it",
            key="keep_proposal",
            icon=":material/check:",
            on_click=_keep,
            args=(case,),
        )
        st.button("Leave it out", key="leave_proposal", on_click=_leave, args=(case,))


def _key(box: str, case: Case) -> str:
    return f"{box}:{_mark(case)}"


def _typed(case: Case) -> Case:
    """Return the proposal as it was changed. Raises `BadCases`."""
    prompt = str(widget(_key("proposed_prompt", case)) or "").strip()
    try:
        expect = json_text.read(str(widget(_key("proposed_expect", case)) or ""))
    except (ValueError, RecursionError) as why:
        raise cases.BadCases(f"What is expected is not JSON: {why}.") from None
    return cases.read(json.dumps([{**case, "prompt": prompt, "expect": expect}]))[0]


@uninterrupted()
def _keep(case: Case) -> None:
    taken = [each["id"] for each in session.my_cases]
    try:
        acts.add([{**_typed(case), "id": unused(case["id"], taken)}])
    except cases.BadCases as why:
        st.toast(escaped(str(why)))
        return
    _leave(case)


@uninterrupted()
def _leave(case: Case) -> None:
    session.proposals_read = [*session.proposals_read, _mark(case)]


@uninterrupted()
def _again() -> None:
    session.proposals_read = []
