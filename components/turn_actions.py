"""What a click on a turn does to its conversation, but for asking: edit, move, fork, delete."""

from clarifai_chat import chats, replies
from clarifai_chat.conversation import Turn
from components import asking, chat_list, keeping
from components.session import forget_widgets, session, uninterrupted, widget


@uninterrupted()
def edit(turn: Turn) -> None:
    session.editing = turn["id"]
    forget_widgets(f"edit:{turn['id']}")


@uninterrupted()
def send_edit(turn: Turn) -> None:
    prompt = str(widget(f"edit:{turn['id']}") or "")
    session.editing = ""
    if prompt.strip():
        asking.ask_beside(turn, prompt, session.asked_model)


@uninterrupted()
def leave_edit(turn: Turn) -> None:
    session.editing = ""


@uninterrupted()
def older(turn: Turn) -> None:
    _show_sibling(turn, -1)


@uninterrupted()
def newer(turn: Turn) -> None:
    _show_sibling(turn, 1)


def _show_sibling(turn: Turn, step: int) -> None:
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
