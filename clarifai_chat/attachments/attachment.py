"""Describe a file that goes with a question."""

from typing import Literal, TypedDict


class Attachment(TypedDict):
    """A file that goes with a question. Its content is in the store, not in the turn."""

    id: str  # 32 hex digits, random
    name: str
    kind: Literal["image", "text", "audio"]
    mime: str
    size: int  # bytes, as kept
    tokens: int | None
    sha256: str
