"""Draw a box for the value of each `{{variable}}` in the prompts and messages."""

import streamlit as st

from clarifai_chat.markdown.sanitize import as_code
from clarifai_chat.playground import variables
from components.playground import run_values
from components.playground.run_values import VARIABLE
from components.state.session import session
from components.state.slots import forget_widgets, seed
from components.state.streamlit_patches import uninterrupted


def show() -> None:
    """Draw them; nothing if there are none."""
    settings = session.run_settings
    names = variables.names(session.run_prompt, settings["system"], settings["messages"])
    names = names[: variables.MAX_VALUES]
    if not names:
        return
    with st.container(border=True, gap="xsmall", key="variables"):
        for name in names:
            _show_one(name, settings["variables"].get(name, ""))


def _show_one(name: str, value: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        seed(VARIABLE + name, value)
        st.text_input(
            as_code(variables.literal(name)),
            key=VARIABLE + name,
            placeholder="Needs a value before it can be sent",
            on_change=run_values.keep,
        )
        if not value:
            st.button(
                "Send as written",
                key=f"literal:{name}",
                help=f"Sends {variables.literal(name)} itself, braces and all",
                on_click=_send_as_written,
                args=(name,),
            )


@uninterrupted()
def _send_as_written(name: str) -> None:
    values = session.run_settings["variables"]
    session.run_settings["variables"] = {**values, name: variables.literal(name)}
    forget_widgets(VARIABLE + name)
