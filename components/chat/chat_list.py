"""Draw the saved conversations in the sidebar: open, search, rename, pin, delete, export."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from clarifai_chat.chat import chats
from clarifai_chat.chat.chats import Chat
from clarifai_chat.history import attachment_contents, saving
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.text import counted
from clarifai_chat.transfer import chat_files, exports, imports
from clarifai_chat.transfer.exports import Kind
from components.actions import chats as chat_actions
from components.state import choices, persistence
from components.state.session import session
from components.state.slots import forget_widgets, seed, widget
from components.state.streamlit_patches import uninterrupted

if TYPE_CHECKING:  # the database library is loaded only when something is saved
    from clarifai_chat.history.store import Summary

PAGE = 30  # listed at once
MAX_IMPORT_MB = 50
NEW_TITLE = "New chat"
MIMES: dict[Kind, str] = {"json": "application/json", "md": "text/markdown", "html": "text/html"}


def show() -> None:
    """Draw the list and its menu, or a sentence that says why nothing is saved."""
    owner = persistence.owner()
    chat = session.chat
    st.button(
        NEW_TITLE,
        key="new_chat",
        icon=":material/edit_square:",
        width="stretch",
        shortcut="Alt+N",
        disabled=not chat["turns"] and not chat["revision"] and not session.is_temporary,
        on_click=_new_chat,
    )
    if owner:
        _show_menu(owner)
    if why := persistence.why_not():
        st.caption(f":material/info: {escaped(why)}")
    if not owner:
        return
    if session.deleted_chat and not session.chat["turns"]:  # asking a question ends the offer
        st.button(
            "Deleted. Undo",
            key="undo_delete",
            icon=":material/undo:",
            type="tertiary",
            on_click=_undo_delete,
        )
    _show_list(owner)


def _show_list(owner: str) -> None:
    found = saving.listing(owner, session.chat_query, session.listed_chats + 1)
    if len(found) > 8 or session.chat_query:
        seed("search_chats", session.chat_query)
        st.text_input(
            "Search conversations",
            key="search_chats",
            placeholder="Search",
            label_visibility="collapsed",
            icon=":material/search:",
            on_change=_search,
        )
    if not found:
        if session.chat_query:
            st.caption("Nothing found.")
        return
    listed = found[: session.listed_chats]
    labels = _labels(listed)
    # Drawn afresh in each run: the browser knows an option by its label only, and labels change.
    forget_widgets("chats")
    seed("chats", session.chat["id"] if session.chat["id"] in labels else None)
    st.radio(
        "Conversations",
        list(labels),
        index=None,
        key="chats",
        format_func=lambda id: labels.get(id, ""),
        captions=[escaped(each.snippet) for each in listed] if session.chat_query else None,
        label_visibility="collapsed",
        on_change=_open,
    )
    if len(found) > session.listed_chats:
        st.button("Show more", key="more_chats", type="tertiary", on_click=_show_more)


def _labels(listed: "Sequence[Summary]") -> dict[str, str]:
    """Return a unique label for each conversation's id: the browser sends back only the label."""
    labels: dict[str, str] = {}
    for summary in listed:
        name = label = _label(summary)
        number = 1
        while label in labels.values():
            number += 1
            label = f"{name} ({number})"
        labels[summary.id] = label
    return labels


def _label(summary: "Summary") -> str:
    title = escaped(summary.title) or NEW_TITLE
    return f":material/push_pin: {title}" if summary.pinned else title


def _show_menu(owner: str) -> None:
    # Not a popover: this low on the page it would have no room to open.
    with st.expander(
        "Manage chats",
        icon=":material/more_horiz:",
        key="chat_menu",
        type="compact",
        on_change="rerun",
    ) as menu:
        if not menu.open:
            return
        chat = session.chat
        if chat["revision"]:
            if widget("chat_title") != chat["title"]:  # another tab, or an empty title
                forget_widgets("chat_title")
            seed("chat_title", chat["title"])
            st.text_input("Title", key="chat_title", max_chars=200, on_change=_rename)
            with st.container(horizontal=True):
                st.button(
                    "Unpin" if chat["pinned"] else "Pin",
                    key="pin_chat",
                    icon=":material/push_pin:",
                    on_click=_pin,
                )
                st.button("Delete", key="delete_chat", icon=":material/delete:", on_click=_delete)
        if chat["turns"]:
            _show_exports("This conversation", owner, chat)
        elif not chat["revision"]:
            seed("temporary", session.is_temporary)
            st.toggle(
                "Temporary chat",
                key="temporary",
                help="Not saved; a reload deletes it",
                on_change=_switch_temporary,
            )
        st.divider()
        st.file_uploader(
            "Import conversations",
            type=["json", "jsonl", "zip"],
            key="import_chats",
            max_upload_size=MAX_IMPORT_MB,
            help="A file exported here, by ChatGPT, Claude, Open WebUI or LibreChat, ShareGPT data,"
            " or OpenAI messages",
            on_change=_import,
        )
        if saving.listing(owner, limit=1):
            st.toggle("All conversations", key="all_chats")
            if widget("all_chats"):
                _show_exports("All", owner, None)
                sure = st.checkbox("Yes, delete all of them", key="delete_sure")
                st.button(
                    "Delete everything",
                    key="delete_everything",
                    icon=":material/delete_forever:",
                    help="Deletes all of your conversations, presets and favourites permanently",
                    disabled=not sure,
                    on_click=_delete_everything,
                )


def _show_exports(label: str, owner: str, chat: Chat | None) -> None:
    st.caption(f"{label}, as a file:")
    with st.container(horizontal=True, gap="small"):
        for kind, mime in MIMES.items():
            st.download_button(
                kind.upper(),
                partial(_exported, kind, owner, chat, session.pat),
                file_name=exports.file_name([chat] if chat else [], kind),
                mime=mime,
                key=f"export:{'one' if chat else 'all'}:{kind}",
                on_click="ignore",
            )


def _exported(kind: Kind, owner: str, chat: Chat | None, secret: str) -> str:
    """Return the contents of the export: one conversation, or all that are saved."""
    kept = [chat] if chat else saving.every_chat(owner)
    if kind == "md":
        return exports.to_markdown(kept, secret=secret)
    write = exports.to_json if kind == "json" else exports.to_html
    return write(kept, secret=secret, contents=chat_files.contents(owner, kept))


# --- What a click does ----------------------------------------------------------------------------


@uninterrupted()
def _new_chat() -> None:
    chat_actions.begin(chats.new_chat())


@uninterrupted()
def _open() -> None:
    owner, wanted = persistence.owner(), widget("chats")
    if not owner or not wanted or wanted == session.chat["id"]:
        return
    if chat := saving.load(owner, wanted):
        chat_actions.begin(chat)
    elif not saving.trouble():
        st.toast("This conversation was deleted in another tab.")


@uninterrupted()
def _search() -> None:
    session.chat_query = widget("search_chats") or ""
    session.listed_chats = PAGE


@uninterrupted()
def _show_more() -> None:
    session.listed_chats += PAGE


@uninterrupted()
def _rename() -> None:
    title = (widget("chat_title") or "").strip()
    chat = session.chat
    chat["is_named"] = bool(title)
    first = chat["turns"][0]["prompt"] if chat["turns"] else ""
    chat["title"] = title or chats.auto_title(first)
    persistence.save()


@uninterrupted()
def _pin() -> None:
    session.chat["pinned"] = not session.chat["pinned"]
    persistence.save()


@uninterrupted()
def _delete() -> None:
    owner, gone = persistence.owner(), session.chat["id"]
    if owner and saving.delete(owner, gone):
        chat_actions.begin(chats.new_chat())
        session.deleted_chat = gone


@uninterrupted()
def _undo_delete() -> None:
    owner, wanted = persistence.owner(), session.deleted_chat
    if owner and saving.undelete(owner, wanted) and (chat := saving.load(owner, wanted)):
        chat_actions.begin(chat)


@uninterrupted()
def _switch_temporary() -> None:
    session.is_temporary = bool(widget("temporary"))


@uninterrupted()
def _delete_everything() -> None:
    owner = persistence.owner()
    if owner and saving.delete_everything(owner):
        attachment_contents.forget(owner)
        session.waiting, session.guesses, session.reading, session.refused = [], {}, [], []
        session.forgotten += 1
        choices.forget()
        chat_actions.begin(chats.new_chat())


@uninterrupted()
def _import() -> None:
    upload, owner = widget("import_chats"), persistence.owner()
    if upload is None or owner is None:
        return
    try:
        found = imports.read(upload.getvalue())
    except imports.BadImport as error:
        st.toast(str(error))
        return
    if chat_files.mention(found, session.pat):
        st.toast("This file contains your access token. Remove it and import again.")
        return
    kept = chat_files.import_chats(owner, found)
    for note in filter(None, [*found.notes[:2], " ".join(found.notes[2:])]):
        st.toast(note)
    if len(kept) < len(found.chats):
        st.toast(
            f"{len(kept)} of {len(found.chats)} conversations were imported. {saving.trouble()}"
        )
    if kept:
        st.toast(f"Imported {counted(len(kept), 'conversation')}.")
        chat_actions.begin(kept[0])
