"""Read a visitor's files and the pictures that models make, and keep their contents in memory."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypedDict

from clarifai_chat import attachments
from clarifai_chat.access_token import holds
from clarifai_chat.attachments import AcceptedFile, FileRejected, made
from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.attachments.limits import MAX_FILES
from clarifai_chat.events import PictureCame, PictureKept, StreamEvent
from clarifai_chat.history import content_memory

log = logging.getLogger(__name__)

Upload = tuple[str, str, bytes]  # name and type as claimed by the browser, and the content


class Guess(TypedDict):
    """How a file was read, where its bytes do not say, and how else it could be."""

    read_as: str
    choices: list[str]


class ReadFiles(TypedDict):
    """The outcome of reading a visitor's files. Their contents are in memory."""

    files: list[Attachment]
    guesses: dict[str, Guess]  # by id of the file, for those that a person should look at
    notes: list[str]  # sentences about parts left out
    refused: list[str]  # a sentence for each file that cannot be sent


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
            content_memory.memory.put(owner, _as_it_came(file.attachment), data, is_safe=True)
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
    held = content_memory.memory.get(owner, _as_it_came(about))
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
    content_memory.memory.put(owner, about["id"], file.content, is_safe=False)
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
