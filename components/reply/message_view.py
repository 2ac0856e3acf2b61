"""Draw one message of a reply: its thinking, its text, its calls."""

from typing import Literal
from urllib.parse import urlsplit

from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_status_container import StatusContainer

from clarifai_chat.chat.turn import Turn, is_thinking, lacks_answer
from clarifai_chat.chat.usage import seconds
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.messages import Message, Source, pieces, web_address
from components.reply.answer_view import AnswerView


class MessageView:
    """One message of a reply: thoughts in expanders and text, in their order.

    `name` identifies the message on all pages of the tab.
    """

    def __init__(self, body: DeltaGenerator, name: str) -> None:
        self._place = body
        self._name = name
        self._pieces: list[_Thought | AnswerView] = []
        self._is_whole = False

    def begin(self) -> None:
        """Let the browser prepare for the first word."""
        text = AnswerView(self._place, f"{self._name}:text:0")
        text.begin()
        self._pieces.append(text)

    def draw(self, message: Message, turn: Turn, *, over: bool) -> None:
        found = pieces(message)
        for number, (kind, text) in enumerate(found):
            is_last = number == len(found) - 1
            if number < len(self._pieces) and not _fits(self._pieces[number], kind, text):
                self._erase(number)  # what looked like an answer was a thought
            if number == len(self._pieces):
                name = f"{self._name}:{kind}:{number}"
                is_first = not any(kind == "thought" for kind, _ in found[:number])
                is_thought = kind == "thought"
                new = _Thought(self._place, name, turn, is_first) if is_thought else None
                self._pieces.append(new or AnswerView(self._place, name))
            self._pieces[number].draw(text, over=over or not is_last)
        if over and not self._is_whole:
            self._is_whole = True
            if sources := message.get("sources"):
                self._place.markdown(listed(sources))

    def _erase(self, first: int) -> None:
        for piece in self._pieces[first:]:
            if isinstance(piece, AnswerView):
                piece.erase()
        del self._pieces[first:]

    @property
    def tail_size(self) -> int:
        return self._pieces[-1].tail_size if self._pieces else 0


class _Thought:
    """A thought in an expander, which opens by itself if no answer followed."""

    def __init__(self, place: DeltaGenerator, name: str, turn: Turn, is_first: bool) -> None:
        self._turn = turn
        self._is_first = is_first
        label, state = self._head(over=False)
        self._box: StatusContainer = place.status(label, type="compact", state=state)
        self._text = AnswerView(self._box, name)
        self._shown: object = None

    def draw(self, text: str, *, over: bool) -> None:
        label, state = self._head(over=over)
        is_open = lacks_answer(self._turn)
        if (label, is_open) != self._shown:
            self._shown = label, is_open
            self._box.update(label=label, state=state, expanded=is_open or None)
        self._text.draw(text, over=over)

    @property
    def text(self) -> str:
        return self._text.text

    @property
    def tail_size(self) -> int:
        return self._text.tail_size

    def _head(self, *, over: bool) -> tuple[str, Literal["running", "complete"]]:
        if not over and is_thinking(self._turn):
            return ":shimmer[Thinking]", "running"
        thought_s = self._turn["figures"]["thought_s"]
        if not self._is_first:
            return "More thoughts", "complete"
        return "Thinking" if thought_s is None else f"Thought for {seconds(thought_s)}", "complete"


def _fits(view: "_Thought | AnswerView", kind: str, text: str) -> bool:
    return isinstance(view, _Thought) == (kind == "thought") and text.startswith(view.text)


def listed(sources: list[Source]) -> str:
    """Return the sources as Markdown, numbered as in the text."""
    lines = []
    for number, source in enumerate(sources, 1):
        url = web_address(source["url"])
        host = escaped(urlsplit(url).hostname or "") if url else ""
        title = escaped(" ".join(source["title"].split())) or host or f"Source {number}"
        host = f" · {host}" if host and title != host else ""
        lines.append(f"{number}. [{title}](<{url}>){host}" if url else f"{number}. {title}")
    return "**Sources**\n\n" + "\n".join(lines)
