"""Act on a turn: edit, ask another model, switch version, rate, fork, delete."""

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

from clarifai_chat import catalog
from clarifai_chat.catalog import Model
from clarifai_chat.chat import chats, replies
from clarifai_chat.chat.turn import Turn, asked_of
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.playground import from_chat
from clarifai_chat.text import unused
from components.actions import asking
from components.actions import chats as chat_actions
from components.state import persistence
from components.state.session import session
from components.state.slots import forget_widgets, widget
from components.state.streamlit_patches import uninterrupted

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
    "copy",
    "rate",
    "code",
    "record",
    "playground",
    "choose_other",
    "ask_other",
    "leave_other",
    "approve",
    "refuse",
]
# Models in the menus besides the Demo. A menu may show one less: not the one that answered.
OTHERS = 5


class Other(NamedTuple):
    """Another model to ask, and its label in the menu, as Markdown."""

    url: str
    label: str
    ask: Action


@uninterrupted()
def edit(turn: Turn) -> None:
    session.editing = turn["id"]
    forget_widgets(f"edit:{turn['id']}")


@uninterrupted()
def send_edit(turn: Turn) -> None:
    prompt = str(widget(f"edit:{turn['id']}") or "")
    session.editing = ""
    if prompt.strip() or turn.get("attachments"):
        asking.ask_beside(turn, prompt, session.asked_model)


@uninterrupted()
def leave_edit(turn: Turn) -> None:
    session.editing = ""


def others() -> list[Other]:
    """Return the models that every turn's menu offers instead, with the Demo last."""
    *listed, demo = catalog.short_list(session.offered, session.favourites, session.recent)
    short = [*listed[:OTHERS], demo]
    names = [model.name for model in short]
    return [
        Other(
            model.url, _instead(model, is_alone=names.count(model.name) == 1), partial(_ask, model)
        )
        for model in short
    ]


def _instead(model: Model, *, is_alone: bool) -> str:
    if model.is_demo:
        return "Ask the Demo instead"
    return f"Ask {escaped(model.name if is_alone else f'{model.name} of {model.provider}')} instead"


@uninterrupted()
def _ask(model: Model, turn: Turn) -> None:
    """Ask this model the same question once, without selecting it."""
    asking.ask_beside(turn, turn["prompt"], asked_of(model))


def every_model(turn: Turn) -> dict[str, str]:
    """Return a label for each model that can be asked instead, by its address."""
    labels: dict[str, str] = {}
    for model in [*session.offered, catalog.DEMO]:
        if model.url != turn["model"]["url"] and model.url not in labels:
            labels[model.url] = unused(model.label, labels.values())
    return labels


@uninterrupted()
def choose_other(turn: Turn) -> None:
    """Offer every model below this answer."""
    session.asking_other = turn["id"]
    forget_widgets(f"other_model:{turn['id']}")


@uninterrupted()
def leave_other(turn: Turn) -> None:
    session.asking_other = ""


@uninterrupted()
def ask_other(turn: Turn) -> None:
    """Ask the model that was chosen there the same question once, without selecting it."""
    url = str(widget(f"other_model:{turn['id']}") or "")
    session.asking_other = ""
    if url:
        _ask(catalog.describe(session.models, url), turn)


@uninterrupted()
def rate(turn: Turn) -> None:
    """Save the thumb up or down; a second click removes it."""
    thumb = widget(f"feedback:{turn['id']}")
    if thumb is None:
        turn.pop("feedback", None)
    else:
        turn["feedback"] = "up" if thumb else "down"
    persistence.save(session.chat_of(turn))


@uninterrupted()
def older(turn: Turn) -> None:
    _show_sibling(turn, -1)


@uninterrupted()
def newer(turn: Turn) -> None:
    _show_sibling(turn, 1)


def _show_sibling(turn: Turn, step: int) -> None:
    chat = session.chat_of(turn)
    alike = chats.siblings(chat, turn)
    place = [each["id"] for each in alike].index(turn["id"]) + step
    if 0 <= place < len(alike):
        chats.show(chat, alike[place])
        persistence.save(chat)


@uninterrupted()
def fork(turn: Turn) -> None:
    """Continue from this turn in a new conversation, temporary if this one is."""
    if not _is_here(turn):
        return
    forked, is_temporary = chats.fork(session.chat, turn), session.is_temporary
    chat_actions.begin(forked)
    session.is_temporary = is_temporary
    persistence.save()


@uninterrupted()
def open_in_playground(turn: Turn) -> None:
    """Take this turn into the playground, with its tools and calls; the page changes to it."""
    chat = session.chat
    session.from_chat = from_chat.taken(
        turn,
        chats.path(chat),
        chat["settings"],
        chat=chat["id"],
        title=chat["title"],
        tools=session.tools["text"],
    )


@uninterrupted()
def delete_turn(turn: Turn) -> None:
    """Delete a turn and everything after it; Undo restores them."""
    if not _is_here(turn):
        return
    session.removed_turns = chats.remove(session.chat, turn)
    for each in reversed(session.removed_turns):  # the last first, or the next one would start
        replies.drop(each)
    persistence.save()


def _is_here(turn: Turn) -> bool:
    """Return whether the turn is still in the conversation: an earlier click may remove it."""
    return any(each["id"] == turn["id"] for each in session.chat["turns"])


@uninterrupted()
def put_back() -> None:
    chats.restore(session.chat, session.removed_turns)
    session.removed_turns = []
    persistence.save()
