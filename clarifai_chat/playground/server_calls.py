"""Let MCP servers answer the calls of a run: which calls, how many, and what came of each."""

import time
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any, Literal, TypedDict

from clarifai_chat.mcp.client import Answer, McpTrouble, Stopped
from clarifai_chat.messages import ToolCall
from clarifai_chat.tools.verdict.arguments import read_arguments

# (address, tool, arguments, set when the reader stops it) → the answer. Raises `McpTrouble`.
AskServer = Callable[[str, str, dict[str, Any], Event], Answer]
MAX_CALLS = 50  # that a run may send to servers automatically
Outcome = Literal["answered", "error", "failed"]


class ServerCall(TypedDict):
    """A call that was sent to a server. `outcome`: it answered, with an error, or not at all."""

    server: str  # its address
    sent_at: float  # Unix time
    took_s: float
    chars: int  # of the answer, as the model gets it
    outcome: Outcome
    notes: list[str]  # what of the answer is left out


def is_server(answerer: str) -> bool:
    """Return whether an answerer is the address of an MCP server."""
    return answerer.startswith(("http://", "https://"))


def arguments_of(call: ToolCall) -> dict[str, Any] | None:
    """Return the arguments as a server takes them; None if they are no object in JSON."""
    value = read_arguments(call["function"]["arguments"]).value
    return value if isinstance(value, dict) else None


def answered(
    address: str, call: ToolCall, ask: AskServer, stopped: Event
) -> Iterator[tuple[str, ServerCall]]:
    """Yield the answer for the model and its record; nothing if the call was stopped."""
    sent_at, began = time.time(), time.monotonic()
    outcome: Outcome = "failed"
    notes: list[str] = []
    try:
        found = ask(address, call["function"]["name"], arguments_of(call) or {}, stopped)
    except Stopped:
        return
    except McpTrouble as why:
        text = f"Error: {why}"
    else:
        text, notes = found.text, list(found.notes)
        outcome = "error" if found.is_error else "answered"
    yield (
        text,
        {
            "server": address,
            "sent_at": sent_at,
            "took_s": time.monotonic() - began,
            "chars": len(text),
            "outcome": outcome,
            "notes": notes,
        },
    )
