"""The Demo model: what a visitor without an access token talks to.

It speaks the OpenAI-compatible API on loopback, inside our own process, so the way to it is the way
to Clarifai. `script` holds what it says, `acts` what it acts out, `tools` how it uses tools, and
`shapes` the wire's shapes.
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

KEY = "demo"  # the bearer it is sent; it does not check it

_server: DemoServer | None = None
_starting = threading.Lock()


def start() -> str:
    """Return the base URL of the process's one Demo server, which is started if it does not run
    yet."""
    global _server
    with _starting:
        if _server is None:
            _server = DemoServer()
            _server.start()
    return _server.api_base
