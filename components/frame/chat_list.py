"""Draw the conversations in the sidebar: new, search, open, rename, pin, export, delete.

The browser's half of the list is frontend/src/chats.
"""

import time
from datetime import timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from clarifai_chat.access_token import holds
from clarifai_chat.chat import chats
from clarifai_chat.chat.chats import Chat
from clarifai_chat.history import saving
from clarifai_chat.history.grouping import grouped
from clarifai_chat.markdown.sanitize import escaped
from components.actions import chats as chat_actions
from components.frame import chat_files_box
from components.state import persistence
from components.state.frontend import script_of
from components.state.session import session
from components.state.slots import seed, widget
from components.state.streamlit_patches import uninterrupted

if TYPE_CHECKING:  # the database library is loaded only when something is saved
    from clarifai_chat.history.store import Summary

PAGE = 30  # listed at once
MAX_TITLE_CHARS = 200
NEW_TITLE = "New chat"
KEY = "chats"


def show_new(*, is_chat_page: bool) -> None:
    """Draw the button that starts a conversation, from any page."""
    chat = session.chat
    is_new = not chat["turns"] and not chat["revision"] and not session.is_temporary
    st.button(
        NEW_TITLE,
        key="new_chat",
        icon=":material/edit_square:",
        width="stretch",
        shortcut="Alt+N",
        disabled=is_chat_page and is_new,
        on_click=_new_chat,
    )


def show_search() -> None:
    """Draw the search, once there is something to find."""
    owner = persistence.owner()
    if owner and (session.chat_query or saving.listing(owner, limit=1)):
        seed("search_chats", session.chat_query)
        st.text_input(
            "Search conversations",
            key="search_chats",
            placeholder="Search conversations",
            label_visibility="collapsed",
            icon=":material/search:",
            on_change=_search,
        )


def show() -> None:
    """Draw the list, or a sentence that says why nothing is saved."""
    owner = persistence.owner()
    if why := persistence.why_not():
        st.caption(f":material/info: {escaped(why)}")
    if not owner:
        return
    if session.deleted_chat and len(session.chat["turns"]) == session.turns_at_delete:
        st.button(
            "Deleted. Undo",
            key="undo_delete",
            icon=":material/undo:",
            type="tertiary",
            on_click=_undo_delete,
        )
    if session.exporting:
        chat_files_box.show_export(owner)
    _show_list(owner)


def _show_list(owner: str) -> None:
    found = saving.listing(owner, session.chat_query, session.listed_chats + 1)
    if not found:
        if session.chat_query:
            st.caption("Nothing found.")
        return
    _component()(key=KEY, data=_data(found[: session.listed_chats]), on_act_change=_act)
    if len(found) > session.listed_chats:
        st.button("Show more", key="more_chats", type="tertiary", on_click=_show_more)


def _data(listed: "list[Summary]") -> dict[str, Any]:
    zone = timezone(timedelta(minutes=-(st.context.timezone_offset or 0)))
    return {
        "groups": [
            {
                "heading": heading,
                "chats": [
                    {
                        "id": each.id,
                        "title": each.title or NEW_TITLE,
                        "pinned": each.pinned,
                        "snippet": each.snippet if session.chat_query else "",
                    }
                    for each in members
                ],
            }
            for heading, members in grouped(listed, time.time(), zone)
        ],
        "open": session.chat["id"],
    }


@cache
def _component() -> ComponentRenderer:
    return st.components.v2.component(KEY, js=script_of(KEY))


# --- What a click does ----------------------------------------------------------------------------


@uninterrupted()
def _new_chat() -> None:
    chat_actions.begin(chats.new_chat())
    session.wants_chat_page = True


@uninterrupted()
def _act() -> None:
    """Do what was clicked in the list."""
    asked = (widget(KEY) or {}).get("act")
    owner = persistence.owner()
    if not owner or not isinstance(asked, dict) or not isinstance(asked.get("id"), str):
        return
    id, title = asked["id"], str(asked.get("title") or "")
    match asked.get("act"):
        case "open":
            open_chat(owner, id)
        case "rename":
            _rename(owner, id, title)
        case "pin":
            _pin(owner, id)
        case "export":
            session.exporting = id
        case "delete":
            _delete(owner, id)


def open_chat(owner: str, id: str) -> None:
    """Show a conversation, on the chat page. For callbacks."""
    session.wants_chat_page = True
    if id == session.chat["id"]:
        return
    if chat := _loaded(owner, id):
        chat_actions.begin(chat)


def _loaded(owner: str, id: str) -> Chat | None:
    """Return a conversation of the list, the open one as it is here; None if it is gone."""
    if id == session.chat["id"]:
        return session.chat
    chat = saving.load(owner, id)
    if chat is None and not saving.trouble():
        st.toast("This conversation was deleted in another tab.")
    return chat


def _save(owner: str, chat: Chat) -> None:
    if chat is session.chat:
        persistence.save()
    elif not saving.save(owner, chat):
        st.toast(f"That was not saved. {saving.trouble(chat)}")


def _rename(owner: str, id: str, typed: str) -> None:
    if not (chat := _loaded(owner, id)):
        return
    title = typed.strip()[:MAX_TITLE_CHARS]
    if chat is not session.chat and holds(title, session.pat):
        st.toast("This title contains your access token, so it was not saved.")
        return
    chat["is_named"] = bool(title)
    first = chat["turns"][0]["prompt"] if chat["turns"] else ""
    chat["title"] = title or chats.auto_title(first)
    _save(owner, chat)


def _pin(owner: str, id: str) -> None:
    if chat := _loaded(owner, id):
        chat["pinned"] = not chat["pinned"]
        _save(owner, chat)


def _delete(owner: str, id: str) -> None:
    if saving.delete(owner, id):
        if id == session.chat["id"]:
            chat_actions.begin(chats.new_chat())
        session.deleted_chat, session.turns_at_delete = id, len(session.chat["turns"])
        if session.exporting == id:
            session.exporting = ""


@uninterrupted()
def _search() -> None:
    session.chat_query = widget("search_chats") or ""
    session.listed_chats = PAGE


@uninterrupted()
def _show_more() -> None:
    session.listed_chats += PAGE


@uninterrupted()
def _undo_delete() -> None:
    owner, wanted = persistence.owner(), session.deleted_chat
    if owner and saving.undelete(owner, wanted) and (chat := saving.load(owner, wanted)):
        chat_actions.begin(chat)
        session.wants_chat_page = True
