"""Store the contents of attachments: in the database with a saved chat, else in memory.

A turn knows its files by name and id only. The memory is bounded and
also caches the database; contents that only it has are dropped last. Only its owner can find a
content, even if others learn its id.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from clarifai_chat import attachments
from clarifai_chat.access_token import holds
from clarifai_chat.attachments import AcceptedFile, images
from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import Turn, files_of
from clarifai_chat.errors import FileGone, FileOutOfReach
from clarifai_chat.history import content_memory, database, keeper
from clarifai_chat.history.content_memory import Held
from clarifai_chat.messages import Part

if TYPE_CHECKING:
    from clarifai_chat.history.store import Store


# --- Writing --------------------------------------------------------------------------------------


def write(owner: str, chat: Chat) -> bool:
    """Save the contents that only memory has; return whether that worked."""
    files = attachments_of(chat)
    waiting = [(about, held) for about in files if (held := _unwritten(owner, about))]
    if not waiting:
        return True

    def save(store: "Store") -> None:
        for about, held in waiting:
            store.save_attachment(owner, chat["id"], about, held.content)
            held.is_safe = True

    _, why = database.attempt(save)
    return not why


keeper.with_files(write)


def _unwritten(owner: str, about: Attachment) -> Held | None:
    held = content_memory.memory.get(owner, about["id"])
    return None if held is None or held.is_safe else held


def attachments_of(chat: Chat) -> list[Attachment]:
    """Return the files of a chat, in all branches."""
    return [each for turn in [*chat["turns"]] for each in files_of(turn)]


def mention(owner: str | None, chat: Chat, secret: str) -> bool:
    """Return whether a text file of the chat in memory contains the `secret`.

    The token may have been entered after the file was attached.
    """
    texts = (file["id"] for file in attachments_of(chat) if file["kind"] == "text")
    held = (content_memory.memory.get(owner, id, is_use=False) for id in texts)
    return holds([each.content for each in held if each is not None], secret)


def forget(owner: str) -> None:
    """Drop all contents of an owner from memory."""
    content_memory.memory.forget(owner)


# --- Finding --------------------------------------------------------------------------------------


def find(
    owner: str | None, wanted: Iterable[Attachment], *, hold: bool = True
) -> tuple[dict[str, bytes], str]:
    """Return the contents found, by id, and why the database could not be read, or "".

    Without `hold`, contents from the database are not cached: for many at once.
    """
    ids = dict.fromkeys(each["id"] for each in wanted)
    here = {id: held.content for id in ids if (held := content_memory.memory.get(owner, id))}
    missing = [id for id in ids if id not in here]
    if not owner or not missing:
        return here, ""

    def read(store: "Store") -> dict[str, bytes]:
        found = ((id, store.load_attachment(owner, id)) for id in missing)
        return {id: data for id, data in found if data is not None}

    stored, why = database.attempt(read)
    for id, content in (stored or {}).items() if hold else ():
        content_memory.memory.put(owner, id, content, is_safe=True)
    return here | (stored or {}), why


def as_sent(owner: str | None, turn: Turn, others: Sequence[Turn] = ()) -> str | list[Part]:
    """Return a question with its files as sent. Raises `FileGone` or `FileOutOfReach`.

    A lost content is taken from a file of `others` with the same hash, so attaching it again helps.
    """
    files = turn.get("attachments", [])
    if not files:
        return turn["prompt"]
    found, why = find(owner, files)
    lost = [file for file in files if file["id"] not in found]
    if lost:
        found |= _again(owner, lost, others)
    if any(file["id"] not in found for file in lost):
        raise FileOutOfReach if why else FileGone
    return attachments.parts(
        turn["prompt"], [AcceptedFile(file, found[file["id"]]) for file in files]
    )


def made_as_sent(owner: str | None, turn: Turn) -> list[Part]:
    """Return the pictures of an answer as they are sent; those that are gone are left out."""
    pictures = turn.get("pictures", [])
    found, _ = find(owner, pictures)
    kept = [AcceptedFile(each, found[each["id"]]) for each in pictures if each["id"] in found]
    return attachments.shown(kept)


def _again(
    owner: str | None, lost: Sequence[Attachment], others: Sequence[Turn]
) -> dict[str, bytes]:
    wanted = {file["sha256"] for file in lost} - {""}
    alike = [
        each
        for turn in others
        for each in turn.get("attachments", [])
        if each["sha256"] in wanted and each not in lost
    ]
    found, _ = find(owner, alike)
    by_hash = {each["sha256"]: found[each["id"]] for each in alike if each["id"] in found}
    again = {file["id"]: by_hash[file["sha256"]] for file in lost if file["sha256"] in by_hash}
    for id, content in again.items():
        content_memory.memory.put(owner, id, content, is_safe=False)
    return again


def thumbnail(owner: str | None, file: Attachment, *, is_large: bool = False) -> bytes | None:
    """Return a small copy of an image, made once; None if it is gone or cannot be shown."""
    id = f"{file['id']}:{'large' if is_large else 'small'}"
    if held := content_memory.memory.get(owner, id):
        return held.content or None
    found, _ = find(owner, [file])
    if file["id"] not in found:
        return None
    make = images.large if is_large else images.small
    small = make(found[file["id"]]) or b""  # b"" remembers that it cannot be shown
    content_memory.memory.put(owner, id, small, is_safe=True)
    return small or None
