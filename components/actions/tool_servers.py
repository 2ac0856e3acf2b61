"""Ask the visitor's MCP servers for the answers to calls.

Nothing here draws.
"""

from threading import Event
from typing import Any

from clarifai_chat.mcp import client
from clarifai_chat.mcp.client import Answer
from clarifai_chat.playground.server_calls import AskServer
from components.state.session import session


def asker() -> AskServer:
    """Return a function, for a worker, that sends a call to its server."""
    tokens = session.server_tokens  # the dict, so that a forgotten token is gone for this run too

    def ask(address: str, tool: str, arguments: dict[str, Any], stopped: Event) -> Answer:
        return client.call_tool(address, tool, arguments, tokens.get(address, ""), stopped)

    return ask
