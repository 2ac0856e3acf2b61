"""Decode text files, limit them, and fence them for the prompt."""

import re

from clarifai_chat.attachments.kinds import ending_of
from clarifai_chat.attachments.limits import MAX_TEXT_CHARS, FileRejected
from clarifai_chat.text import counted

_MARKS = (  # the longer first: UTF-32's begins like UTF-16's
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# Not in any text, except for a few that terminals and printers use.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
MAX_CONTROL_SHARE = 0.01


def read(name: str, data: bytes) -> str:
    """Return the text of a file. Raises `FileRejected` if it is not text, empty or too long."""
    text = decoded(data)
    if text is None:
        raise FileRejected(
            f"{name} is not a text, picture, PDF or audio file that can be read here."
            " Save it as one of these."
        )
    text = clean(text)
    if not text.strip():
        raise FileRejected(f"{name} has no text in it. Choose the file again, or another one.")
    if len(text) > MAX_TEXT_CHARS:
        raise FileRejected(
            f"{name} has {len(text):,} characters; a text may have up to {MAX_TEXT_CHARS:,}."
            " Cut out the part that your question is about."
        )
    return text


def decoded(data: bytes) -> str | None:
    """Decode `data` by its byte order mark, as UTF-8 or as Windows text; None for binary."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _unless_binary(data.decode(encoding, "replace"))
    if b"\x00" in data:
        return None
    try:
        return _unless_binary(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":  # cut in the middle of a character
            return _unless_binary(data[: error.start].decode("utf-8-sig"))
    try:
        return _unless_binary(data.decode("cp1252"))
    except UnicodeDecodeError:
        return _unless_binary(data.decode("latin-1"))


def _unless_binary(text: str) -> str | None:
    strange = sum(1 for _ in _CONTROL.finditer(text)) + text.count("\ufffd")
    return None if strange > len(text) * MAX_CONTROL_SHARE else text


def clean(text: str) -> str:
    """Return `text` with one kind of line ending, and without what cannot be stored or sent."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return text.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be encoded


def fenced(name: str, text: str, tokens: int | None) -> str:
    """Return a text as it goes into the prompt: its name, size, and a fence it cannot close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    ending = ending_of(name)
    language = ending if re.fullmatch(r"[a-z0-9]{1,10}", ending) else ""
    size = "" if tokens is None else f" ({counted(tokens, 'token')})"
    newline = "" if text.endswith("\n") else "\n"
    return f"File: {name}{size}\n{fence}{language}\n{text}{newline}{fence}"
