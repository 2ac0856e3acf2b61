"""Read the text of office documents, books and web pages."""

from clarifai_chat.attachments import document_reader, separate, texts
from clarifai_chat.attachments.charsets import Decoded
from clarifai_chat.attachments.kinds import PROMISED, ending_of
from clarifai_chat.attachments.limits import MAX_TEXT_CHARS, FileRejected

PAGE, SOURCE = "Text of the page", "Source code"  # how HTML can be read
_WHY = {
    "locked": "{} is protected by a password. Save it without one, or as PDF.",
    "broken": "{} is broken, or not what its name suggests. Open it on your machine and save it"
    " again, or as PDF.",
    "heavy": "{} takes too much time or memory to read. Save the part that you need, or copy its"
    " text.",
    "busy": "{} cannot be read at the moment. Try again in a minute.",
    "unknown": "{} cannot be added. Archives are not supported. Extract the files and add those.",
    "empty": "{} has no text in it. Save it as PDF, or add its pages as pictures.",
}
_CUT = f"Only the first {MAX_TEXT_CHARS:,} characters could be included."
_SLOW = "Only its beginning could be included."


def read(name: str, data: bytes, form: str = "") -> tuple[str, str]:
    """Return the text of a document, and a sentence about what was left out, or "".

    Raises `FileRejected` if it is locked, broken, without text or too heavy.
    """
    told = separate.run(document_reader.__file__, data, form or "-", MAX_TEXT_CHARS)
    if why := told["why"]:
        is_promised = why == "unknown" and PROMISED.get(ending_of(name)) == "document"
        raise FileRejected(_WHY["broken" if is_promised else why].format(name))
    text = texts.clean(told["text"])
    if not text.strip():
        raise FileRejected(_WHY["empty"].format(name))
    if not told["cut"]:
        return text, ""
    note = _CUT if len(told["text"]) == MAX_TEXT_CHARS else _SLOW
    return f"[{note}]\n\n{text}", note


def read_page(name: str, data: bytes, read_as: str) -> tuple[Decoded, str]:
    """Return HTML as the text that a browser shows or as source code, and a note.

    Which of them is meant is a guess. `read_as` is one of the `others` of an earlier result, or "".
    """
    view, _, encoding = read_as.partition(", ")
    source, note = texts.read(name, data, encoding)
    encodings = source.others if source.is_guess else ("",)
    choices = tuple(_named(each, code) for each in (PAGE, SOURCE) for code in encodings)
    text = source.text
    if view != SOURCE:
        try:
            text, cut = read(name, source.text.encode(), "html")
            view, note = PAGE, f"{note} {cut}".strip()
        except FileRejected:
            if view:
                raise
            view = SOURCE  # such as the page of a program: a script and nothing else
    if view == SOURCE:
        texts.check_length(name, text)
    chosen = _named(view, source.encoding if source.is_guess else "")
    return Decoded(text, chosen, True, choices), note


def _named(view: str, encoding: str) -> str:
    return f"{view}, {encoding}" if encoding else view
