"""Draw an answer's Markdown with a component of ours, also while it grows, and what was asked.

The browser's half is frontend/src/answer; docs/decisions/0016-a-renderer-of-our-own.md says why.
"""

import hashlib
import time
from itertools import count

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from clarifai_chat.text import whole
from components.state.frontend import draw_component, mermaid_address, script_of

PIECE_CHARS = 200  # a piece that is longer is never sent again
FIRST_CHARS = 50  # the same for the first pieces: the last is sent again with each word
# The browser takes nothing of an older run, not even of a server that was started again.
_runs = count(time.time_ns() // 1_000_000)


class AnswerView:
    """One text of an answer. It is sent in pieces, each an element; only the last may still grow.

    `name` identifies the text on all pages of the tab: what is drawn already is not drawn again.
    """

    def __init__(self, place: DeltaGenerator, name: str) -> None:
        self._place = place.container(gap=None)
        self._id = _id(name)
        self._piece: DeltaGenerator | None = None
        self._pieces: list[DeltaGenerator] = []
        self.text = ""
        self._text = ""  # of this piece
        self._sent = 0  # characters before this piece
        self._at = 0  # the same, as JavaScript counts them
        self._is_over = False
        self._run: int | None = None

    def draw(self, text: str, *, over: bool) -> None:
        """Draw what is new in `text`; `over`: it is complete."""
        self.text = text
        if not over and "\ud800" <= text[-1:] <= "\udbff":
            text = text[:-1]  # half a character: the other half comes next
        text = whole(text)
        new = text[self._sent + len(self._text) :]
        if not new and (self._piece is None or over == self._is_over):
            return
        if not self._pieces and not over:
            self._run = next(_runs)
        if self._piece is None or (new and len(self._text) >= _piece_chars(self._sent)):
            self._sent += len(self._text)
            self._at += len(self._text.encode("utf-16-le")) // 2
            self._text, self._piece = "", None
        self._text += new
        self._is_over = over
        self._send(has_diagrams="mermaid" in text)

    def begin(self) -> None:
        """Let the browser prepare for the first word, which is then on the screen sooner."""
        self._run = next(_runs)
        self._send()

    def _send(self, *, has_diagrams: bool = False) -> None:
        data: dict[str, object] = {"id": self._id, "at": self._at, "text": self._text}
        if self._is_over:
            data["over"] = True
        if self._run:
            data["run"] = self._run
        if has_diagrams:
            data["diagrams"] = mermaid_address()
        is_new = self._piece is None
        place = self._piece or self._place
        self._piece = _drawn(place, f"{self._id}:{self._at}", data)
        if is_new:
            self._pieces.append(self._piece)

    def erase(self) -> None:
        """Remove the text from the page."""
        for piece in self._pieces:
            piece.empty()

    @property
    def tail_size(self) -> int:
        """Return how many characters are sent again with the next word."""
        return len(self._text)


def _piece_chars(sent: int) -> int:
    """Return how long a piece may be after so many characters: a long text has few pieces."""
    return max(FIRST_CHARS, min(PIECE_CHARS, sent // 20))


def draw_question(place: DeltaGenerator, name: str, text: str, *, chat: str = "") -> None:
    """Draw a question as it was typed: no markup, no remote images; a long one is folded.

    `chat` identifies the conversation: another one opens at its end.
    """
    data: dict[str, object] = {"id": _id(name), "at": 0, "text": whole(text), "typed": True}
    if chat:
        data["chat"] = chat
    _drawn(place, _id(name), data)


def load() -> None:
    """Let the browser load its half before the first answer needs it."""
    nothing = "answer:nothing"
    _drawn(st.container(), nothing, {"id": nothing, "at": 0, "text": ""})


def _id(name: str) -> str:
    return f"answer:{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _drawn(place: DeltaGenerator, id: str, data: dict[str, object]) -> DeltaGenerator:
    return draw_component(place, id, script=script_of("answer"), data=data)
