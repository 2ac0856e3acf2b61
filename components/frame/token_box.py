"""Enter, verify, mask and forget the access token. It stays in this session's memory."""

import streamlit as st

from clarifai_chat import access_token, background
from clarifai_chat.catalog import Model, clarifai_api, live
from clarifai_chat.catalog.clarifai_api import Account
from clarifai_chat.config import settings
from clarifai_chat.llm import spending
from clarifai_chat.llm.endpoints import shared_uses_left
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.text import counted
from components.frame import layout
from components.state.session import session
from components.state.slots import set_widget, widget
from components.state.streamlit_patches import uninterrupted

MAKE_ONE = "https://clarifai.com/me/settings/secrets"


def show() -> None:
    """Draw a popover to enter a token, or with what is known of it; and whose credit is spent."""
    # Its label stays the same: to Streamlit another label is another popover, which is closed.
    popover = st.popover("Access", key="access", icon=":material/key:", on_change="rerun")
    whose, icon = _whose_credit()
    st.badge(whose, icon=icon, color="gray")
    if not popover.open:
        return
    with popover:
        st.caption(_who_pays())
        with st.container():
            if session.pat:
                _show_token()
            else:
                _show_box()
            layout.clear_below(2)


def _show_box() -> None:
    host = settings().other_host
    label, what, server = "Clarifai access token (PAT)", "token", settings().api_base
    if host:
        # Not escaped: screen readers are told a label as it is, and the operator typed this one.
        label, what, server = f"Key for {host}", "key", settings().openai_base
    st.text_input(
        label,
        key="pat",
        type="password",
        autocomplete="off",
        placeholder=f"Paste your {what}",
        on_change=_accept,
        help="It stays in the memory of this session: a reload forgets it. It is sent to"
        f" {escaped(server)} and nowhere else."
        + (" Whoever runs that server makes keys for it." if host else ""),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Verify", key="verify", on_click=_accept, icon=":material/verified_user:")
        if not host:
            st.link_button("Get a token", MAKE_ONE, type="tertiary", icon=":material/open_in_new:")
    if session.notice:
        st.warning(escaped(session.notice))


def _show_token() -> None:
    account = session.account
    masked = escaped(access_token.masked(session.pat))
    host = settings().other_host
    odd = "" if host else access_token.odd(session.pat)
    if account is None or account["state"] == "running":
        st.markdown(f":material/hourglass: Checking {'key' if host else 'token'} {masked}")
    elif account["state"] == "failed":
        problem = account["problem"]
        if problem:
            what = "Key" if host else "Token"
            st.error(f"{what} {masked}: {problem['what']} {problem['advice']}")
    elif host:
        listed = _listed(account["result"])
        text = f"Key {masked} for **{escaped(host)}**: {counted(len(listed), 'model')}"
        st.markdown(f":material/verified_user: {text}")
        if not listed:
            st.caption("It lists no models. Type the name of one into the model picker.")
    else:
        who: Account = account["result"]
        if who.restricted:
            st.warning(
                f"Token {masked} is valid but restricted: it may not read its own account (11007)."
                " To chat it needs the scopes Predict, Models:Get, Apps:Get and Concepts:Get."
            )
        else:
            st.markdown(f":material/verified_user: Token {masked} of **{escaped(who.user_id)}**")
    if odd:
        st.caption(escaped(odd))
    with st.container(horizontal=True):
        st.button("Forget", key="forget", on_click=_forget, icon=":material/delete:")
        if account and account["state"] != "running" and not _is_verified():
            st.button("Verify again", key="verify", on_click=verify)


def _is_verified() -> bool:
    account = session.account
    if not account or account["state"] != "done":
        return False
    return bool(settings().other_base) or not account["result"].restricted


def _listed(models: tuple[Model, ...]) -> list[Model]:
    return [model for model in models if model.tier == "listed"]


@uninterrupted()
def _accept() -> None:
    typed = widget("pat") or ""
    if not typed:
        return  # a click on Verify also leaves the box: what was typed has been taken already
    set_widget("pat", "")
    cleaned = access_token.clean(typed)
    session.notice = ""
    if not cleaned:
        return
    if not access_token.sendable(cleaned):
        session.notice = (
            "That cannot be a token: it has blanks or signs that no request can carry."
            " Copy it again from where you made it."
        )
        return
    session.access["pat"] = cleaned
    verify()


@uninterrupted()
def verify() -> None:
    """Ask whose the token is, and list its models, both in the background."""
    token, api_base = session.pat, settings().api_base
    if settings().other_base:  # one answer says both
        refresh_models()
        session.account = session.listing
        return
    session.account = background.start(lambda: clarifai_api.who_am_i(token, api_base=api_base))
    refresh_models()


@uninterrupted()
def refresh_models() -> None:
    """Fetch the live catalog in the background; the list that is there stays until it comes."""
    used = settings()
    key = session.pat or (used.other_key if session.may_share else "")

    session.listing = background.start(
        lambda: live.models(key, used), session.listing["result"] if session.listing else None
    )


def list_for_sharers() -> None:
    """Fetch the list of another server with the operator's key, for who may use that; once."""
    if settings().other_base and session.listing is None and session.may_share and not session.pat:
        refresh_models()


@uninterrupted()
def _forget() -> None:
    session.forget_access()
    set_widget("pat", "")


def _whose_credit() -> tuple[str, str]:
    """Return whose credit the next question spends, in a few words, and an icon."""
    account = session.account
    if session.model.is_demo or session.model.server == "local":
        return "Free", ":material/money_off:"
    if session.lacks_key:
        return f"Add a {'key' if settings().other_host else 'token'}", ":material/key_off:"
    if not session.pat:
        return "The operator's credit", ":material/group:"
    if account and account["state"] == "failed":
        return "Token not verified", ":material/error:"
    if _is_verified() and account and not settings().other_host:
        return f"Credit of {escaped(account['result'].user_id)}", ":material/person:"
    return "Your credit", ":material/person:"


def _who_pays() -> str:
    if session.model.is_demo:
        return "The Demo answers inside this app: free, and nothing is sent anywhere."
    if session.model.server == "local":
        return (
            f"This model runs on a server of this app's operator, {escaped(session.model.host)}:"
            " free, and no token is sent there."
        )
    host = settings().other_host
    if session.pat and host:
        return f"Replies are charged to your key at {escaped(host)}. A reload forgets the key."
    if session.pat:
        account = session.account
        known = _is_verified() and account is not None
        whose = f"**{escaped(account['result'].user_id)}**" if known and account else "your token"
        return f"Replies are paid with the credit of {whose}. A reload forgets the token."
    if session.may_share and spending.is_spent():
        return f"{spending.why()} A token of your own, or the Demo, can be used until then."
    if sharer := session.sharer:
        left = shared_uses_left(sharer)
        return f"Replies are paid by this app's operator: {left} left for you in this hour."
    if host:
        return f"This model needs a key for {escaped(host)}. The Demo model needs none."
    return "This model needs a token. The Demo model needs none. A reload forgets a token."
