"""Draw the messages before the prompt: an editor, and buttons to add and remove a pair."""

from collections.abc import Sequence

import streamlit as st

from clarifai_chat.messages import ToolSpec
from clarifai_chat.playground import earlier
from components.playground import request_text
from components.state.session import session
from components.state.slots import forget_widgets
from components.state.streamlit_patches import uninterrupted

HELP = (
    "A list of messages of system, user, assistant and tool, as OpenAI's API takes them. They are"
    " sent exactly as typed, between the system prompt and the prompt."
)


def show(tools: Sequence[ToolSpec]) -> None:
    fold = st.expander("Earlier messages", type="compact", key="run_messages", on_change="rerun")
    if not fold.open:
        forget_widgets("text_plain:messages")
        return
    with fold:
        st.caption(HELP)
        request_text.show("messages", request_text.checked_messages(tools).findings)
        with st.container(horizontal=True, gap="small"):
            st.button(
                "Add a question and an answer",
                key="add_pair",
                icon=":material/add:",
                on_click=_add,
            )
            st.button(
                "Remove the last",
                key="remove_pair",
                icon=":material/remove:",
                disabled=not session.run_settings["messages"],
                help="Removes the last question and what follows it",
                on_click=_remove,
            )


@uninterrupted()
def _add() -> None:
    request_text.read_all()
    text = request_text.draft("messages")["text"]
    request_text.change("messages", earlier.added(text))


@uninterrupted()
def _remove() -> None:
    request_text.read_all()
    text = request_text.draft("messages")["text"]
    request_text.change("messages", earlier.without_last(text))
