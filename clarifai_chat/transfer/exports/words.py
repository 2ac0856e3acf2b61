"""Describe a conversation and its turns for an export."""

from collections.abc import Mapping
from datetime import UTC, datetime

from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.context_window import oldest
from clarifai_chat.chat.settings import is_any_json
from clarifai_chat.chat.turn import (
    ERROR,
    INTERRUPTED,
    STOPPED,
    UNWATCHED,
    Turn,
    lacks_answer,
    lost_pictures,
)
from clarifai_chat.chat.usage import reply_line, seconds
from clarifai_chat.messages import Message, Source
from clarifai_chat.playground import chat_tools, run_report
from clarifai_chat.text import counted, size

ENDINGS = {
    STOPPED: "Stopped before the end.",
    UNWATCHED: "Stopped because the page was closed.",
    INTERRUPTED: "Interrupted before the end.",
    "length": "Cut off by the length limit.",
    "content_filter": "Ended by the provider's content filter.",
    ERROR: "Broken off by the model's server, which gave no reason.",
}
SETTINGS = {
    "temperature": "Temperature",
    "top_p": "Top p",
    "max_tokens": "At most, in tokens",
    "stop": "Stop at",
    "seed": "Seed",
    "presence_penalty": "Presence penalty",
    "frequency_penalty": "Frequency penalty",
    "reasoning_effort": "Reasoning effort",
}
MORE_THOUGHTS = "More thoughts"
RATINGS = {"up": "Rated as good.", "down": "Rated as bad."}


def title(chat: Chat) -> str:
    return " ".join(chat["title"].split()) or "Untitled conversation"


def day(at: float | None) -> str:
    """Return "2026-05-04 13:37 UTC"; "" if there is no time."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC" if at else ""


def settings(chat: Chat) -> list[tuple[str, str]]:
    """Return (name, value) of the settings, without system prompt and schema."""
    found = chat["settings"]
    rows = [(name, found.get(key)) for key, name in SETTINGS.items() if key in found]
    if is_any_json(found.get("json_schema", "")):
        rows.append(("Answers", "JSON"))
    if tools := found.get("tools"):
        rows.append(("Tools", tools["name"]))
    return [(name, _text(value)) for name, value in rows]


def schema(chat: Chat) -> str:
    """Return the JSON schema for answers; "" if there is none, or any JSON is allowed."""
    text = chat["settings"].get("json_schema", "").strip()
    return "" if is_any_json(text) else text


def _text(value: object) -> str:
    return ", ".join(repr(each) for each in value) if isinstance(value, list) else str(value)


def facts(turn: Turn) -> str:
    """Return model, speed, tokens and price of an answer, in a line."""
    return " · ".join([*reply_line(turn), *filter(None, [day(turn["asked_at"])])])


def thought(turn: Turn) -> str:
    thought_s = turn["figures"]["thought_s"]
    return "Thinking" if thought_s is None else f"Thought for {seconds(thought_s)}"


def source(number: int, source: Source) -> str:
    """Return a source's words: its title, its address, or its number if it has neither."""
    return " ".join(source["title"].split()) or source["url"] or f"Source {number}"


Versions = Mapping[str, tuple[int, int]]  # turn id → (number, count) among its siblings


def remarks(turn: Turn, versions: Versions) -> list[str]:
    """Return sentences about an answer: how it ended, its rating, what is not shown."""
    said = []
    if turn["ending"] in ENDINGS and not turn["problem"]:
        said.append(ENDINGS[turn["ending"]])
    if lacks_answer(turn):
        said.append("The model ended without an answer.")
    if count := lost_pictures(turn):
        said.append(f"The model sent {counted(count, 'picture', one='a')}, which was not kept.")
    if left_out := turn.get("left_out"):
        said.append(f"Asked without {oldest(len(left_out))}.")
    if problem := turn["problem"]:
        said.append(f"{problem['what']} {problem['advice']}".strip())
    if rating := turn.get("feedback"):
        said.append(RATINGS[rating])
    if count := len(turn["earlier"]):
        earlier = counted(count, "earlier answer is", "earlier answers are")
        said.append(f"{earlier} not shown here.")
    if turn["id"] in versions:
        number, count = versions[turn["id"]]
        said.append(f"Version {number} of {count} from here on; only this one is shown.")
    return said


def attached(attachment: Attachment) -> str:
    """Return name, kind and size: "cat.png (image, 12 kB)"."""
    name = " ".join(attachment["name"].split()) or "without a name"
    return f"{name} ({attachment['kind']}, {size(attachment['size'])})"


def tool_names(turn: Turn) -> dict[str, str]:
    """Return the name of the tool behind each call id."""
    calls = [call for message in turn["replies"] for call in message.get("tool_calls", [])]
    return {call["id"]: call["function"]["name"] for call in calls}


def calls_of(turn: Turn, place: int) -> list[tuple[str, str]]:
    """Return the calls of a reply: "calculate (valid)", without the verdict if there is none, and
    the arguments."""
    run = chat_tools.run_of(turn)
    found = []
    for call, verdict in chat_tools.step_at(run, place).judged:
        name = call["function"]["name"] or "a tool without a name"
        judged = f" ({run_report.word(call, verdict)})" if "tools" in turn else ""
        found.append((f"{name}{judged}", call["function"]["arguments"]))
    return found


def result_of(message: Message, names: dict[str, str]) -> str:
    name = names.get(message.get("tool_call_id", ""), "")
    return f"Result of {name}" if name else "Result of a tool"
