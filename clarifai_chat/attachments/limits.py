"""Limit the files of a question by kind, in numbers and sentences."""

from dataclasses import dataclass
from typing import Literal

from clarifai_chat.text import size

Kind = Literal["image", "text", "document", "pdf", "audio"]

MB = 1_000_000
MAX_IMAGE_BYTES = 15 * MB
# Decoding takes up to 400 MB. A JPEG, which phones make with up to 50 million pixels, can be
# decoded at a fraction of its size; the other formats cannot.
MAX_JPEG_PIXELS = 50_000_000
MAX_IMAGE_PIXELS = 25_000_000
MAX_TEXT_BYTES = 1 * MB
MAX_TEXT_CHARS = 200_000  # some 50,000 tokens
MAX_DOCUMENT_BYTES = 15 * MB
MAX_PDF_BYTES = 15 * MB
READ_PDF_PAGES = 100  # the rest is left out, with a note
MAX_PDF_PAGES = 300  # the beginning of a longer one would only mislead
MAX_AUDIO_BYTES = 15 * MB
MAX_AUDIO_S = 600
MAX_FILES = 10  # with one question
MAX_SENT_BYTES = 50 * MB  # in one request, with the files of earlier questions


class FileRejected(ValueError):
    """A file that cannot be sent; the message has its name, why, and what to do, in plain text."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The limit for one kind of file, shown before it is uploaded."""

    kind: Kind
    extensions: tuple[str, ...]  # without dots; a text may have any other too
    max_bytes: int
    words: str


def limits() -> tuple[Limit, ...]:
    """Return the kinds of files that can be added, and their limits."""
    return LIMITS


_PROSE_AND_DATA = ("txt", "md", "csv", "tsv", "json", "jsonl", "yaml", "yml", "toml", "xml", "log")
_SOURCE_CODE = ("py", "js", "ts", "tsx", "java", "c", "h", "cpp", "cs", "go", "rs", "rb", "php")
_MARKUP_AND_SETTINGS = ("html", "css", "tex", "sh", "sql", "ini")

LIMITS = (
    Limit(
        "image",
        ("png", "jpg", "jpeg", "webp", "gif", "bmp"),
        MAX_IMAGE_BYTES,
        f"Pictures (PNG, JPEG, WebP, BMP, the first of a GIF) up to {size(MAX_IMAGE_BYTES)} and"
        f" {MAX_IMAGE_PIXELS // 1_000_000} million pixels, a JPEG {MAX_JPEG_PIXELS // 1_000_000}."
        " They are resized, and where and when they were taken is removed.",
    ),
    Limit(
        "text",
        (*_PROSE_AND_DATA, *_SOURCE_CODE, *_MARKUP_AND_SETTINGS),
        MAX_TEXT_BYTES,
        f"Text and source code up to {MAX_TEXT_CHARS:,} characters, in any encoding: if it is a"
        " guess, you can change it before you send.",
    ),
    Limit(
        "document",
        ("docx", "xlsx", "xls", "pptx", "odt", "ods", "odp", "epub"),
        MAX_DOCUMENT_BYTES,
        "The text of Word, Excel, PowerPoint, OpenDocument, EPUB and HTML files up to"
        f" {size(MAX_DOCUMENT_BYTES)}; the first {MAX_TEXT_CHARS:,} characters are read.",
    ),
    Limit(
        "pdf",
        ("pdf",),
        MAX_PDF_BYTES,
        f"The text of a PDF up to {size(MAX_PDF_BYTES)} and {MAX_PDF_PAGES} pages; the first"
        f" {READ_PDF_PAGES} are read.",
    ),
    Limit(
        "audio",
        ("wav", "mp3"),
        MAX_AUDIO_BYTES,
        f"Audio (WAV, MP3) up to {size(MAX_AUDIO_BYTES)} and {MAX_AUDIO_S // 60} minutes.",
    ),
)

_TOO_LARGE = {
    "image": "a picture may have up to {}. Make it smaller, or save it as JPEG.",
    "text": "a text may have up to {}. Cut out the part that your question is about.",
    "document": "a document may have up to {}. Remove its pictures, or save the part you need.",
    "pdf": "a PDF may have up to {}. Save the pages that you need as a separate PDF.",
    "audio": "audio may have up to {}. Cut it, or save it as MP3.",
}


def check_size(name: str, kind: Kind, count: int) -> None:
    """Raise `FileRejected` if a file has more bytes than its kind may have."""
    most = next(limit.max_bytes for limit in LIMITS if limit.kind == kind)
    if count > most:
        raise FileRejected(f"{name} has {size(count)}; {_TOO_LARGE[kind].format(size(most))}")
