"""What a chat asks: a question goes into the conversation first, then to its model.

Nothing here draws.
"""

from collections.abc import Iterator

from clarifai_chat import chats, llm, replies
from clarifai_chat.catalog import DEMO
from clarifai_chat.conversation import STOPPED, Asked, Turn, end, new_turn, resume, to_messages
from clarifai_chat.endpoints import endpoint_for
from clarifai_chat.events import StreamEvent
from clarifai_chat.wire import Call
from components import keeping
from components.session import is_here, session, uninterrupted, widget


@uninterrupted()
def ask_typed() -> None:
    ask(widget("prompt"))


@uninterrupted()
def ask(prompt: str) -> None:
    turn, chat, path = new_turn(prompt, session.asked_model), session.chat, session.turns
    chats.add(chat, turn, path[-1] if path else None)
    chat["model"] = turn["model"]["url"]
    _start(turn)


@uninterrupted()
def ask_again(turn: Turn) -> None:
    """Ask the same question again, of the model that is chosen now."""
    ask_beside(turn, turn["prompt"], session.asked_model)


@uninterrupted()
def ask_demo(turn: Turn) -> None:
    session.choose(DEMO.url)
    ask_again(turn)


def ask_beside(turn: Turn, prompt: str, model: Asked) -> None:
    """Ask in place of a turn, which stays beside the new one if anything came back for it."""
    chat, fresh = session.chat, new_turn(prompt, model)
    if not any(each["id"] == turn["id"] for each in chat["turns"]):
        return  # deleted meanwhile, in another tab: nobody would see the answer
    if turn["replies"] or prompt != turn["prompt"]:
        chats.add_beside(chat, turn, fresh)
    else:
        chats.replace(chat, turn, fresh)
    _start(fresh)


@uninterrupted()
def carry_on(turn: Turn) -> None:
    """Ask the same model for the rest of a broken-off answer."""
    resume(turn)
    _start(turn)


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


def _start(turn: Turn) -> None:
    """Have the turn asked, after those that wait."""
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
