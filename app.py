"""Chat, the front page: pick a model, ask, watch the answer arrive."""

from collections.abc import Iterator

import streamlit as st

from clarifai_chat import llm, replies
from clarifai_chat.catalog import DEMO
from clarifai_chat.conversation import STOPPED, Turn, again, end, new_turn, resume, to_messages
from clarifai_chat.endpoints import endpoint_for
from clarifai_chat.events import StreamEvent
from clarifai_chat.wire import Call
from components import layout, shell, transcript, welcome
from components.session import is_here, session, uninterrupted, widget

RECENT_TURNS = 15  # drawn at once: the browser walks every element at each click


@uninterrupted()
def ask(prompt: str) -> None:
    turn = new_turn(prompt, session.asked_model)
    start(turn)  # first: a turn on the page without a worker counts as interrupted
    session.turns.append(turn)


def start(turn: Turn) -> None:
    """Have the turn asked, after those that wait. Nothing here draws: it is state first."""
    turns, access = session.turns, session.access
    may_share = session.may_share

    def events(call: Call) -> Iterator[StreamEvent]:
        llm.warm_up()
        shared = access["shared"] if may_share else None
        endpoint = endpoint_for(turn["model"]["url"], access["pat"], shared)
        return llm.stream_reply(
            turn["model"]["url"],
            to_messages(turns, turn),
            pat=endpoint.key,
            api_base=endpoint.api_base,
            call=call,
        )

    replies.ask(turn, events, line=session.conversation, is_here=is_here(), turns=turns)


@uninterrupted()
def ask_typed() -> None:
    ask(widget("prompt"))


@uninterrupted()
def ask_again(turn: Turn) -> None:
    """Ask the same question again, of the model that is chosen now."""
    place = next(i for i, t in enumerate(session.turns) if t["id"] == turn["id"])
    session.turns[place] = again(turn, session.asked_model)
    start(session.turns[place])


@uninterrupted()
def carry_on(turn: Turn) -> None:
    """Ask the same model for the rest of a broken-off answer."""
    resume(turn)
    start(turn)


@uninterrupted()
def ask_demo(turn: Turn) -> None:
    session.choose(DEMO.url)
    ask_again(turn)


@uninterrupted()
def remove(turn: Turn) -> None:
    """Take back a question that waits."""
    if not replies.withdraw(turn):
        return
    if turn["replies"]:  # the rest of an answer was asked for: what is there stays
        end(turn, STOPPED, None)
    else:
        session.turns.remove(turn)


@uninterrupted()
def stop() -> None:
    for turn in session.turns:
        if turn["asked_at"] is not None:
            replies.stop(turn)


@uninterrupted()
def new_chat() -> None:
    for turn in session.turns:
        if not replies.withdraw(turn):
            replies.stop(turn)
    session.start_conversation()


@uninterrupted()
def show_earlier() -> None:
    session.shown_turns += RECENT_TURNS


pending = shell.open_page("Chat")

with st.bottom:  # Stop above the box, where the reply grows
    stop_place = st.empty()
st.chat_input(
    f"Message {session.asked_model['name']}",
    key="prompt",
    on_submit=ask_typed,
)

top = st.empty()
hidden = max(0, len(session.turns) - RECENT_TURNS - session.shown_turns)
if not session.turns:
    with top.container():
        welcome.show(ask)
elif hidden:
    top.button(f"Show earlier messages ({hidden})", key="earlier", on_click=show_earlier)
for turn in session.turns:
    replies.mark_interrupted(turn)
actions: dict[transcript.ActionName, transcript.Action] = {
    "retry": ask_again,
    "resume": carry_on,
    "use_demo": ask_demo,
    "remove": remove,
}
views = [transcript.TurnView(turn, actions) for turn in session.turns[hidden:]]
# What is being answered comes first: its first word may be there before all else is drawn.
live = [view for view in views if replies.get(view.turn)][:1]
for view in live:
    view.draw()
shell.show_sidebar()
with st.sidebar:
    st.button(
        "New chat",
        key="new_chat",
        icon=":material/edit_square:",
        width="stretch",
        disabled=not session.turns,
        on_click=new_chat,
    )
for view in views:
    for each in (view, *live):
        each.draw()
if any(replies.get(turn) for turn in session.turns):
    stop_place.button("Stop", key="stop", icon=":material/stop_circle:", on_click=stop)
layout.clear_below(2 * (session.drawn_turns - len(views)))
session.drawn_turns = len(views)
transcript.watch(views, has_news=lambda: shell.has_news(pending), when_over=stop_place.empty)
shell.settle(pending)
