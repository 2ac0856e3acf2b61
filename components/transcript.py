"""Draw turns: the same code draws a reply while it streams and when it is history."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from clarifai_chat import llm, replies
from clarifai_chat.catalog import DEMO
from clarifai_chat.conversation import (
    INTERRUPTED,
    STOPPED,
    UNWATCHED,
    Attempt,
    Turn,
    can_continue,
    is_over,
    said,
)
from clarifai_chat.errors import Problem
from clarifai_chat.markdown import escaped
from components import reply_line
from components.message_view import MessageView, TextView
from components.session import LOOK_S, pause_point, seed, widget

TICK_S = 1 / 10  # how often a reply that streams is drawn at most
TAIL_BYTES_PER_S = 40_000
DRAWINGS_PER_S = 300  # of all visitors together; one costs about 1 ms of the interpreter
USER, MODEL = ":material/person:", ":material/auto_awesome:"

Action = Callable[[Turn], None]
ActionName = Literal[
    "retry",
    "resume",
    "use_demo",
    "remove",
    "edit",
    "send_edit",
    "leave_edit",
    "older",
    "newer",
    "fork",
    "take_out",
]
MENU: dict[str, ActionName] = {
    "Edit the question": "edit",
    "Ask again": "retry",
    "Go on from here in a new chat": "fork",
    "Delete": "take_out",
}

# The next step for each way of ending.
ASK_AGAIN = (STOPPED, UNWATCHED, INTERRUPTED, "content_filter")
ASK_DEMO = ("NoPat", "SharedPatSpent", "Unreachable")


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
    ) -> None:
        """`branch`: which of how many that follow the same turn; `is_edited`: in a text box."""
        self.turn = turn
        self._actions = actions
        self._branch = branch
        self._is_edited = is_edited
        self._question = st.chat_message("user", avatar=USER)
        self._answer = st.chat_message("assistant", avatar=MODEL)
        self._place: DeltaGenerator | None = None
        self._messages: list[MessageView] = []
        self._is_whole = False
        self._noted = ""

    def _begin(self) -> DeltaGenerator:
        """What of the turn never changes, and the places for what does."""
        turn = self.turn
        if self._is_edited:
            self._show_edit()
        else:
            self._question.text(turn["prompt"])  # as it was typed: no markup, nothing fetched
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
        """How the reply ended, what it took, and the next step that fits."""
        turn, problem = self.turn, self.turn["problem"]
        line = reply_line.text(turn) if turn["replies"] or not problem else ""
        buttons: list[tuple[ActionName, str, str]] = []
        if can_continue(turn):
            buttons.append(("resume", "Continue", ":material/resume:"))
        if problem["can_retry"] if problem else turn["ending"] in ASK_AGAIN:
            buttons.append(("retry", "Ask again", ":material/refresh:"))
        if problem and problem["kind"] in ASK_DEMO:
            buttons.append(("use_demo", "Ask the Demo instead", ":material/theater_comedy:"))
        with self._end.container(gap="small"):
            if problem:
                show_problem(problem)
            if buttons:
                if line:
                    st.caption(line)
                with st.container(horizontal=True, vertical_alignment="center"):
                    for action, label, icon in buttons:
                        self._button(action, label, icon)
                    self._show_menu()
            else:
                with st.container(horizontal=True, vertical_alignment="center"):
                    st.caption(line, width="stretch")
                    self._show_menu()

    def _show_menu(self) -> None:
        """The way to this turn's siblings, where it has any, and what else can be done with it."""
        number, count = self._branch
        if count > 1:
            self._button("older", "", ":material/chevron_left:", disabled=number == 1)
            st.caption(f"{number}/{count}", width="content")
            self._button("newer", "", ":material/chevron_right:", disabled=number == count)
        if set(self._actions) >= set(MENU.values()):
            st.menu_button(
                "",
                list(MENU),
                key=f"turn:{self.turn['id']}",
                type="tertiary",
                icon=":material/more_horiz:",
                help="Edit, ask again, go on elsewhere, delete",
                on_click=self._choose,
            )

    def _choose(self) -> None:
        if action := MENU.get(widget(f"turn:{self.turn['id']}")):
            self._actions[action](self.turn)

    def _show_edit(self) -> None:
        key = f"edit:{self.turn['id']}"
        with self._question:
            seed(key, self.turn["prompt"])
            st.text_area("Question", key=key, label_visibility="collapsed")
            with st.container(horizontal=True):
                self._button("send_edit", "Send", ":material/send:")
                self._button("leave_edit", "Cancel", ":material/close:")

    def _button(self, action: ActionName, label: str, icon: str, *, disabled: bool = False) -> None:
        st.button(
            label,
            key=f"{action}:{self.turn['id']}",
            icon=icon,
            type="secondary" if label else "tertiary",
            disabled=disabled,
            on_click=self._actions[action],
            args=(self.turn,),
        )


def watch(
    views: Sequence[View], *, has_news: Callable[[], bool], when_over: Callable[[], object]
) -> None:
    """Draw replies as they arrive until none waits or runs. The last statement of a page.

    Returns early when `has_news`. `when_over` is called once no reply is left.
    """
    while live := [view for view in views if replies.get(view.turn)]:
        view = next((v for v in live if v.turn["asked_at"] is not None), live[0])
        reply = replies.get(view.turn)
        version, drawn_at = 0, 0.0
        while reply and not reply.done.is_set():
            is_due = time.monotonic() - drawn_at >= tick_s(view.tail_size, replies.running())
            if is_due:  # always, before the first word: it is drawn as it comes
                if reply.version != version:
                    version, drawn_at = reply.version, time.monotonic()
                view.draw()
            if has_news():
                return
            pause_point()
            if is_due:
                reply.watch(version, LOOK_S)
            else:
                reply.done.wait(LOOK_S)
        view.draw()
    for view in views:
        view.draw()
    when_over()


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
    text = f"**{problem['what']}** {problem['advice']}"
    if problem["detail"]:
        text += f"  \n:small[The server said: “{escaped(problem['detail'])}”]"
    whose = f"Whose side: {problem['side']}."
    if problem["code"]:
        whose += f" Clarifai code {problem['code']}."
    if problem["request_id"]:
        whose += f" Request id for support: {escaped(problem['request_id'])}"
    st.error(f"{text}  \n:small[{whose}]", icon=":material/error:")
