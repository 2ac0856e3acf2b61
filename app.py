"""Chat, the front page: pick a model, ask, watch the answer arrive."""

import streamlit as st

from clarifai_chat.chat import chats, replies
from components.actions import asking, turn_actions
from components.chat import (
    address,
    attachment_input,
    chat_list,
    clipboard,
    context_meter,
    settings_box,
    transcript,
    turn_footer,
    welcome,
)
from components.frame import layout, shell
from components.reply import live
from components.state.session import session, uninterrupted

RECENT_TURNS = 15  # drawn at once: the browser walks every element at each click
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
}


@uninterrupted()
def show_earlier() -> None:
    session.shown_turns += RECENT_TURNS


def show_the_end() -> None:
    """No reply is left: the next question will have all of them before it."""
    stop_place.empty()
    meter_view.draw(pending)


pending = shell.begin_page("Chat")
address.read_url()
pending += attachment_input.ask_when_read()

with st.bottom:
    clipboard.show()
    turn_footer.style()
    attachment_input.show()
# Stop above the box, where the reply grows, and what the next question will use.
with (
    st.bottom,
    st.container(
        key="box_line", horizontal=True, wrap=False, vertical_alignment="center", gap="small"
    ),
):
    stop_place, meter_places = st.empty(), (st.empty(), st.empty())
    attachment_input.show_limits()
st.chat_input(
    f"Message {session.asked_model['name']}",
    key="prompt",
    # Of any kind: the browser would take away what it refuses, and send the question without it.
    accept_file="multiple",
    disabled=bool(session.reading),  # it shows the question whose files are being read
    on_submit=attachment_input.submit,
)

turns = session.turns
top, undo_place = st.empty(), st.empty()
hidden = max(0, len(turns) - RECENT_TURNS - session.shown_turns)
if not turns:
    with top.container():
        address.show_notice()
        welcome.show(asking.ask_first)
elif hidden:
    top.button(f"Show earlier messages ({hidden})", key="earlier", on_click=show_earlier)
for turn in turns:
    replies.mark_interrupted(turn)
branches, others = chats.branches(session.chat), turn_actions.others()
views = [
    transcript.TurnView(
        turn,
        ACTIONS,
        branch=branches.get(turn["id"], (1, 1)),
        is_edited=session.editing == turn["id"],
        others=others,
        is_uncopied=session.uncopied == turn["id"],
    )
    for turn in turns[hidden:]
]
# What is being answered comes first: its first word may be there before all else is drawn.
answering = [view for view in views if replies.get(view.turn)][:1]
for view in answering:
    view.draw()
shell.show_sidebar()
with st.sidebar:
    settings_box.show()
    chat_list.show()
address.write()
for view in views:
    for each in (view, *answering):
        each.draw()
if session.removed_turns:
    undo_place.button(
        "Deleted. Undo", key="put_back", icon=":material/undo:", on_click=turn_actions.put_back
    )
meter_view = context_meter.MeterView(meter_places, turns, views)
if any(replies.get(turn) for turn in turns):
    meter_view.draw(pending)
    stop_place.button("Stop", key="stop", icon=":material/stop_circle:", on_click=asking.stop)
layout.clear_below(2 * (session.drawn_turns - len(views)))
session.drawn_turns = len(views)
live.watch(views, has_news=lambda: shell.has_news(pending), when_over=show_the_end)
shell.wait_for_jobs(pending)
