"""Attach files to the next run: read them, explain the rejected ones, hold the rest."""

import streamlit as st

from clarifai_chat import llm
from clarifai_chat.attachments import limits, texts
from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.attachments.limits import MAX_FILES
from clarifai_chat.history import attachment_contents, file_reading
from clarifai_chat.history.file_reading import ReadFiles
from clarifai_chat.markdown.sanitize import as_label, escaped
from clarifai_chat.playground import compatibility
from clarifai_chat.playground.runs import Run
from components.chat.attachment_input import ICONS, measure
from components.state import kept_playground, persistence
from components.state.session import session
from components.state.slots import seed, widget
from components.state.streamlit_patches import uninterrupted

MAX_MB = max(limit.max_bytes for limit in limits()) // 1_000_000
HELP = "\n".join(f"- {limit.words}" for limit in limits())


def show() -> None:
    """Draw what waits, and the place to add more."""
    fold = st.expander("Files", type="compact", key="run_files_box", on_change="rerun")
    if fold.open:
        with fold:
            st.file_uploader(
                f"Up to {MAX_FILES} files go with the prompt",
                accept_multiple_files=True,
                key=_key(),
                help=HELP,
                max_upload_size=MAX_MB,
                on_change=_add,
            )
    for why in session.run_refused:
        st.warning(escaped(why), icon=":material/warning:")
    if session.run_files:
        with st.container(horizontal=True, gap="small"):
            for file in session.run_files:
                st.button(
                    f"{ICONS[file['kind']]} {escaped(file['name'])} · {measure(file)}",
                    key=f"drop_run_file:{file['id']}",
                    help="Remove",
                    on_click=_remove,
                    args=(file["id"],),
                )
    _show_guesses()
    for caution in compatibility.about_files(
        session.model, {file["kind"] for file in session.run_files}
    ):
        st.caption(f":material/info: {escaped(caution)}")


def _key() -> str:
    # Another key after each time: the browser keeps the files of an uploader until then.
    return f"run_upload:{session.run_uploads}"


@uninterrupted()
def _add() -> None:
    uploads = [(file.name, file.type, file.getvalue()) for file in widget(_key()) or ()]
    if not uploads:
        return
    session.run_uploads += 1
    llm.warm_up()
    taken = file_reading.read_uploads(
        persistence.owner(),
        uploads,
        llm.count_tokens,
        secret=session.pat,
        room=MAX_FILES - len(session.run_files),
    )
    session.run_files = [*session.run_files, *taken["files"]]
    session.run_guesses = {**session.run_guesses, **taken["guesses"]}
    session.run_refused = taken["refused"]
    _show_notes(taken)


def _show_notes(taken: ReadFiles) -> None:
    for note in taken["notes"]:
        st.toast(escaped(note), icon=":material/content_cut:", duration="long")


@uninterrupted()
def _remove(id: str) -> None:
    session.run_files = [file for file in session.run_files if file["id"] != id]
    session.run_refused = []


def _show_guesses() -> None:
    """Draw how files were read of which that is a guess, for the visitor to check or change."""
    guessed = [file for file in session.run_files if file["id"] in session.run_guesses]
    if not guessed:
        return
    found, _ = attachment_contents.find(persistence.owner(), guessed)
    for file in guessed:
        guess, key = session.run_guesses[file["id"]], f"run_read_as:{file['id']}"
        seed(key, guess["read_as"])
        st.selectbox(
            f"{as_label(file['name'])} was read as",
            guess["choices"],
            key=key,
            on_change=_read_again,
            args=(file,),
        )
        text = found.get(file["id"], b"").decode()
        st.code(texts.telling(text), language=None, wrap_lines=True)


@uninterrupted()
def _read_again(about: Attachment) -> None:
    key = f"run_read_as:{about['id']}"
    taken = file_reading.read_again(
        persistence.owner(), about, widget(key), llm.count_tokens, secret=session.pat
    )
    session.run_refused = taken["refused"]
    if not taken["files"]:
        return
    (again,) = taken["files"]
    session.run_files = [again if f["id"] == about["id"] else f for f in session.run_files]
    session.run_guesses = {**session.run_guesses, **taken["guesses"]}
    _show_notes(taken)


def reopen(run: Run) -> None:
    """Attach the files of a saved run again, as far as they are still here. For callbacks."""
    files = run["turn"].get("attachments", [])
    kept_playground.attach(files, "A saved run does not hold its files.")
    session.run_guesses = {}
