"""Save conversations while they go on, and load them.

One store for the process. Without it, or if it fails, the chat goes on in memory, `trouble()` says
why, and what could not be saved is saved once the store works again.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from clarifai_chat.chat import chats, replies
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import Turn
from clarifai_chat.history import database, keeper, replicas
from clarifai_chat.text import whole, whole_data

if TYPE_CHECKING:
    from clarifai_chat.history.store import Store, Summary


def trouble(chat: Chat | None = None) -> str:
    """Return why conversations, or this one, cannot be saved at the moment; "" if they can."""
    return (chat is not None and keeper.trouble(chat)) or database.trouble()


def forget_store() -> None:
    """Close the store and stop following turns; the next use opens it again."""
    keeper.forget()
    replicas.forget()
    database.close(for_good=False)


def close() -> None:
    """End the replies that run, save everything for the last time, and close the store."""
    replies.stop_all()
    database.try_again()
    keeper.save_all()
    replicas.release_all()
    database.close(for_good=True)


def save(owner: str, chat: Chat) -> bool:
    """Save the whole conversation, merged with another tab's changes."""

    def write(store: "Store") -> None:
        from clarifai_chat.history.store import Conflict

        try:
            chat["revision"] = store.save_chat(owner, chat)
        except Conflict:
            merged = store.merge(owner, chat)
            if merged is None:  # deleted elsewhere but continued here: a new chat
                chat["id"], chat["revision"] = chats.new_chat()["id"], 0
                chat["revision"] = store.save_chat(owner, chat)
            else:
                _take_over(owner, chat, merged)

    with keeper.saving_lock:
        _, why = database.attempt(write)
        keeper.note(owner, chat, why)
    keeper.read_later()
    return not why


def load(owner: str, chat_id: str) -> Chat | None:
    """Return a saved conversation, with the live turns of replies that run here."""
    followed = keeper.followed()  # first: a turn that ends meanwhile is in either
    chat: Chat | None = whole_data(
        database.result_of(lambda store: store.load(owner, chat_id), None)
    )
    if chat:
        chat["turns"] = [
            _live_turn(owner, chat_id, turn, followed) or turn for turn in chat["turns"]
        ]
        keeper.note_opened(owner, chat_id)
    return chat


def listing(owner: str, query: str = "", limit: int = 30) -> "list[Summary]":
    """Return saved conversations, pinned first, then newest; with a query, those that match."""
    nothing: list[Summary] = []
    found = database.result_of(lambda store: store.listing(owner, query, limit), nothing)
    return [replace(each, title=whole(each.title)) for each in found]


def every_chat(owner: str) -> list[Chat]:
    nothing: list[Chat] = []
    return [
        whole_data(chat)
        for chat in database.result_of(lambda store: list(store.chats(owner)), nothing)
    ]


def delete(owner: str, chat_id: str) -> bool:
    """Delete a conversation and end its running replies; `undelete` works for a day."""
    done = database.result_of(lambda store: store.delete(owner, chat_id), False)
    if done:
        keeper.end(owner, chat_id)
        replicas.stop_elsewhere(owner, chat_id)
    return done


def undelete(owner: str, chat_id: str) -> bool:
    return database.result_of(lambda store: store.undelete(owner, chat_id), False)


def delete_everything(owner: str) -> bool:
    """Remove all data of a visitor for good, and end the running replies."""
    done = database.result_of(lambda store: store.delete_all(owner) >= 0, False)
    if done:
        keeper.end(owner)
        replicas.stop_elsewhere(owner)
    return done


# --- Merged conversations -------------------------------------------------------------------------


def _live_turn(
    owner: str, chat_id: str, turn: Turn, followed: Mapping[str, keeper.Followed]
) -> Turn | None:
    """Return the live turn if its reply runs in this conversation, or ended a moment ago."""
    each = followed.get(turn["id"])
    if each:
        return each.turn if (each.owner, each.chat["id"]) == (owner, chat_id) else None
    handle = replies.get(turn)
    return handle.turn if handle and handle.queue == chat_id else None


def _take_over(owner: str, chat: Chat, merged: Chat) -> None:
    """Update the chat to the merged one. Turns stay the same objects: others hold them."""
    here = {turn["id"]: turn for turn in chat["turns"]}
    turns: list[Turn] = []
    merged = whole_data(merged)
    for turn in merged["turns"]:
        live = _live_turn(owner, chat["id"], turn, keeper.followed())
        mine = live or here.get(turn["id"], turn)
        if mine is not live and mine is not turn:
            mine.update(turn)
        turns.append(mine)
    chat["turns"][:] = turns
    chat.update({**merged, "turns": chat["turns"]})
