"""Whose kept things a session may see: the one place that reads who the visitor is."""

import streamlit as st

from clarifai_chat.history.owner import COOKIE, is_valid, owner_of, owner_of_account


def visitor() -> str | None:
    """Return the owner of what this session keeps, as the store knows them: a hash, never the id
    itself.

    Of one who signed in (where the operator turned `st.login` on) the account counts, on whatever
    machine; else the browser's cookie. None for a browser without cookies, and if no
    server
    sets one (`streamlit run`): then nothing can be saved.
    """
    if st.user.get("is_logged_in"):
        issuer, subject = st.user.get("iss"), st.user.get("sub")
        # Without both, two accounts cannot be told apart; the cookie would mix them in one browser.
        return owner_of_account(str(issuer), str(subject)) if issuer and subject else None
    visitor_id = str(st.context.cookies.get(COOKIE))
    return owner_of(visitor_id) if is_valid(visitor_id) else None
