"""Draw a tool call: its arguments as they arrive, then its verdict and its answer."""

from collections.abc import Callable
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_status_container import StatusContainer

from clarifai_chat.markdown.sanitize import as_code
from clarifai_chat.messages import ToolCall
from clarifai_chat.playground import run_report
from clarifai_chat.playground.runs import Run, Step
from clarifai_chat.text import whole
from clarifai_chat.tools.verdict.verdict import Verdict
from components.reply import verdict_view

State = Literal["running", "complete", "error"]
ShowAnswer = Callable[[Run, ToolCall, Step], None]


class CallView:
    """One call on the page. `show_answer` draws its answer, or a box for it.

    `folds`: a valid call that has its answer is one line, until it is opened.
    """

    def __init__(
        self, run: Run, box: DeltaGenerator, show_answer: ShowAnswer, *, folds: bool = False
    ) -> None:
        self._run = run
        self._show_answer = show_answer
        self._folds = folds
        self._status: StatusContainer = box.status(
            "Calling", type="step", state="running", expanded=True
        )
        self._place = self._status.empty()
        self._shown = ""
        self._is_over = False

    def draw(self, call: ToolCall, verdict: Verdict, step: Step) -> None:
        if self._is_over:
            return
        function = call["function"]
        called, arguments = whole(function["name"]), whole(function["arguments"])
        if not step.is_over:
            if self._shown != arguments:
                self._shown = arguments
                self._status.update(label=f"Calling {as_code(called)}")
                self._place.code(arguments, language=None, wrap_lines=True)
            return
        self._is_over = True
        word = run_report.word(call, verdict)
        is_fine = verdict.status in ("valid", "undecided")
        state: State = "complete" if verdict.status == "valid" else "error"
        name = as_code(called) if called else "a tool without a name"
        color = verdict_view.COLORS[verdict.status]
        is_folded = self._folds and is_fine and call["id"] in step.answers
        self._status.update(
            label=f"Call {name} :{color}-badge[{word}]", state=state, expanded=not is_folded
        )
        with self._place.container():
            verdict_view.show(verdict)
            # Not as JSON: its colors are too faint on a light page.
            st.code(arguments or "(no arguments were sent)", None, wrap_lines=True)
            self._show_answer(self._run, call, step)


class CallsView:
    """The calls of one reply of a conversation's turn."""

    def __init__(self, run: Run, box: DeltaGenerator, show_answer: ShowAnswer) -> None:
        self._run = run
        self._box = box
        self._show_answer = show_answer
        self._calls: list[CallView] = []
        self._is_over = False

    def draw(self, step: Step) -> None:
        for number, (call, verdict) in enumerate(step.judged):
            if number == len(self._calls):
                self._calls.append(CallView(self._run, self._box, self._show_answer, folds=True))
            self._calls[number].draw(call, verdict, step)
