"""Draw the forms of a model's id, each with a button that copies it."""

import streamlit as st

from clarifai_chat import catalog
from clarifai_chat.catalog import Model


def show(model: Model) -> None:
    """Draw them one below the other."""
    for where, text in catalog.model_ids(model).items():
        with st.container(gap="xxsmall"):
            st.caption(where)
            st.code(text, language=None, wrap_lines=True)


def show_popover(model: Model) -> None:
    """Draw a popover with them; nothing for the Demo, which has no id elsewhere."""
    if model.is_demo:
        return
    popover = st.popover(
        "Copy model id",
        key="model_ids",
        type="tertiary",
        icon=":material/content_copy:",
        on_change="rerun",
    )
    if popover.open:
        with popover:
            show(model)
