"""Write conversations as JSON, without loss."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from clarifai_chat.access_token import Redactor
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import files_of
from clarifai_chat.chat.usage import cost_usd

FORMAT, VERSION = "clarifai-chat", 1


def document(chats: Sequence[Chat], secret: str, contents: Mapping[str, bytes]) -> str:
    """Return the file's text. `contents` are those of attachments, by id."""
    redact = Redactor(secret).redact
    kept = {
        attachment["id"]: redact(contents[attachment["id"]])
        for chat in chats
        for turn in chat["turns"]
        for attachment in files_of(turn)
        if attachment["id"] in contents
    }
    found: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "chats": [redact(_row(chat, kept)) for chat in chats],
    }
    if kept:
        found["contents"] = {id: base64.b64encode(data).decode() for id, data in kept.items()}
    return json.dumps(found, ensure_ascii=False, indent=1)


def _row(chat: Chat, contents: Mapping[str, bytes]) -> dict[str, Any]:
    row: dict[str, Any] = {**chat, "turns": [{**t, "cost_usd": cost_usd(t)} for t in chat["turns"]]}
    del row["revision"]  # belongs to the store, not to the conversation
    for turn in row["turns"]:
        for name in {"attachments", "pictures"} & turn.keys():
            turn[name] = [_sized(each, contents) for each in turn[name]]
    return row


def _sized(attachment: dict[str, Any], contents: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the attachment, described by its content, if given: redaction may change it."""
    content = contents.get(attachment["id"])
    if content is None:
        return attachment
    return attachment | {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
