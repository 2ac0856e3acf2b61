"""Read ChatGPT's export: a tree of messages for each conversation."""

import re
from collections.abc import Iterator
from typing import Any

from clarifai_chat.chat.chats import Chat
from clarifai_chat.markdown.contained import fenced
from clarifai_chat.transfer.imports import message_tree
from clarifai_chat.transfer.imports.entries import (
    Entry,
    Step,
    arguments,
    as_dict,
    as_list,
    as_string,
    joined,
    time,
)
from clarifai_chat.transfer.imports.message_tree import About, Node
from clarifai_chat.transfer.imports.parts import named_file
from clarifai_chat.transfer.imports.reading import Notes

_PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_MARKS = re.compile("\ue200[^\ue201]*\ue201|[\ue200-\ue206]")  # citation marks of ChatGPT's pages
# Kinds without text for a reader: what was switched on, how long it thought.
_SILENT = ("model_editable_context", "reasoning_recap", "app_pairing_content")


def chat(row: dict[str, Any], notes: Notes, contents: dict[str, bytes], now: float) -> Chat | None:
    nodes = {
        id: Node(
            as_dict(node).get("parent"),
            _entry(as_dict(node).get("message"), notes),
            as_dict(node).get("children"),
        )
        for id, node in as_dict(row.get("mapping")).items()
    }
    about = About(
        title=row.get("title"),
        created_at=row.get("create_time"),
        updated_at=row.get("update_time"),
        model=row.get("default_model_slug"),
        leaf=row.get("current_node"),
    )
    return message_tree.chat(nodes, about, notes, now)


def _entry(message: Any, notes: Notes) -> Entry | None:
    """Return a message of any of the many kinds; None if it has nothing for a reader."""
    if not isinstance(message, dict):
        return None
    author, metadata = as_dict(message.get("author")), as_dict(message.get("metadata"))
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
    pictures, files = _named(metadata)
    text = "" if kind == "thoughts" else _text(content, kind, iter(pictures), notes)
    if not text and not thoughts and not files:
        return None
    at = time(message.get("create_time"))
    if role in ("system", "user"):
        return Entry(role, joined(text, *(named_file(name, notes) for name in files)), at=at)
    name = as_string(author.get("name") if role == "tool" else message.get("recipient"))
    if role == "tool":
        steps = [Step("result", text, name)]
    elif thoughts:
        steps = [Step("thoughts", thoughts)]
    elif name not in ("", "all"):
        steps = [Step("call", arguments(text, notes), name)]
    else:
        steps = [Step("text", _code(content, text) if kind == "code" else text)]
    return Entry("assistant", steps=steps, model=as_string(metadata.get("model_slug")), at=at)


def _named(metadata: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the names of a message's pictures, which have places in its text, and other files."""
    pictures: list[str] = []
    others: list[str] = []
    for file in map(as_dict, as_list(metadata.get("attachments"))):
        name, mime = as_string(file.get("name")), as_string(file.get("mime_type"))
        is_picture = mime.startswith("image/") or name.lower().endswith(_PICTURE_ENDINGS)
        (pictures if is_picture else others).append(name)
    return pictures, [name for name in others if name]


def _code(content: dict[str, Any], text: str) -> str:
    language = as_string(content.get("language"))
    return fenced(text, language if language.isalnum() and language != "unknown" else "")


def _text(content: Any, kind: Any, pictures: Iterator[str], notes: Notes) -> str:
    if not isinstance(content, dict):
        notes.left_out("a message whose content cannot be read")
        return ""
    if isinstance(parts := content.get("parts"), list):
        return _clean("\n\n".join(filter(None, (_part(part, pictures, notes) for part in parts))))
    # Code, program output, a page that was read, an error.
    for name in ("text", "result", "content"):
        if isinstance(found := content.get(name), str):
            return _clean(found)
    notes.left_out(f"a message of the kind “{kind[:40]}”" if isinstance(kind, str) else "a message")
    return ""


def _part(part: Any, pictures: Iterator[str], notes: Notes) -> str:
    if isinstance(part, str):
        return part
    kind = part.get("content_type") if isinstance(part, dict) else None
    if kind == "audio_transcription":
        return as_string(part.get("text"))
    if kind == "image_asset_pointer":
        notes.left_out("a picture, which the export stores separately")
        name = next(pictures, "")
        return f"[Image: {name}]" if name else "[Image]"
    notes.left_out("a part of a message that is not text, such as a sound")
    return ""


def _thoughts(content: dict[str, Any]) -> str:
    rows = [as_dict(row) for row in as_list(content.get("thoughts"))]
    texts = [as_string(row.get("content")) or as_string(row.get("summary")) for row in rows]
    return _clean("\n\n".join(filter(None, texts)))


def _clean(text: str) -> str:
    return _MARKS.sub("", text)
