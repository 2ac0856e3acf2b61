"""Offer tools in a conversation: the built-in ones, or those of a set of the playground.

A set's tools are copied when they are chosen, and again with each question, as long as the set is
there: what is changed in the playground counts in the chat.
"""

from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import Turn
from clarifai_chat.messages import OfferedTools
from clarifai_chat.playground import chat_tools, kept
from clarifai_chat.playground.chat_tools import BUILT_IN, NotOffered
from components.state import persistence


def sets() -> dict[str, str]:
    """Return the names of the visitor's sets by id, without those that have no name."""
    owner = persistence.owner()
    found = kept.sets(owner)[0] if owner else []
    return {each.id: each.name for each in found if each.name}


def from_set(id: str) -> OfferedTools | None:
    """Return the tools of a set; None if it is not there any more. Raises `NotOffered`."""
    owner = persistence.owner()
    found = kept.read_set(owner, id) if owner else None
    return chat_tools.of_set(id, *found) if found else None


def give(turn: Turn, chat: Chat) -> None:
    """Let the conversation's tools go with a new turn."""
    turn.pop("tools", None)
    if offered := chat["settings"].get("tools"):
        chat["settings"]["tools"] = offered = _renewed(offered)
        turn["tools"] = chat_tools.used(offered)


def _renewed(offered: OfferedTools) -> OfferedTools:
    if offered["source"] in ("", BUILT_IN):
        return offered
    try:
        fresh = from_set(offered["source"])
    except NotOffered:  # what was copied is still whole
        fresh = None
    if fresh is None:
        return offered
    fresh["automatic"], fresh["max_requests"] = offered["automatic"], offered["max_requests"]
    return fresh
