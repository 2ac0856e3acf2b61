"""Draw the frame of every page: links, model picker, token box; read the URL."""

import time

import streamlit as st

from clarifai_chat import catalog
from clarifai_chat.background import Job
from clarifai_chat.catalog import local
from clarifai_chat.config import ROOT, BadSettings, settings
from components.frame import drafts, model_picker, sign_in, token_box
from components.state import choices
from components.state.bootstrap import bootstrap
from components.state.session import session
from components.state.slots import LOOK_S, pause_point
from components.state.warming import warm_up

MAX_ADDRESS_CHARS = 500
ASSETS = ROOT / "assets"


def open_page(title: str, *, wide: bool = False) -> list[Job]:
    """Set up the page and draw its sidebar. Call it first on a page.

    Returns the background jobs that the page waits for, for `wait_for_jobs`.
    """
    pending = begin_page(title, wide=wide)
    show_sidebar()
    with st.sidebar:
        drafts.show()
    return pending


def begin_page(title: str, *, wide: bool = False) -> list[Job]:
    """Set up the page without the sidebar, for a page that first draws something urgent.

    The page calls `show_sidebar` later. Returns what `open_page` returns.
    """
    bootstrap()
    # Our own files: Streamlit would load a named icon from a font server on the internet.
    st.set_page_config(
        page_title=f"{title} · Clarifai Chat",
        page_icon=str(ASSETS / "icon.png"),
        layout="wide" if wide else "centered",
    )
    st.logo(ASSETS / "logo.svg", size="large", icon_image=ASSETS / "icon.png")
    try:
        settings()
    except BadSettings as error:
        st.error(f"This app's settings cannot be used: {error}. Its operator needs to change them.")
        st.stop()
    warm_up.page_begins()
    choices.load()
    _take_address()
    choices.save()
    token_box.list_for_sharers()
    jobs = [session.account, session.listing]
    asked = local.listing()
    if asked and asked["result"] is None:  # later the page does not wait: it shows what was known
        jobs.append(asked)
    return [job for job in jobs if job and job["state"] == "running"]


def show_sidebar() -> None:
    """Draw the page links, the model picker, the token box and the account."""
    with st.sidebar:
        st.page_link("app.py", label="Chat", icon=":material/chat:")
        st.page_link("pages/compare.py", label="Compare", icon=":material/view_column:")
        st.page_link("pages/tool_playground.py", label="Tool playground", icon=":material/build:")
        st.page_link("pages/models.py", label="Models", icon=":material/list_alt:")
        st.page_link("pages/help.py", label="Help", icon=":material/help:")
        model_picker.show()
        token_box.show()
        sign_in.show()


def wait_for_jobs(pending: list[Job]) -> None:
    """Wait until a background job ends, then draw again. Call it last on a page."""
    warm_up.page_is_drawn()
    while pending:
        if has_news(pending):
            st.rerun()
        time.sleep(LOOK_S)
        pause_point()


def has_news(pending: list[Job]) -> bool:
    """Return whether a background job has ended since the page was drawn."""
    return any(job["state"] != "running" for job in pending)


def _take_address() -> None:
    """Choose the model that `?model=` names, once for each URL."""
    asked = str(st.query_params.get("model", ""))[:MAX_ADDRESS_CHARS]
    if asked == session.address_model:
        return
    session.address_model = asked
    if not asked:
        return
    if url := catalog.parse_address(asked):
        session.choose(url)
    elif settings().other_base:
        st.toast("The model in this page's address is not a name that can be sent.")
    else:
        st.toast(
            "The model in this page's address is not one of Clarifai's. Model addresses look like"
            " https://clarifai.com/OWNER/APP/models/MODEL."
        )
