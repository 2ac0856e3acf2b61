"""Share one pool of connections; requests can be read raw and cut from another thread.

litellm hides the bodies of failed answers, and offers no way to end a request that waits for its
first byte. So an `InFlight` keeps the raw response and the socket under it. Closing a stream from
another thread does nothing while the reader is blocked in it; shutting its socket down wakes the
reader at once (measured, plain and TLS).
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore
import httpx

from clarifai_chat.llm.exchange import Recorder
from clarifai_chat.network import Routes

CONNECT_TIMEOUT_S = 5.0
LAST_READ_S = 0.25  # for the bytes after the end of an answer
_lock = threading.Lock()  # which request uses which connection


class InFlight:
    """One request in flight: its raw response once there is one, and a way to end it."""

    def __init__(self) -> None:
        self.recorder: Recorder | None = None  # set by callers that want a record of what was sent
        self.response: httpx.Response | None = None
        self.is_whole = False  # the response was not a stream and has been read to its end
        self.ended = threading.Event()  # set by cut(); ends a wait between retries too
        self.sent = threading.Event()  # set when the request is sent
        self._may_stream = True
        self._stream: _Stream | None = None

    @property
    def is_cut(self) -> bool:
        return self.ended.is_set()

    def cut(self) -> None:
        """End the request now, from any thread, even while the server is silent. Safe to repeat."""
        with _lock:
            self.ended.set()
            # A whole answer gives its connection back at once: it may serve another request by now.
            if self._stream is not None and self._stream.user is self:
                _shut_down(self._stream.inner)

    def expect_end(self) -> None:
        """Cap the remaining read at LAST_READ_S: the answer is over."""
        with _lock:
            if self._stream is not None and self._stream.user is self:
                self._stream.until = time.monotonic() + LAST_READ_S

    @contextmanager
    def watched(self, *, stream: bool) -> Iterator[None]:
        """Treat what this thread sends in this block as this request: streamed, or read whole."""
        self.is_whole = False
        self._may_stream = stream
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def close(self) -> None:
        """Give the connection back. After this, `cut` cannot reach its next user."""
        with _lock:
            if self._stream is not None and self._stream.user is self:
                self._stream.user = None
            self._stream = None
        if self.response is not None:
            self.response.close()
        if self.recorder:
            self.recorder.end()

    def forget_response(self) -> None:
        """Close the response, ready for another attempt."""
        self.close()
        self.response = None

    def hold(self, stream: "_Stream") -> None:
        """Remember the connection that this request uses; raises if it was cut meanwhile."""
        with _lock:
            if self.is_cut:
                raise httpcore.ReadError("cut")
            self.sent.set()
            self._stream = stream
            stream.user = self
            stream.until = None

    def keep(self, response: httpx.Response) -> None:
        """Keep the response. If it is not a stream, read it, so that its body survives litellm."""
        self.response = response
        if self.recorder:
            self.recorder.response(response)
        if not self._may_stream or response.status_code >= 400 or not is_event_stream(response):
            response.read()
            self.is_whole = True
            if self.recorder:
                self.recorder.body(response.text)


_current: ContextVar[InFlight | None] = ContextVar("in_flight", default=None)


@cache
def client() -> httpx.Client:
    """Return the client that all requests share."""
    limits = httpx.Limits(max_connections=1000, max_keepalive_connections=50, keepalive_expiry=30)
    routes = Routes(limits=limits)
    for way in routes:
        # httpx has no public way to set its transports' network backend; httpcore below it does.
        pool: Any = way._pool
        pool._network_backend = _Backend(pool._network_backend)
    return httpx.Client(
        transport=routes,
        # A redirect would send the access token to another server.
        follow_redirects=False,
        # A shared jar would send one visitor's cookies with another's requests.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        event_hooks={"request": [_limit_connecting, _keep_request], "response": [_keep_response]},
        trust_env=False,  # the routes know the environment
    )


def _limit_connecting(request: httpx.Request) -> None:
    # litellm merges all timeouts into one, so a dead address would take as long as a slow model.
    request.extensions["timeout"] = request.extensions["timeout"] | {"connect": CONNECT_TIMEOUT_S}


def _keep_request(request: httpx.Request) -> None:
    in_flight = _current.get()
    if in_flight and in_flight.recorder:
        in_flight.recorder.request(request)


def _keep_response(response: httpx.Response) -> None:
    if in_flight := _current.get():
        in_flight.keep(response)


def is_event_stream(response: httpx.Response) -> bool:
    return str(response.headers.get("content-type", "")).startswith("text/event-stream")


def _shut_down(stream: httpcore.NetworkStream) -> None:
    sock = stream.get_extra_info("socket")
    if sock is not None:
        with suppress(OSError):  # already closed by the other side
            sock.shutdown(socket.SHUT_RDWR)


class _Backend(httpcore.NetworkBackend):
    """httpcore's own backend, with connections that report to the current request."""

    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self.inner = inner

    def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return _Stream(self.inner.connect_tcp(*args, **kwargs))

    def sleep(self, seconds: float) -> None:
        self.inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self.inner = inner
        self.user: InFlight | None = None  # the request sent last
        self.until: float | None = None  # monotonic time after which reads fail

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self.until is not None:
            timeout = self.until - time.monotonic()
            if timeout <= 0:
                raise httpcore.ReadTimeout
        return self.inner.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if in_flight := _current.get():
            in_flight.hold(self)
        self.inner.write(buffer, timeout)

    def close(self) -> None:
        self.inner.close()

    def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return _Stream(self.inner.start_tls(*args, **kwargs))

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)
