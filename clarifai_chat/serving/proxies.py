"""Believe what a proxy says about its visitors, if the operator trusts the proxy."""

import logging
from ipaddress import ip_network
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from clarifai_chat.config import settings

log = logging.getLogger(__name__)

PROXY_USER = "clarifai_chat_proxy_user"  # the name in `st.user`
_MAX_TOLD = 20  # ignored headers in the log; strangers may send them from any address


class TrustedProxies:
    """Accepts a visitor's scheme, address and name only from TRUSTED_PROXIES.

    uvicorn's middleware, extended for a chain of proxies: if X-Forwarded-Proto has several values,
    the first is the visitor's, but uvicorn would ignore them all.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app: Any = ProxyHeadersMiddleware(app, trusted_networks())  # type: ignore[arg-type]  # types of its own
        self._told: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            self._check_user(scope)
            if words := Headers(scope=scope).getlist("x-forwarded-proto"):
                first = ",".join(words).split(",")[0].strip().lower()
                scope["headers"] = _without(scope, b"x-forwarded-proto")
                scope["headers"].append((b"x-forwarded-proto", first.encode()))
        await self.app(scope, receive, send)

    def _check_user(self, scope: Scope) -> None:
        """Remove the header with a visitor's name if it may be anybody's own."""
        header = settings().trusted_user_header
        users = Headers(scope=scope).getlist(header) if header else []
        if not users:
            return
        peer = scope["client"][0] if scope.get("client") else ""
        if peer not in self.app.trusted_hosts:
            self._tell(f"Ignored {header} from {peer or 'a socket'}, not one of TRUSTED_PROXIES.")
        elif len(users) > 1:
            self._tell(
                f"Ignored two {header} headers of one request: let the proxy replace what a"
                " visitor sends."
            )
        elif users[0].strip():
            return
        scope["headers"] = _without(scope, header.lower().encode())

    def _tell(self, line: str) -> None:
        if line not in self._told and len(self._told) < _MAX_TOLD:
            self._told.add(line)
            log.warning(line)


def _without(scope: Scope, name: bytes) -> list[tuple[bytes, bytes]]:
    return [header for header in scope["headers"] if header[0] != name]


def trusted_networks() -> list[str]:
    """Return the networks in TRUSTED_PROXIES, IPv4 ones also as a server on "::" sees them."""
    listed = settings().trusted_proxies.replace(",", " ").split()
    networks = [ip_network(each) for each in listed]
    mapped = [
        f"::ffff:{network.network_address}/{96 + network.prefixlen}"
        for network in networks
        if network.version == 4
    ]
    return [*map(str, networks), *mapped]
