"""What Streamlit 1.67 loses, made good: a click, and what is drawn after a reconnection.

Each repair puts a method in the place of a private one that it calls; tests/test_session.py fails
if another version moves them. docs/decisions/0009-no-fast-reruns.md tells how they were found.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.session_manager import ActiveSessionInfo
from streamlit.runtime.state import SafeSessionState


def apply() -> None:
    """Repair Streamlit, once, however often this module is imported."""
    _replace(SafeSessionState, "on_script_will_rerun", _whole)
    _replace(Runtime, "_send_message", _to_who_is_there)
    _replace(AppSession, "register_file_watchers", _if_files_are_watched)


def _replace(owner: type, name: str, repair: Callable[[Any], Any]) -> None:
    method = vars(owner)[name]
    if not hasattr(method, "__wrapped__"):
        setattr(owner, name, wraps(method)(repair(method)))


def _whole(method: Callable[..., None]) -> Callable[..., None]:
    """Run a click's callbacks before looking whether a newer request waits.

    Streamlit looks first. When a second request came since this run began, the first one's clicks
    are forgotten: a question typed, and never asked.
    """

    def on_script_will_rerun(state: SafeSessionState, *args: Any, **options: Any) -> None:
        look = state._yield_callback
        object.__setattr__(state, "_yield_callback", lambda: None)
        try:
            method(state, *args, **options)
        finally:
            object.__setattr__(state, "_yield_callback", look)

    return on_script_will_rerun


def _to_who_is_there(method: Callable[..., None]) -> Callable[..., None]:
    """Send to the connection that the session has now.

    Streamlit's loop goes by a list of its connections. When one is lost and made again before the
    loop comes to it, all that the new run draws goes to the lost one: the page stands still.
    """

    def _send_message(runtime: Runtime, session: ActiveSessionInfo, message: ForwardMsg) -> None:
        now = runtime._session_mgr.get_active_session_info(session.session.id)
        method(runtime, now or session, message)

    return _send_message


def _if_files_are_watched(method: Callable[..., None]) -> Callable[..., None]:
    """Watch files only where the settings say so.

    For a session that comes back Streamlit does not ask them. Its next run then looks for the files
    of all modules, litellm's thousands too, and every visitor's stream stands still for 0.2 s.
    """

    def register_file_watchers(session: AppSession) -> None:
        if st.get_option("server.fileWatcherType") != "none":
            method(session)

    return register_file_watchers
