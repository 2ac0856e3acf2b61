"""Read the chat page's URL once, and keep it up to date with the conversation.

A stranger may have written the link, so it only fills in text for the visitor to send. It never
sets a token or a server, and never changes an existing conversation.
"""

import streamlit as st

from clarifai_chat import catalog
from clarifai_chat.access_token import holds, may_hold
from clarifai_chat.chat import chats, links
from clarifai_chat.chat.links import BadLink
from clarifai_chat.history import saving
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.text import cut
from clarifai_chat.transfer import chat_files, sharing
from components.actions import chats as chat_actions
from components.frame import drafts
from components.state import chat_settings, persistence
from components.state.session import session
from components.state.streamlit_patches import uninterrupted

TEXTS = {"system": "system prompt", "q": "question"}
SHOWN = 400  # characters of the system prompt that the notice shows


@uninterrupted()
def read_url() -> None:
    """Apply what the URL says, once, before anything is drawn."""
    _take_texts()
    _take_copy()
    _take_chat()


def _take_copy() -> None:
    """Begin a copy of the shared conversation that `?copy=` names, once. Nothing is sent."""
    asked = str(st.query_params.get("copy", ""))
    if not asked or asked == session.address_copy:
        return
    session.address_copy = asked
    session.address_chat = str(st.query_params.get("chat", ""))
    try:
        found = sharing.copy_of(asked)
    except sharing.NotShared as error:
        st.toast(escaped(str(error)), icon=":material/link_off:", duration="long")
        return
    owner = persistence.owner()
    copies = chat_files.import_chats(owner, found) if owner else found.chats
    if not copies:
        st.toast(escaped(f"The copy could not be saved. {saving.trouble()}"), duration="long")
        return
    chat_actions.begin(copies[0])
    session.copied_chat = copies[0]["id"]
    session.linked_system = copies[0]["settings"].get("system", "")
    st.toast("This copy is yours. Nothing was sent.", icon=":material/file_copy:")


def _take_texts() -> None:
    """Start a chat with the URL's system prompt, and put its question into the box."""
    asked = {name: str(st.query_params[name]) for name in TEXTS if name in st.query_params}
    if not asked or asked == session.address_texts:
        return
    session.address_texts = asked
    found, refused = {}, []
    for name, text in asked.items():
        try:
            found[name] = links.read(text, TEXTS[name], session.pat)
        except BadLink as error:
            refused.append(str(error))
    if system := found.get("system"):
        session.address_chat = str(st.query_params.get("chat", ""))  # the link does not change it
        chat_actions.begin(chats.new_chat())
        session.chat["settings"]["system"] = session.linked_system = system
    if question := found.get("q"):
        drafts.fill([question])
    for sentence in refused:  # last, because drawing may end this run
        st.toast(escaped(sentence), icon=":material/link_off:", duration="long")


def _take_chat() -> None:
    """Open the conversation that `?chat=` names, if it belongs to the visitor."""
    asked = str(st.query_params.get("chat", ""))
    if asked == session.address_chat:
        return
    session.address_chat = asked
    owner = persistence.owner()
    if not asked or not owner or asked == session.chat["id"]:
        return
    if chat := saving.load(owner, asked):
        chat_actions.begin(chat)
    elif saving.trouble():  # the chat list shows the reason
        if not session.chat["turns"]:
            session.address_chat = ""  # the next run tries again
    else:
        st.toast("The conversation in this page's address is not one of yours, or was deleted.")


def write() -> None:
    """Put the conversation's id into the URL, so that a reload shows it.

    What a link filled in is dropped once the conversation has turns: a reload would otherwise
    start another conversation with it.
    """
    chat, said = session.chat, st.query_params.to_dict()
    wanted = _without_tokens(said)
    wanted.pop("copy", None)
    if chat["turns"] or chat["revision"]:
        for name in TEXTS:
            wanted.pop(name, None)
    kept = chat["id"] if chat["revision"] else ""
    # If the conversation it names could not be read, keep it: the next run tries again.
    if kept or chat["turns"] or not persistence.owner() or not saving.trouble():
        wanted.pop("chat", None)
        if kept:
            wanted["chat"] = session.address_chat = kept
        elif "chat" in said:
            session.address_chat = ""
    if wanted != said:
        st.query_params.from_dict(wanted)


def _without_tokens(said: dict[str, str]) -> dict[str, str]:
    """Return an address is seen by many: what looks like a token in it is taken out, and told
    of."""
    tokens = {name for name, text in said.items() if _has_token(name, text)}
    if tokens - TEXTS.keys():  # of those it was said when they were read
        st.toast(
            "Something in this page's address looks like an access token. It was not taken, and is"
            " out of the address now. A browser remembers them: if it is yours, make a new one.",
            icon=":material/link_off:",
            duration="long",
        )
    return {name: text for name, text in said.items() if name not in tokens}


def _has_token(name: str, text: str) -> bool:
    """Return whether it may be an access token; ids of conversations and of models' versions look
    so."""
    if name in ("chat", "copy"):
        return False
    around = text
    if name == "model" and (url := catalog.parse_address(text)):
        around = text.replace(url.partition("clarifai.com/")[2], "")
    return may_hold(around) or holds(text, session.pat)


def show_notice() -> None:
    """Show a notice about a link's system prompt, as long as it is in use."""
    system = session.linked_system
    if not system or session.chat["settings"].get("system") != system:
        return
    with st.container(border=True):
        st.markdown(
            ":material/link: **This link set a system prompt.** Whoever made the link wrote it; it"
            " is sent with your questions. You can change it under Settings."
        )
        st.code(cut(system, SHOWN), language=None, wrap_lines=True)
        st.button(
            "Ask without it", key="drop_system", icon=":material/close:", on_click=_drop_system
        )


@uninterrupted()
def _drop_system() -> None:
    chat_settings.read_widgets()
    rest = session.chat["settings"].copy()
    rest.pop("system", None)
    chat_settings.replace(rest)
