"""Draw each model's conversation in a column of its own."""

from functools import partial

import streamlit as st

from clarifai_chat import catalog
from clarifai_chat.chat import chats, replies
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import Turn, answer_text, is_over
from clarifai_chat.markdown.sanitize import escaped
from components.actions import asking, code, comparing, turn_actions
from components.actions.comparing import letter
from components.chat import clipboard, turn_footer
from components.chat.transcript import TurnView
from components.compare import narrow
from components.state import persistence
from components.state.session import session

ACTIONS: dict[turn_actions.ActionName, turn_actions.Action] = {
    "retry": asking.ask_again,
    "resume": asking.carry_on,
    "remove": asking.remove,
    "older": turn_actions.older,
    "newer": turn_actions.newer,
    "copy": clipboard.copy,
    "rate": turn_actions.rate,
    "code": code.of_turn,
}


class ColumnView:
    """One turn in a column: the turn, and the Stop button while it runs."""

    def __init__(self, turn: Turn, chat: Chat, at: int) -> None:
        self.turn = turn
        self._view = TurnView(
            turn,
            ACTIONS,
            branch=chats.branches(chat).get(turn["id"], (1, 1)),
            is_uncopied=session.uncopied == turn["id"],
            is_blind=session.is_blind,
        )
        self._stop = st.empty()
        if replies.get(turn):
            self._stop.button(
                "Stop",
                key=f"stop:{letter(at)}:{turn['id']}",
                icon=":material/stop_circle:",
                on_click=comparing.stop,
                args=(chat,),
            )

    @property
    def tail_size(self) -> int:
        return self._view.tail_size

    def draw(self) -> None:
        self._view.draw()
        if is_over(self.turn):
            self._stop.empty()


class Columns:
    """All columns. `views` holds their turns, for `live.watch`."""

    def __init__(self) -> None:
        self.views: list[ColumnView] = []
        found = session.compared
        turn_footer.style()
        narrow.show_switch([_name(at) for at in range(len(found))])
        self._votes = []
        for at, (place, chat) in enumerate(zip(st.columns(len(found)), found, strict=True)):
            with place, st.container(key=f"column_{letter(at)}"):
                _show_head(at, chat)
                persistence.catch_up(chat)
                turns = chats.path(chat)
                for turn in turns:
                    replies.mark_interrupted(turn)
                self.views += [ColumnView(turn, chat, at) for turn in turns]
                self._votes.append(st.empty())
        self._tie = st.empty()

    def draw(self) -> None:
        for view in self.views:
            view.draw()

    def draw_votes(self) -> None:
        """Offer a vote once every model has answered the same question."""
        asked = comparing.round_of()
        answered = [answer_text(chats.path(chat)[-1]).strip() for chat in session.compared if asked]
        is_open = asked and asked not in session.voted and sum(map(bool, answered)) >= 2
        for at, place in enumerate(self._votes):
            if not is_open or not answered[at]:
                continue
            place.button(
                f"{letter(at)} is the best answer",
                key=f"vote:{letter(at)}:{asked}",
                icon=":material/thumb_up:",
                width="stretch",
                on_click=comparing.vote,
                args=(at,),
            )
        if is_open:
            self._tie.button(
                "They are equally good",
                key=f"vote:none:{asked}",
                on_click=comparing.vote,
                args=(None,),
            )


def _name(at: int) -> str:
    if session.is_blind:
        return f"Model {letter(at)}"
    model = catalog.describe(session.models, session.compared[at]["model"])
    return f"{letter(at)} · {model.name}"


def _show_head(at: int, chat: Chat) -> None:
    model = catalog.describe(session.models, chat["model"])
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(escaped(_name(at)), anchor=False)
        if not session.is_blind and st.button(
            "Continue as a chat",
            key=f"open_chat:{letter(at)}",
            type="tertiary",
            icon=":material/chat:",
            on_click=partial(comparing.open_as_chat, chat),
        ):
            st.switch_page("app.py")
    if not session.is_blind:
        st.caption(escaped(catalog.price_text(model)))
