"""Prepare the app before the first page is drawn."""

from clarifai_chat import gc_thread
from clarifai_chat.history.spending import DatabaseLedger, DatabaseUses
from clarifai_chat.llm import endpoints, spending
from components.state import streamlit_patches


def bootstrap() -> None:
    """Patch Streamlit and let a thread collect garbage. Safe to repeat.

    Called by `server.py` when it starts, and by each page, which may run without it.
    """
    streamlit_patches.apply()
    gc_thread.collect_between_bytecodes()
    spending.keep_in(DatabaseLedger())
    endpoints.keep_in(DatabaseUses())
