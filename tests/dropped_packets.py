"""Use a PostgreSQL while a real network drops every packet that it sends, and say what is told.

`unshare --net python -m tests.dropped_packets ADDRESS FOLDER`: a network of this process's own, as
root. ADDRESS is that of an empty database behind the socket in FOLDER, which needs no network.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from clarifai_chat.history.store import StoreTrouble, open_store, postgresql
from clarifai_chat.history.store.address import read_address
from tests.relay import NAME, Relay
from tests.test_store import ADA, a_chat, saved

HERE, THERE = "127.0.0.1", "127.0.0.2"  # of the app, of the database


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def drop() -> None:
    """Drop what is sent to the app: a black hole is where its address was."""
    ip("route", "del", "local", HERE, "dev", "lo", "table", "local")
    ip("route", "add", "blackhole", HERE, "table", "local")


@contextmanager
def dropping(*, now: bool = True) -> Iterator[None]:
    """Drop packets within the block; not `now` is from somewhere within it on."""
    if now:
        drop()
    try:
        yield
    finally:
        ip("route", "del", "blackhole", HERE, "table", "local")
        ip("route", "add", "local", HERE, "dev", "lo", "table", "local")


def told(action: Callable[..., Any], *arguments: Any) -> str:
    with postgresql.patience(0.1):
        try:
            action(*arguments)
        except StoreTrouble as trouble:
            return type(trouble).__name__
    return ""


def main(address: str, folder: str) -> dict[str, Any]:
    ip("link", "set", "lo", "up")
    postgresql.PING_S = 0.05  # type: ignore[assignment]  # nobody waits seconds in a test
    listener = socket.create_server((THERE, 0))
    relay = Relay(listener, f"{folder}/{NAME}")
    url = read_address(address).set(host=THERE, port=listener.getsockname()[1], query={})
    store = open_store(url)
    chat = saved(store, a_chat("One"))  # leaves a connection in the pool
    found: dict[str, Any] = {}

    with dropping():
        found["a connection from the pool"] = told(store.load, ADA, chat["id"])
        found["a new connection"] = told(open_store, url)
    found["afterwards"] = store.load(ADA, chat["id"]) == chat

    event.listen(store._engine, "before_cursor_execute", lambda *_: drop(), once=True)
    with dropping(now=False):
        found["in the middle of a save"] = told(store.save_chat, ADA, {**chat, "title": "New"})
    found["after that"] = store.load(ADA, chat["id"]) == chat
    store.close()
    relay.end()
    return found


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201 - for the test
