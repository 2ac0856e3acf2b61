"""Detect a file's type by its first bytes; say why a type is rejected, and what to do."""

import re
from dataclasses import dataclass
from typing import Literal

from clarifai_chat.attachments.limits import LIMITS, FileRejected, Kind

Kept = Literal["image", "text", "audio"]


@dataclass(frozen=True, slots=True)
class FileKind:
    kind: Kind
    form: str = ""  # the format of a picture or audio: "PNG", "mp3"; "html" for a page


# The first bytes of a format → what it is.
_BEGINNINGS: tuple[tuple[bytes, FileKind], ...] = (
    (b"\x89PNG\r\n\x1a\n", FileKind("image", "PNG")),
    (b"\xff\xd8\xff", FileKind("image", "JPEG")),
    (b"GIF87a", FileKind("image", "GIF")),
    (b"GIF89a", FileKind("image", "GIF")),
)
_PICTURE = "This picture format is not supported. Save it as PNG or JPEG."
_SOUND = "This audio format is not supported. Save it as MP3 or WAV."
_VIDEO = "Videos are not supported. Take a screenshot of the moment that matters."
_ARCHIVE = "Archives are not supported. Extract the files and add those."
_OFFICE = "This document format is not supported. Save it as DOCX, PPTX or PDF."
_SHEET = "This spreadsheet format is not supported. Save it as XLSX or CSV."
_PROGRAM = "It is a program, not a text file."
_HEIC = "HEIC photos are not supported. Save or share it as JPEG."
_SVG = "SVG drawings can contain scripts. Export it as PNG."

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what Office wrote before 2007, and still for passwords

_REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"II*\x00", _PICTURE),
    (b"MM\x00*", _PICTURE),
    (b"8BPS\x00", _PICTURE),
    (b"\x00\x00\x01\x00", _PICTURE),
    (b"\x00\x00\x00\x0cjP  ", _PICTURE),
    (b"OggS\x00", _SOUND),
    (b"fLaC\x00", _SOUND),
    (b"\x1aE\xdf\xa3", _VIDEO),
    (b"PK\x05\x06", _ARCHIVE),
    (b"PK\x07\x08", _ARCHIVE),
    (b"\x1f\x8b", _ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", _ARCHIVE),
    (b"Rar!\x1a\x07", _ARCHIVE),
    (b"\xfd7zXZ\x00", _ARCHIVE),
    (b"BZh91AY&SY", _ARCHIVE),
    (b"\x28\xb5\x2f\xfd", _ARCHIVE),
    (_OLE, _OFFICE),
    (b"\x7fELF", _PROGRAM),
    (b"MZ\x90\x00", _PROGRAM),
)
_SHEET_ENDINGS = ("numbers", "xlr", "wk1")
_PAGE_ENDINGS = ("html", "htm", "xhtml")
_READ_FROM_OLE = tuple(
    name.encode("utf-16-le") + bytes(8) for name in ("Workbook", "Book", "EncryptedPackage")
)
_IN_DOCUMENTS = (b"[Content_Types].xml", b"META-INF/container.xml", b"mimetypeapplication/")
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_FIRST_TAG = re.compile(r"<([A-Za-z][\w:.-]*)")
# Endings of names that promise something other than text.
PROMISED = {ending: limit.kind for limit in LIMITS for ending in limit.extensions}


def look(name: str, mime: str, data: bytes) -> FileKind:
    """Return what `data` is. Raises `FileRejected` if it is empty or not supported."""
    if not data:
        raise FileRejected(f"{name} is empty. Choose the file again, or another one.")
    ending = ending_of(name)
    if ending in ("svg", "svgz") or "svg" in mime.lower() or _is_svg(data):
        raise FileRejected(f"{name} cannot be added. {_SVG}")
    if found := _recognised(data):
        return found
    if _is_document(ending, data):
        return FileKind("document")
    if why := _why_not(ending, data):
        raise FileRejected(f"{name} cannot be added. {why}")
    if b"%PDF-" in data[:1024] and (ending == "pdf" or data[:1024].lstrip().startswith(b"%PDF-")):
        return FileKind("pdf")
    promised = PROMISED.get(ending, "text")
    # Many programs write tables as text or HTML, and name them .xls.
    if ending in _PAGE_ENDINGS or (promised == "document" and data.lstrip().startswith(b"<")):
        return FileKind("document", "html")
    if promised not in ("text", "document"):
        what = {"image": "picture", "pdf": "PDF", "audio": "audio file"}[promised]
        raise FileRejected(
            f"{name} is not the {what} that its name suggests: it is broken, or something else."
            " Open it on your machine and save it again."
        )
    return FileKind("text")


def ending_of(name: str) -> str:
    """Return the ending of a file's name, in lower case and without the dot, or ""."""
    stem, _, ending = name.rpartition(".")
    return ending.lower() if stem else ""


def _recognised(data: bytes) -> FileKind | None:
    for beginning, found in _BEGINNINGS:
        if data.startswith(beginning):
            return found
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return FileKind("image", "WEBP")
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return FileKind("audio", "wav")
    # Two letters are not enough: a text may begin with "BM".
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return FileKind("image", "BMP")
    if data[:3] == b"ID3" and data[3:4] in (b"\x02", b"\x03", b"\x04"):
        return FileKind("audio", "mp3")
    # A frame of MPEG layer III; its layer also rules out UTF-16, which begins with FF FE.
    if len(data) > 2 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2 and data[2] >> 4 != 0xF:
        return FileKind("audio", "mp3")
    return None


def _is_document(ending: str, data: bytes) -> bool:
    """Return whether `data` looks like a document whose text can be read; reading it tells."""
    if data.startswith(_OLE):
        return any(name in data for name in _READ_FROM_OLE)
    if not data.startswith(b"PK\x03\x04"):
        return False
    return PROMISED.get(ending) == "document" or any(part in data for part in _IN_DOCUMENTS)


def _why_not(ending: str, data: bytes) -> str:
    if data.startswith(b"PK\x03\x04"):
        if ending in _SHEET_ENDINGS:
            return _SHEET
        return _OFFICE if ending in ("pages", "key") else _ARCHIVE
    if data.startswith(b"{\\rtf"):
        return _OFFICE
    for beginning, why in _REFUSED:
        if data.startswith(beginning):
            return _SHEET if why == _OFFICE and ending in _SHEET_ENDINGS else why
    if data[257:262] == b"ustar":
        return _ARCHIVE
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        if brand in (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"):
            return _HEIC
        if brand in (b"avif", b"avis"):
            return _PICTURE
        return _SOUND if brand.startswith(b"M4A") else _VIDEO
    return ""


def _is_svg(data: bytes) -> bool:
    """Return whether the first element of a text is a drawing."""
    head = data[:4096].replace(b"\x00", b"").decode("latin-1").lstrip("ï»¿ÿþ \t\r\n")
    first = _FIRST_TAG.search(head) if head.startswith("<") else None
    return first is not None and first[1].rpartition(":")[2].lower() == "svg"
