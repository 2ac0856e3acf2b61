"""Draw turns: the same code draws a reply while it streams and when it is history."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from clarifai_chat import llm
from clarifai_chat.catalog import DEMO
from clarifai_chat.chat import replies
from clarifai_chat.chat.turn import Attempt, Turn, is_over, said
from clarifai_chat.errors import Problem
from clarifai_chat.markdown.sanitize import escaped
from components.chat import attachment_view, turn_footer
from components.chat.message_view import MessageView, TextView
from components.chat.turn_footer import Action, ActionName, Other
from components.state.session import LOOK_S, pause_point, seed

TICK_S = 1 / 10  # how often a reply that streams is drawn at most
TAIL_BYTES_PER_S = 40_000
DRAWINGS_PER_S = 300  # of all visitors together; one costs about 1 ms of the interpreter
USER, MODEL = ":material/person:", ":material/auto_awesome:"


class View(Protocol):
    """What `watch` keeps up to date: one reply on the page."""

    turn: Turn

    @property
    def tail_size(self) -> int: ...
    def draw(self) -> None: ...


class TurnView:
    """One turn's place on the page. `draw` adds what is new since it was last called."""

    def __init__(
        self,
        turn: Turn,
        actions: Mapping[ActionName, Action],
        *,
        branch: tuple[int, int] = (1, 1),
        is_edited: bool = False,
        others: Sequence[Other] = (),
        is_uncopied: bool = False,
    ) -> None:
        """`branch`: which of how many that follow the same turn; `is_edited`: in a text box;
        `others`: models to ask instead; `is_uncopied`: the browser would not copy the answer."""
        self.turn = turn
        self._actions = actions
        self._branch = branch
        self._is_edited = is_edited
        self._others = others
        self._is_uncopied = is_uncopied
        self._question = st.chat_message("user", avatar=USER)
        self._answer = st.chat_message("assistant", avatar=MODEL)
        self._place: DeltaGenerator | None = None
        self._remark: DeltaGenerator | None = None
        self._messages: list[MessageView] = []
        self._is_whole = False
        self._noted = ""

    def _begin(self) -> DeltaGenerator:
        """What of the turn never changes, and the places for what does."""
        turn = self.turn
        if self._is_edited:
            self._show_edit()
        elif turn["prompt"] or not turn.get("attachments"):
            self._question.text(turn["prompt"])  # as it was typed: no markup, nothing fetched
        if turn.get("attachments"):
            with self._question:
                attachment_view.show(turn)
        with self._answer:
            if turn["model"]["url"] == DEMO.url:
                st.badge(turn["model"]["name"], color="gray", icon=":material/theater_comedy:")
            for attempt in turn["earlier"]:
                _show_earlier(attempt)
            # Both places are there from the start: what an earlier run drew further down stays on
            # the page, faded, until this run ends, and a run lasts as long as its replies.
            self._is_open = bool(turn["replies"])  # once: the worker may fill it meanwhile
            self._place = st.container() if self._is_open else st.empty()
            self._end = st.empty()  # a notice while the reply runs, then how it ended
        return self._place

    def draw(self) -> None:
        if self._is_whole:
            return
        place = self._place or self._begin()
        over = is_over(self.turn)
        for number, message in enumerate(self.turn["replies"]):
            if number == len(self._messages):
                if not self._is_open:
                    self._place = place = place.container()
                    self._is_open = True
                self._messages.append(MessageView(place))
            self._messages[number].draw(message, self.turn, over=over)
        if over:
            self._is_whole = True
            self._show_end()
        else:
            self._show_notice()

    def remark(self, text: str) -> None:
        """Write a quiet line below the turn, once it is drawn; "" takes it away."""
        if self._remark is None:
            self._remark = self._answer.empty()
        if text:
            self._remark.caption(text)
        else:
            self._remark.empty()

    @property
    def tail_size(self) -> int:
        """How much of the reply is sent again with each drawing, in characters."""
        return self._messages[-1].tail_size if self._messages else 0

    def _show_notice(self) -> None:
        """What is going on while there is no text to show it."""
        text = waiting_text(self.turn)
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
        """How the reply ended, and what can be done with it."""
        problem, steps = self.turn["problem"], turn_footer.next_steps(self.turn)
        with self._end.container(gap="small" if problem or steps else "xxsmall"):
            if problem:
                show_problem(problem)
            turn_footer.show(
                self.turn,
                self._actions,
                steps=steps,
                branch=self._branch,
                others=self._others,
                is_uncopied=self._is_uncopied,
            )

    def _show_edit(self) -> None:
        id, key = self.turn["id"], f"edit:{self.turn['id']}"
        # A form, for in one Control and Enter sends.
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


def watch(
    views: Sequence[View],
    *,
    has_news: Callable[[], bool],
    when_over: Callable[[], object] = lambda: None,
) -> None:
    """Draw all replies as they arrive, side by side, until none waits or runs.

    The last statement of a page. Returns early when `has_news`. `when_over` is called once no reply
    is left.
    """
    watched = [_Watched(view) for view in views]
    live = _live(watched)
    while live:
        seen = {reply: each.draw_what_is_due(reply) for each, reply in live.items()}
        if has_news():
            return
        pause_point()
        replies.wait_for_news(seen, LOOK_S)
        before, live = live, _live(watched)
        for each in before.keys() - live.keys():
            each.view.draw()
    for view in views:
        view.draw()
    when_over()


class _Watched:
    """One reply on the page: what of it is drawn, and since when."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._version, self._drawn_at = 0, 0.0

    def draw_what_is_due(self, reply: replies.Reply) -> int | None:
        """Draw the reply unless that was done a moment ago.

        Returns the version that is drawn; None where news can wait for the next drawing.
        """
        interval_s = tick_s(self.view.tail_size, replies.running())
        if time.monotonic() - self._drawn_at < interval_s:
            return None
        # Always, before the first word: it is drawn as it comes.
        if reply.version != self._version:
            self._version, self._drawn_at = reply.version, time.monotonic()
        self.view.draw()
        return self._version


def _live(watched: Sequence[_Watched]) -> dict[_Watched, replies.Reply]:
    """Return those whose replies wait or run."""
    return {each: reply for each in watched if (reply := replies.get(each.view.turn))}


def tick_s(tail_size: int, replies_running: int) -> float:
    """Seconds between two drawings of a reply that streams.

    Longer for a long tail (a big table is one block, and sent whole each time), and when many
    replies share this process's one interpreter.
    """
    return max(TICK_S, tail_size / TAIL_BYTES_PER_S, replies_running / DRAWINGS_PER_S)


def waiting_text(turn: Turn) -> str:
    """Markdown for a reply without text so far; "waiting" where it has not been asked yet."""
    if is_over(turn):
        return ""
    if notice := turn.get("notice"):
        left = max(0, round(notice["until"] - time.time()))
        return (
            f":material/refresh: {notice['what']} Trying again in {left} s"
            f" (attempt {notice['attempt']} of {notice['attempts']})."
        )
    if turn["asked_at"] is None:
        return "waiting"
    if turn["figures"]["first_token_s"] is not None:
        return ""
    if turn["replies"]:
        return ":shimmer[Continuing]"
    if not llm.is_ready():
        return ":shimmer[Starting up: the model library is loading. Your question is kept.]"
    return f":shimmer[Asking {escaped(turn['model']['name'])}]"


def _show_earlier(attempt: Attempt) -> None:
    with st.expander("An earlier answer to this question, kept", type="compact"):
        TextView(st.container()).draw(said(attempt), over=True)


def show_problem(problem: Problem) -> None:
    # Escaped: in it may be what was typed, or a file that a stranger made.
    text = f"**{escaped(problem['what'])}** {escaped(problem['advice'])}"
    if problem["detail"]:
        text += f"  \n:small[The server said: “{escaped(problem['detail'])}”]"
    whose = f"Whose side: {problem['side']}."
    if problem["code"]:
        whose += f" Clarifai code {problem['code']}."
    if problem["request_id"]:
        whose += f" Request id for support: {escaped(problem['request_id'])}"
    st.error(f"{text}  \n:small[{whose}]", icon=":material/error:")
