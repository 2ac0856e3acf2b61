"""Chat, the front page: pick a model, ask, watch the answer arrive."""

from collections.abc import Iterator

import streamlit as st

from clarifai_chat import chats, llm, replies
from clarifai_chat.catalog import DEMO
from clarifai_chat.conversation import STOPPED, Turn, end, new_turn, resume, to_messages
from clarifai_chat.endpoints import endpoint_for
from clarifai_chat.events import StreamEvent
from clarifai_chat.wire import Call
from components import chat_list, keeping, layout, shell, transcript, welcome
from components.session import forget_widgets, is_here, session, uninterrupted, widget

RECENT_TURNS = 15  # drawn at once: the browser walks every element at each click


@uninterrupted()
def ask(prompt: str) -> None:
    turn, chat, path = new_turn(prompt, session.asked_model), session.chat, session.turns
    chats.add(chat, turn, path[-1] if path else None)
    chat["model"] = turn["model"]["url"]
    start(turn)


def start(turn: Turn) -> None:
    """Have the turn asked, after those that wait. Nothing here draws: it is state first."""
    keeping.save()  # before its request goes out
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

    replies.ask(turn, events, line=session.chat["id"], is_here=is_here(), turns=turns)
    keeping.follow(turn)


@uninterrupted()
def ask_typed() -> None:
    ask(widget("prompt"))


@uninterrupted()
def ask_again(turn: Turn) -> None:
    """Ask the same question again, of the model that is chosen now."""
    ask_beside(turn, turn["prompt"])


def ask_beside(turn: Turn, prompt: str) -> None:
    """Ask in place of a turn, which stays beside the new one if anything came back for it."""
    chat, fresh = session.chat, new_turn(prompt, session.asked_model)
    if not any(each["id"] == turn["id"] for each in chat["turns"]):
        return  # deleted meanwhile, in another tab: nobody would see the answer
    if turn["replies"] or prompt != turn["prompt"]:
        chats.add_beside(chat, turn, fresh)
    else:
        chats.replace(chat, turn, fresh)
    start(fresh)


@uninterrupted()
def edit(turn: Turn) -> None:
    session.editing = turn["id"]
    forget_widgets(f"edit:{turn['id']}")


@uninterrupted()
def send_edit(turn: Turn) -> None:
    prompt = str(widget(f"edit:{turn['id']}") or "")
    session.editing = ""
    if prompt.strip():
        ask_beside(turn, prompt)


@uninterrupted()
def leave_edit(turn: Turn) -> None:
    session.editing = ""


@uninterrupted()
def older(turn: Turn) -> None:
    show_sibling(turn, -1)


@uninterrupted()
def newer(turn: Turn) -> None:
    show_sibling(turn, 1)


def show_sibling(turn: Turn, step: int) -> None:
    alike = chats.siblings(session.chat, turn)
    place = [each["id"] for each in alike].index(turn["id"]) + step
    if 0 <= place < len(alike):
        chats.show(session.chat, alike[place])
        keeping.save()


@uninterrupted()
def fork(turn: Turn) -> None:
    """Go on from this turn in a conversation of its own; this one stays as it is."""
    forked = chats.fork(session.chat, turn)
    chat_list.begin(forked)
    keeping.save()


@uninterrupted()
def take_out(turn: Turn) -> None:
    """Delete a turn and what came after it; Undo brings them back."""
    for each in session.chat["turns"]:
        if each is turn and not replies.withdraw(each):
            replies.stop(each)
    session.removed_turns = chats.remove(session.chat, turn)
    keeping.save()


@uninterrupted()
def put_back() -> None:
    chats.restore(session.chat, session.removed_turns)
    session.removed_turns = []
    keeping.save()


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
        chats.splice(session.chat, turn)
    keeping.save()


@uninterrupted()
def stop() -> None:
    for turn in session.turns:
        if turn["asked_at"] is not None:
            replies.stop(turn)


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
    on_submit=ask_typed,
)

turns = session.turns
top = st.empty()
hidden = max(0, len(turns) - RECENT_TURNS - session.shown_turns)
if not turns:
    with top.container():
        welcome.show(ask)
elif hidden:
    top.button(f"Show earlier messages ({hidden})", key="earlier", on_click=show_earlier)
for turn in turns:
    replies.mark_interrupted(turn)
actions: dict[transcript.ActionName, transcript.Action] = {
    "retry": ask_again,
    "resume": carry_on,
    "use_demo": ask_demo,
    "remove": remove,
    "edit": edit,
    "send_edit": send_edit,
    "leave_edit": leave_edit,
    "older": older,
    "newer": newer,
    "fork": fork,
    "take_out": take_out,
}
branches = chats.branches(session.chat)
views = [
    transcript.TurnView(
        turn,
        actions,
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
    top.button("Deleted. Undo", key="put_back", icon=":material/undo:", on_click=put_back)
if any(replies.get(turn) for turn in turns):
    stop_place.button("Stop", key="stop", icon=":material/stop_circle:", on_click=stop)
layout.clear_below(2 * (session.drawn_turns - len(views)))
session.drawn_turns = len(views)
transcript.watch(views, has_news=lambda: shell.has_news(pending), when_over=stop_place.empty)
shell.settle(pending)
