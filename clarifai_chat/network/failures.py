"""Find out why a server could not be reached, and tell the operator.

A cause is named only if it is certain; everything else is "cannot be reached".
"""

import logging
import socket
import ssl
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

import httpx

from clarifai_chat.config import server_name
from clarifai_chat.errors import (
    NoSuchHost,
    ProxyFailed,
    RefusedConnection,
    Unreachable,
    Untrusted,
    WrongScheme,
)
from clarifai_chat.network.routes import UNUSABLE, Routes, place_of, proxy_rules

log = logging.getLogger(__name__)

PROBE_S = 1.0
TIMEOUT_S = 10.0
# What OpenSSL says if the other side's first bytes are not TLS.
_NOT_TLS = {
    "WRONG_VERSION_NUMBER",
    "RECORD_LAYER_FAILURE",
    "UNKNOWN_PROTOCOL",
    "UNEXPECTED_MESSAGE",
}
_TLS_ANSWERS = (b"\x15\x03", b"\x16\x03")  # an alert, a handshake
# X509_V_ERR_… of OpenSSL → what it means. Others are quoted.
_CERTIFICATES = {
    9: "It is not valid yet; this machine's clock may be wrong.",
    10: "It has expired.",
    18: "It is signed by itself.",
    19: "Its certificate authority is unknown here.",
    20: "Its certificate authority is unknown here.",
    21: "Its certificate authority is unknown here.",
    62: "It is for another name.",
    64: "It is for another address.",
}


def unreachable(error: BaseException, url: str) -> Unreachable:
    """Return the error that explains why the server at `url` was not reached, and log it."""
    kind, why = _cause(_chain(error), url)
    log.warning("%s: %s %s", server_name(url), kind.what, why)
    return kind(more=why if kind is Untrusted else "")


def status_of(url: str) -> int:
    """Return the HTTP status that a server answers with to a request without a token.

    Raises `Unreachable` or one of its kinds.
    """
    try:
        with httpx.Client(transport=Routes(), trust_env=False, timeout=TIMEOUT_S) as client:
            return client.get(url).status_code
    except (httpx.TransportError, httpx.InvalidURL) as error:
        failure = unreachable(error, url)
    raise failure


def _chain(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


def _cause(chain: list[BaseException], url: str) -> tuple[type[Unreachable], str]:
    """Return the kind of failure, and a sentence for the log."""
    proxy = _proxy_for(url)
    refusal = next((e for e in chain if isinstance(e, httpx.ProxyError)), None)
    if refusal or (proxy and _of(OSError, chain) and not _of(ssl.SSLError, chain)):
        place = f"({place_of(proxy)})" if proxy and proxy != UNUSABLE else ""
        return ProxyFailed, f"{place} {refusal or ''}".strip()
    for each in chain:
        if isinstance(each, ssl.SSLCertVerificationError):
            other = f"OpenSSL says: {each.verify_message}."
            return Untrusted, _CERTIFICATES.get(each.verify_code, other)
        if isinstance(each, ssl.SSLError) and each.reason in _NOT_TLS:
            return WrongScheme, "It does not speak https at this port."
        if isinstance(each, socket.gaierror):
            return NoSuchHost, f"({each.strerror})"
        if isinstance(each, ConnectionRefusedError):
            return RefusedConnection, ""
    if not proxy and (why := _other_scheme(chain, urlsplit(url))):
        return WrongScheme, why
    return Unreachable, f"({type(chain[-1]).__name__})"


def _of(kind: type[BaseException], chain: list[BaseException]) -> bool:
    return any(isinstance(each, kind) for each in chain)


def _proxy_for(url: str) -> str | None:
    try:
        return proxy_rules().proxy_for(httpx.URL(url))
    except httpx.InvalidURL:
        return None


def _other_scheme(chain: list[BaseException], url: SplitResult) -> str:
    """Return whether a server that broke off speaks https instead of http, or the reverse."""
    lost = any(isinstance(e, httpx.RemoteProtocolError | httpx.ReadError) for e in chain)
    if url.scheme == "http" and lost:
        outgoing = ssl.MemoryBIO()
        client = ssl.create_default_context().wrap_bio(
            ssl.MemoryBIO(), outgoing, server_hostname="x"
        )
        with suppress(ssl.SSLWantReadError):
            client.do_handshake()
        # The empty line ends the wait of a server that does not speak TLS.
        if _first_bytes(url, outgoing.read() + b"\r\n\r\n").startswith(_TLS_ANSWERS):
            return "It speaks https at this port, and was asked by http."
    hangs = any(isinstance(e, TimeoutError) and "handshake" in str(e) for e in chain)
    is_plain = url.scheme == "https" and hangs
    if is_plain and _first_bytes(url, b"HEAD / HTTP/1.0\r\n\r\n").startswith(b"HTTP/"):
        return "It speaks http at this port, and was asked by https."
    return ""


def _first_bytes(url: SplitResult, hello: bytes) -> bytes:
    try:
        place = (url.hostname or "", url.port or (443 if url.scheme == "https" else 80))
        with socket.create_connection(place, PROBE_S) as probe:
            probe.sendall(hello)
            return probe.recv(16)
    except (OSError, ValueError):
        return b""
