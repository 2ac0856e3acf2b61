"""Draw an empty chat: the model that answers, and a few prepared questions."""

from collections.abc import Callable

import streamlit as st

from clarifai_chat import demo, welcome_file
from clarifai_chat.config import settings
from clarifai_chat.markdown.sanitize import escaped
from components.reply import answer_view
from components.state.session import session

STARTERS: tuple[tuple[str, str], ...] = (
    ("Explain something", "Explain how a large language model writes text, to a curious teenager."),
    ("Write some code", "Write a Python function that finds the longest palindrome in a string."),
    ("Compare in a table", "Compare three ways to store energy at home, in a short table."),
)


def show(ask: Callable[[str], None]) -> None:
    """Draw the welcome; a click on a prepared question passes it to `ask`."""
    own = welcome_file.welcome()
    st.title(escaped(own.greeting) or "What would you like to know?", anchor=False)
    starters = STARTERS
    if session.model.is_demo:
        starters = demo.STARTERS
        st.markdown(
            "You are talking to the **Demo**: scripted answers from inside this app, no LLM, no"
            f" token, no network. To talk to real models, add {_key()} at the top."
        )
    elif session.lacks_key:
        st.markdown(
            f"**{escaped(session.model.name)}** needs {_key()}, which a reload forgets: add it"
            " at the top of the page. The Demo needs none."
        )
    with st.container(horizontal=True):
        for number, (label, prompt) in enumerate(own.starters or starters):
            label, help = (escaped(label), escaped(prompt)) if own.starters else (label, prompt)
            st.button(label, key=f"starter:{number}", help=help, on_click=ask, args=(prompt,))
    st.page_link(
        "pages/compare.py", label="Compare models side by side", icon=":material/view_column:"
    )
    answer_view.load()


def _key() -> str:
    host = settings().other_host
    return f"a key for {escaped(host)}" if host else "a Clarifai access token"
