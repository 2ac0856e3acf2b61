"""Draw the dialog "Share": make a link, and see, open and revoke all that is shared."""

import streamlit as st

from clarifai_chat.history.store.shared import SharedPage
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.text import cut
from clarifai_chat.transfer import sharing
from components.actions import sharing as actions
from components.share import qr
from components.state import persistence
from components.state.app_address import app_address
from components.state.chat_slots import Sharing
from components.state.session import session
from components.state.slots import seed

NAMES = {"chat": "conversation", "run": "run", "comparison": "comparison"}


def button(what: Sharing, *, disabled: bool = False, why: str = "") -> None:
    """Draw the button that opens the dialog; nothing where the operator allows no sharing."""
    if sharing.is_on():
        st.button(
            "Share",
            key=f"share:{what['kind']}{what['run'] and ':'}{what['run']}",
            icon=":material/share:",
            type="tertiary",
            disabled=disabled,
            help=why or None,
            on_click=actions.open_dialog,
            args=(what,),
        )


def chat_button() -> None:
    """Draw that button for the open conversation, once it has begun."""
    if session.turns:
        button({"kind": "chat", "run": ""})


def show() -> None:
    """Draw the dialog while it is open."""
    if session.sharing:
        _dialog()


@st.dialog("Share", icon=":material/share:", on_dismiss=actions.close)
def _dialog() -> None:
    what = session.sharing
    if what is None:
        return
    if what["kind"] != "list":
        _show_new(what)
    if session.not_shared:
        st.warning(escaped(session.not_shared), icon=":material/warning:")
    _show_links()


def _show_new(what: Sharing) -> None:
    if why := actions.why_not():
        st.info(escaped(why), icon=":material/info:")
        return
    st.markdown(
        f"Makes a page of this {NAMES[what['kind']]} as it is now; what you do later is not on it."
        " Whoever has the link can read it. It is listed nowhere, and your access token is not in"
        " it. Look through it before you pass it on."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed("share_for", actions.usual_lifetime())
        st.selectbox("The link works for", actions.lifetimes(), key="share_for")
        st.button(
            "Make a link",
            key="make_link",
            icon=":material/add_link:",
            type="primary",
            on_click=actions.share,
        )


def _show_links() -> None:
    owner = persistence.owner()
    links = sharing.listing(owner) if owner else []
    if links:
        st.subheader("Your links", anchor=False)
    elif session.sharing and session.sharing["kind"] == "list":
        st.caption("You share nothing.")
    for link in links:
        _show_link(link)


def address_of(link: SharedPage) -> str:
    return f"{app_address()}{sharing.PATH}/{link.id}"


def _show_link(link: SharedPage) -> None:
    address = address_of(link)
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{escaped(cut(link.title, 60))}**")
        st.caption(f"{link.kind.capitalize()}, until {sharing.until(link.expires_at)}")
        if link.id == session.shared_now:
            st.code(address, language=None, wrap_lines=True)
            qr.draw(address, "the shared page")
        with st.container(horizontal=True):
            st.link_button("Open page", address, icon=":material/open_in_new:")
            st.button(
                "Revoke",
                key=f"revoke:{link.id}",
                icon=":material/link_off:",
                help="Its link stops working at once",
                on_click=actions.revoke,
                args=(link.id,),
            )
