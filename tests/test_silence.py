"""The app makes no request that nobody asked for: a server's connections are counted."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from bench.processes import ROOT, Process
from tests.patience import PATIENCE_S
from tests.test_server import SILENT

# Python runs this before anything else, and tells it of each name that is looked up, each
# connection and each datagram, whatever library makes it.
RECORDER = """
import sys
log = open({log!r}, "a", buffering=1)
def record(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        place = arguments[0] if event.startswith("socket.get") else arguments[1]
        log.write(f"{{event}} {{place!r}}\\n")
sys.addaudithook(record)
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Iterator[tuple[Process, Path]]:
    """A server that has loaded everything, and the file of the connections that it made."""
    folder = tmp_path_factory.mktemp("recorder")
    log = folder / "connections"
    (folder / "sitecustomize.py").write_text(RECORDER.format(log=str(log)))
    environ = {
        "PYTHONPATH": f"{folder}:{ROOT}",
        "DATABASE_URL": f"sqlite:///{folder / 'history.db'}",
        "CLARIFAI_PAT": "an operator's token, which is asked for nothing",
    }
    with Process(["server.py"], "/healthz", environ=environ) as running:
        yield running, log


def test_neither_a_start_nor_a_page_nor_a_waiting_tab_asks_anybody(recorded):
    running, log = recorded
    page = httpx.get(running.url, timeout=PATIENCE_S)
    address = running.url.replace("http", "ws", 1) + "/_stcore/stream"
    cookies = "; ".join(f"{name}={value}" for name, value in page.cookies.items())
    with connect(
        address,
        subprotocols=[Subprotocol("streamlit")],
        additional_headers={"Cookie": cookies, "Origin": running.url},
        open_timeout=PATIENCE_S,
        max_size=None,
        logger=SILENT,
    ) as tab:
        for _ in range(2):
            tab.send(BackMsg(rerun_script=ClientState()).SerializeToString())
            message = ForwardMsg()
            while message.WhichOneof("type") != "script_finished":
                message.ParseFromString(tab.recv(timeout=PATIENCE_S))
        assert tab.ping().wait(PATIENCE_S)

    made = log.read_text().splitlines()

    assert any(line.startswith("socket.connect") for line in made), "The Demo's first answer."
    elsewhere = [line for line in made if not any(f"'{name}'" in line for name in LOOPBACK)]
    assert elsewhere == []


LOOPBACK = ("127.0.0.1", "localhost", "::1")
