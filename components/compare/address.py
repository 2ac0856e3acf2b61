"""Read the URL of the page that compares, and keep it up to date. It fills in and never sends."""

import streamlit as st

from clarifai_chat import catalog
from clarifai_chat.chat import links
from clarifai_chat.chat.links import BadLink
from clarifai_chat.history import saving
from clarifai_chat.markdown.sanitize import escaped
from components.actions.comparing import MOST
from components.state import persistence
from components.state.session import session
from components.state.slots import forget_widgets, set_widget
from components.state.streamlit_patches import uninterrupted

NAMES = ("chats", "models", "q", "blind")


@uninterrupted()
def read() -> None:
    """Apply what the URL says, once, before anything is drawn."""
    said = {name: str(st.query_params[name]) for name in NAMES if name in st.query_params}
    asked = repr(sorted(said.items()))
    if not said or asked == session.address_compared:
        return
    session.address_compared = asked
    if ids := said.get("chats"):
        _open(ids.split(",")[:MOST], is_blind="blind" in said)
        return
    if models := said.get("models"):
        _choose(models.split(","))
    if question := said.get("q"):
        try:
            set_widget("compare_prompt", links.read(question, "question", session.pat))
        except BadLink as error:
            st.toast(escaped(str(error)), icon=":material/link_off:", duration="long")
    session.hides_names = session.hides_names or "blind" in said


def _open(ids: list[str], *, is_blind: bool) -> None:
    if ids == [chat["id"] for chat in session.compared]:
        return
    owner = persistence.owner()
    found = [chat for each in ids if owner and (chat := saving.load(owner, each))]
    if found:
        session.compared, session.voted, session.is_blind = found, [], is_blind
        forget_widgets("ask_whom")
    if len(found) < len(ids) and not saving.trouble():
        st.toast("Not all conversations of this comparison are there: some were deleted.")


def _choose(names: list[str]) -> None:
    found = [url for name in names if (url := catalog.parse_address(name))]
    if len(found) < len(names):
        st.toast("Some names in this page's address are not addresses of models.")
    if len(found) > MOST:
        st.toast(f"At most {MOST} models can be compared: the first {MOST} are chosen.")
    session.to_compare = [*dict.fromkeys(found)][:MOST]
    forget_widgets("compared_models")


def write() -> None:
    """Put the conversations' ids into the URL, so that a reload shows them."""
    saved = [chat["id"] for chat in session.compared if chat["revision"]]
    said = st.query_params.to_dict()
    if not session.compared:
        wanted = {name: text for name, text in said.items() if name != "chats"}
    else:
        wanted = {name: text for name, text in said.items() if name not in NAMES}
        if len(saved) == len(session.compared):
            wanted["chats"] = ",".join(saved)
        if session.is_blind:
            wanted["blind"] = "1"
    if wanted != said:
        st.query_params.from_dict(wanted)
        mine = {name: wanted[name] for name in NAMES if name in wanted}
        session.address_compared = repr(sorted(mine.items()))
