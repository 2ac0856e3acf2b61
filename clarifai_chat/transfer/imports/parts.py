"""Read the texts, parts and calls of OpenAI-style messages."""

import hashlib
import json
import re
import uuid
from typing import Any, Literal

from clarifai_chat import json_text
from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.chat.turn import INTERRUPTED, ModelRef, Turn, new_turn
from clarifai_chat.messages import ToolCall
from clarifai_chat.transfer.imports.ours import decoded
from clarifai_chat.transfer.imports.reading import Notes

_DATA_URL = re.compile(r"data:(image/(?:png|jpeg|gif|webp));base64,", re.IGNORECASE)
THOUGHTS = ("thinking", "think", "reasoning", "reasoning_text", "summary_text")
# Where a part has its words, the best first.
_WORDS = ("text", "thinking", "think", "reasoning", "content", "summary", "value")
SOUNDS = {"wav": "audio/wav", "mp3": "audio/mpeg"}
# Some servers refuse an empty question, and a conversation without one cannot be continued.
NO_QUESTION = "(The conversation begins with an answer.)"


class Files:
    """Collects the files in messages."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self.contents = contents
        self.attachments: list[Attachment] = []

    def add(
        self, kind: Literal["image", "audio", "text"], mime: str, content: bytes, name: str = ""
    ) -> None:
        id = uuid.uuid4().hex
        self.contents[id] = content
        if not name:
            ending = mime.partition("/")[2].replace("mpeg", "mp3").replace("jpeg", "jpg")
            name = f"{kind}.{ending.replace('plain', 'txt')}"
        self.attachments.append(
            {
                "id": id,
                "name": name,
                "kind": kind,
                "mime": mime,
                "size": len(content),
                "tokens": None,
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        )


def asked(model: Any) -> ModelRef:
    """Return the model by its name in a file, with unknown prices."""
    name = model if isinstance(model, str) else ""
    return {"url": name, "name": name.rpartition("/")[2], "input_price": None, "output_price": None}


def turn(prompt: str, model: Any, at: float | None, files: Files | None = None) -> Turn:
    """Return a turn that was asked elsewhere, without its replies."""
    made = new_turn(prompt, asked(model))
    made["asked_at"] = at
    if files and files.attachments:
        made["attachments"] = files.attachments
    return made


def finish_turn(turn: Turn, at: float) -> Turn:
    """Mark an imported turn as over."""
    last = turn["replies"][-1] if turn["replies"] else None
    is_whole = last is not None and last["role"] == "assistant" and "tool_calls" not in last
    turn["ending"] = "stop" if is_whole else INTERRUPTED
    turn["ended_at"] = at
    return turn


def text(content: Any, notes: Notes, files: Files | None = None) -> str:
    """Return the text of a message's content; pictures and sounds go into `files`.

    Leaves out thoughts: see `thoughts`.
    """
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    if not isinstance(content, list):
        notes.left_out("the content of a message, which is neither text nor a list of parts")
        return ""
    return "\n\n".join(filter(None, (_part(part, notes, files) for part in content)))


def _part(part: Any, notes: Notes, files: Files | None) -> str:
    if isinstance(part, str):
        return part
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in ("text", "input_text", "output_text", "refusal"):
        said = part.get("text", part.get("refusal"))
        if isinstance(said, str):
            return said
    if kind in ("image_url", "input_image"):
        return picture(part.get("image_url"), notes, files)
    if kind == "input_audio" and _sound(part.get("input_audio"), files):
        return ""
    if kind in THOUGHTS:
        return ""
    if kind in ("file", "input_file"):
        file = part.get("file")
        name = (file if isinstance(file, dict) else part).get("filename")
        if isinstance(name, str) and name:
            return named_file(name, notes)
    notes.left_out("a part of a message that is neither text, picture nor sound")
    return ""


def named_file(name: str, notes: Notes) -> str:
    """Return the name of a file that is not kept, as text."""
    notes.left_out("the content of a file; its name is kept as text")
    return f"[File: {name}]"


def thoughts(message: dict[str, Any]) -> str:
    """Return the thoughts of a message, wherever its program wrote them."""
    for name in ("reasoning_content", "reasoning", "thinking", "reasoning_details"):
        if found := words(message.get(name)):
            return found
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    return words(
        [part for part in parts if isinstance(part, dict) and part.get("type") in THOUGHTS]
    )


def words(found: Any, depth: int = 5) -> str:
    """Return the words in a text, a list or an object of them."""
    if isinstance(found, str):
        return found
    if depth and isinstance(found, list):
        return "\n\n".join(filter(None, (words(each, depth - 1) for each in found)))
    if depth and isinstance(found, dict):
        inside = (words(found.get(name), depth - 1) for name in _WORDS)
        return next(filter(None, inside), "")
    return ""


def picture(source: Any, notes: Notes, files: Files | None) -> str:
    """Add a picture to `files`; return what is kept of it as text."""
    url = source.get("url") if isinstance(source, dict) else source
    if not isinstance(url, str):
        url = ""
    match = _DATA_URL.match(url)
    content = decoded(url[match.end() :]) if match else None
    if match and content and files:
        files.add("image", match[1].lower(), content)
        return ""
    if url.startswith(("https://", "http://")):  # never fetched: its server would notice
        notes.left_out("a picture that is only an address; the address is kept as text")
        return f"[Image: {url}]"
    notes.left_out("a picture that cannot be read")
    return ""


def _sound(source: Any, files: Files | None) -> bool:
    if not isinstance(source, dict) or not files:
        return False
    named = source.get("format")
    mime = SOUNDS.get(named) if isinstance(named, str) else None
    content = decoded(source.get("data"))
    if not mime or not content:
        return False
    files.add("audio", mime, content)
    return True


def calls(message: dict[str, Any], notes: Notes) -> list[ToolCall]:
    """Return the tool calls of a message, in either form of the API."""
    found = message.get("tool_calls")
    rows = found if isinstance(found, list) else []
    made = [
        _call(row.get("id"), row.get("function"), notes) for row in rows if isinstance(row, dict)
    ]
    notes.left_out("an invalid tool call", len(rows) - len(made))
    if isinstance(legacy := message.get("function_call"), dict):
        call = _call(uuid.uuid4().hex, legacy, notes)
        call["quirks"] = ["legacy", *call.get("quirks", [])]
        made.append(call)
    return made


def _call(id: Any, function: Any, notes: Notes) -> ToolCall:
    function = function if isinstance(function, dict) else {}
    name, arguments = function.get("name"), function.get("arguments", "")
    call: ToolCall = {
        "id": id if isinstance(id, str) else "",
        "type": "function",
        "function": {"name": name if isinstance(name, str) else "", "arguments": ""},
    }
    if isinstance(arguments, str):
        call["function"]["arguments"] = arguments
    else:
        call["function"]["arguments"] = as_text(arguments, notes)
        call["quirks"] = ["object"]
    return call


def as_text(value: Any, notes: Notes) -> str:
    """Return the JSON of a value that was read from JSON."""
    try:
        text = json.dumps(value, ensure_ascii=False)
        json_text.check_depth(text)
        return text
    except RecursionError:
        notes.left_out("arguments of a call that are nested too deeply")
        return "{}"
