"""Store the contents of attachments: in the database with a saved chat, else in memory.

A turn knows its files by name and id only. The memory is bounded and
also caches the database; contents that only it has are dropped last. Only its owner can find a
content, even if others learn its id.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict

from clarifai_chat import attachments, memory
from clarifai_chat.access_token import holds
from clarifai_chat.attachments import AcceptedFile, FileRejected, images, made
from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.attachments.limits import MAX_FILES, MB
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import Turn, files_of
from clarifai_chat.errors import FileGone, FileOutOfReach
from clarifai_chat.events import PictureCame, PictureKept, StreamEvent
from clarifai_chat.history import database, keeper
from clarifai_chat.messages import Part

if TYPE_CHECKING:
    from clarifai_chat.history.store import Store

log = logging.getLogger(__name__)

SHARE = 1 / 16  # of the memory that the operator allows this process
MAX_BYTES, MIN_BYTES = 256 * MB, 32 * MB

Upload = tuple[str, str, bytes]  # name and type as claimed by the browser, and the content


class Guess(TypedDict):
    """How a file was read, where its bytes do not say, and how else it could be."""

    read_as: str
    choices: list[str]


class ReadFiles(TypedDict):
    """The outcome of reading a visitor's files. This module keeps their contents."""

    files: list[Attachment]
    guesses: dict[str, Guess]  # by id of the file, for those that a person should look at
    notes: list[str]  # sentences about parts left out
    refused: list[str]  # a sentence for each file that cannot be sent


@dataclass(slots=True)
class _Held:
    content: bytes
    is_safe: bool  # in the database, or can be made again


class _Memory:
    """The contents in memory, the least recently used first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, str], _Held] = OrderedDict()
        self._size = 0

    def get(self, owner: str | None, id: str, *, is_use: bool = True) -> _Held | None:
        key = (owner or "", id)
        with self._lock:
            if is_use and key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, owner: str | None, id: str, content: bytes, *, is_safe: bool) -> None:
        key = (owner or "", id)
        with self._lock:
            self._drop(key)
            self._held[key] = _Held(content, is_safe)
            self._size += len(content)
            while self._size > _most_bytes() and len(self._held) > 1:
                others = [other for other in self._held if other != key]
                self._drop(next((k for k in others if self._held[k].is_safe), others[0]))

    def forget(self, owner: str) -> None:
        with self._lock:
            for key in [key for key in self._held if key[0] == owner]:
                self._drop(key)

    def _drop(self, key: tuple[str, str]) -> None:
        if gone := self._held.pop(key, None):
            self._size -= len(gone.content)


_memory = _Memory()


def _most_bytes() -> float:
    allowed = memory.limit_mb() * SHARE * MB or MAX_BYTES
    return max(MIN_BYTES, min(allowed, MAX_BYTES))


# --- Reading and writing --------------------------------------------------------------------------


def read_uploads(
    owner: str | None,
    uploads: Iterable[Upload],
    count: Callable[[str], int],
    *,
    secret: str = "",
    room: int = MAX_FILES,
) -> ReadFiles:
    """Read a visitor's files and keep those that can be sent; takes seconds for a large PDF.

    A file with the `secret` in it is refused, because attachments are saved, shown and sent. `room`
    is how many files may be added.
    """
    taken: ReadFiles = {"files": [], "guesses": {}, "notes": [], "refused": []}
    for name, mime, data in uploads:
        try:
            _check_name(name, secret)
            if len(taken["files"]) >= room:  # checked first, because reading takes time and memory
                raise FileRejected(
                    f"{attachments.clean_name(name)} was not added: a question can have {MAX_FILES}"
                    " files. Ask about the others afterwards."
                )
            file = _accepted(name, mime, data, count, secret)
        except FileRejected as error:
            taken["refused"].append(str(error))
            continue
        if file.choices:
            # Dropped first: it is of use only until the question is sent.
            _memory.put(owner, _as_it_came(file.attachment), data, is_safe=True)
        _add(taken, owner, file)
    return taken


def read_again(
    owner: str | None,
    about: Attachment,
    read_as: str,
    count: Callable[[str], int],
    *,
    secret: str = "",
) -> ReadFiles:
    """Read a file that has not been sent yet in another way; it keeps its id."""
    taken: ReadFiles = {"files": [], "guesses": {}, "notes": [], "refused": []}
    held = _memory.get(owner, _as_it_came(about))
    try:
        if held is None:
            raise FileRejected(f"{about['name']} has been dropped from memory. Attach it again.")
        file = _accepted(about["name"], "", held.content, count, secret, read_as)
    except FileRejected as error:
        taken["refused"].append(str(error))
    else:
        _add(taken, owner, replace(file, attachment={**file.attachment, "id": about["id"]}))
    return taken


def _add(taken: ReadFiles, owner: str | None, file: AcceptedFile) -> None:
    """Keep a file's content and add what is known about it to the outcome."""
    about = file.attachment
    _memory.put(owner, about["id"], file.content, is_safe=False)
    taken["files"].append(about)
    if file.choices:
        taken["guesses"][about["id"]] = {"read_as": file.read_as, "choices": [*file.choices]}
    if file.note:
        taken["notes"].append(f"{about['name']}: {file.note}")


def _as_it_came(about: Attachment) -> str:
    """Return the key of a file's own bytes, which are needed to read it in another way."""
    return f"{about['id']}:as it came"


def keep_pictures(owner: str | None, events: Iterable[StreamEvent]) -> Iterator[StreamEvent]:
    """Yield the events of a reply; keep the pictures that come in it, decoded and checked."""
    kept = 0
    for event in events:
        if (
            isinstance(event, PictureCame)
            and kept < MAX_FILES
            and (data := made.decoded(event.url))
        ):
            found = read_uploads(owner, [(f"Picture {kept + 1}", "", data)], len)["files"]
            for file in found:
                if file["kind"] == "image":
                    kept += 1
                    event = PictureKept(file)
        yield event


def _check_name(name: str, secret: str) -> None:
    if holds(name, secret):
        raise FileRejected(
            "A file name contains your access token. Rename the file and add it again."
        )


def _accepted(
    name: str,
    mime: str,
    data: bytes,
    count: Callable[[str], int],
    secret: str,
    read_as: str = "",
) -> AcceptedFile:
    try:
        file = attachments.accept(name, mime, data, count, read_as)
    except FileRejected:
        raise
    except Exception as error:  # noqa: BLE001 - a bug of ours with a stranger's bytes must not lose the question
        log.error("%s while a file was read", type(error).__name__)
        raise FileRejected(
            f"{attachments.clean_name(name)} could not be read: this app made a mistake."
            " Save it in another format, and add that."
        ) from None
    if holds(file.content, secret):
        raise FileRejected(
            f"{file.attachment['name']} contains your access token. Remove it from the file, and"
            " add the file again."
        )
    return file


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


def _unwritten(owner: str, about: Attachment) -> _Held | None:
    held = _memory.get(owner, about["id"])
    return None if held is None or held.is_safe else held


def attachments_of(chat: Chat) -> list[Attachment]:
    """Return the files of a chat, in all branches."""
    return [each for turn in [*chat["turns"]] for each in files_of(turn)]


def mention(owner: str | None, chat: Chat, secret: str) -> bool:
    """Return whether a text file of the chat in memory contains the `secret`.

    The token may have been entered after the file was attached.
    """
    texts = (file["id"] for file in attachments_of(chat) if file["kind"] == "text")
    held = (_memory.get(owner, id, is_use=False) for id in texts)
    return holds([each.content for each in held if each is not None], secret)


def forget(owner: str) -> None:
    """Drop all contents of an owner from memory."""
    _memory.forget(owner)


# --- Finding --------------------------------------------------------------------------------------


def find(
    owner: str | None, wanted: Iterable[Attachment], *, hold: bool = True
) -> tuple[dict[str, bytes], str]:
    """Return the contents found, by id, and why the database could not be read, or "".

    Without `hold`, contents from the database are not cached: for many at once.
    """
    ids = dict.fromkeys(each["id"] for each in wanted)
    here = {id: held.content for id in ids if (held := _memory.get(owner, id))}
    missing = [id for id in ids if id not in here]
    if not owner or not missing:
        return here, ""

    def read(store: "Store") -> dict[str, bytes]:
        found = ((id, store.load_attachment(owner, id)) for id in missing)
        return {id: data for id, data in found if data is not None}

    stored, why = database.attempt(read)
    for id, content in (stored or {}).items() if hold else ():
        _memory.put(owner, id, content, is_safe=True)
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
        _memory.put(owner, id, content, is_safe=False)
    return again


def thumbnail(owner: str | None, file: Attachment, *, is_large: bool = False) -> bytes | None:
    """Return a small copy of an image, made once; None if it is gone or cannot be shown."""
    id = f"{file['id']}:{'large' if is_large else 'small'}"
    if held := _memory.get(owner, id):
        return held.content or None
    found, _ = find(owner, [file])
    if file["id"] not in found:
        return None
    make = images.large if is_large else images.small
    small = make(found[file["id"]]) or b""  # b"" remembers that it cannot be shown
    _memory.put(owner, id, small, is_safe=True)
    return small or None
