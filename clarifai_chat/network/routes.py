"""Choose the way of each request: straight to its server, or through the operator's proxy.

The variables are those of curl: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in either case;
without them, the system's settings on Windows and macOS. This machine's own servers are never
reached through a proxy. httpx reads the same, but fails on `[::1]` and networks in NO_PROXY.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache, partial
from ipaddress import ip_address, ip_network
from typing import Any, cast
from urllib.request import getproxies

import httpcore
import httpx
from anyio import to_thread
from socksio import SOCKSError

from clarifai_chat.config import is_loopback, server_name
from clarifai_chat.network.trust import trusted

SCHEMES = ("http", "https", "all")
UNUSABLE = "unusable"  # in place of an address: requests fail rather than avoid the proxy
PROXY_S = 5.0  # for each answer of a SOCKS proxy
# GNOME and others write "socks://"; the names are looked up by the proxy.
_SAME = {"socks": "socks5h", "socks5": "socks5", "socks5h": "socks5h"}
_PORT = re.compile(r"^(?P<host>\[.*\]|[^:]*):(?P<port>\d{1,5})$")


@dataclass(frozen=True, slots=True)
class Rules:
    """Which proxy a URL goes through."""

    proxies: Mapping[str, str] = field(repr=False)  # http, https or all → address, maybe a password
    goes_straight: tuple[Callable[[str, int | None], bool], ...] = ()
    exceptions: str = ""
    problems: tuple[str, ...] = ()

    def proxy_for(self, url: httpx.URL) -> str | None:
        """Return the address of the proxy for `url`; None where there is none in between."""
        proxy = self.proxies.get(url.scheme) or self.proxies.get("all")
        if proxy is None or is_loopback(url.host):
            return None
        port = url.port or {"http": 80, "https": 443}.get(url.scheme)
        return None if any(is_so(url.host, port) for is_so in self.goes_straight) else proxy

    def __str__(self) -> str:
        """Return the rules for the operator, without names and passwords."""
        if not self.proxies:
            return "none"
        said = [
            f"{'' if scheme == 'all' else f'{scheme}: '}{place_of(proxy)}"
            for scheme, proxy in self.proxies.items()
        ]
        return ", ".join(said) + (f", not for {self.exceptions}" if self.exceptions else "")


def place_of(proxy: str) -> str:
    """Return a proxy's scheme, host and port."""
    return f"{proxy.partition('://')[0]}://{server_name(proxy)}" if "://" in proxy else proxy


@cache
def proxy_rules() -> Rules:
    """Return this process's rules, read on first use."""
    return read_rules(getproxies(), os.environ)


def read_rules(found: Mapping[str, str], environ: Mapping[str, str]) -> Rules:
    """Return the rules in `found`, as `urllib.request.getproxies` returns them.

    The environment is looked at for the names of variables only, so that a problem can name one.
    """
    proxies, problems = {}, []
    for scheme in SCHEMES:
        if not (text := found.get(scheme, "").strip()):
            continue
        address = text if "://" in text else f"http://{text}"
        before, _, after = address.partition("://")
        address = f"{_SAME.get(before.lower(), before.lower())}://{after}"
        try:
            proxy = httpx.Proxy(address)
            usable = bool(proxy.url.host)
        except (ValueError, httpx.InvalidURL):
            usable = False
        proxies[scheme] = address if usable else UNUSABLE
        if not usable:
            problems.append(
                f"{_variable(f'{scheme}_proxy', environ)} is not the address of a proxy, so"
                " requests that need it fail. It must look like http://proxy.example.org:3128 or"
                " socks5://127.0.0.1:1080."
            )
    exceptions = [each for each in re.split(r"[,\s]+", found.get("no", "")) if each]
    goes_straight = []
    for each in exceptions:
        if is_so := _exception(each.lower()):
            goes_straight.append(is_so)
        elif proxies:
            problems.append(
                f"{_variable('no_proxy', environ)} has “{each}”, which is not a name, an address or"
                " a network such as 10.0.0.0/8 or fd00::/8, so that entry is ignored."
            )
    return Rules(proxies, tuple(goes_straight), ",".join(exceptions), tuple(problems))


def _variable(name: str, environ: Mapping[str, str]) -> str:
    return next((each for each in (name, name.upper()) if each in environ), name.upper())


def _exception(entry: str) -> Callable[[str, int | None], bool] | None:
    """Return whether a host and port are meant by an entry of NO_PROXY; None if it is not one."""
    entry = entry.partition("://")[2] or entry
    if entry == "*":
        return lambda host, port: True
    with_port = _PORT.match(entry)
    bare = (with_port["host"] if with_port else entry).replace("[", "").replace("]", "")
    only = int(with_port["port"]) if with_port else None
    try:
        network = ip_network(bare, strict=False)
    except ValueError:
        if not re.fullmatch(r"[\w.*-]*[\w*]", bare):
            return None
        return partial(_is_name, bare.removeprefix("*").removeprefix("."), only)
    return partial(_is_within, network, only)


def _is_within(network: Any, only: int | None, host: str, port: int | None) -> bool:
    try:
        return ip_address(host) in network and only in (None, port)
    except ValueError:  # a name: it is not looked up here
        return False


def _is_name(name: str, only: int | None, host: str, port: int | None) -> bool:
    same = fnmatchcase(host, name) or fnmatchcase(host, f"*.{name}")
    return same and only in (None, port)


class _Delegate:
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Backend(_Delegate):
    """httpcore's backend, for SOCKS: httpcore would wait for a silent proxy for ever."""

    def connect_tcp(self, *args: Any, **options: Any) -> Any:
        return _Stream(self._inner.connect_tcp(*args, **options))


class _Stream(_Delegate):
    def read(self, max_bytes: int, timeout: float | None = None) -> Any:
        if timeout is not None:
            return self._inner.read(max_bytes, timeout)
        try:
            return self._inner.read(max_bytes, PROXY_S)
        except httpcore.TimeoutException:
            self._inner.close()
            raise httpcore.ProxyError("It does not answer.") from None


class Routes(httpx.BaseTransport):
    """Sends each request straight to its server, or through the proxy that the rules name."""

    def __init__(self, rules: Rules | None = None, **options: Any) -> None:
        self._rules = rules or proxy_rules()
        context = trusted().context
        open_way = partial(httpx.HTTPTransport, verify=context, trust_env=False, **options)
        self._ways: dict[str | None, httpx.HTTPTransport] = {None: open_way()}
        for proxy in set(self._rules.proxies.values()) - {UNUSABLE}:
            over_tls = context if proxy.startswith("https:") else None
            way = open_way(proxy=httpx.Proxy(proxy, ssl_context=over_tls))
            if proxy.startswith("socks"):
                pool: Any = way._pool  # httpx has no public way to set its network backend
                pool._network_backend = _Backend(pool._network_backend)
            self._ways[proxy] = way

    def __iter__(self) -> Iterator[httpx.HTTPTransport]:
        return iter(self._ways.values())

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        proxy = self._rules.proxy_for(request.url)
        if proxy == UNUSABLE:
            raise httpx.ProxyError("The proxy's address cannot be used.", request=request)
        try:
            return self._ways[proxy].handle_request(request)
        except (SOCKSError, AssertionError) as error:  # what answered is not a SOCKS proxy
            raise httpx.ProxyError("It does not speak SOCKS.", request=request) from error

    def close(self) -> None:
        for way in self:
            way.close()


class AwaitedRoutes(httpx.AsyncBaseTransport):
    """`Routes` for a client that awaits and gets short answers: each is read whole, in a thread."""

    def __init__(self) -> None:
        self._routes = Routes()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await to_thread.run_sync(self._answer, request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        response = self._routes.handle_request(request)
        try:
            body = b"".join(cast(httpx.SyncByteStream, response.stream))
        finally:
            response.close()
        stream = httpx.ByteStream(body)  # as it came: the client decodes it
        return httpx.Response(response.status_code, headers=response.headers, stream=stream)

    async def aclose(self) -> None:
        self._routes.close()
