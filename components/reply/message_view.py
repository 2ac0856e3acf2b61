"""Draw one message of a reply: its thinking, its text, its calls."""

from typing import Literal

from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_status_container import StatusContainer

from clarifai_chat.chat.turn import Turn, is_thinking
from clarifai_chat.chat.usage import seconds
from clarifai_chat.messages import Message
from components.reply.answer_view import AnswerView


class MessageView:
    """One message of a reply: its thinking in an expander, then its text.

    `name` identifies the message on all pages of the tab.
    """

    def __init__(self, body: DeltaGenerator, name: str) -> None:
        self._place = body
        self._name = name
        self._thinking: StatusContainer | None = None
        self._label = ""
        self._thoughts: AnswerView | None = None
        self._text: AnswerView | None = None

    def draw(self, message: Message, turn: Turn, *, over: bool) -> None:
        thoughts = message.get("reasoning_content", "")
        if thoughts:
            label = _thinking_label(turn)
            state: Literal["running", "complete"] = "running" if is_thinking(turn) else "complete"
            if self._thinking is None or self._thoughts is None:
                self._thinking = self._place.status(label, type="compact", state=state)
                self._thoughts = AnswerView(self._thinking, f"{self._name}:thoughts")
            if label != self._label:
                self._thinking.update(label=label, state=state)
                self._label = label
            self._thoughts.draw(thoughts, over=over or not is_thinking(turn))
        if message["content"]:
            if self._text is None:
                self._text = AnswerView(self._place, f"{self._name}:text")
            self._text.draw(message["content"], over=over)
        for call in message.get("tool_calls", []) if over else []:
            function = call["function"]
            self._place.code(f"{function['name']}({function['arguments']})", language="json")

    @property
    def tail_size(self) -> int:
        growing = self._text or self._thoughts
        return growing.tail_size if growing else 0


def _thinking_label(turn: Turn) -> str:
    if is_thinking(turn):
        return ":shimmer[Thinking]"
    thought_s = turn["figures"]["thought_s"]
    return "Thinking" if thought_s is None else f"Thought for {seconds(thought_s)}"
