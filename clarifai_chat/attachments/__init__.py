"""Turn a file that a visitor adds to a question into what is kept and sent, or refuse it.

A file's bytes decide its type; its name and the type that a browser claims count only as reasons to
refuse it. Nothing here writes to a disk or opens a connection.
"""

import base64
import hashlib
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clarifai_chat.attachments import audio, documents, images, kinds, pdf, texts
from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.attachments.limits import FileRejected, check_size, limits
from clarifai_chat.text import cut, size

__all__ = [
    "AcceptedFile",
    "FileRejected",
    "accept",
    "as_text",
    "clean_name",
    "known_mime",
    "limits",
    "parts",
    "shown",
]

MAX_NAME_CHARS = 100
# Control characters, and those that change the direction of a line and so disguise a name.
_UNFIT = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff`]+"
)


@dataclass(frozen=True, slots=True)
class AcceptedFile:
    """A file as it is kept: its description in a turn, and its content."""

    attachment: Attachment
    content: bytes  # a text in UTF-8; a picture or a sound as it is sent
    note: str = ""  # sentences for the visitor about what was left out or replaced
    read_as: str = ""  # the encoding of a text or the view of a page, if it is a guess
    choices: tuple[str, ...] = ()  # what `read_as` could be instead


def accept(
    name: str, mime: str, data: bytes, count: Callable[[str], int], read_as: str = ""
) -> AcceptedFile:
    """Return what is kept of a file. Raises only `FileRejected`, if it cannot be sent.

    `name` and `mime` are as the browser claims them; `count` returns the tokens of a text;
    `read_as` is one of the choices of an earlier result, or "" for a guess.
    A PDF or a document may take seconds: show progress meanwhile.
    """
    name = clean_name(name)
    found = kinds.look(name, mime, data)
    check_size(name, found.kind, len(data))
    if found.kind == "image":
        content, kept_mime = images.read(name, data, found.form)
        return _accepted(name, "image", kept_mime, content)
    if found.kind == "audio":
        content, kept_mime = audio.read(name, data, found.form)
        return _accepted(name, "audio", kept_mime, content)
    guess = None
    if found.kind == "pdf":
        text, note = pdf.read(name, data)
    elif found.form == "html":
        guess, note = documents.read_page(name, data, read_as)
    elif found.kind == "document":
        text, note = documents.read(name, data)
    else:
        guess, note = texts.read(name, data, read_as)
        texts.check_length(name, guess.text)
    if guess:
        text = guess.text
    tokens = count(texts.fenced(name, text, None))
    file = _accepted(name, "text", "text/plain", text.encode(), tokens, note)
    if guess and guess.is_guess:
        file = replace(file, read_as=guess.encoding, choices=guess.others)
    return file


def _accepted(
    name: str,
    kind: kinds.Kept,
    mime: str,
    content: bytes,
    tokens: int
    | None = None,  # None for a picture or audio: every provider counts them its own way
    note: str = "",
) -> AcceptedFile:
    attachment: Attachment = {
        "id": uuid.uuid4().hex,
        "name": name,
        "kind": kind,
        "mime": mime,
        "size": len(content),
        "tokens": tokens,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return AcceptedFile(attachment, content, note)


def known_mime(kind: kinds.Kept, mime: str) -> str:
    """Return the type of a kept file: `mime`, if its kind is kept as that type.

    Otherwise an imported "audio" file could be served to browsers as HTML.
    """
    usual = {"text": ("text/plain",), "audio": (*audio.FORMATS,), "image": images.MIMES}[kind]
    return mime if mime in usual else usual[0]


def clean_name(name: str) -> str:
    """Return a file's name without folders and control characters; never empty."""
    name = re.split(r"[/\\]", name)[-1]
    name = " ".join(_UNFIT.sub(" ", name).split())
    if len(name) > MAX_NAME_CHARS:
        stem, dot, ending = name.rpartition(".")
        ending = dot + ending if stem and len(ending) <= 10 else ""
        name = cut(name, MAX_NAME_CHARS - len(ending)) + ending
    return name or "Unnamed file"


def as_text(file: AcceptedFile) -> str:
    """Return a text file as it goes into the prompt, or one line about any other file."""
    about = file.attachment
    if about["kind"] == "text":
        return texts.fenced(about["name"], file.content.decode("utf-8", "replace"), about["tokens"])
    what = "Picture" if about["kind"] == "image" else "Sound"
    return f"{what} {about['name']}, {size(about['size'])}"


def parts(prompt: str, files: Sequence[AcceptedFile]) -> str | list[dict[str, Any]]:
    """Return the content of the message to send: text only, or OpenAI's parts if there is more.

    The texts come before the prompt: models follow a question better after a long text.
    """
    texts_first = [as_text(file) for file in files if file.attachment["kind"] == "text"]
    text = "\n\n".join([*texts_first, *([prompt] if prompt.strip() else [])])
    others = shown(files)
    if not others:
        return text
    return [*([{"type": "text", "text": text}] if text else []), *others]


def shown(files: Sequence[AcceptedFile]) -> list[dict[str, Any]]:
    """Return the parts of a message that are not text: pictures and sounds."""
    return [_part(file) for file in files if file.attachment["kind"] != "text"]


def _part(file: AcceptedFile) -> dict[str, Any]:
    data = base64.b64encode(file.content).decode()
    mime = file.attachment["mime"]
    if file.attachment["kind"] == "image":
        return {"type": "image_url", "image_url": {"url": f"data:{mime};base64,{data}"}}
    format = audio.FORMATS.get(mime, "wav")  # other types can only come from an import
    return {"type": "input_audio", "input_audio": {"data": data, "format": format}}
