"""Read one message of ChatGPT's export, of any of its many kinds."""

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from clarifai_chat.markdown.contained import fenced
from clarifai_chat.messages import Message, is_json
from clarifai_chat.transfer.imports.reading import Notes

_MARKS = re.compile("\ue200[^\ue201]*\ue201|[\ue200-\ue206]")  # citation marks of ChatGPT's pages
# Kinds without text for a reader: what was switched on, how long it thought.
_SILENT = ("model_editable_context", "reasoning_recap", "app_pairing_content")


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """One message of an export. `name` is the tool of a call or a result."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str = ""
    thoughts: str = ""
    name: str = ""
    model: str = ""
    at: float | None = None

    def reply(self, id: str) -> Message:
        """Return the message as a reply of a turn; `id` is that of the call made or answered."""
        if self.role == "tool":
            return {"role": "tool", "tool_call_id": id, "content": self.text}
        if self.name:
            arguments = self.text if _is_object(self.text) else json.dumps({"input": self.text})
            return {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {
                        "id": id,
                        "type": "function",
                        "function": {"name": self.name, "arguments": arguments},
                    }
                ],
            }
        reply: Message = {"role": "assistant", "content": self.text}
        if self.thoughts:
            reply["reasoning_content"] = self.thoughts
        return reply


def parse_message(message: Any, notes: Notes) -> ParsedMessage | None:
    """Return the parsed message; None if it has nothing for a reader."""
    if not isinstance(message, dict):
        return None
    author, metadata = _dict(message.get("author")), _dict(message.get("metadata"))
    content = message.get("content")
    role = author.get("role")
    if metadata.get("is_visually_hidden_from_conversation") is True or content is None:
        return None
    if role not in ("system", "user", "assistant", "tool"):
        notes.left_out("a message without a known role")
        return None
    kind = content.get("content_type") if isinstance(content, dict) else None
    if kind in _SILENT:
        return None
    if kind == "user_editable_context":
        notes.left_out("custom instructions for ChatGPT")
        return None
    thoughts = _thoughts(content) if kind == "thoughts" else ""
    text = "" if kind == "thoughts" else _text(content, kind, notes)
    if not text and not thoughts:
        return None
    recipient = message.get("recipient")
    name = author.get("name") if role == "tool" else recipient
    is_call = role == "assistant" and name not in (None, "all")
    if kind == "code" and not is_call:
        language = content.get("language")
        is_name = isinstance(language, str) and language.isalnum() and language != "unknown"
        text = fenced(text, language if is_name else "")
    return ParsedMessage(
        role,
        text,
        thoughts,
        name if isinstance(name, str) and (is_call or role == "tool") else "",
        _string(metadata.get("model_slug")),
        time(message.get("create_time")),
    )


def time(found: Any) -> float | None:
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return found if is_number else None


def _text(content: Any, kind: Any, notes: Notes) -> str:
    if not isinstance(content, dict):
        notes.left_out("a message whose content cannot be read")
        return ""
    if isinstance(parts := content.get("parts"), list):
        return _clean("\n\n".join(filter(None, (_part(part, notes) for part in parts))))
    # Code, program output, a page that was read, an error.
    for name in ("text", "result", "content"):
        if isinstance(found := content.get(name), str):
            return _clean(found)
    notes.left_out(f"a message of the kind “{kind[:40]}”" if isinstance(kind, str) else "a message")
    return ""


def _part(part: Any, notes: Notes) -> str:
    if isinstance(part, str):
        return part
    kind = part.get("content_type") if isinstance(part, dict) else None
    if kind == "audio_transcription":
        return _string(part.get("text"))
    if kind == "image_asset_pointer":
        notes.left_out("a picture, which the export stores separately")
        return "[Image]"
    notes.left_out("a part of a message that is not text, such as a sound")
    return ""


def _thoughts(content: dict[str, Any]) -> str:
    found = content.get("thoughts")
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    texts = [_string(row.get("content")) or _string(row.get("summary")) for row in rows]
    return _clean("\n\n".join(filter(None, texts)))


def _clean(text: str) -> str:
    return _MARKS.sub("", text)


def _is_object(text: str) -> bool:
    return text.lstrip().startswith("{") and is_json(text)


def _dict(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _string(found: Any) -> str:
    return found if isinstance(found, str) else ""
