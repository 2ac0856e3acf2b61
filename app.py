"""Chat, the front page: pick a model, ask, watch the answer arrive."""

import streamlit as st

from clarifai_chat import chats, replies
from components import asking, chat_list, layout, shell, transcript, turn_actions, welcome
from components.session import session, uninterrupted

RECENT_TURNS = 15  # drawn at once: the browser walks every element at each click
ACTIONS: dict[transcript.ActionName, transcript.Action] = {
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
    "take_out": turn_actions.take_out,
}


@uninterrupted()
def show_earlier() -> None:
    session.shown_turns += RECENT_TURNS


pending = shell.open_page("Chat")
chat_list.take_address()

with st.bottom:  # Stop above the box, where the reply grows
    stop_place = st.empty()
st.chat_input(
    f"Message {session.asked_model['name']}",
    key="prompt",
    on_submit=asking.ask_typed,
)

turns = session.turns
top = st.empty()
hidden = max(0, len(turns) - RECENT_TURNS - session.shown_turns)
if not turns:
    with top.container():
        welcome.show(asking.ask)
elif hidden:
    top.button(f"Show earlier messages ({hidden})", key="earlier", on_click=show_earlier)
for turn in turns:
    replies.mark_interrupted(turn)
branches = chats.branches(session.chat)
views = [
    transcript.TurnView(
        turn,
        ACTIONS,
        branch=branches.get(turn["id"], (1, 1)),
        is_edited=session.editing == turn["id"],
    )
    for turn in turns[hidden:]
]
# What is being answered comes first: its first word may be there before all else is drawn.
live = [view for view in views if replies.get(view.turn)][:1]
for view in live:
    view.draw()
shell.show_sidebar()
with st.sidebar:
    chat_list.show()
chat_list.name_in_address()
for view in views:
    for each in (view, *live):
        each.draw()
if session.removed_turns:
    top.button(
        "Deleted. Undo", key="put_back", icon=":material/undo:", on_click=turn_actions.put_back
    )
if any(replies.get(turn) for turn in turns):
    stop_place.button("Stop", key="stop", icon=":material/stop_circle:", on_click=asking.stop)
layout.clear_below(2 * (session.drawn_turns - len(views)))
session.drawn_turns = len(views)
transcript.watch(views, has_news=lambda: shell.has_news(pending), when_over=stop_place.empty)
shell.settle(pending)
