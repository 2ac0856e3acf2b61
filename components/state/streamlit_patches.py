"""Patch what Streamlit 1.67 loses: clicks, widget values, messages after a reconnection.

Only this module, widget_values.py, frontend.py and one_visitor.py use Streamlit's private API.
apply() wraps its methods; tests/test_session.py fails if another version moves them. Each patch
says where it is reported upstream.
docs/decisions/0009-no-fast-reruns.md explains how they were found.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import wraps
from types import ModuleType
from typing import Any

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import net_util
from streamlit.elements.widgets import chat as chat_widgets
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType
from streamlit.runtime.session_manager import ActiveSessionInfo
from streamlit.runtime.state import SafeSessionState
from streamlit.runtime.state.common import RegisterWidgetResult, WidgetMetadata
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager
from streamlit.web.server.starlette.starlette_path_security_middleware import (
    PathSecurityMiddleware,
)

from components.state import one_visitor
from components.state.frontend import FILES
from components.state.widget_values import (
    QUESTION,
    and_hear_what_is_chosen_again,
    session_of_this_run,
    until_it_is_sent,
    until_the_browser_has_it,
    without_outdated,
)

LATE_S = 2.0  # for a page change that no run has begun; on a busy machine it took a second
AGAIN_S = 0.2  # time for the late text to be handled
CLICKS = (QUESTION, "trigger_value")
KEPT = "public, max-age=31536000, immutable"


@dataclass
class _PageChange:
    """The last page change that a session's browser requested."""

    left: str  # the hash of the page before it
    at: float
    request: ClientState
    again: asyncio.TimerHandle | None = None


def _is_late(asked: ClientState, change: _PageChange, shown: str) -> bool:
    """Whether a request is from the page that the browser left, though `shown` is another.

    A request for another page has no widget values; only one from a page has. The app itself may
    have gone back to that page since: then that is the page shown.
    """
    if asked.page_script_hash != change.left or not asked.widget_states.widgets:
        return False
    is_there = shown == change.request.page_script_hash
    return is_there or time.monotonic() - change.at < LATE_S


def apply() -> None:
    """Patch Streamlit once, even if this module is imported again."""
    _replace(SafeSessionState, "on_script_will_rerun", _whole_and_current)
    _replace(SafeSessionState, "register_widget", _heard_and_shown)
    _replace(AppSession, "flush_browser_queue", until_it_is_sent)
    _replace(Runtime, "_send_message", _to_who_is_there)
    _replace(AppSession, "register_file_watchers", _if_files_are_watched)
    _replace(AppSession, "request_rerun", _as_it_was_meant)
    _replace(chat_widgets, "_pop_upload_files", _and_name_what_is_lost)
    _replace(chat_widgets, "_pop_audio_file", _and_tell_of_a_lost_recording)
    _replace(net_util, "get_external_ip", _not_on_the_internet)
    _replace(PathSecurityMiddleware, "__call__", _and_let_browsers_keep_files)
    _replace(WebsocketSessionManager, "connect_session", one_visitor.for_who_began_it)
    logging.getLogger(WebsocketSessionManager.__module__).addFilter(one_visitor.names_no_session)


def _replace(owner: type | ModuleType, name: str, repair: Callable[[Any], Any]) -> None:
    method = vars(owner)[name]
    if not hasattr(method, "__wrapped__"):
        setattr(owner, name, wraps(method)(repair(method)))


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Finish a callback even if a newer run waits.

    Any access to session state can end a run, even in the middle of a callback: a question would be
    sent but not appear on the page. Streamlit has no public way to prevent that.

    Upstream: streamlit/streamlit#10578, open.
    """
    context = get_script_run_ctx()
    with _never_looking(context.session_state) if context else nullcontext():
        yield


@contextmanager
def _never_looking(state: SafeSessionState) -> Iterator[None]:
    """Keep accesses to session state from checking whether a newer run waits."""
    look = state._yield_callback
    object.__setattr__(state, "_yield_callback", lambda: None)
    try:
        yield
    finally:
        object.__setattr__(state, "_yield_callback", look)


def _whole(method: Callable[..., None]) -> Callable[..., None]:
    """Run a click's callbacks before checking whether a newer request waits.

    Streamlit checks first. If a second request has arrived since this run began, the first one's
    clicks are lost: a question was typed, but is never sent.

    Upstream: not reported.
    """

    def on_script_will_rerun(state: SafeSessionState, *args: Any, **options: Any) -> None:
        with _never_looking(state):
            method(state, *args, **options)

    return on_script_will_rerun


def _whole_and_current(method: Callable[..., None]) -> Callable[..., None]:
    return _whole(without_outdated(method))


def _as_it_was_meant(method: Callable[..., None]) -> Callable[..., None]:
    return and_hear_what_is_chosen_again(_to_the_page_that_was_asked_for(method))


def _heard_and_shown(method: Callable[..., Any]) -> Callable[..., Any]:
    return _and_hear_early_clicks(until_the_browser_has_it(method))


def _and_hear_early_clicks(method: Callable[..., Any]) -> Callable[..., Any]:
    """Run the callback of a click, or of a question, that came before its widget was drawn.

    After a reconnection to another process the page is usable before the first run there has begun.
    That run has what was sent, but knows no widgets yet: Streamlit skips the callback, and a
    question is lost.

    Upstream: not reported.
    """

    def register_widget(
        state: SafeSessionState, metadata: WidgetMetadata[Any], user_key: str | None
    ) -> RegisterWidgetResult[Any]:
        widgets = state._state._new_widget_state
        is_early = metadata.id in widgets.states and metadata.id not in widgets.widget_metadata
        result: RegisterWidgetResult[Any] = method(state, metadata, user_key)
        is_click = metadata.value_type in CLICKS and result.value and not metadata.disabled
        if is_early and is_click and metadata.callback:
            with _never_looking(state):
                widgets.call_callback(metadata.id)
            st.rerun()
        return result

    return register_widget


def _to_the_page_that_was_asked_for(method: Callable[..., None]) -> Callable[..., None]:
    """Go to a page again if text typed on the previous page arrives late.

    A click on a link takes the focus from a text box. The browser then requests the other page, and
    only after that sends the typed text, with the previous page: Streamlit goes back there.

    Upstream: not reported.
    """

    def request_rerun(session: Any, asked: ClientState | None) -> None:
        before: _PageChange | None = getattr(session, "_last_change", None)
        if before and before.again:
            before.again.cancel()
        shown = session._client_state.page_script_hash
        method(session, asked)  # always, because its callbacks save the typed text
        if asked is None or asked.fragment_id:
            return
        page = asked.page_script_hash
        if before and _is_late(asked, before, shown):
            _return_after(session, before, method)
        else:
            is_change = page and shown and page != shown
            session._last_change = (
                _PageChange(shown, time.monotonic(), asked) if is_change else None
            )

    return request_rerun


def _return_after(session: Any, change: _PageChange, method: Callable[..., None]) -> None:
    """Request the page again once a run has taken the late text: until then it would be dropped."""

    def request() -> None:
        runner = session._scriptrunner
        if runner and runner._requests._state is ScriptRequestType.RERUN:
            _return_after(session, change, method)
        else:
            method(session, change.request)

    change.again = session._event_loop.call_later(AGAIN_S, request)


def _to_who_is_there(method: Callable[..., None]) -> Callable[..., None]:
    """Send to the session's current connection.

    Streamlit's loop uses a list of connections. If one is lost and replaced before the loop reaches
    it, everything that the new run draws goes to the lost one: the page freezes.

    Upstream: no issue; a review of streamlit/streamlit#15909, which reconnects such sessions,
    mentions the stale list.
    """

    def _send_message(runtime: Runtime, session: ActiveSessionInfo, message: ForwardMsg) -> None:
        now = runtime._session_mgr.get_active_session_info(session.session.id)
        method(runtime, now or session, message)

    return _send_message


def _if_files_are_watched(method: Callable[..., None]) -> Callable[..., None]:
    """Watch files only if the settings say so.

    For a session that reconnects, Streamlit ignores them. Its next run then looks for the files of
    all modules, including litellm's thousands, and every visitor's stream freezes for 0.2 s.

    Upstream: streamlit/streamlit#8738, closed, is about new sessions. For sessions that reconnect
    it is not reported.
    """

    def register_file_watchers(session: AppSession) -> None:
        if st.get_option("server.fileWatcherType") != "none":
            method(session)

    return register_file_watchers


def _and_name_what_is_lost(method: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """Note which files of a question the server does not have any more.

    Streamlit leaves them out without a word, and the question goes without its file.

    Upstream: not reported.
    """

    def _pop_upload_files(sent: Any) -> list[Any]:
        found = method(sent)
        here = {file.file_id for file in found}
        lost = [f.name for f in (sent.uploaded_file_info if sent else ()) if f.file_id not in here]
        if lost and (session := session_of_this_run()):
            vars(session)["_lost_files"] = lost
        return found

    return _pop_upload_files


def _and_tell_of_a_lost_recording(method: Callable[..., Any]) -> Callable[..., Any]:
    """Note that the server does not have the recording of a question any more.

    Upstream: not reported.
    """

    def _pop_audio_file(sent: Any) -> Any:
        found = method(sent)
        is_lost = sent is not None and not getattr(found, "name", "")
        if is_lost and (session := session_of_this_run()):
            lost = vars(session).get("_lost_files", [])
            vars(session)["_lost_files"] = [*lost, "The recording"]
        return found

    return _pop_audio_file


def lost_files() -> list[str]:
    """Return the names of the files that were to go with the question, but are not here. Once."""
    session = session_of_this_run()
    names: list[str] = vars(session).pop("_lost_files", []) if session else []
    return names


def _not_on_the_internet(method: Callable[[], str | None]) -> Callable[[], str | None]:
    """Never look up this machine's address on the internet.

    For each websocket handshake with a foreign Origin, Streamlit asks a server on the internet for
    our address, in the event loop: every visitor's stream freezes for up to 2 s, as often as an
    outsider likes. No page depends on the answer: if Origin and Host agree, as they do at a public
    address too, nothing is looked up.

    Upstream: streamlit/streamlit#7721, closed as not a bug in Streamlit; it does not mention the
    event loop.
    """
    return lambda: None


def _and_let_browsers_keep_files(method: Callable[..., Any]) -> Callable[..., Any]:
    """Let browsers keep our components' files for good: their address changes with their content.

    Streamlit sends them without a date or a tag, so that each page load fetches 350 kB again.

    Upstream: not reported.
    """

    async def call(middleware: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_to_keep(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                MutableHeaders(scope=message)["cache-control"] = KEPT
            await send(message)

        is_file = scope["type"] == "http" and f"/{FILES}" in scope["path"]
        await method(middleware, scope, receive, send_to_keep if is_file else send)

    return call
