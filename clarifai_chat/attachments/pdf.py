"""Read the text of a PDF."""

from clarifai_chat.attachments import pdf_reader, separate, texts
from clarifai_chat.attachments.limits import (
    MAX_PDF_PAGES,
    MAX_TEXT_CHARS,
    READ_PDF_PAGES,
    FileRejected,
)
from clarifai_chat.text import counted

_WHY = {
    "locked": "{} is protected by a password. Save it without one, or print it to a PDF.",
    "broken": "{} is a broken PDF. Open it on your machine and print it to a PDF.",
    "heavy": "{} takes too much time or memory to read. Print the pages that you need to a PDF.",
    "long": "{} has {} pages; a PDF may have up to {}. Save those that you need as a separate PDF.",
    "busy": "{} cannot be read at the moment. Try again in a minute.",
    "empty": "{} has no text in it: it may be scanned. Add its pages as pictures.",
}


def read(name: str, data: bytes) -> tuple[str, str]:
    """Return the text of a PDF, and a sentence about what was left out, or "".

    Raises `FileRejected` if it is locked, broken, too long, without text or too heavy.
    """
    bounds = (READ_PDF_PAGES, MAX_PDF_PAGES, MAX_TEXT_CHARS)
    told = separate.run(pdf_reader.__file__, data, *bounds)
    if told["why"]:
        raise FileRejected(_WHY[told["why"]].format(name, told.get("pages"), MAX_PDF_PAGES))
    text = texts.clean(told["text"])
    if not text.strip():
        raise FileRejected(_WHY["empty"].format(name))
    numbered = "\n\n".join(
        f"[Page {number}]\n{page.strip()}" for number, page in enumerate(text.split("\f"), start=1)
    )
    note = _note(told["pages"], told["read"], told["cut"])
    return (f"[{note}]\n\n{numbered}" if note else numbered), note


def _note(pages: int, read: int, is_cut: bool) -> str:
    if read == pages and not is_cut:
        return ""
    begun = "a part of page" if is_cut else "page"
    so_far = f"{begun} 1" if read == 1 else f"pages 1 to {read}"
    return f"Of {counted(pages, 'page')}, only {so_far} could be included."
