"""Strangers cannot use up the connections and file descriptors of the app."""

import asyncio
import errno
import socket
import threading
from contextlib import suppress
from typing import NamedTuple

import httpx
import pytest
import uvicorn

from clarifai_chat.serving import connections
from tests.patience import PATIENCE_S, until

MOST = 3


@pytest.fixture
def server(monkeypatch):
    """A server that answers "/slow" only at the end of the test."""
    goes_on, waiting = threading.Event(), []
    monkeypatch.setattr(connections, "most", lambda: MOST)
    monkeypatch.setattr(connections, "_said_at", -connections.SAID_EVERY_S)

    async def app(scope, receive, send):
        if scope["path"] == "/slow":
            waiting.append(scope)
            await asyncio.to_thread(goes_on.wait, PATIENCE_S)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"Hello"})

    config = uvicorn.Config(
        app, port=0, http=connections.BoundedProtocol, lifespan="off", log_config=None
    )
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    until(lambda: running.started)
    yield Server(running.servers[0].sockets[0].getsockname()[1], waiting)
    goes_on.set()
    running.should_exit = True
    thread.join()


class Server(NamedTuple):
    port: int
    waiting: list  # the requests that it has not answered


def opened(server, sent=b""):
    end = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S)
    end.sendall(sent)
    return end


def get(server):
    return httpx.get(f"http://127.0.0.1:{server.port}/", timeout=PATIENCE_S)


def test_who_says_nothing_makes_way(server, caplog):
    strangers = [
        opened(server, [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"][n % 2]) for n in range(3 * MOST)
    ]

    for _ in range(3):
        assert get(server).text == "Hello"

    assert len(caplog.records) == 1
    for each in strangers:
        each.close()


def test_beyond_the_limit_a_sentence_is_the_answer(server):
    slow = [opened(server, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(MOST)]
    until(lambda: len(server.waiting) == MOST)

    refused = get(server)

    assert refused.status_code == 503
    assert refused.text.startswith("This app has as many connections as it can serve.")
    for each in slow:
        each.close()
    until(lambda: get(server).status_code == 200)


@pytest.mark.parametrize("first", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_half_a_request_is_not_waited_for_for_ever(server, monkeypatch, first):
    monkeypatch.setattr(connections, "HEADERS_S", 0.02)
    stranger = opened(server, first)
    if first:
        assert stranger.recv(9) == b"HTTP/1.1 "
    stranger.sendall(b"GET / HTTP/1.1\r\nHost:")

    with suppress(ConnectionResetError):
        while stranger.recv(4096):  # until it is closed
            pass
    stranger.close()


def test_the_limit_of_open_files_is_raised(monkeypatch):
    limits = [64, 500]
    fake = type("resource", (), {"RLIMIT_NOFILE": 7, "RLIM_INFINITY": -1})
    fake.getrlimit = lambda kind: tuple(limits)
    fake.setrlimit = lambda kind, new: limits.__setitem__(slice(None), new)
    monkeypatch.setattr(connections, "resource", fake)
    monkeypatch.setattr(connections, "_open_files", lambda: 100)
    connections.most.cache_clear()

    connections.raise_limit()

    assert limits == [500, 500]
    assert connections.most() == 500 - 100 - connections.RESERVE
    connections.most.cache_clear()


def test_used_up_descriptors_are_one_line_in_the_log(caplog, monkeypatch):
    monkeypatch.setattr(connections, "_said_at", -connections.SAID_EVERY_S)
    loop = asyncio.new_event_loop()
    connections.log_little(loop)
    for _ in range(1000):
        loop.call_exception_handler(
            {"message": "socket.accept()", "exception": OSError(errno.EMFILE, "Too many")}
        )
    loop.call_exception_handler({"message": "Another mistake"})
    loop.close()

    assert [record.getMessage() for record in caplog.records] == [
        "There are no file descriptors left: new connections wait",
        "Another mistake",
    ]
