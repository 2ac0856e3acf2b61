"""Take a turn from the chat page into the playground, and offer the way back."""

import streamlit as st

from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.text import cut
from clarifai_chat.tools import mock_draft
from components.frame import chat_list
from components.playground import run_files, run_history, tool_text
from components.state import kept_playground, persistence
from components.state.session import session
from components.state.streamlit_patches import uninterrupted

MAX_TITLE_CHARS = 40


def take() -> bool:
    """Fill the playground from a turn of the chat; return whether there was one.

    Undo restores what was here, and the set that was open stays as it is saved.
    """
    found = session.from_chat
    if found is None:
        return False
    session.from_chat = None
    tool_text.open_set(found["toolset"])
    kept_playground.leave_set()
    run = found["run"]
    session.answerers = {**session.answerers, **run["answerers"]}
    typed = {tool: mock_draft.typed(mock) for tool, mock in run.get("mocks", {}).items()}
    session.mocks = {**session.mocks, **typed}
    session.results = {**session.results, **run["results"]}
    run_history.add(run)
    run_files.reopen(run)
    session.came_from = [found["chat"], found["title"]]
    return True


def show() -> None:
    """Draw the way back to the chat from which a turn came."""
    if session.came_from:
        title = cut(session.came_from[1], MAX_TITLE_CHARS)
        st.button(
            f"Back to the chat “{escaped(title)}”" if title else "Back to the chat",
            key="back_to_chat",
            icon=":material/arrow_back:",
            type="tertiary",
            on_click=_go_back,
        )


@uninterrupted()
def _go_back() -> None:
    id = session.came_from[0] if session.came_from else ""
    session.came_from = []
    chat_list.open_chat(persistence.owner() or "", id)
