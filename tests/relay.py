"""A relay in front of a PostgreSQL that can stop relaying, as a network that drops packets does."""

import selectors
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import Postgres

NAME = ".s.PGSQL.5432"


class Relay:
    """What is between the app and its database. While it is `frozen` nothing gets through."""

    def __init__(self, listener: socket.socket, target: str) -> None:
        self.frozen = threading.Event()
        self._target = target
        self._listener = listener
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            while not self._ends.is_set():
                for key, _ in selector.select(0.005):
                    if key.fileobj is self._listener:
                        self._take(selector)
                    elif not self.frozen.is_set():
                        self._pass_on(selector, key.fileobj)  # type: ignore[arg-type]

    def _take(self, selector: selectors.BaseSelector) -> None:
        near, _ = self._listener.accept()
        if self.frozen.is_set():
            near.close()
            return
        far = socket.socket(socket.AF_UNIX)
        far.connect(self._target)
        self._pairs |= {near: far, far: near}
        for end in (near, far):
            selector.register(end, selectors.EVENT_READ)

    def _pass_on(self, selector: selectors.BaseSelector, end: socket.socket) -> None:
        other = self._pairs.get(end)
        try:
            data = end.recv(65536)
            if data and other:
                other.sendall(data)
                return
        except OSError:
            pass
        for each in filter(None, (end, other)):
            if self._pairs.pop(each, None):
                selector.unregister(each)
                each.close()

    def end(self) -> None:
        self._ends.set()
        self._thread.join()
        for end in (self._listener, *self._pairs):
            end.close()


@contextmanager
def relaying(postgres: Postgres) -> Iterator[tuple[Relay, str]]:
    """A relay, and the address of a new database behind it."""
    address = postgres.database()
    with tempfile.TemporaryDirectory(prefix="relay-") as folder:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(Path(folder) / NAME))
        listener.listen()
        relay = Relay(listener, str(postgres.folder / NAME))
        try:
            yield relay, address.replace(str(postgres.folder), folder)
        finally:
            relay.end()
