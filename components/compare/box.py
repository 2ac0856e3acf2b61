"""Draw the box below the columns: ask all models, or one."""

import streamlit as st

from clarifai_chat.chat import chats, replies
from components.actions import comparing
from components.actions.comparing import ALL, FEWEST, letter
from components.chat import clipboard
from components.compare import chooser
from components.state.session import session


class Box:
    """The box for questions, and Stop while any model answers."""

    def __init__(self) -> None:
        count = len(session.compared)
        with st.bottom:
            clipboard.show()
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                self._stop = st.empty()
                if count:
                    st.segmented_control(
                        "Ask",
                        [ALL, *(letter(at) for at in range(count))],
                        default=ALL,
                        key="ask_whom",
                        required=True,
                        label_visibility="collapsed",
                        help="Ask every model, or one of them",
                    )
                chooser.show_price()
            st.chat_input(
                "Ask all of them" if not count else "Ask on",
                key="compare_prompt",
                disabled=not count and len(comparing.chosen()) < FEWEST,
                on_submit=comparing.ask,
            )
        turns = [turn for chat in session.compared for turn in chats.path(chat)]
        if any(replies.get(turn) for turn in turns):
            self._stop.button(
                "Stop all",
                key="stop_all",
                icon=":material/stop_circle:",
                on_click=comparing.stop_all,
            )

    def draw_end(self) -> None:
        self._stop.empty()
