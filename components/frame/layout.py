"""Places on the page that stay clean while a run lasts."""

import streamlit as st


def clear_below(elements: int) -> None:
    """Take away what the last run drew here and this one does not.

    Streamlit would leave it, faded, until the run ends: as long as a reply takes.
    """
    for _ in range(elements):
        st.empty()
