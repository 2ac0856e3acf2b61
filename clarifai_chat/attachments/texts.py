"""Read text files, limit them, and fence them for the prompt."""

import re
from collections.abc import Iterator
from dataclasses import replace

from clarifai_chat.attachments import charsets
from clarifai_chat.attachments.charsets import Decoded
from clarifai_chat.attachments.kinds import ending_of
from clarifai_chat.attachments.limits import MAX_TEXT_CHARS, FileRejected
from clarifai_chat.text import counted, cut

TELLING_LINES, TELLING_CHARS = 3, 120
_NULS = re.compile("\0+")


def read(name: str, data: bytes, encoding: str = "") -> tuple[Decoded, str]:
    """Return the text of a file, and a note about its bytes, or "".

    `encoding` is a label of `charsets.ENCODINGS`, or "" to find out. Raises `FileRejected` if it
    is not text or empty.
    """
    found = charsets.decode_as(data, encoding) if encoding else charsets.decode(data)
    if found is None:
        raise FileRejected(
            f"{name} is not a text, document, picture, PDF or audio file that can be read here."
            " If it is a text, save it as UTF-8."
        )
    text = clean(_NULS.sub("\u2400", found.text))
    if not text.strip():
        raise FileRejected(f"{name} has no text in it. Choose the file again, or another one.")
    return replace(found, text=text), " ".join(_notes(found))


def check_length(name: str, text: str) -> None:
    """Raise `FileRejected` if a text has too many characters."""
    if len(text) > MAX_TEXT_CHARS:
        raise FileRejected(
            f"{name} has {len(text):,} characters; a text may have up to {MAX_TEXT_CHARS:,}."
            " Cut out the part that your question is about."
        )


def _notes(found: Decoded) -> Iterator[str]:
    if nuls := found.text.count("\0"):
        yield f"It has {counted(nuls, 'NUL byte')}, shown as \u2400."
    if broken := found.text.count("\ufffd"):
        yield f"It has {counted(broken, 'broken character')}, shown as \ufffd."
    if not found.is_guess and found.encoding != "UTF-8":
        yield f"Read as {found.encoding}."


def clean(text: str) -> str:
    """Return `text` with one kind of line ending, and without what cannot be stored or sent."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return text.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be encoded


def telling(text: str) -> str:
    """Return the few lines that show whether a text was decoded right, cut to a screen's width."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    beyond = [line for line in lines if not line.isascii()]
    return "\n".join(cut(line, TELLING_CHARS) for line in (beyond or lines)[:TELLING_LINES])


def fenced(name: str, text: str, tokens: int | None) -> str:
    """Return a text as it goes into the prompt: its name, size, and a fence it cannot close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    ending = ending_of(name)
    language = ending if re.fullmatch(r"[a-z0-9]{1,10}", ending) else ""
    size = "" if tokens is None else f" ({counted(tokens, 'token')})"
    newline = "" if text.endswith("\n") else "\n"
    return f"File: {name}{size}\n{fence}{language}\n{text}{newline}{fence}"
