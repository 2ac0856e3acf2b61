"""Read the JSON in an imported file, within limits, or explain why it cannot be read."""

import io
import json
import math
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

from clarifai_chat import json_text
from clarifai_chat.text import size, times

MAX_FILE_BYTES = 100_000_000  # of the unpacked data too
MAX_VALUES = 5_000_000  # each takes up to a hundred bytes of memory, however short its text
MAX_ZIP_LISTING = 4_000_000  # bytes: tens of thousands of files
MAX_DIGITS = 40
_CONVERSATIONS = re.compile(r"(?:.*/)?conversations(?:-\d+)?\.json")
_STRUCTURE = (b",", b"[", b"{")


class BadImport(ValueError):
    """A file that cannot be imported. Its text tells the reader why and what to do."""


class Notes:
    """Notes on what was skipped, each kind once with its count."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def left_out(self, what: str, count: int = 1) -> None:
        self._counts[what] += count

    def sentences(self) -> list[str]:
        return [
            f"Left out: {what}." if count == 1 else f"Left out: {what} ({times(count)})."
            for what, count in self._counts.items()
            if count
        ]


def documents(data: bytes, notes: Notes) -> Iterator[Any]:
    """Yield each JSON document in a file: usually one, several in a zip. Raises `BadImport`."""
    if len(data) > MAX_FILE_BYTES:
        raise BadImport(f"The file is too large: at most {size(MAX_FILE_BYTES)} can be read.")
    if data[:4] in (b"PK\3\4", b"PK\5\6"):
        for content in _unpacked(data):
            yield _document(content, notes)
    else:
        yield _document(data, notes)


def _document(data: bytes, notes: Notes) -> Any:
    """Return the JSON in a file, or a list if each line is JSON of its own."""
    if sum(map(data.count, _STRUCTURE)) > MAX_VALUES:
        raise BadImport(
            "The file holds too many values to be read at once. Split it, and import the parts."
        )
    try:
        text = data.decode(json.detect_encoding(data))
    except UnicodeDecodeError:
        raise BadImport(
            "The file is not text. Choose a JSON file, or the zip that an export came in."
        ) from None
    if not text.strip():
        raise BadImport("The file is empty.")
    try:
        return _parsed(text, notes)
    except json.JSONDecodeError as error:
        lines = _lines(text, notes)
        if not lines:
            raise BadImport(
                f"The file is not JSON: line {error.lineno}, column {error.colno} cannot be read."
                " It may have been cut off on the way."
            ) from None
        return lines


def _lines(text: str, notes: Notes) -> list[Any]:
    """Return the documents of a text with one per line; [] if the first line is not JSON."""
    found: list[Any] = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            found.append(_parsed(line, notes))
        except json.JSONDecodeError:
            if not found:
                return []
            notes.left_out("a line that is not JSON")
    return found if all(isinstance(each, dict) for each in found) else []


def _parsed(text: str, notes: Notes) -> Any:
    def number(digits: str) -> float | None:
        if digits.lstrip("-").isdigit():
            if len(digits) <= MAX_DIGITS:
                return int(digits)
        elif math.isfinite(value := float(digits)):  # "NaN" is read here too
            return value
        notes.left_out("a number that is invalid or too large")
        return None

    try:
        return json_text.read(text, parse_float=number, parse_int=number, parse_constant=number)
    except RecursionError:
        raise BadImport(
            "The file's JSON is nested too deeply. Exports of conversations are not."
        ) from None


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Yield the conversations in a zip, one file at a time."""
    bad = BadImport("The zip cannot be read. It may be damaged: download it again, or unpack it.")
    if _listing_size(data) > MAX_ZIP_LISTING:
        raise BadImport("The zip holds too many files. Unpack it, and choose conversations.json.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = [each for each in archive.infolist() if _CONVERSATIONS.fullmatch(each.filename)]
            if not files:
                raise BadImport(
                    "The zip holds no conversations.json. Choose the one that the export of"
                    " ChatGPT or Claude came in, or a JSON file."
                )
            room = MAX_FILE_BYTES
            for file in sorted(files, key=lambda each: each.filename):
                content = _content(archive, file, room)
                room -= len(content)
                yield content
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError):
        raise bad from None


def _content(archive: zipfile.ZipFile, file: zipfile.ZipInfo, room: int) -> bytes:
    if file.flag_bits & 1:
        raise BadImport("The zip is locked with a password. Unpack it, and choose the JSON file.")
    # Others may need gigabytes before the first byte comes out.
    if file.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BadImport("The zip is packed in an unusual way. Unpack it, and choose the JSON file.")
    with archive.open(file) as opened:
        content = opened.read(room + 1)  # a zip may lie about its size
    if len(content) > room:
        raise BadImport(
            f"What is in the zip is too large: at most {size(MAX_FILE_BYTES)} of conversations can"
            " be read."
        )
    return content


def _listing_size(data: bytes) -> int:
    """Return the claimed size of a zip's file list, which Python reads whole, tenfold in memory."""
    end = data.rfind(b"PK\5\6")
    if end < 0 or len(data) < end + 22:
        return 0  # not a zip: reading it will say so
    size: int = struct.unpack_from("<L", data, end + 12)[0]
    if end >= 76 and data[end - 20 : end - 16] == b"PK\6\7":  # the ZIP64 form
        size = struct.unpack_from("<Q", data, end - 76 + 40)[0]
    return size
