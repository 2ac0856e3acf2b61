"""Save the conversation for its owner, unless it must not be saved."""

from collections.abc import Iterator
from contextlib import contextmanager

from clarifai_chat.access_token import holds
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import Turn, is_over
from clarifai_chat.config import settings
from clarifai_chat.history import attachment_contents, keeper, replicas, saving
from components.state.owner import visitor
from components.state.session import session


def owner() -> str | None:
    """Return whose conversations this session reads and saves, or None if nothing is saved."""
    return visitor() if settings().history else None


def save(chat: Chat | None = None) -> None:
    """Save a conversation, the open one if none is named.

    Does nothing where the visitor or the operator does not want that.
    """
    chat = chat or session.chat
    if whose := _keeper(chat):
        attachment_contents.write(whose, chat)
        saving.save(whose, chat)


@contextmanager
def asking(turn: Turn) -> Iterator[bool]:
    """Let other processes know that a turn is asked within this block, and save its reply then.

    False if another process is asking it: then its reply is followed from there.
    """
    chat = session.chat_of(turn)
    if not (whose := _keeper(chat)):
        yield True
        return
    with replicas.claiming(whose, chat["id"], turn) as is_free:
        yield is_free
        if is_free:
            _follow(turn)
    if not is_free:
        catch_up(chat)


def catch_up(chat: Chat) -> None:
    """Show what other processes answer in a conversation; see `replicas.catch_up`."""
    if not all(map(is_over, chat["turns"])) and (whose := _keeper(chat)):
        replicas.catch_up(whose, chat)


def _follow(turn: Turn) -> None:
    """Save the turn's reply while it arrives."""
    chat = session.chat_of(turn)
    if whose := _keeper(chat):
        access = session.access  # not the token: it may be forgotten, or another be entered
        keeper.follow(whose, chat, turn, lambda data: holds(data, access["pat"]))


def _keeper(chat: Chat) -> str | None:
    """Return the owner to save this chat for; None if temporary or with the access token in it."""
    if _holds_token(chat):
        if chat is session.chat:
            session.is_temporary = True  # even after the token is forgotten
        else:
            session.unsaved_chats.append(chat["id"])
        keeper.leave(chat)
    is_temporary = chat is session.chat and session.is_temporary
    return None if is_temporary or chat["id"] in session.unsaved_chats else owner()


def _holds_token(chat: Chat) -> bool:
    """Return whether the token is in the conversation; searches turns that are over only once."""
    token = session.pat
    if not token:
        return False
    searched = session.searched
    turns = [turn for turn in chat["turns"] if searched.get(turn["id"]) != _state(turn, token)]
    over = {turn["id"]: _state(turn, token) for turn in turns if is_over(turn)}
    if holds({**chat, "turns": turns}, token):
        return True
    searched |= over
    return attachment_contents.mention(owner(), chat, token)


def _state(turn: Turn, token: str) -> int:
    """Return a number that changes with the token, and with what is in a turn that is over."""
    typed = tuple(turn["tools"]["drafts"].values()) if "tools" in turn else ()
    return hash((token, turn["ended_at"], len(turn["earlier"]), typed))


def why_not() -> str:
    """Return why this conversation is not saved, in a sentence, or "" if it is."""
    if not settings().history:
        return "Conversations are not saved here: a reload deletes them."
    if owner() is None:
        return "This browser sent no cookie, so conversations are not saved: a reload deletes them."
    if _holds_token(session.chat):
        return "This conversation contains your access token, so it is no longer saved."
    if session.is_temporary:
        return "Temporary chat: nothing is saved."
    return saving.trouble(session.chat)
