"""Tell the app's address, as the visitor's browser has it."""

import streamlit as st

from clarifai_chat.chat import links
from clarifai_chat.config import ROOT

PAGES = frozenset(path.stem for path in (ROOT / "pages").glob("*.py"))


def app_address() -> str:
    """Return the address of the chat page, with a slash at its end; "" if it is not known."""
    return links.app_address(st.context.url or "", PAGES)
