"""Identify the visitor. The only module that reads cookies and accounts."""

import streamlit as st

from clarifai_chat.history.owner import id_of, owner_of, owner_of_account


def visitor() -> str | None:
    """Return this session's owner for the store: a hash, never the id itself.

    It comes from the account if the visitor has signed in with `st.login`, else from the browser's
    cookie. None without a cookie, which `streamlit run` never sets: then nothing can be saved.
    """
    if st.user.get("is_logged_in"):
        issuer, subject = st.user.get("iss"), st.user.get("sub")
        # Without both, two accounts cannot be told apart; the cookie would mix them in one browser.
        return owner_of_account(str(issuer), str(subject)) if issuer and subject else None
    visitor_id = id_of(st.context.cookies)
    return owner_of(visitor_id) if visitor_id else None


def account() -> str:
    """Return a short mark of the account that the visitor has signed in with, or ""."""
    return (visitor() or "unknown")[:8] if st.user.get("is_logged_in") else ""
