"""Draw the conversation and the box below it."""

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from clarifai_chat.background import Job
from clarifai_chat.chat import chats, replies
from clarifai_chat.chat.turn import Turn
from clarifai_chat.playground import chat_tools
from components.actions import answering, asking, code, replaying, turn_actions
from components.chat import address, attachment_input, clipboard, turn_footer, upload_guard, welcome
from components.chat.context_meter import MeterView
from components.chat.transcript import TurnView
from components.frame import drafts, layout
from components.reply import live
from components.state.session import session
from components.state.streamlit_patches import uninterrupted

RECENT_TURNS = 15  # more would be slow: the browser walks every element at each click
STEP = 5  # so many questions later are the oldest hidden, because then every turn moves
ACTIONS: dict[turn_actions.ActionName, turn_actions.Action] = {
    "retry": asking.ask_again,
    "resume": asking.carry_on,
    "use_demo": asking.ask_demo,
    "remove": asking.remove,
    "edit": turn_actions.edit,
    "send_edit": turn_actions.send_edit,
    "leave_edit": turn_actions.leave_edit,
    "older": turn_actions.older,
    "newer": turn_actions.newer,
    "fork": turn_actions.fork,
    "take_out": turn_actions.delete_turn,
    "copy": clipboard.copy,
    "rate": turn_actions.rate,
    "code": code.of_turn,
    "record": replaying.offer,
    "choose_other": turn_actions.choose_other,
    "ask_other": turn_actions.ask_other,
    "leave_other": turn_actions.leave_other,
    "playground": turn_actions.open_in_playground,
    "approve": answering.approve,
    "refuse": answering.refuse,
}


class BoxLine(NamedTuple):
    """Placeholders in the line above the box."""

    stop: DeltaGenerator
    meter: tuple[DeltaGenerator, DeltaGenerator]


def _draw_box() -> BoxLine:
    """Draw the box for questions, and the line above it: Stop, the context meter, files."""
    with st.bottom:
        turn_footer.style(drafts.STYLE)
        upload_guard.show()
        attachment_input.show()
        with st.container(
            key="box_line", horizontal=True, wrap=False, vertical_alignment="center", gap="small"
        ):
            line = BoxLine(st.empty(), (st.empty(), st.empty()))
            attachment_input.show_limits()
        # In here, because below a box that Streamlit moves down itself, it throws readers back who
        # scroll up; frontend/src/answer/place.js keeps the reader's place.
        st.chat_input(
            f"Message {session.asked_model['name']}",
            key="prompt",
            # Files of any kind: the browser would drop what it rejects, and send the question
            # without.
            accept_file="multiple",
            accept_audio=session.model.audio is True,
            disabled=bool(session.reading),  # it holds the question whose files are being read
            on_submit=attachment_input.submit,
        )
    return line


class ChatPane:
    """The conversation on the page. `views` holds its turns, for `live.watch`."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns
        top, self._undo = st.empty(), st.empty()
        hidden = max(0, len(turns) - RECENT_TURNS - session.shown_turns) // STEP * STEP
        if not turns:
            with top.container():
                address.show_notice()
                welcome.show(asking.ask_first)
        elif hidden:
            top.button(f"Show earlier messages ({hidden})", key="earlier", on_click=_show_earlier)
        elif session.copied_chat == session.chat["id"]:
            with top.container():
                address.show_notice()
        for turn in turns:
            replies.mark_interrupted(turn)
        branches, others = chats.branches(session.chat), turn_actions.others()
        self.views = [
            TurnView(
                turn,
                ACTIONS,
                branch=branches.get(turn["id"], (1, 1)),
                is_edited=session.editing == turn["id"],
                others=others,
                is_uncopied=session.uncopied == turn["id"],
                is_asking_other=session.asking_other == turn["id"],
                is_last=turn is turns[-1],
                was_here=session.drawn_turns[place : place + 1] == [_as_drawn(turn)],
            )
            for place, turn in enumerate(turns[hidden:])
        ]
        self._answering = [view for view in self.views if replies.get(view.turn)][:1]

    def draw_live_reply(self) -> None:
        """Draw the reply that is arriving, if it has just been asked up to its first word.

        The browser hears first that its question has arrived, or a reload would put it back into
        the box, below its answer.
        """
        with st.bottom:
            clipboard.show()
            drafts.show_for_box()
        for view in self._answering:
            live.draw_first_word(view)

    def draw_box(self) -> None:
        self._line = _draw_box()
        self._meter = MeterView(self._line.meter, self._turns, self.views)

    def draw(self, pending: list[Job]) -> None:
        """Draw every turn and what depends on them; add background jobs to `pending`."""
        for view in self.views:
            for each in (view, *self._answering):
                each.draw()
        if session.removed_turns:
            self._undo.button(
                "Deleted. Undo",
                key="put_back",
                icon=":material/undo:",
                on_click=turn_actions.put_back,
            )
        self._pending = pending
        if any(replies.get(turn) for turn in self._turns):
            self._meter.draw(pending)
            self._line.stop.button(
                "Stop", key="stop", icon=":material/stop_circle:", on_click=asking.stop
            )
        layout.clear_below(2 * (len(session.drawn_turns) - len(self.views)))
        session.drawn_turns = [_as_drawn(view.turn) for view in self.views]

    def draw_end(self) -> None:
        """Remove Stop and draw the meter again, once no reply is running."""
        self._line.stop.empty()
        self._meter.draw(self._pending)


def _as_drawn(turn: Turn) -> str:
    """Return an id of the turn and of what else decides how many elements it takes."""
    shown_otherwise = (session.editing, session.uncopied, session.asking_other)
    is_odd = turn["id"] in shown_otherwise or chat_tools.wants_answers(turn)
    return f"{turn['id']}{'!' if is_odd else ''}"


@uninterrupted()
def _show_earlier() -> None:
    session.shown_turns += RECENT_TURNS
