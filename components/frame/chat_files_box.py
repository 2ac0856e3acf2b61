"""Export, import and delete conversations; switch to a temporary one."""

from functools import partial

import streamlit as st

from clarifai_chat.chat import chats
from clarifai_chat.chat.chats import Chat
from clarifai_chat.evidence import running
from clarifai_chat.history import attachment_contents, saving
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.playground import keeping, kept
from clarifai_chat.text import counted, cut
from clarifai_chat.transfer import chat_files, exports, imports, sharing
from clarifai_chat.transfer.exports import Kind
from components.actions import chats as chat_actions
from components.actions import sharing as share_actions
from components.state import choices, kept_playground, persistence
from components.state.app_address import app_address
from components.state.session import session
from components.state.slots import seed, widget
from components.state.streamlit_patches import uninterrupted

MAX_IMPORT_MB = 50
MIMES: dict[Kind, str] = {"json": "application/json", "md": "text/markdown", "html": "text/html"}


def show() -> None:
    """Draw what concerns all conversations, or one that is not in the list."""
    owner = persistence.owner()
    if not owner:
        return
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
        if chat["turns"]:
            _show_exports("This conversation", "one", owner, chat)
        elif not chat["revision"]:
            seed("temporary", session.is_temporary)
            st.toggle(
                "Temporary chat",
                key="temporary",
                help="Not saved; a reload deletes it",
                on_change=_switch_temporary,
            )
        st.file_uploader(
            "Import conversations",
            type=["json", "jsonl", "zip"],
            key="import_chats",
            max_upload_size=MAX_IMPORT_MB,
            help="A file exported here, by ChatGPT, Claude, Open WebUI or LibreChat, ShareGPT data,"
            " or OpenAI messages",
            on_change=_import,
        )
        links = sharing.is_on() and sharing.listing(owner)
        if links:
            st.button(
                "Shared links",
                key="shared_links",
                icon=":material/link:",
                on_click=share_actions.open_dialog,
                args=({"kind": "list", "run": ""},),
            )
        if saving.listing(owner, limit=1) or kept.has_any(owner) or running.earlier(owner) or links:
            st.toggle("All conversations", key="all_chats")
            if widget("all_chats"):
                _show_exports("All", "all", owner, None)
                sure = st.checkbox("Yes, delete all of them", key="delete_sure")
                st.button(
                    "Delete everything",
                    key="delete_everything",
                    icon=":material/delete_forever:",
                    help="Deletes your conversations, presets, favourites, sets, runs,"
                    " evaluations and shared pages for good",
                    disabled=not sure,
                    on_click=_delete_everything,
                )


def show_export(owner: str) -> None:
    """Draw the files of the conversation whose menu was used; nothing if it is gone."""
    is_open = session.exporting == session.chat["id"]
    chat = session.chat if is_open else saving.load(owner, session.exporting)
    if chat is None:
        return
    with st.container(border=True, gap="small"):
        _show_exports(f"“{escaped(cut(chat['title'], 40))}”", "row", owner, chat)
        st.button("Close", key="close_export", type="tertiary", on_click=_close_export)


def _show_exports(label: str, which: str, owner: str, chat: Chat | None) -> None:
    st.caption(f"{label}, as a file:")
    with st.container(horizontal=True, gap="small"):
        for kind, mime in MIMES.items():
            st.download_button(
                kind.upper(),
                partial(_exported, kind, owner, chat, session.pat, app_address()),
                file_name=exports.file_name([chat] if chat else [], kind, secret=session.pat),
                mime=mime,
                key=f"export:{which}:{kind}",
                on_click="ignore",
            )


def _exported(kind: Kind, owner: str, chat: Chat | None, secret: str, app: str) -> str:
    """Return the contents of the export: one conversation, or all that are saved."""
    kept = [chat] if chat else saving.every_chat(owner)
    if kind == "md":
        return exports.to_markdown(kept, secret=secret)
    contents = chat_files.contents(owner, kept)
    if kind == "json":
        return exports.to_json(kept, secret=secret, contents=contents)
    return exports.to_html(kept, secret=secret, contents=contents, app=app)


# --- What a click does ----------------------------------------------------------------------------


@uninterrupted()
def _close_export() -> None:
    session.exporting = ""


@uninterrupted()
def _switch_temporary() -> None:
    session.is_temporary = bool(widget("temporary"))


@uninterrupted()
def _delete_everything() -> None:
    owner = persistence.owner()
    if owner:
        keeping.forget(owner)
        running.forget(owner)
    if owner and saving.delete_everything(owner):
        kept_playground.forget()
        session.open_experiment, session.deleted_experiment = "", []
        session.compared = []
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
        session.wants_chat_page = True
