"""Draw the frame of every page: conversations, links, model, access; read the URL."""

import time
from collections.abc import Callable
from html import escape
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from clarifai_chat import catalog
from clarifai_chat.background import Job
from clarifai_chat.catalog import local
from clarifai_chat.config import ROOT, BadSettings, settings
from components.frame import (
    chat_files_box,
    chat_list,
    drafts,
    measured,
    model_picker,
    notice,
    sign_in,
    token_box,
)
from components.share import dialog as share_dialog
from components.state import choices
from components.state.bootstrap import bootstrap
from components.state.session import session
from components.state.slots import LOOK_S, pause_point
from components.state.warming import warm_up

MAX_ADDRESS_CHARS = 500
ASSETS = ROOT / "assets"
# The model and whose credit it spends stay in sight in a long conversation, on the page's own
# background: the colours are those of .streamlit/config.toml. White on the dark theme's primary
# colour has too little contrast: chosen models and primary buttons have the light theme's.
STYLE = """<style>[data-testid="stLayoutWrapper"]:has(> .st-key-head) {
position: sticky; top: 0; z-index: 10; background: light-dark(#ffffff, #10131f) }
.st-key-head { padding: 0.25rem }
.st-key-head h1 { position: absolute; width: 1px; height: 1px; overflow: hidden;
clip-path: inset(50%) }
@media (max-width: 640px) { .st-key-share-chat [data-testid="stMarkdownContainer"] {
position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) } }
[data-testid="stMultiSelectTagsContainer"] [data-tag],
[data-testid="stBaseButton-primary"]:enabled { background: #3d5af1 }</style>"""


class Frame(NamedTuple):
    """The frame of a page that is not drawn yet; `pending` are jobs that the page waits for."""

    pending: list[Job]
    head: DeltaGenerator
    below: DeltaGenerator

    def show(
        self,
        *,
        title: str = "",
        is_chat_page: bool = False,
        in_head: Callable[[], None] = lambda: None,
        settings_of_page: Callable[[], None] = lambda: None,
    ) -> None:
        """Draw the sidebar, and the model and the access above the page.

        `title` is a heading for screen readers, on a page that shows none; `in_head` draws beside
        the access.
        """
        if is_chat_page:
            session.wants_chat_page = False
        with self.head:
            model_picker.show()
            token_box.show()
            in_head()
            st.html(f"{STYLE}<h1>{escape(title)}</h1>" if title else STYLE)
        with self.below:
            notice.show()
            model_picker.show_facts()
        with st.sidebar:
            chat_list.show_new(is_chat_page=is_chat_page)
            chat_list.show_search()
            _show_links()
            chat_list.show()
            settings_of_page()
            chat_files_box.show()
            sign_in.show()
        share_dialog.show()


def open_page(title: str, *, wide: bool = False) -> list[Job]:
    """Set up the page and draw its frame. Call it first on a page.

    Returns the background jobs that the page waits for, for `wait_for_jobs`.
    """
    frame = begin_page(title, wide=wide)
    show_frame(frame)
    return frame.pending


def show_frame(frame: Frame) -> None:
    """Draw the frame of a page other than the chat's."""
    if session.wants_chat_page:
        st.switch_page("app.py")
    frame.show()
    with st.sidebar:
        drafts.show()


def begin_page(title: str, *, wide: bool = False) -> Frame:
    """Set up the page, for one that draws something urgent before the rest of its frame."""
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
    measured.take()
    choices.save()
    token_box.list_for_sharers()
    jobs = [session.account, session.listing]
    asked = local.listing()
    if asked and asked["result"] is None:  # later the page does not wait: it shows what was known
        jobs.append(asked)
    pending = [job for job in jobs if job and job["state"] == "running"]
    head = st.container(key="head", horizontal=True, vertical_alignment="center", gap="small")
    return Frame(pending, head, st.container(key="facts"))


def follow_to_playground() -> None:
    """Change to the playground if a turn of the chat was just opened there."""
    if session.from_chat:
        st.switch_page("pages/tool_playground.py")


def _show_links() -> None:
    with st.container(gap="xsmall"):
        st.page_link("app.py", label="Chat", icon=":material/chat:")
        st.page_link("pages/compare.py", label="Compare", icon=":material/view_column:")
        st.page_link("pages/tool_playground.py", label="Tool playground", icon=":material/build:")
        st.page_link("pages/evaluate.py", label="Evaluate", icon=":material/fact_check:")
        st.page_link("pages/stage.py", label="Stage", icon=":material/co_present:")
        st.page_link("pages/models.py", label="Models", icon=":material/list_alt:")
        st.page_link("pages/help.py", label="Help", icon=":material/help:")


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
