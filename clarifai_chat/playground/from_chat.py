"""Take a turn of a conversation into the playground: what was asked, with what, and what came."""

import json
import uuid
from collections.abc import Sequence
from typing import TypedDict, cast

from clarifai_chat.chat import settings as chat_settings
from clarifai_chat.chat.request import to_messages, with_tools_of
from clarifai_chat.chat.settings import ChatSettings
from clarifai_chat.chat.turn import Turn, new_turn
from clarifai_chat.errors import BadSchema
from clarifai_chat.playground import chat_tools, runs
from clarifai_chat.playground.run_file import pretty
from clarifai_chat.playground.runs import Run, RunSettings
from clarifai_chat.playground.toolset import ToolSet

OWN = ("temperature", "max_completion_tokens")  # parameters that have a field of their own


class FromChat(TypedDict):
    """A turn on its way into the playground."""

    toolset: ToolSet
    run: Run
    chat: str  # the id of its conversation, for the way back
    title: str


def taken(
    turn: Turn, turns: Sequence[Turn], settings: ChatSettings, *, chat: str, title: str, tools: str
) -> FromChat:
    """Return `turn` for the playground, with the `turns` before it as earlier messages.

    `tools` is the text of the playground's tools, which stays where none went with the turn. The
    run is a copy under an id of its own; what went over the wire was not recorded.
    """
    made = _settings(turn, turns, settings)
    copied: Turn = json.loads(json.dumps(turn))  # at once: not deepcopy, see chats.py
    copied["id"] = uuid.uuid4().hex
    copied.pop("parent", None)
    run = chat_tools.run_of(copied)
    run["settings"] = made
    run["drafts"] = {}
    specs = run["tools"]
    return {
        "toolset": {
            "tools": pretty(specs) if specs else tools,
            "prompt": turn["prompt"],
            "model": turn["model"]["url"],
            "settings": made,
        },
        "run": run,
        "chat": chat,
        "title": title,
    }


def _settings(turn: Turn, turns: Sequence[Turn], settings: ChatSettings) -> RunSettings:
    made = runs.default_settings()
    asked = new_turn(turn["prompt"], turn["model"])
    asked["id"] = turn["id"]
    made["messages"] = to_messages(turns, asked, left_out=turn.get("left_out", []))[:-1]
    made["system"] = chat_settings.system(settings)
    try:
        params = chat_settings.params(with_tools_of(turn, settings))
    except BadSchema:
        params = {}
    made["temperature"] = params.get("temperature")
    made["max_tokens"] = params.get("max_completion_tokens")
    made["extra"] = {name: value for name, value in params.items() if name not in OWN}
    if tools := turn.get("tools"):
        made["answers"] = "automatic" if tools["automatic"] else "approve"
        made["max_steps"] = tools["max_requests"]
    return cast(RunSettings, json.loads(json.dumps(made)))
