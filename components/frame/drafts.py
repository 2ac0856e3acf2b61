"""Keep what is typed into the chat box but not sent, for each conversation.

The browser keeps it, and what this tells it is in frontend/src/drafts/drafts.js. It never comes
here: the script would run at each pause in typing.
"""

import uuid
from collections.abc import Iterable

import streamlit as st

from clarifai_chat.access_token import traces
from components.state import owner
from components.state.frontend import draw_component, script_of
from components.state.session import session
from components.state.slots import set_widget

KEY = "drafts"
# It takes no room among the elements above the box, unless it says something.
STYLE = f"""<style>.st-key-{KEY}:not(:has(p)) {{ position: absolute }}
.st-key-{KEY} p {{ margin: 0; font-size: 0.875rem; overflow-wrap: anywhere }}</style>"""


def fill(texts: Iterable[str], waits: Iterable[str] = ()) -> None:
    """Put texts into the box, for the visitor to send; `waits` are sent by the app, later.

    The browser puts them before what has been typed meanwhile.
    """
    text, waiting = ("\n\n".join(filter(None, some)) for some in (texts, waits))
    set_widget("prompt", "\n\n".join(filter(None, (text, waiting))))
    session.filled = {"id": uuid.uuid4().hex, "text": text, "waits": waiting}


def show_for_box() -> None:
    """Keep the draft of the open conversation. Draw it above the box: it may say something.

    The page draws `STYLE` with styles of its own: the browser walks each element at each click.
    """
    chat = session.chat
    name = chat["id"] if chat["revision"] else "new"
    _draw(
        box=True,
        chat=chat["id"],
        name="" if session.is_temporary else name,
        filled=session.filled,
        files=[
            *(file["name"] for file in session.waiting),
            *(name for reading in session.reading for name in reading["names"]),
        ],
    )


def show() -> None:
    """Forget drafts on a page without the box, if the visitor wants that."""
    st.html(STYLE)
    _draw(box=False)


def _draw(**data: object) -> None:
    data |= {
        "received": session.received,
        "forgotten": session.forgotten,
        "account": owner.account(),
        "traces": traces(session.pat),
    }
    draw_component(st.container(key=KEY), KEY, script=script_of(KEY), data=data)
