"""Put the fields together that a provider wants back as they came."""

from itertools import pairwise
from typing import Any

from clarifai_chat.messages import opaque

_GROWING = ("text", "summary")  # of a part of the thoughts: these come in pieces
_MOST_PARTS = 1000


class ThoughtParts:
    """`reasoning_details`, as they are sent back, from the fragments of a stream.

    Parts with one index are one part; without an index, a part goes on until another type comes
    (https://openrouter.ai/docs/use-cases/reasoning-tokens). MiniMax repeats a part's text from its
    start in each fragment.
    """

    def __init__(self) -> None:
        self._parts: list[dict[str, Any]] = []
        self._pieces: list[dict[str, list[str]]] = []  # of each part's growing fields

    def add(self, found: Any) -> None:
        for part in found if isinstance(found, list) else []:
            if isinstance(part, dict) and len(self._parts) < _MOST_PARTS:
                self._add(part)

    def _add(self, part: dict[str, Any]) -> None:
        at = self._place(part)
        if at is None:
            at = len(self._parts)
            self._parts.append({})
            self._pieces.append({})
        for name, value in part.items():
            if name in _GROWING and isinstance(value, str):
                self._pieces[at].setdefault(name, []).append(value)
            elif value is not None or name not in self._parts[at]:
                self._parts[at][name] = value

    def _place(self, part: dict[str, Any]) -> int | None:
        """Return which part this is more of; None if it begins one."""
        index, kind = part.get("index"), part.get("type")
        for at in range(len(self._parts) - 1, -1, -1):
            known = self._parts[at]
            if known.get("type") == kind and known.get("index") == index:
                is_ended = index is None and known.get("signature")
                return None if is_ended or kind == "reasoning.encrypted" else at
            if index is None:
                return None
        return None

    def finished(self) -> list[dict[str, Any]]:
        """Return the parts; [] if there are none, or if they are too large to keep."""
        made = [
            {**part, **{name: _joined(texts) for name, texts in pieces.items()}}
            for part, pieces in zip(self._parts, self._pieces, strict=True)
        ]
        return opaque(made) or []


def merged(old: dict[str, Any], new: dict[str, Any], depth: int = 4) -> dict[str, Any]:
    """Return `old` with what `new` adds to it; an empty value replaces nothing."""
    made = {**old}
    for name, value in new.items():
        before = made.get(name)
        if depth and isinstance(before, dict) and isinstance(value, dict):
            made[name] = merged(before, value, depth - 1)
        elif value or name not in made:
            made[name] = value
    return made


def _joined(pieces: list[str]) -> str:
    repeats = len(pieces) > 1 and all(
        after.startswith(before) for before, after in pairwise(pieces)
    )
    return pieces[-1] if repeats else "".join(pieces)
