"""Copy an answer to the visitor's clipboard, as Markdown and as HTML, sent on request.

The browser's half is frontend/src/clipboard.js.
"""

import time
import uuid
from functools import cache

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from clarifai_chat.chat.turn import Turn, answer_text
from clarifai_chat.markdown.rendered import rendered
from components.state.frontend import BUILT
from components.state.session import session
from components.state.slots import widget
from components.state.streamlit_patches import uninterrupted

KEY = "clipboard"
STAYS_S = 5  # the next run may come before the browser has copied, or has reported a failure
# Without this, everything below moves down by a gap and back up.
STYLE = f"<style>.st-key-{KEY} {{ position: absolute; height: 0; overflow: hidden; }}</style>"


@uninterrupted()
def copy(turn: Turn) -> None:
    """Request a copy of the answer as the model wrote it. A callback."""
    session.to_copy = {
        "id": uuid.uuid4().hex,
        "turn": turn["id"],
        "text": answer_text(turn),
        "sent_at": None,
    }
    session.uncopied = ""


def show() -> None:
    """Make the browser copy the requested text, once.

    Draw it early on the page: browsers allow copying for only 5 s after the click.
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
                "html": rendered(asked["text"], lambda text: text, top=1),
                "near": f"st-key-copy-{asked['turn']}",
            },
            on_failed_change=_failed,
        )


@uninterrupted()
def _failed() -> None:
    """Show the text to copy by hand, because the browser refused."""
    failed = (widget(KEY) or {}).get("failed")
    session.uncopied = failed if isinstance(failed, str) else ""


@cache
def _component() -> ComponentRenderer:
    code = (BUILT / "clipboard.js").read_text(encoding="utf-8")
    return st.components.v2.component("clipboard", js=code)
