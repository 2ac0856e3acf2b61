"""Draw one message of a reply: its thinking, its text block by block, its calls."""

from typing import Literal

from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_status_container import StatusContainer

from clarifai_chat.chat.turn import Turn, is_thinking
from clarifai_chat.chat.usage import seconds
from clarifai_chat.markdown.blocks import Blocks
from clarifai_chat.markdown.sanitize import safe
from clarifai_chat.messages import Message


class MessageView:
    """One message of a reply: its thinking in an expander, then its text, block by block."""

    def __init__(self, body: DeltaGenerator) -> None:
        self._place = body
        self._thinking: StatusContainer | None = None
        self._label = ""
        self._thoughts: TextView | None = None
        self._text: TextView | None = None

    def draw(self, message: Message, turn: Turn, *, over: bool) -> None:
        thoughts = message.get("reasoning_content", "")
        if thoughts:
            label = _thinking_label(turn)
            state: Literal["running", "complete"] = "running" if is_thinking(turn) else "complete"
            if self._thinking is None or self._thoughts is None:
                self._thinking = self._place.status(label, type="compact", state=state)
                self._thoughts = TextView(self._thinking)
            if label != self._label:
                self._thinking.update(label=label, state=state)
                self._label = label
            self._thoughts.draw(thoughts, over=over or not is_thinking(turn))
        if message["content"]:
            if self._text is None:
                self._text = TextView(self._place)
            self._text.draw(message["content"], over=over)
        for call in message.get("tool_calls", []) if over else []:
            function = call["function"]
            self._place.code(f"{function['name']}({function['arguments']})", language="json")

    @property
    def tail_size(self) -> int:
        growing = self._text or self._thoughts
        return growing.tail_size if growing else 0


class TextView:
    """Growing Markdown: finished blocks are written once, only the tail is rewritten."""

    def __init__(self, place: DeltaGenerator) -> None:
        self._place = place
        self._blocks = Blocks()
        self._written = 0
        self._tail: DeltaGenerator | None = None
        self._shown = ""

    def draw(self, text: str, *, over: bool) -> None:
        self._blocks.follow(text, over=over)
        for block in self._blocks.finished[self._written :]:
            self._write(block)
            self._tail = None
            self._written += 1
        if self._blocks.tail:
            self._write(self._blocks.tail)

    @property
    def tail_size(self) -> int:
        return len(self._blocks.tail)

    def _write(self, text: str) -> None:
        """Update the growing element, or start the next one."""
        if self._tail is None or text != self._shown:
            self._tail = (self._tail or self._place).markdown(safe(text))
            self._shown = text


def _thinking_label(turn: Turn) -> str:
    if is_thinking(turn):
        return ":shimmer[Thinking]"
    thought_s = turn["figures"]["thought_s"]
    return "Thinking" if thought_s is None else f"Thought for {seconds(thought_s)}"
