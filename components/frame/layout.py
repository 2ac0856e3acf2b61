"""Keep the page free of old elements while a run lasts."""

import streamlit as st


def clear_below(elements: int) -> None:
    """Remove up to so many elements that the last run drew here and this one does not.

    Streamlit would leave them, faded, until the run ends, which takes as long as a reply.
    """
    for _ in range(elements):
        st.empty()
