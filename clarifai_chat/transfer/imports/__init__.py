"""Import conversations from files: this app's own, and those of other programs."""

import time
import uuid
from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any

from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import files_of, rename_left_out
from clarifai_chat.playground import toolset
from clarifai_chat.transfer.exports.as_json import FORMAT
from clarifai_chat.transfer.imports import (
    chatgpt,
    claude,
    librechat,
    open_webui,
    openai_messages,
    ours,
    responses,
    sharegpt,
)
from clarifai_chat.transfer.imports.reading import BadImport, Notes, documents

__all__ = ["BadImport", "Imported", "read"]

MAX_CHATS = 10_000
MAX_MESSAGES = 200_000  # in a file; each takes about 40 microseconds
_NO_CHATS = (
    "The file is JSON, but holds no conversation. What can be read: exports of this app, ChatGPT,"
    " Claude, Open WebUI and LibreChat, ShareGPT data, and messages as OpenAI's APIs take them."
)
_Reader = Callable[[dict[str, Any], Notes, dict[str, bytes], float], Chat | None]


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
            _check_size(document.get("chats"))
            return ours.chats(document, notes, contents)
        if document.get("kind") == toolset.KIND:
            raise BadImport("This file contains tools: import it in the Tool playground.")
        inside = document.get("conversations")  # what some programs put around Claude's
        is_list = isinstance(inside, list) and any(
            isinstance(row, dict) and "chat_messages" in row for row in inside
        )
        document = inside if is_list else [document]
    if document == []:
        return []
    if not isinstance(document, list):
        raise BadImport(_NO_CHATS)
    readers = [_reader(row) if isinstance(row, dict) else None for row in document]
    if not any(readers):
        rows = [row for row in document if isinstance(row, dict)]
        if any(map(responses.is_item, rows)):
            document, readers = [{"input": document}], [responses.chat]
        elif any("role" in row for row in rows):
            document, readers = [{"messages": document}], [openai_messages.chat]
        elif any("from" in row and "value" in row for row in rows):
            document, readers = [{"conversations": rows}], [sharegpt.chat]
        else:
            raise BadImport(_NO_CHATS)
    _check_size(document)
    found = [
        reader(row, notes, contents, now) if reader else None
        for reader, row in zip(readers, document, strict=True)
    ]
    notes.left_out("a conversation without messages", found.count(None))
    return [chat for chat in found if chat is not None]


def _check_size(rows: Any) -> None:
    if isinstance(rows, list) and sum(map(_messages_in, rows)) > MAX_MESSAGES:
        raise BadImport(
            f"The file holds more than {MAX_MESSAGES:,} messages. Split it, and import the parts."
        )


def _messages_in(row: Any) -> int:
    """Return about how many messages a conversation has: the length of its longest list."""
    if not isinstance(row, dict):
        return 1
    inside = [row, *(each for each in row.values() if isinstance(each, dict))]
    parts = [part for each in inside for part in each.values() if isinstance(part, list | dict)]
    return max(map(len, parts), default=1)


def _reader(row: dict[str, Any]) -> _Reader | None:
    """Return what reads a conversation of this shape; None if nothing does."""
    if "mapping" in row:
        return chatgpt.chat
    if "chat_messages" in row:
        return claude.chat
    if open_webui.is_one(row):
        return open_webui.chat
    if librechat.is_one(row):
        return librechat.chat
    if sharegpt.rows_of(row):
        return sharegpt.chat
    if "messages" in row:
        return openai_messages.chat
    return responses.chat if responses.is_one(row) else None


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
