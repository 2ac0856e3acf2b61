"""Separate a question's files from its own words, and name them."""

import re
from typing import Any

from clarifai_chat.text import counted, listed

# A text file in a prompt: its name, its tokens, a fence that it cannot close.
_TEXT = re.compile(
    r"File: (?P<name>[^\n]+?)(?: \([\d,]+ tokens?\))?\n(?P<fence>`{3,})[a-z0-9]*\n"
    r".*?\n(?P=fence)(?:\n\n|\Z)",
    re.DOTALL,
)
_KINDS = {"image_url": "picture", "input_audio": "sound"}


def asked(text: str) -> str:
    """Return a question's own words, without the text files before them."""
    return text[_end(text) :]


def named(content: Any) -> str:
    """Return a message's files in words: "**notes.txt**, a picture and 2 sounds", or ""."""
    parts: list[Any] = content if isinstance(content, list) else [{"text": content}]
    parts = [part for part in parts if isinstance(part, dict)]
    found = [
        f"**{_plain(text['name'])}**"
        for part in parts
        if isinstance(part.get("text"), str)
        for text in _texts(part["text"])
    ]
    for kind, word in _KINDS.items():
        count = sum(part.get("type") == kind for part in parts)
        if count:
            found.append(counted(count, word, one="a"))
    return listed(found)


def _texts(text: str) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    while match := _TEXT.match(text, found[-1].end() if found else 0):
        found.append(match)
    return found


def _end(text: str) -> int:
    found = _texts(text)
    return found[-1].end() if found else 0


def _plain(name: str) -> str:
    return re.sub(r"[`*_<>\[\]$|#]", "", name)
