"""Puts an answer into the visitor's clipboard: its text goes to the browser when it is asked for.

The browser's half is frontend/src/clipboard.js.
"""

import time
import uuid
from functools import cache

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from clarifai_chat.chat.turn import Turn, answer_text
from components.state.frontend import BUILT
from components.state.session import session
from components.state.slots import widget
from components.state.streamlit_patches import uninterrupted

KEY = "clipboard"
STAYS_S = 5  # for a next run, which comes before the browser is ready, or has said that it failed
# A page takes no notice of it: without this, all below moves by a gap and back.
STYLE = f"<style>.st-key-{KEY} {{ position: absolute; height: 0; overflow: hidden; }}</style>"


@uninterrupted()
def copy(turn: Turn) -> None:
    """Have the words of an answer copied, as the model wrote them. A callback."""
    session.to_copy = {
        "id": uuid.uuid4().hex,
        "turn": turn["id"],
        "text": answer_text(turn),
        "sent_at": None,
    }
    session.uncopied = ""


def show() -> None:
    """Have the browser copy what a click asked for, which it does once.

    Early on a page: a browser allows it for 5 s after the click.
    """
    place = st.empty()
    asked = session.to_copy
    if asked is None:
        return
    sent_at = asked["sent_at"] = asked["sent_at"] or time.time()
    if time.time() - sent_at > STAYS_S:
        return
    st.html(STYLE)
    with place:
        _component()(
            key=KEY,
            data={
                "id": asked["id"],
                "turn": asked["turn"],
                "text": asked["text"],
                "near": f"st-key-copy-{asked['turn']}",
            },
            on_failed_change=_failed,
        )


@uninterrupted()
def _failed() -> None:
    """Show the text to copy by hand: the browser did not allow it."""
    failed = (widget(KEY) or {}).get("failed")
    session.uncopied = failed if isinstance(failed, str) else ""


@cache
def _component() -> ComponentRenderer:
    code = (BUILT / "clipboard.js").read_text(encoding="utf-8")
    return st.components.v2.component("clipboard", js=code)
