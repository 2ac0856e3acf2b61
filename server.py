"""The app as an ASGI application: `python server.py`, or `uvicorn server:app`.

It adds to `streamlit run app.py`: security headers, no Nagle delay, short pings, compression, a
health check, loading the model library in the background, and a cookie that identifies returning
visitors, so that they see their saved conversations.
"""

import asyncio
import gc
import logging
import secrets
import signal
import socket
import sys
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import streamlit as st
import uvicorn
import uvicorn.config
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as AsgiMessage
from streamlit.config import set_option

from clarifai_chat import demo, llm, logs, secrets_file, surroundings
from clarifai_chat.chat import replies
from clarifai_chat.config import ROOT, BadSettings, announce, announced, settings
from clarifai_chat.evidence import running as experiments
from clarifai_chat.history import database, saving
from clarifai_chat.llm.endpoints import Endpoint
from clarifai_chat.llm.request import ChatRequest
from clarifai_chat.origins import OwnPagesOnly
from clarifai_chat.playground import keeping
from clarifai_chat.serving import (
    connections,
    health,
    metrics_page,
    shared_pages,
    sign_in,
    start,
)
from clarifai_chat.serving.base_path import BasePath
from clarifai_chat.serving.cookies import SafeCookies
from clarifai_chat.serving.handshakes import Handshakes
from clarifai_chat.serving.pages import ConnectionScript, VisitorCookie
from clarifai_chat.serving.proxies import PROXY_USER, TrustedProxies
from clarifai_chat.serving.short_pages import ShortPages
from components.state import streamlit_process, warming
from components.state.bootstrap import bootstrap
from components.state.one_visitor import OwnUploads
from components.state.uploads import BoundedUploads

log = logging.getLogger(__name__)

# Streamlit's pages need inline scripts and styles, `eval` (charts, diagrams) and blob workers. With
# this policy charts, diagrams, formulas, tables and inline components all work, but an image in a
# reply cannot make the browser contact another server.
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:;"
    " script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline';"
    " font-src 'self' data:; connect-src 'self' data: blob:; frame-src 'self' blob: data:;"
    " worker-src 'self' blob:; base-uri 'self'; form-action 'self'; object-src 'none';"
    " frame-ancestors {frame_ancestors}"
)
PING_S = 10  # a lost browser is noticed within two pings, before its queue overflows


def unwrapped(app: ASGIApp, **_: object) -> ASGIApp:
    """Return `app` without the middleware that trusts this machine or FORWARDED_ALLOW_IPS."""
    return app


# `uvicorn server:app` wraps the app after it has imported this file, and offers no other way.
uvicorn.config.ProxyHeadersMiddleware = unwrapped  # type: ignore[attr-defined, assignment]


class SecurityHeaders:
    """Adds the headers that an answer lacks, as all of Streamlit's do."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: AsgiMessage) -> None:
            if message["type"] == "http.response.start":
                there = [*message.get("headers", ())]
                names = {name.lower() for name, _ in there}
                new = (each for each in security_headers() if each[0] not in names)
                message["headers"] = [*there, *new]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


@cache
def security_headers() -> list[tuple[bytes, bytes]]:
    headers = {
        "Content-Security-Policy": POLICY.format(frame_ancestors=settings().frame_ancestors),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def warm_up() -> None:
    """Import and try what the first question would otherwise wait for."""
    if settings().database_url:  # a server that cannot be reached is reported at once
        database.open_early()
    llm.warm_up()
    # The Demo's shortest answer.
    hello = ChatRequest(demo.MODEL, ({"role": "user", "content": "/length"},))
    for _ in llm.events(hello, Endpoint(demo.start(), demo.KEY)):
        pass
    # Imported modules are never freed. Without this, each collection that Streamlit triggers walks
    # litellm's 360,000 objects, and every visitor's stream freezes for 0.3 s (measured).
    gc.collect()
    gc.freeze()
    database.open_early()


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    logs.set_up(settings().log_level, settings().log_format)
    streamlit_process.log_through_root()
    streamlit_process.count_overflows()
    if not announced():  # uvicorn was started by hand
        start.report("an address that uvicorn was given")
    connections.raise_limit()
    connections.log_little(asyncio.get_running_loop())
    bootstrap()
    sign_in.go_the_one_way()
    warming.warm_up.start(warm_up)
    try:
        yield
    finally:
        await asyncio.to_thread(experiments.close)
        await asyncio.to_thread(keeping.close)
        await asyncio.to_thread(saving.close)


def on_script_error(error: Exception) -> bool:
    """Show a sentence on the page; log the error's place, not its text, which may be private."""
    frames = "".join(traceback.format_tb(error.__traceback__)[-4:])
    name = f"app-{secrets.token_hex(4)}"
    also = {"request_id": name}
    log.error("%s: %s while a page was drawn\n%s", name, type(error).__name__, frames, extra=also)
    st.error(
        "Something went wrong while this page was drawn. Your questions and the answers are kept:"
        f" click Chat in the sidebar to see them. Request id for support: {name}",
        icon=":material/error:",
    )
    return True


def says_no_secret(record: logging.LogRecord) -> bool:
    """Return whether a record of Streamlit's may be logged: not one with an exception's text.

    Streamlit logs a script's exception before it calls `on_script_error`, which logs the rest.
    """
    return record.exc_info is None


def set_options() -> None:
    """Give Streamlit the settings that it has options for, once it knows where its own are."""
    if base := settings().base_path:
        set_option("server.baseUrlPath", base)
    if header := settings().trusted_user_header:
        set_option("server.trustedUserHeaders", {header: PROXY_USER})


def make_app(page: Path = ROOT / "app.py") -> st.App:
    """Return the app with `page` as its front page."""
    surroundings.prepare()
    logging.getLogger("streamlit.error_util").addFilter(says_no_secret)
    try:
        base = settings().base_path
    except BadSettings:  # `main` and every page say so
        base = ""
    made = st.App(
        str(page),
        lifespan=lifespan,
        routes=[
            *health.routes(lambda: warming.warm_up.state, base),
            *metrics_page.routes(streamlit_process.sessions, base),
            *shared_pages.routes(base),
        ],
        middleware=[
            Middleware(TrustedProxies),
            Middleware(BasePath),
            Middleware(Handshakes),
            Middleware(OwnPagesOnly),
            Middleware(OwnUploads),
            Middleware(BoundedUploads),
            Middleware(SafeCookies),
            Middleware(SecurityHeaders),
            Middleware(VisitorCookie),
            Middleware(ConnectionScript),
            Middleware(ShortPages),
        ],
        on_script_error=on_script_error,
    )
    with suppress(BadSettings):
        set_options()
    if secrets_file.problem():
        streamlit_process.read_no_secrets()
    return made


class Server(uvicorn.Server):
    """uvicorn's server, which says where the app is, and ends when its replies are over."""

    _ends_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Let replies end at the first SIGTERM; a second one, or Ctrl+C, ends them."""
        if sig != signal.SIGTERM or self._ends_at is not None:
            super().handle_exit(sig, frame)
            return
        self._captured_signals.append(sig)
        replies.refuse_new()
        self._ends_at = time.monotonic() + settings().drain_s

    async def on_tick(self, counter: int) -> bool:
        if self._ends_at is not None:
            is_late = time.monotonic() > self._ends_at
            self.should_exit = self.should_exit or is_late or replies.is_idle()
        return await super().on_tick(counter)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            address = start.address_of(settings())
            start.report(address)
            if sys.stdout.isatty():
                print(f"Clarifai Chat is at {address}  (Ctrl+C ends it)", flush=True)  # noqa: T201 - for a person


def main() -> int:
    if wrong := start.settings_problem():
        print(wrong, file=sys.stderr)  # noqa: T201 - for the operator
        return 2
    host, port = settings().host, settings().port
    if problem := start.port_problem(host, port):
        print(problem, file=sys.stderr)  # noqa: T201 - for the operator
        return 2
    announce(host)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=connections.BoundedProtocol,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        ws_per_message_deflate=True,
        log_config=None,  # `logs` does it
        access_log=False,  # visitors' addresses are private
        proxy_headers=False,  # TrustedProxies reads them
        timeout_graceful_shutdown=3,
    )
    with suppress(KeyboardInterrupt):  # uvicorn raises it again after the shutdown
        Server(config).run()
    return 0


app = make_app()
if "uvicorn" in Path(sys.argv[0]).parts[-2:] and (wrong := start.settings_problem()):
    sys.exit(wrong)

if __name__ == "__main__":
    sys.exit(main())
