"""Draw turns: the same code draws a reply while it streams and afterwards."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from clarifai_chat.catalog import server_of
from clarifai_chat.chat.turn import Attempt, Turn, answer_text, is_over
from clarifai_chat.playground import chat_tools
from clarifai_chat.playground.runs import Run
from components.actions import turn_actions
from components.actions.turn_actions import Action, ActionName, Other
from components.chat import attachment_view, call_approval, turn_footer
from components.reply import status
from components.reply.answer_view import AnswerView, draw_question
from components.reply.call_view import CallsView
from components.reply.message_view import MessageView
from components.state.session import session
from components.state.slots import seed

USER, MODEL = ":material/person:", ":material/auto_awesome:"


class TurnView:
    """One turn on the page. `draw` adds what is new since the last call."""

    def __init__(
        self,
        turn: Turn,
        actions: Mapping[ActionName, Action],
        *,
        branch: tuple[int, int] = (1, 1),
        is_edited: bool = False,
        others: Sequence[Other] = (),
        is_uncopied: bool = False,
        was_here: bool = False,
        is_blind: bool = False,
        is_last: bool = False,
        is_asking_other: bool = False,
    ) -> None:
        """Make the view.

        `branch` is this version's number and how many there are; `is_edited` draws the question in
        a text box; `others` are models to ask instead; `is_uncopied`: the browser refused to copy;
        `was_here`: the last run drew this turn in this place, and alike; `is_blind`: nothing here
        names the model; `is_last`: the conversation has no turn after it, so that its calls can be
        answered; `is_asking_other`: every model is offered below it.
        """
        self.turn = turn
        self._was_here = was_here
        self._actions = actions
        self._branch = branch
        self._is_edited = is_edited
        self._others = others
        self._is_uncopied = is_uncopied
        self._is_blind = is_blind
        self._is_last = is_last
        self._is_asking_other = is_asking_other
        self._question = st.chat_message("user", avatar=USER)
        self._answer = st.chat_message("assistant", avatar=MODEL)
        self._has_begun = False
        self._remark: DeltaGenerator | None = None
        self._messages: dict[int, MessageView] = {}  # by their place among the replies
        self._calls: dict[int, CallsView] = {}
        self._run: Run | None = None
        self._is_whole = False
        self._noted = ""

    def _begin(self) -> None:
        """Draw what never changes, and placeholders for the rest."""
        turn = self.turn
        self._has_begun = True
        if self._is_edited:
            self._show_edit()
        elif turn["prompt"] or not turn.get("attachments"):
            name = f"{turn['id']}:question"
            draw_question(self._question, name, turn["prompt"], chat=session.chat["id"])
        if turn.get("attachments"):
            with self._question:
                attachment_view.show(turn)
        with self._answer:
            if server_of(turn["model"]["url"]) == "demo" and not self._is_blind:
                st.badge(turn["model"]["name"], color="gray", icon=":material/theater_comedy:")
            for number, attempt in enumerate(turn["earlier"]):
                _show_earlier(attempt, f"{turn['id']}:earlier:{number}")
            # Both placeholders from the start: otherwise what the last run drew here stays on the
            # page, faded, until this run ends, which takes as long as its replies. Not if it is the
            # same: the browser would make all of it again.
            self._is_open = bool(turn["replies"])  # read once: the worker may fill it at any time
            self._place = st.container() if self._is_open else st.empty()
            if self._was_here and is_over(turn):
                self._end = st.container(gap=self._gap)
            else:
                self._was_here = False
                self._end = st.empty()  # a notice while the reply runs, then how it ended

    def draw(self) -> None:
        if self._is_whole:
            return
        if not self._has_begun:
            self._begin()
        over = is_over(self.turn)
        if not over and self.turn["asked_at"] is not None and not self._messages:
            self._add_message(0).begin()
        replies = [*self.turn["replies"]]
        for number, message in enumerate(replies):
            if message["role"] == "tool":
                continue  # drawn with its call
            if number not in self._messages:
                self._add_message(number)
            is_whole = over or number < len(replies) - 1
            self._messages[number].draw(message, self.turn, over=is_whole)
            if message.get("tool_calls"):
                self._draw_calls(number)
        if over:
            self._is_whole = True
            self._show_end()
        else:
            self._show_notice()

    def _draw_calls(self, number: int) -> None:
        if self._run is None:
            self._run = chat_tools.run_of(self.turn)
        if number not in self._calls:
            view = CallsView(self._run, self._place, partial(call_approval.show, self._is_last))
            self._calls[number] = view
        self._calls[number].draw(chat_tools.step_at(self._run, number))

    def _add_message(self, number: int) -> MessageView:
        if not self._is_open:
            self._place = self._place.container()
            self._is_open = True
        view = MessageView(self._place, f"{self.turn['id']}:{number}")
        self._messages[number] = view
        return view

    def remark(self, text: str) -> None:
        """Write a caption below the turn, which must be drawn already; "" removes it."""
        if self._remark is None:
            self._remark = self._answer.empty()
        if text:
            self._remark.caption(text)
        else:
            self._remark.empty()

    @property
    def tail_size(self) -> int:
        """How many characters of the reply are sent again each time it is drawn."""
        return self._messages[max(self._messages)].tail_size if self._messages else 0

    def _show_notice(self) -> None:
        """Draw what the reply waits for while it has no text yet."""
        text = status.waiting_text(self.turn, is_blind=self._is_blind)
        if text == self._noted:
            return
        self._noted = text
        if text == "waiting":
            with self._end.container(horizontal=True, vertical_alignment="center"):
                st.caption(":material/schedule: Waiting for the answer above.")
                st.button(
                    "Remove",
                    key=f"remove:{self.turn['id']}",
                    type="tertiary",
                    on_click=self._actions["remove"],
                    args=(self.turn,),
                )
        elif text:
            self._end.markdown(text)
        else:
            self._end.empty()

    def _show_end(self) -> None:
        """Draw how the reply ended, and the next steps."""
        problem, steps = self.turn["problem"], self._steps()
        with self._end if self._was_here else self._end.container(gap=self._gap):
            attachment_view.show_made(self.turn)
            attachment_view.show_not_sent(self.turn)
            if problem:
                status.show_problem(problem)
            if self._waits_for_answers:
                call_approval.show_why(self.turn)
            if self._is_blind:
                return
            turn_footer.show(
                self.turn,
                self._actions,
                steps=steps,
                branch=self._branch,
                others=self._others,
                is_uncopied=self._is_uncopied,
            )
            if self._is_asking_other:
                turn_footer.show_models(
                    self.turn, turn_actions.every_model(self.turn), self._actions
                )

    @property
    def _gap(self) -> Literal["small", "xxsmall"]:
        is_odd = self.turn["problem"] or self._steps()
        return "small" if is_odd else "xxsmall"

    def _steps(self) -> list[tuple[ActionName, str, str]]:
        steps = turn_footer.next_steps(self.turn)
        if self._waits_for_answers:
            steps = [*call_approval.steps(self.turn), *steps]
        return [step for step in steps if step[0] in self._actions]

    @property
    def _waits_for_answers(self) -> bool:
        return self._is_last and chat_tools.wants_answers(self.turn)

    def _show_edit(self) -> None:
        id, key = self.turn["id"], f"edit:{self.turn['id']}"
        # A form, so that Ctrl+Enter submits.
        with self._question, st.form(f"edit_form:{id}", border=False):
            seed(key, self.turn["prompt"])
            st.text_area("Question", key=key, label_visibility="collapsed")
            with st.container(horizontal=True):
                self._submit("send_edit", "Send", ":material/send:")
                self._submit("leave_edit", "Cancel", ":material/close:")

    def _submit(self, action: ActionName, label: str, icon: str) -> None:
        st.form_submit_button(
            label,
            key=f"{action}:{self.turn['id']}",
            icon=icon,
            on_click=self._actions[action],
            args=(self.turn,),
        )


def _show_earlier(attempt: Attempt, name: str) -> None:
    with st.expander("Earlier answer", type="compact"):
        AnswerView(st.container(), name).draw(answer_text(attempt), over=True)
