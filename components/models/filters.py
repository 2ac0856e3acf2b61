"""The filters of the Models page."""

import streamlit as st

from clarifai_chat import catalog
from clarifai_chat.catalog import Model
from components.frame import model_picker
from components.state.session import session


def show() -> list[Model]:
    """Draw the filters; return the models that pass them."""
    text = st.text_input(
        "Search", key="models_text", type="search", live=True, placeholder="Name, owner or family"
    )
    with st.container(horizontal=True):
        wanted = st.pills(
            "Only models with",
            list(model_picker.ABILITIES),
            selection_mode="multi",
            format_func=model_picker.ABILITIES.__getitem__,
            key="models_abilities",
            wrap=True,
        )
        family = model_picker.show_families("models_family")
    flags = {ability: ability in wanted for ability in model_picker.ABILITIES}
    return catalog.of_family(catalog.search(session.offered, text or "", **flags), family)
