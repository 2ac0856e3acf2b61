"""Tie a session to the browser that began it.

Streamlit gives a session, the access token in it included, to whoever knows its id. The id is in
the address of each upload, so proxies log it.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager
from streamlit.web.server.starlette.starlette_app_utils import decode_xsrf_token_string
from streamlit.web.server.starlette.starlette_server_config import XSRF_COOKIE_NAME

from clarifai_chat.history.owner import id_of
from components.state import uploads

_BEGAN_BY = "_began_by"  # an attribute of Streamlit's session


def browser_of(cookies: Mapping[str, str], headers: Iterable[tuple[str, str]]) -> str:
    """Return a hash for a browser: of its visitor's id, or else of Streamlit's own random number.

    A browser without cookies has neither. Any other without cookies that calls itself the same
    could be it; one with cookies is another.
    """
    if known := id_of(cookies):
        return _hash("visitor", known)
    number, _ = decode_xsrf_token_string(cookies.get(XSRF_COOKIE_NAME, ""))
    if number:
        return _hash("number", number.hex())
    agents = [value for name, value in headers if name.lower() == "user-agent"]
    return _hash("agent", *agents)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def for_who_began_it(method: Callable[..., str]) -> Callable[..., str]:
    """Give a session to the browser that began it; another one gets a new, empty session.

    Upstream: Streamlit compares only the accounts of visitors who signed in.
    """

    def connect_session(
        manager: WebsocketSessionManager,
        client: Any,
        *args: Any,
        existing_session_id: str | None = None,
        **options: Any,
    ) -> str:
        context = client.client_context
        browser = browser_of(context.cookies, context.headers) if context else ""
        if existing_session_id and not _may_have(manager, existing_session_id, browser):
            existing_session_id = None
        id: str = method(manager, client, *args, existing_session_id=existing_session_id, **options)
        uploads.note_session(id)
        if info := manager.get_session_info(id):
            vars(info.session).setdefault(_BEGAN_BY, browser)
        return id

    return connect_session


def _may_have(manager: Any, session_id: str, browser: str) -> bool:
    info = manager.get_session_info(session_id)
    return info is None or vars(info.session).get(_BEGAN_BY, browser) == browser


class OwnUploads:
    """Refuses uploads into another visitor's session, and the deletion of what is in it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and uploads.PATH in scope["path"] and runtime.exists():
            request = HTTPConnection(scope)
            session_id = uploads.session_of(scope)
            manager = getattr(runtime.get_instance(), "_session_mgr", None)
            browser = browser_of(request.cookies, request.headers.items())
            if manager and not _may_have(manager, session_id, browser):
                refused = PlainTextResponse("This is another visitor's session.", 403)
                await refused(scope, receive, send)
                return
        await self.app(scope, receive, send)


def names_no_session(record: logging.LogRecord) -> bool:
    """Take the session's id out of a record of Streamlit's, before it is logged."""
    record.args = tuple("…" for _ in record.args) if isinstance(record.args, tuple) else ()
    return True
