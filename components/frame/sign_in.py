"""Sign in with a provider that the operator set up: an account replaces the browser's cookie."""

from collections.abc import Mapping

import streamlit as st

from clarifai_chat.config import settings
from clarifai_chat.markdown.sanitize import escaped
from components.state.owner import proxy_user


def show() -> None:
    """Draw who is signed in, or how to sign in; nothing if conversations are not saved."""
    if user := proxy_user():
        st.caption(f"Signed in as **{escaped(user)}**")
        return
    providers = _providers() if settings().history else []
    if not providers:
        return
    if st.user.get("is_logged_in"):
        name = st.user.get("name") or st.user.get("email") or "your account"
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"Signed in as **{escaped(str(name))}**")
            st.button("Sign out", key="sign_out", type="tertiary", on_click=st.logout)
        return
    for provider in providers:
        st.button(
            f"Sign in with {escaped(provider.title())}" if provider else "Sign in",
            key=f"sign_in:{provider}",
            icon=":material/login:",
            help="Saves your conversations with your account, so that every browser shows them",
            width="stretch",
            on_click=st.login,
            args=(provider or None,),
        )


def _providers() -> list[str]:
    """Return the names of `[auth.NAME]` in secrets.toml; "" stands for `[auth]` alone."""
    if not st.secrets.load_if_toml_exists():
        return []
    auth = st.secrets.get("auth", {})
    named = [name for name, value in auth.items() if isinstance(value, Mapping)]
    return named or ([""] if "client_id" in auth else [])
