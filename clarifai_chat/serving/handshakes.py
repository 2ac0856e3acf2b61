"""Tell a page why its websocket is refused; the browser's half is frontend/src/connection.js."""

import logging

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from clarifai_chat.config import settings
from clarifai_chat.origins import is_own, values

log = logging.getLogger(__name__)

STREAM = "/_stcore/stream"
NOT_UPGRADED = (
    "A page's websocket arrived as a plain request: let the proxy pass on the headers Upgrade and"
    " Connection, as the files in deploy/proxy do."
)


class Handshakes:
    """Answers handshakes that ask why another one is refused, and those that lost their Upgrade."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._has_told = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_stream = scope["type"] != "lifespan" and scope["path"].endswith(STREAM)
        if is_stream and scope["type"] == "websocket" and scope["query_string"] == b"why":
            await _tell_why(WebSocket(scope, receive, send))
        elif is_stream and scope["type"] == "http" and values(scope, b"sec-websocket-key"):
            if not self._has_told:
                self._has_told = True
                log.warning(NOT_UPGRADED)
            await PlainTextResponse(NOT_UPGRADED, 426)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


async def _tell_why(socket: WebSocket) -> None:
    """Say what is wrong with the headers of this handshake; "" if nothing is."""
    origins, hosts = values(socket.scope, b"origin"), values(socket.scope, b"host")
    await socket.accept()
    await socket.send_text(refusal(origins[0], hosts) if len(origins) == 1 else "")
    await socket.close()


def refusal(origin: str, hosts: list[str]) -> str:
    """Return why a page's websocket is refused, in a sentence or two; "" if it is not.

    It does not name the Host that arrived: that may be a name of the operator's own network.
    """
    listed = settings().allowed_origins.split()
    if is_own(origin, hosts[0] if len(hosts) == 1 else "", listed):
        return ""
    host = origin.partition("://")[2]
    return (
        f"This page is at {origin[:200]}, but its websocket asks for the app under another name, so"
        " the app takes it for a stranger's: a proxy in front of the app changes the Host header."
        f" It must set Host to {host[:200]} (nginx: proxy_set_header Host $http_host)."
        f" If it cannot, list {origin[:200]} in ALLOWED_ORIGINS."
    )
