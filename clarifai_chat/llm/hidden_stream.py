"""Hide the access token in the events of a stream, also where it is cut by their ends.

A server that echoes a token streams it in pieces: each is a text at the same place of several
events, with JSON between. Events stay what and where they were: only the token's own characters
go, and a mark stands where they began.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from clarifai_chat import json_text
from clarifai_chat.access_token import (
    SHORTEST,
    SURE,
    GrowingRedactor,
    Redactor,
    count_letters,
)

Write = Callable[[str], None]
Place = tuple[Any, ...]  # where a text is in an event, which is the same in the next one


class HiddenStream:
    """Hides one token in the events of one stream."""

    def __init__(self, token: str, mark: str) -> None:
        self._redactor = Redactor(token, mark)
        self._growing = GrowingRedactor(token, sure=1)
        self._mark = mark
        self._is_secret = len(token) >= SHORTEST
        self._texts: dict[Place, list[_Piece]] = {}  # what may become the token, by place

    def add(self, data: str, write: Write) -> None:
        """Have `write` called with what can be shown of an event, and again if that changes."""
        event = _Event(data, lambda text: write(self._redactor.redact(text)))
        if self._is_secret:
            for place, text, change in event.texts():
                if text:
                    self._join(place, _Piece(event, text, change))
        event.write()

    def end(self) -> None:
        """Show what is too short to be a part of the token: nothing follows."""
        for pieces in self._texts.values():
            if count_letters("".join(piece.open for piece in pieces)) < SHORTEST:
                for piece in pieces:
                    piece.show(piece.open)
        self._texts.clear()

    def _join(self, place: Place, piece: "_Piece") -> None:
        pieces = [*self._texts.pop(place, []), piece]
        text = "".join(each.open for each in pieces)
        places = self._redactor.places(text)
        rest = places[-1][1] if places else 0
        half = rest + self._growing.half(text[rest:])
        if count_letters(text[half:]) >= SURE:  # fewer are no secret, and stay until it is known
            places.append((half, len(text)))
        start, waiting = 0, []
        for each in pieces:
            end = start + len(each.open)
            settled = self._without(text, start, max(start, min(end, half)), places)
            each.show(settled + self._without(text, max(start, half), end, places))
            if end > half:
                each.shown, each.open = each.shown + settled, text[max(start, half) : end]
                waiting.append(each)
            start = end
        if waiting:
            self._texts[place] = waiting

    def _without(self, text: str, start: int, end: int, places: list[tuple[int, int]]) -> str:
        """Return a part of `text` without the places, and a mark where one begins in it."""
        kept, at = [], start
        for first, last in places:
            if first < end and last > start:
                kept += [text[at : max(at, first)], self._mark if first >= start else ""]
                at = min(end, max(at, last))
        return "".join([*kept, text[at:end]])


def hidden(events: Sequence[str], token: str, mark: str) -> list[str]:
    """Return the events of a stream that is over, with `token` hidden in and between them."""
    stream, shown = HiddenStream(token, mark), [*events]
    for number, event in enumerate(events):
        stream.add(event, partial(shown.__setitem__, number))
    stream.end()
    return shown


class _Piece:
    """A text in an event: `shown` is settled, `open` may become the token."""

    def __init__(self, event: "_Event", text: str, change: Write) -> None:
        self._event, self._change = event, change
        self.shown, self.open = "", text
        self._now = text

    def show(self, open_: str) -> None:
        if (now := self.shown + open_) != self._now:
            self._now = now
            self._change(now)
            self._event.write()


class _Event:
    """An event: a JSON value with texts in it, or just a text."""

    def __init__(self, data: str, write: Write) -> None:
        self._data, self._write = data, write
        try:
            value = json_text.read(data)
        except (ValueError, RecursionError):
            value = None
        self._is_json = isinstance(value, dict | list)
        self._value = value if self._is_json else [data]
        self._changed: set[tuple[int, Any]] = set()  # texts that are not as they came

    def texts(self) -> Iterator[tuple[Place, str, Write]]:
        """Yield each text: its place, the text, and what changes it."""
        return self._texts_in(self._value, ())

    def _texts_in(self, value: Any, place: Place) -> Iterator[tuple[Place, str, Write]]:
        for name, each in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(each, str):
                yield (*place, name), each, partial(self._change, value, name, each)
            elif isinstance(each, dict | list):
                yield from self._texts_in(each, (*place, _label(name, each)))

    def _change(self, of: Any, name: Any, original: str, text: str) -> None:
        of[name] = text
        change = self._changed.discard if text == original else self._changed.add
        change((id(of), name))

    def write(self) -> None:
        if not self._changed:
            self._write(self._data)
        else:
            self._write(json.dumps(self._value) if self._is_json else self._value[0])


def _label(name: Any, value: Any) -> Any:
    """Return the name of a part; one that counts itself, as tool calls do, has its own number."""
    number = value.get("index") if isinstance(value, dict) else None
    return ("index", number) if isinstance(number, int) else name
