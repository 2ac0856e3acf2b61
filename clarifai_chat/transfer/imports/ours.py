"""Read files that this app has exported."""

import base64
import binascii
import hashlib
from typing import Any

from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import files_of
from clarifai_chat.transfer import validate
from clarifai_chat.transfer.exports.as_json import VERSION
from clarifai_chat.transfer.imports.reading import BadImport, Notes


def chats(document: dict[str, Any], notes: Notes, contents: dict[str, bytes]) -> list[Chat]:
    """Return the conversations; contents of attachments go into `contents`."""
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BadImport("The file does not say which version of the format it has.")
    if version > VERSION:
        raise BadImport("The file is from a newer version of this app, and only that can read it.")
    rows = document.get("chats")
    if not isinstance(rows, list):
        raise BadImport("The file has no list of conversations in it.")
    found = [checked(row, notes) for row in rows if isinstance(row, dict)]
    notes.left_out("an entry that is not a conversation", len(rows) - len(found))
    given = document.get("contents", {})
    for attachment in (a for c in found for t in c["turns"] for a in files_of(t)):
        id = attachment["id"]
        coded = given.get(id) if isinstance(given, dict) else None
        if coded is None:
            continue
        content = contents[id] if id in contents else decoded(coded)
        if content is None:
            notes.left_out("the content of a file, which is damaged")
            continue
        contents[id] = content
        attachment["size"] = len(content)
        attachment["sha256"] = hashlib.sha256(content).hexdigest()
    return found


def checked(row: Any, notes: Notes) -> Chat:
    """Return a valid conversation, with a note about invalid parts."""
    odd: list[str] = []
    chat = validate.chat(row, odd)
    if odd:
        first = validate.plain(odd[0][:80])
        notes.left_out(f"what does not belong in a conversation, such as “{first}”", len(odd))
    return chat


def decoded(coded: Any) -> bytes | None:
    """Return the bytes of a base64 text; None if it is not base64."""
    try:
        return base64.b64decode(coded, validate=True) if isinstance(coded, str) else None
    except (ValueError, binascii.Error):
        return None
