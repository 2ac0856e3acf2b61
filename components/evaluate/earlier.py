"""Draw the visitor's earlier experiments, to open one."""

import time

import streamlit as st

from clarifai_chat.evidence import running
from clarifai_chat.markdown.sanitize import escaped
from components.evaluate import acts
from components.state import persistence
from components.state.session import session


def show() -> None:
    """Draw a choice of saved experiments; nothing if there is none."""
    owner = persistence.owner()
    if session.deleted_experiment:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(escaped(f"Deleted “{session.deleted_experiment[1]}”."))
            st.button("Undo", key="undo_evaluation", type="tertiary", on_click=acts.undelete)
    found = {each.id: each for each in running.earlier(owner)}
    if not found:
        if owner is None:
            st.caption("Results are not saved here: a reload loses them. Export what you need.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Earlier evaluations",
            [*found],
            format_func=lambda id: f"{_date(found[id].created_at)}: {found[id].name}",
            key="earlier_experiment",
        )
        st.button(
            "Open this one",
            key="open_evaluation",
            icon=":material/folder_open:",
            on_click=acts.open_chosen,
        )


def _date(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(at))
