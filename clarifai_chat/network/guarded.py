"""Reach a server that a visitor named, and no other: for hosts that the operator allows.

The address that is connected to is the one that was checked: a name is looked up once, and nothing
looks it up again. Through the operator's proxy, the proxy looks it up, and decides.
"""

import socket
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import anyio
import httpcore
import httpx

from clarifai_chat.network.routes import UNUSABLE, proxy_rules
from clarifai_chat.network.trust import trusted

CONNECT_S = 5.0


class Refused(Exception):
    """A connection that is not made, or an answer that is not read; its text says why."""


class _Checked(httpcore.AnyIOBackend):
    """httpcore's backend; `may_connect` raises `Refused` for a host and its addresses."""

    def __init__(self, may_connect: Callable[[str, int, list[str]], None]) -> None:
        self._may_connect = may_connect

    async def connect_tcp(
        self, host: str, port: int, *args: Any, **options: Any
    ) -> httpcore.AsyncNetworkStream:
        try:
            found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError("No such host.") from error
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        self._may_connect(host, port, addresses)
        *others, last = addresses
        for address in others:
            try:
                return await super().connect_tcp(address, port, *args, **options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await super().connect_tcp(last, port, *args, **options)

    async def connect_unix_socket(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        raise Refused("A socket on this machine is not a server.")


class GuardedRoutes(httpx.AsyncBaseTransport):
    """`Routes` for a client that waits without a thread, and checks where it connects to.

    An answer of more than `max_bytes` raises `Refused`, and so does a compressed one: its size is
    not known before it is read.
    """

    def __init__(self, may_connect: Callable[[str, int, list[str]], None], max_bytes: int) -> None:
        self._rules = proxy_rules()
        self._max_bytes = max_bytes
        context = trusted().context
        straight = httpx.AsyncHTTPTransport(verify=context, trust_env=False)
        pool: Any = straight._pool  # httpx has no public way to set its network backend
        pool._network_backend = _Checked(may_connect)
        self._ways: dict[str | None, httpx.AsyncHTTPTransport] = {None: straight}
        for proxy in set(self._rules.proxies.values()) - {UNUSABLE}:
            over_tls = context if proxy.startswith("https:") else None
            self._ways[proxy] = httpx.AsyncHTTPTransport(
                verify=context, trust_env=False, proxy=httpx.Proxy(proxy, ssl_context=over_tls)
            )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        proxy = self._rules.proxy_for(request.url)
        if proxy == UNUSABLE:
            raise httpx.ProxyError("The proxy's address cannot be used.", request=request)
        response = await self._ways[proxy].handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise Refused("It answers compressed, although that was not asked for.")
        stream: Any = response.stream
        response.stream = _Limited(stream, self._max_bytes)
        return response

    async def aclose(self) -> None:
        for way in self._ways.values():
            await way.aclose()


class _Limited(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, max_bytes: int) -> None:
        self._inner = inner
        self._left = max_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._inner:
            self._left -= len(part)
            if self._left < 0:
                raise Refused("Its answer is too large.")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


def guarded_client(
    may_connect: Callable[[str, int, list[str]], None],
    headers: Mapping[str, str],
    max_bytes: int,
    look: Callable[[httpx.Response], None],
) -> httpx.AsyncClient:
    """Return a client for one conversation with a server. `look` may raise `Refused`."""

    async def looked_at(response: httpx.Response) -> None:
        look(response)

    return httpx.AsyncClient(
        transport=GuardedRoutes(may_connect, max_bytes),
        headers={**headers, "Accept-Encoding": "identity"},
        timeout=httpx.Timeout(None, connect=CONNECT_S),  # the caller limits the whole
        follow_redirects=False,
        event_hooks={"response": [looked_at]},
        trust_env=False,
    )
