"""Draw a run as a timeline: what was asked, what came back, whether each call was valid."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_status_container import StatusContainer

from clarifai_chat.chat.turn import INTERRUPTED, STOPPED, UNWATCHED, can_continue, is_over, resume
from clarifai_chat.chat.usage import seconds
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.messages import thoughts as thoughts_of
from clarifai_chat.playground import run_report, runs
from clarifai_chat.playground.runs import Run, Step
from clarifai_chat.text import counted
from clarifai_chat.tools.verdict.verdict import Verdict
from components.chat import attachment_view
from components.playground import answer_form, exchange_view, run_exports
from components.reply import call_answers, reply_line, status, verdict_view
from components.reply.answer_view import AnswerView
from components.reply.call_view import CallView
from components.reply.message_view import listed
from components.state.streamlit_patches import uninterrupted

State = Literal["running", "complete", "error"]


class RunView:
    """One run on the page. `draw` adds what is new since the last call.

    Without `send`, it is a recording, in which nothing is answered and sent.
    """

    def __init__(self, run: Run, send: Callable[[Run], None] | None) -> None:
        self.run = run
        self.turn = run["turn"]
        self._send = send
        self._head = st.empty()
        self._line = ""
        self._box = st.container(gap=None)
        self._end = st.empty()
        self._steps: list[_StepView] = []
        self._whole = 0  # how many steps are drawn completely
        self._is_whole = False
        with self._box:
            _show_prompt(run)
        self.draw()

    @property
    def tail_size(self) -> int:
        return self._steps[-1].tail_size if self._steps else 0

    def draw(self) -> None:
        if self._is_whole:
            return
        over = is_over(self.turn)
        for step in runs.steps(self.run, self._whole):
            if step.number == len(self._steps):
                name = f"{self.turn['id']}:{step.number}"
                view = _StepView(self.run, self._box, name, is_recorded=self._send is None)
                self._steps.append(view)
            self._steps[step.number].draw(step)
            if step.is_over:
                self._whole = step.number + 1
        self._show_head(over)
        self._is_whole = over
        if over:
            self._show_end()

    def _show_head(self, over: bool) -> None:
        line = escaped(run_report.line(self.run)) if over else _waiting(self.run)
        if line != self._line:
            self._line = line
            self._head.markdown(f"**{line}**" if over else line)

    def _show_end(self) -> None:
        """Draw why the run ended without an answer, if it did, and the next step."""
        with self._end.container():
            attachment_view.show_made(self.turn)
            if problem := self.turn["problem"]:
                status.show_problem(problem)
            elif note := reply_line.ending(self.turn):
                st.caption(note)
            if self._send is None:
                pass
            elif runs.wants_answers(self.run):
                call_answers.show_send(self.run, self._send)
            elif runs.can_go_on(self.run):
                st.button(
                    "Continue" if can_continue(self.turn) else "Retry",
                    key=f"go_on:{self.turn['id']}",
                    icon=":material/resume:",
                    help="Sends the request again with what has arrived so far",
                    on_click=_go_on,
                    args=(self.run, self._send),
                )
            run_exports.show(self.run)


class _StepView:
    """One request of a run: the reply's line and text, then a line for each call."""

    def __init__(self, run: Run, box: DeltaGenerator, name: str, *, is_recorded: bool) -> None:
        self._run = run
        self._is_recorded = is_recorded
        self._box = box
        self._name = name
        self._number = 0
        self._reply: StatusContainer = box.status(
            "Asking", type="step", state="running", expanded=True
        )
        self._label = ""
        with self._reply:
            self._thinking_place = st.empty()
            self._thoughts: AnswerView | None = None
            self._text_place = st.container()
            self._text = AnswerView(self._text_place, f"{name}:text")
            self._notes = st.container(gap=None)
        self._calls: list[CallView] = []
        self._is_over = False

    @property
    def tail_size(self) -> int:
        return self._text.tail_size

    def draw(self, step: Step) -> None:
        if self._is_over:
            return
        self._number = step.number
        if message := step.message:
            if thoughts := "\n\n".join(thoughts_of(message)):
                if self._thoughts is None:
                    place = self._thinking_place.expander("Thinking", type="compact")
                    self._thoughts = AnswerView(place, f"{self._name}:thoughts")
                self._thoughts.draw(thoughts, over=step.is_over or bool(message["content"]))
            if not message["content"].startswith(self._text.text):  # it was a thought
                self._text.erase()
                self._text = AnswerView(self._text_place, f"{self._name}:text")
            if message["content"]:
                self._text.draw(message["content"], over=step.is_over)
        for number, (call, verdict) in enumerate(step.judged):
            if number == len(self._calls):
                show = partial(
                    call_answers.show, typed=answer_form.show, is_recorded=self._is_recorded
                )
                self._calls.append(CallView(self._run, self._box, show))
            self._calls[number].draw(call, verdict, step)
        self._show_label(step)
        if step.is_over:
            self._is_over = True
            with self._notes:
                if step.message and (sources := step.message.get("sources")):
                    st.markdown(listed(sources))
                if step.answer:
                    _show_answer_verdict(step.answer)
                for note in step.notes:
                    st.markdown(f":orange[:material/warning:] {escaped(note)}")
                exchange_view.show(self._run, step)

    def _show_label(self, step: Step) -> None:
        state: State = "complete" if step.is_over else "running"
        if step.is_over and (step.message is None or step.notes):
            state = "error"
        label = _step_label(step, len(self._run["turn"].get("pictures", [])))
        if label != self._label:
            self._label = label
            self._reply.update(label=label, state=state, expanded=True)


def _show_answer_verdict(verdict: Verdict) -> None:
    """Draw whether an answer is the JSON that was asked for, and which part of it is not."""
    badge = f":{verdict_view.COLORS[verdict.status]}-badge[{run_report.WORDS[verdict.status]}]"
    st.markdown(f"Answer as JSON {badge} {escaped(verdict.summary)}")
    if verdict.rows and verdict.status != "valid":
        st.table(verdict_view.rows(verdict.rows), border="horizontal", hide_index=True)
    for note in verdict.notes:
        st.caption(f":material/info: {escaped(note)}")


@uninterrupted()
def _go_on(run: Run, send: Callable[[Run], None]) -> None:
    if runs.can_go_on(run):  # a second click finds the run in progress
        resume(run["turn"])
        send(run)


def _show_prompt(run: Run) -> None:
    turn = run["turn"]
    names = [str(tool["function"].get("name") or "?") for tool in run["tools"]]
    servers = run["settings"]["mcp_servers"]
    offered = counted(len(names), "tool") if names else "no tools"
    offered = f"{counted(len(servers), 'MCP server')} on Clarifai" if servers else offered
    label = f"You asked **{escaped(turn['model']['name'])}**, with {offered}"
    with st.status(label, type="step", state="complete", expanded=True):
        st.text(runs.prompt(run))
        if turn.get("attachments"):
            attachment_view.show(turn)
        if system := runs.system(run):
            st.caption(f"System prompt: {escaped(system)}")
        listed = f"Tools: {', '.join(map(escaped, names))}. " if names else ""
        st.caption(f"{listed}Settings: {escaped(run_report.settings_text(run))}.")


def _step_label(step: Step, pictures: int) -> str:
    number = f"Reply {step.number + 1}"
    figures = step.figures
    if not step.is_over:
        return f"{number}: arriving" if step.message else f"{number}: asking"
    parts = [f"{number}: {_what(step, pictures)}"]
    if figures["total_s"] is not None:
        parts.append(seconds(figures["total_s"]))
    sent, received = figures["prompt_tokens"], figures["completion_tokens"]
    if sent is not None and received is not None:
        parts.append(f"{sent:,} tokens in, {received:,} out")
    ending = figures.get("ending")
    if ending and ending not in (STOPPED, UNWATCHED, INTERRUPTED):  # these are ours, not a server's
        parts.append(f"finish reason {escaped(ending)}")
    return f"**{parts[0]}** :gray[{' · '.join(parts[1:])}]" if parts[1:] else f"**{parts[0]}**"


def _what(step: Step, pictures: int) -> str:
    """Return what came back; `pictures` came in the whole run."""
    if step.message is None:
        return "nothing came back"
    if calls := len(step.judged):
        return counted(calls, "call", one="a")
    if step.message["content"].strip():
        return "an answer in words"
    return counted(pictures, "picture", one="a") if pictures else "an empty answer"


def _waiting(run: Run) -> str:
    return status.waiting_text(run["turn"]) or ":shimmer[Running]"


def show_comparison(one: Run, other: Run) -> None:
    """Draw two runs side by side, differences first."""
    rows = runs_apart(run_report.comparison(one, other))
    st.table(rows, border="horizontal", hide_index=True)


def runs_apart(rows: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    ordered = sorted(rows, key=lambda row: row[1] == row[2])
    return [
        {
            "What": escaped(name) if a == b else f"**{escaped(name)}**",
            "Run shown": escaped(a),
            "Compared with": escaped(b) if a != b else ":gray[the same]",
        }
        for name, a, b in ordered
    ]
