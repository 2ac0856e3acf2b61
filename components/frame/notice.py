"""Draw the operator's word to all visitors."""

import streamlit as st

from clarifai_chat.history import notice
from clarifai_chat.markdown.sanitize import escaped


def show() -> None:
    if text := notice.text():
        st.info(escaped(text), icon=":material/campaign:")
