"""Show a text as it is in Streamlit's Markdown: labels, captions, notes of ours."""

import re

from clarifai_chat.text import whole


def escaped(text: str) -> str:
    """Return Markdown that shows `text` as it is."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~$:&^])", r"\\\1", whole(text))


def as_code(text: str) -> str:
    """Return `text` as an inline code span that nothing in it can end."""
    return f"`{' '.join(text.split()).replace('`', chr(39))}`"
