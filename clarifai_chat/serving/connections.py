"""Bound the connections to the server, so that strangers cannot use up its file descriptors."""

import asyncio
import errno
import logging
import time
from functools import cache
from pathlib import Path
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 2000
RESERVE = 32  # descriptors for requests to models, the database and files
FEWEST = 8
HEADERS_S = 20.0  # for a request's headers; a browser needs a moment
REFUSED_S = 2.0  # for a request that is only to be refused
SAID_EVERY_S = 60.0
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"retry-after: 5\r\nconnection: close\r\n\r\n"
    b"This app has as many connections as it can serve. Try again in a moment.\n"
)


def raise_limit() -> None:
    """Let this process open as many files as the system allows it."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError) as error:  # macOS says "unlimited" and means less
            log.info("The limit of open files stays at %s: %s", soft, type(error).__name__)


@cache
def most() -> int:
    """Return how many connections may be open at once; read once, when the server starts."""
    if resource is None:
        return MAX_CONNECTIONS
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(FEWEST, min(MAX_CONNECTIONS, files - _open_files() - RESERVE))


def _open_files() -> int:
    try:
        return len(list(Path("/proc/self/fd").iterdir()))
    except OSError:
        return 64


class BoundedProtocol(H11Protocol):
    """HTTP with a limit of connections, and one of time for a request's headers.

    A new connection takes the place of one that has not sent a request yet. If all have, it gets an
    answer and is closed.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if len(self.connections) >= most():
            _say("More than %d connections: some are refused", most())
            silent = next((each for each in self.connections if _is_silent(each)), None)
            if silent is None:
                self.transport = transport  # it gets its answer when it asks
                self._deadline = self.loop.call_later(REFUSED_S, transport.abort)
                return
            silent.transport.abort()
            self.connections.discard(silent)
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEADERS_S, self._end_silence)

    def data_received(self, data: bytes) -> None:
        if self not in self.connections:  # after the request: a reset would take the answer away
            self.transport.write(FULL)
            self.transport.close()
            return
        super().data_received(data)
        if self._deadline is None and _is_silent(self):  # half of a second request
            self._deadline = self.loop.call_later(HEADERS_S, self._end_silence)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        if self.flow is not None:  # otherwise it was refused
            super().connection_lost(exc)

    def _end_silence(self) -> None:
        self._deadline = None
        if self in self.connections and _is_silent(self):
            self.transport.abort()


def _is_silent(connection: Any) -> bool:
    """Return whether a connection has sent nothing yet, or only half of a request's headers."""
    if not isinstance(connection, H11Protocol):  # a websocket
        return False
    is_waiting = connection.conn.their_state is h11.IDLE
    return is_waiting and (connection.cycle is None or bool(connection.conn.trailing_data[0]))


_said_at = -SAID_EVERY_S


def _say(words: str, *values: object) -> None:
    """Log it, at most once a minute."""
    global _said_at
    if time.monotonic() - _said_at >= SAID_EVERY_S:
        _said_at = time.monotonic()
        log.warning(words, *values)


def log_little(loop: asyncio.AbstractEventLoop) -> None:
    """Log one line a minute if descriptors run out, instead of thousands of tracebacks a second."""
    before = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            _say("There are no file descriptors left: new connections wait")
        elif before is not None:
            before(loop, context)
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)
