"""Move conversations and their attachments between files and the store."""

import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from clarifai_chat.access_token import holds
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import rename_left_out
from clarifai_chat.history import database, saving
from clarifai_chat.history.attachment_contents import attachments_of, find
from clarifai_chat.transfer.imports import Imported

if TYPE_CHECKING:
    from clarifai_chat.history.store import Store


def import_chats(owner: str, found: Imported) -> list[Chat]:
    """Save conversations from a file; return those saved: all, unless the store fails.

    They get new ids, because a file may come from another visitor whose replies run here too.
    """
    kept: list[Chat] = []
    files: dict[str, str] = {}  # old ids → new; a file may be in several conversations
    for chat in found.chats:
        held = {each["id"]: found.contents.get(each["id"]) for each in attachments_of(chat)}
        _give_new_ids(chat, files)
        data = {files[id]: content for id, content in held.items() if content is not None}
        if not _keep_contents(owner, chat, data) or not saving.save(owner, chat):
            break
        kept.append(chat)
    return kept


def mention(found: Imported, secret: str) -> bool:
    """Return whether the access token is anywhere in an imported file."""
    return holds([found.contents, found.chats], secret)


def contents(owner: str, kept: Iterable[Chat]) -> dict[str, bytes]:
    """Return the contents of the conversations' attachments by id, as far as available."""
    return find(owner, [each for chat in kept for each in attachments_of(chat)], hold=False)[0]


def _keep_contents(owner: str, chat: Chat, data: Mapping[str, bytes]) -> bool:
    def write(store: "Store") -> None:
        for about in attachments_of(chat):
            if about["id"] in data:
                store.save_attachment(owner, chat["id"], about, data[about["id"]])

    return not database.attempt(write)[1]


def _give_new_ids(chat: Chat, files: dict[str, str]) -> None:
    """Give new ids to a valid chat, its turns and its attachments; add those to `files`."""
    new = {turn["id"]: uuid.uuid4().hex for turn in chat["turns"]}
    chat["id"], chat["leaf"] = uuid.uuid4().hex, new.get(chat["leaf"], "")
    for turn in chat["turns"]:
        turn["id"], turn["parent"] = new[turn["id"]], new.get(turn.get("parent", ""), "")
        rename_left_out(turn, new)
    for about in attachments_of(chat):
        about["id"] = files.setdefault(about["id"], uuid.uuid4().hex)
