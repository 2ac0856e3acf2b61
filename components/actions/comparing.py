"""Compare models: begin, ask all or one, vote, continue with one. Nothing here draws."""

import random
from collections.abc import Sequence

from clarifai_chat import catalog
from clarifai_chat.catalog import Model
from clarifai_chat.chat import chats, replies
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import is_over
from clarifai_chat.chat.votes import new_vote
from components.actions import asking
from components.actions import chats as chat_actions
from components.state.session import session
from components.state.slots import forget_widgets, widget
from components.state.streamlit_patches import uninterrupted

FEWEST, MOST = 2, 4
ALL = "All"


def chosen() -> list[Model]:
    """Return the models of the next comparison: those chosen, or the one in use and another."""
    if session.to_compare:
        return [catalog.describe(session.models, url) for url in session.to_compare]
    first = session.model
    if first.is_demo:  # without a token, no other model would answer
        return [catalog.DEMO, catalog.BRIEF_DEMO]
    others = catalog.short_list(session.offered, session.favourites, session.recent)
    return [first, next((m for m in others if m.url != first.url), catalog.DEMO)]


@uninterrupted()
def choose() -> None:
    session.to_compare = [str(url) for url in widget("compared_models") or []][:MOST]


@uninterrupted()
def ask() -> None:
    """Ask what was typed: every model, or the one that "Ask" names."""
    prompt = str(widget("compare_prompt") or "")
    models = chosen()
    if not prompt.strip() or (not session.compared and len(models) < FEWEST):
        return
    if not session.compared:
        session.compared = _begin(models)
    asked = widget("ask_whom")
    some = [chat for at, chat in enumerate(session.compared) if asked in (None, ALL, letter(at))]
    asking.ask_all(prompt, some or session.compared)


def _begin(models: Sequence[Model]) -> list[Chat]:
    found = []
    for model in models:
        chat = chats.new_chat()
        chat["model"] = model.url
        if session.compare_system.strip():
            chat["settings"]["system"] = session.compare_system
        found.append(chat)
    session.is_blind = session.hides_names
    if session.is_blind:
        random.shuffle(found)
    return found


@uninterrupted()
def begin_again() -> None:
    """Leave this comparison; its conversations stay in the list of the chat page."""
    session.to_compare = sorted({chat["model"] for chat in session.compared}, key=_place)
    for chat in session.compared:
        if not chat["revision"]:  # not saved: there is no way back to it
            for turn in chat["turns"]:
                replies.drop(turn)
    session.compared, session.voted, session.is_blind = [], [], False
    forget_widgets("ask_whom", "compared_models")


def _place(url: str) -> int:
    return session.to_compare.index(url) if url in session.to_compare else len(session.to_compare)


@uninterrupted()
def stop(chat: Chat) -> None:
    for turn in chats.path(chat):
        if turn["asked_at"] is not None:
            replies.stop(turn)


@uninterrupted()
def stop_all() -> None:
    for chat in session.compared:
        stop(chat)


def round_of() -> str:
    """Return a name of what can be voted on: the last answers; "" if not all models gave one."""
    last = [chats.path(chat)[-1:] for chat in session.compared]
    if not last or not all(turns and is_over(turns[0]) for turns in last):
        return ""
    if len({turns[0]["prompt"] for turns in last}) > 1:
        return ""
    return last[0][0]["id"]


@uninterrupted()
def vote(column: int | None) -> None:
    """Vote for the answer in a column, or for none; the names are shown from then on."""
    asked = round_of()
    if not asked or asked in session.voted:
        return  # the second click of two
    session.voted = [*session.voted, asked]
    names = [chats.path(chat)[-1]["model"]["name"] for chat in session.compared]
    winner = "" if column is None else names[column]
    session.votes = [*session.votes, new_vote(names, winner, blind=session.is_blind)]
    session.is_blind = False


@uninterrupted()
def open_as_chat(chat: Chat) -> None:
    """Open a compared conversation on the chat page; it stays in the comparison too."""
    chat_actions.begin(chat)


def letter(column: int) -> str:
    return "ABCD"[column]
