"""The Demo model: what a visitor without an access token talks to.

It speaks the OpenAI-compatible API on loopback, inside our own process, so requests take the same
way as to Clarifai. `script` has its answers, `acts` the failures it acts out, `tools` its use of
tools, and `shapes` the formats on the wire.
"""

import threading

from clarifai_chat.demo.script import LABEL, STARTERS
from clarifai_chat.demo.server import API_PATH, DemoHandler, DemoServer
from clarifai_chat.demo.shapes import MODEL, PREDICTION_FAILED, clarifai_status

__all__ = [
    "API_PATH",
    "KEY",
    "LABEL",
    "MODEL",
    "PREDICTION_FAILED",
    "STARTERS",
    "DemoHandler",
    "DemoServer",
    "clarifai_status",
    "start",
]

KEY = "demo"  # the bearer token it gets, and does not check

_server: DemoServer | None = None
_starting = threading.Lock()


def start() -> str:
    """Return the base URL of the process's one Demo server; start the server if needed."""
    global _server
    with _starting:
        if _server is None:
            _server = DemoServer()
            _server.start()
    return _server.api_base
