"""Import conversations from files: this app's own, OpenAI-style messages, ChatGPT's export."""

import time
import uuid
from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import files_of, rename_left_out
from clarifai_chat.playground import toolset
from clarifai_chat.transfer.exports.as_json import FORMAT
from clarifai_chat.transfer.imports import chatgpt, openai_messages, ours
from clarifai_chat.transfer.imports.reading import BadImport, Notes, documents

__all__ = ["BadImport", "Imported", "read"]

MAX_CHATS = 10_000
_NO_CHATS = (
    "The file is JSON, but holds no conversation. What can be read: an export of this app,"
    " OpenAI-style messages, and ChatGPT's export."
)


@dataclass(frozen=True, slots=True)
class Imported:
    """The conversations of a file, `contents` of attachments by id, `notes` as sentences."""

    chats: list[Chat]
    contents: dict[str, bytes]
    notes: list[str]


def read(data: bytes, taken: Set[str] = frozenset(), now: float | None = None) -> Imported:
    """Return the conversations in a file. Raises `BadImport` if there are none.

    Ids in `taken`, of conversations, turns or attachments, are replaced by new ones.
    """
    notes = Notes()
    contents: dict[str, bytes] = {}
    found: list[Chat] = []
    for document in documents(data, notes):
        found += _chats(document, notes, contents, time.time() if now is None else now)
    if not found:
        raise BadImport(" ".join(["The file contains no conversations.", *notes.sentences()]))
    if len(found) > MAX_CHATS:
        notes.left_out(f"all conversations after the first {MAX_CHATS:,}")
    chats = found[:MAX_CHATS]
    return Imported(chats, _with_new_ids(chats, contents, set(taken)), notes.sentences())


def _chats(document: Any, notes: Notes, contents: dict[str, bytes], now: float) -> list[Chat]:
    if isinstance(document, dict):
        if document.get("format") == FORMAT:
            return ours.chats(document, notes, contents)
        if document.get("kind") == toolset.KIND:
            raise BadImport("This file contains tools: import it in the Tool playground.")
        document = [document]
    if document == []:
        return []
    if not isinstance(document, list):
        raise BadImport(_NO_CHATS)
    rows = [row for row in document if isinstance(row, dict)]
    if any("mapping" in row for row in rows):
        return chatgpt.chats(document, notes, now)
    if any("messages" in row for row in rows):
        return openai_messages.chats(document, notes, contents, now)
    if any("role" in row for row in rows):
        return openai_messages.chats([{"messages": document}], notes, contents, now)
    raise BadImport(_NO_CHATS)


def _with_new_ids(
    chats: list[Chat], contents: dict[str, bytes], taken: set[str]
) -> dict[str, bytes]:
    """Replace taken and duplicate ids in place; return `contents` under the new ids."""
    files: dict[str, str] = {}  # a file may be in several conversations
    chat_ids, turn_ids = {*taken}, {*taken}
    for chat in chats:
        turns = chat["turns"]
        new = {turn["id"]: _free(turn["id"], turn_ids) for turn in turns}
        turn_ids.update(new.values())
        chat["id"] = _free(chat["id"], chat_ids)
        chat_ids.add(chat["id"])
        chat["leaf"] = new.get(chat["leaf"], "")
        for turn in turns:
            turn["id"], turn["parent"] = new[turn["id"]], new.get(turn.get("parent", ""), "")
            rename_left_out(turn, new)
            for attachment in files_of(turn):
                id = attachment["id"]
                attachment["id"] = files.setdefault(id, _free(id, taken))
    return {files.get(id, id): content for id, content in contents.items()}


def _free(id: str, taken: Set[str]) -> str:
    return uuid.uuid4().hex if id in taken else id
