"""Tell this app's own pages from a stranger's, by the headers of a request."""

import logging
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from clarifai_chat.config import settings

log = logging.getLogger(__name__)

DEFAULT_PORTS = {"http": 80, "https": 443}
# What a proxy adds. Its absence proves nothing: some proxies add none of them.
_FORWARDED = ("forwarded", "via", "x-real-ip", "true-client-ip", "cf-connecting-ip", "x-client-ip")
_MAX_TOLD = 20  # refused origins in the log; strangers may invent as many as they like


def came_through_proxy(names: Iterable[str]) -> bool:
    """Return whether one of these header names says that a proxy passed the request on."""
    lowered = [name.lower() for name in names]
    return any(name in _FORWARDED or name.startswith("x-forwarded-") for name in lowered)


def is_own(origin: str, host: str, listed: Iterable[str] = ()) -> bool:
    """Return whether a page of `origin` belongs to the app that was asked for as `host`.

    Scheme, name and port must agree; a Host header without a port has that of the page's scheme,
    also behind a proxy that ends TLS. `listed` are further origins that the operator allows.
    """
    page = _place(origin)
    if page is None:
        return False
    scheme, *_ = page
    return page == _place(f"{scheme}://{host}") or page in map(_place, listed)


def _place(origin: str) -> tuple[str, str, int] | None:
    """Return the scheme, name and port of an origin; None if it is not one."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return None
    default = DEFAULT_PORTS.get(parts.scheme)
    is_origin = origin.lower() == f"{parts.scheme}://{parts.netloc}".lower()
    if default is None or not parts.hostname or "@" in parts.netloc or not is_origin:
        return None
    return parts.scheme, parts.hostname, default if port is None else port


class OwnPagesOnly:
    """Refuses a websocket or an upload that another site's page, or another port's, opens.

    Without an Origin header no page asks: browsers send it with both. Streamlit would accept every
    port of this machine.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._told: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_plain = scope["type"] == "http" and scope["method"] in ("GET", "HEAD", "OPTIONS")
        if scope["type"] == "lifespan" or is_plain:
            await self.app(scope, receive, send)
            return
        origins, hosts = values(scope, b"origin"), values(scope, b"host")
        host = hosts[0] if len(hosts) == 1 else ""
        listed = settings().allowed_origins.split()
        if not all(is_own(origin, host, listed) for origin in origins):
            self._tell(origins[0], host)
            await _refuse(scope, receive, send)
            return
        if origins:  # Streamlit compares them too, but knows nothing of the operator's list
            same = urlsplit(origins[0]).netloc.encode("latin-1")
            kept = [header for header in scope["headers"] if header[0] != b"host"]
            scope = {**scope, "headers": [*kept, (b"host", same)]}
        await self.app(scope, receive, send)

    def _tell(self, origin: str, host: str) -> None:
        line = (
            f"Refused a page of {origin[:100]!r}: it asked for this app as {host[:100]!r}."
            " If that page is yours, let the proxy pass on Host, or set ALLOWED_ORIGINS."
        )
        if line not in self._told and len(self._told) < _MAX_TOLD:
            self._told.add(line)
            log.warning(line)


def values(scope: Scope, name: bytes) -> list[str]:
    """Return the values of a header, as often as a request has it."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()  # the handshake, which is answered by 403
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": b"Refused: another site's page asks."})
