"""Show a text as it is in Streamlit's Markdown: labels, captions, notes of ours."""

import re

from clarifai_chat.text import whole


def escaped(text: str) -> str:
    """Return Markdown that shows `text` as it is."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~$:&^])", r"\\\1", whole(text))


_PLAIN_NAME = re.compile(r"(?!www\.)[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*(?::[0-9]+)?")


def as_label(text: str) -> str:
    """Return Markdown for a widget's label, without a backslash where a name needs none.

    A screen reader gets a label as it is written, backslashes and all.
    """
    return text if _PLAIN_NAME.fullmatch(text) else escaped(text)


def as_code(text: str) -> str:
    """Return `text` as an inline code span that nothing in it can end."""
    return f"`{' '.join(text.split()).replace('`', chr(39))}`"
