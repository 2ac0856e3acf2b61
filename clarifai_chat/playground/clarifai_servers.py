"""MCP servers on Clarifai, which its agentic models use while they answer.

The request names them in `mcp_servers`. Clarifai lists their tools, runs the calls and asks the
model again, all within one streamed answer. Sources: Clarifai's docs, compute/inference/mcp-servers
(2026-02), for the field, the servers and streaming; clarifai-python, runners/models/
agentic_class.py, for what happens: a request that brings `tools` of its own gets none of this.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from clarifai_chat.catalog import Model, clarifai_address
from clarifai_chat.messages import ToolSpec
from clarifai_chat.playground.runs import RunSettings

DOCS = "https://docs.clarifai.com/compute/inference/mcp-servers"
# Those that the docs name, 2026-02, and what they say of them.
READY = {
    "https://clarifai.com/clarifai/mcp/models/mcp-server-weather": "weather information",
    "https://clarifai.com/clarifai/mcp/models/browser-mcp-server": "web browsing",
    "https://clarifai.com/clarifai/mcp/models/time-mcp-server": "time and date",
}
MAX_SERVERS = 20


def known(found: Any) -> list[str]:
    """Return the addresses of models on Clarifai in a list from anywhere, each once."""
    texts = [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
    return list(dict.fromkeys(filter(None, map(clarifai_address, texts))))[:MAX_SERVERS]


def unknown(typed: Iterable[str]) -> list[str]:
    """Return what is typed and is no address of a model on Clarifai."""
    return [each for each in typed if not clarifai_address(each)]


def asked(
    model: Model, settings: RunSettings, tools: Sequence[ToolSpec]
) -> tuple[RunSettings, tuple[ToolSpec, ...]]:
    """Return the settings and the tools as they are sent to this model.

    Only an agentic model gets the servers; it then streams, and gets no other tools.
    """
    made = settings.copy()
    made["mcp_servers"] = known(settings["mcp_servers"]) if model.agentic else []
    if not made["mcp_servers"]:
        return made, tuple(tools)
    made["stream"] = True
    return made, ()
