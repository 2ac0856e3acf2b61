"""Identify the visitor. The only module that reads cookies and accounts."""

import streamlit as st

from clarifai_chat.history.owner import id_of, owner_of, owner_of_account
from clarifai_chat.serving.proxies import PROXY_USER


def visitor() -> str | None:
    """Return this session's owner for the store: a hash, never the id itself.

    It comes from the account if a proxy or `st.login` has signed the visitor in, else from the
    browser's cookie. None without a cookie, which `streamlit run` never sets: then nothing can be
    saved.
    """
    if user := proxy_user():
        return owner_of_account("proxy", user)
    if st.user.get("is_logged_in"):
        issuer, subject = st.user.get("iss"), st.user.get("sub")
        # Without both, two accounts cannot be told apart; the cookie would mix them in one browser.
        return owner_of_account(str(issuer), str(subject)) if issuer and subject else None
    visitor_id = id_of(st.context.cookies)
    return owner_of(visitor_id) if visitor_id else None


def account() -> str:
    """Return a short mark of the account that the visitor has signed in with, or ""."""
    has_account = proxy_user() or st.user.get("is_logged_in")
    return (visitor() or "unknown")[:8] if has_account else ""


def proxy_user() -> str:
    """Return the visitor's name according to a trusted proxy, or ""."""
    if not st.get_option("server.trustedUserHeaders"):  # only server.py sets it, and checks proxies
        return ""
    name = str(st.user.get(PROXY_USER) or "").strip()
    try:  # proxies send UTF-8; servers read headers as Latin-1
        return name.encode("latin-1").decode()
    except UnicodeError:
        return name
