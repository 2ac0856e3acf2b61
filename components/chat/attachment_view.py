"""Draw a question's files: image thumbnails, text as the prompt has it, audio players."""

import streamlit as st

from clarifai_chat import attachments, catalog
from clarifai_chat.attachments import AcceptedFile
from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.chat.turn import Turn
from clarifai_chat.history import attachment_contents
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.playground import compatibility
from clarifai_chat.text import whole
from components.chat.attachment_input import ICONS, measure
from components.state import persistence
from components.state.session import session

GONE = "This file has been dropped from memory. Attach it again to ask about it."


def show(turn: Turn) -> None:
    """Draw the turn's files. Except for thumbnails, contents are loaded when a file is unfolded."""
    files = turn.get("attachments", [])
    pictures = [file for file in files if file["kind"] == "image"]
    model = catalog.describe(session.models, turn["model"]["url"])
    with st.container(gap="xsmall"):
        if pictures:
            with st.container(horizontal=True, gap="small"):
                for file in pictures:
                    _show_picture(file)
        for number, file in enumerate(files):
            if file["kind"] != "image":
                _show_folded(file, f"file:{turn['id']}:{number}")
        for caution in compatibility.about_files(model, {file["kind"] for file in files}):
            st.caption(f":material/info: {escaped(caution)}")


def show_made(turn: Turn) -> None:
    """Draw the pictures that the model made."""
    for file in turn.get("pictures", []):
        _show_picture(file, is_large=True)


def show_not_sent(turn: Turn) -> None:
    """Draw why the pictures that the model made do not go with the next question."""
    if turn.get("pictures") and (why := compatibility.about_made(session.model)):
        st.caption(f":material/info: {escaped(why)}")


def _show_picture(file: Attachment, *, is_large: bool = False) -> None:
    small = attachment_contents.thumbnail(persistence.owner(), file, is_large=is_large)
    if small is None:
        st.caption(f"{ICONS['image']} {escaped(file['name'])}: {GONE}")
    else:
        st.image(small, caption=escaped(file["name"]), alt=whole(file["name"]), width="content")


def _show_folded(file: Attachment, key: str) -> None:
    label = f"{ICONS[file['kind']]} {escaped(file['name'])} · {measure(file)}"
    with st.expander(label, type="compact", key=key, on_change="rerun") as fold:
        if not fold.open:
            return
        found, why = attachment_contents.find(persistence.owner(), [file])
        content = found.get(file["id"])
        if content is None:
            st.caption(escaped(why) or GONE)
        elif file["kind"] == "audio":
            st.audio(content, format=attachments.known_mime("audio", file["mime"]))
        else:
            text = attachments.as_text(AcceptedFile(file, content))
            st.code(
                text, language=None, wrap_lines=True, height=min(400, 60 + 24 * text.count("\n"))
            )
