"""A file that a visitor adds to a question → what is kept of it and sent, or why it is refused.

What a file is, its bytes say; its name and the type that a browser claims are only believed where
they make us refuse it. Nothing here writes to a disk or calls anybody.
"""

import base64
import hashlib
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from clarifai_chat.attachments import audio, images, kinds, pdf, texts
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
]

MAX_NAME_CHARS = 100
# Control characters, and those that turn the direction of a line: a name must not play tricks.
_UNFIT = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff`]+"
)


@dataclass(frozen=True, slots=True)
class AcceptedFile:
    """A file as it is kept: what a turn knows of it, and its content."""

    attachment: Attachment
    content: bytes  # a text in UTF-8; a picture or a sound as it is sent
    note: str = ""  # a sentence for the visitor about what was left out


def accept(name: str, mime: str, data: bytes, count: Callable[[str], int]) -> AcceptedFile:
    """Return what is kept of a file. Raises `FileRejected`, and nothing else, for one that cannot
    be sent.

    `name` and `mime` are as the browser claims them; `count` says how many tokens a text has.
    A PDF may take seconds: show meanwhile that something happens.
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
    note = ""
    if found.kind == "pdf":
        text, note = pdf.read(name, data)
    else:
        text = texts.read(name, data)
    tokens = count(texts.fenced(name, text, None))
    return _accepted(name, "text", "text/plain", text.encode(), tokens, note)


def _accepted(
    name: str,
    kind: kinds.Kept,
    mime: str,
    content: bytes,
    tokens: int | None = None,  # of a picture and a sound: every provider counts them its own way
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
    """Return the type of a kept file: `mime`, where files of its kind are kept as it.

    Else, from a file of conversations, a sound could be served to browsers as a page.
    """
    usual = {"text": ("text/plain",), "audio": (*audio.FORMATS,), "image": images.MIMES}[kind]
    return mime if mime in usual else usual[0]


def clean_name(name: str) -> str:
    """Return a file's name without folders and without what does not belong on one line; never
    empty."""
    name = re.split(r"[/\\]", name)[-1]
    name = " ".join(_UNFIT.sub(" ", name).split())
    if len(name) > MAX_NAME_CHARS:
        stem, dot, ending = name.rpartition(".")
        ending = dot + ending if stem and len(ending) <= 10 else ""
        name = cut(name, MAX_NAME_CHARS - len(ending)) + ending
    return name or "Unnamed file"


def as_text(file: AcceptedFile) -> str:
    """Return a file as a reader sees it: a text as it goes into the prompt, else one line about
    it."""
    about = file.attachment
    if about["kind"] == "text":
        return texts.fenced(about["name"], file.content.decode("utf-8", "replace"), about["tokens"])
    what = "Picture" if about["kind"] == "image" else "Sound"
    return f"{what} {about['name']}, {size(about['size'])}"


def parts(prompt: str, files: Sequence[AcceptedFile]) -> str | list[dict[str, Any]]:
    """Return the content of the message to send: text alone, or OpenAI's parts where there is more.

    The texts come first, then the prompt: a question after a long text is followed better.
    """
    texts_first = [as_text(file) for file in files if file.attachment["kind"] == "text"]
    text = "\n\n".join([*texts_first, *([prompt] if prompt.strip() else [])])
    others = [_part(file) for file in files if file.attachment["kind"] != "text"]
    if not others:
        return text
    return [*([{"type": "text", "text": text}] if text else []), *others]


def _part(file: AcceptedFile) -> dict[str, Any]:
    data = base64.b64encode(file.content).decode()
    mime = file.attachment["mime"]
    if file.attachment["kind"] == "image":
        return {"type": "image_url", "image_url": {"url": f"data:{mime};base64,{data}"}}
    format = audio.FORMATS.get(mime, "wav")  # another can only come from a file of conversations
    return {"type": "input_audio", "input_audio": {"data": data, "format": format}}
