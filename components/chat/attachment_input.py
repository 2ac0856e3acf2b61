"""Attach files to a question: read them, explain the rejected ones, hold the rest.

A question is sent with all of its files or not at all. If it is not sent, its text goes back into
the box and the accepted files wait above it; so they do if it is a guess how one is to be read, for
the visitor to check. Files are read in the background: a PDF takes seconds.
"""

import time
from collections.abc import Iterable
from functools import partial

import streamlit as st
from streamlit.elements.widgets.chat import ChatInputValue

from clarifai_chat import background, llm
from clarifai_chat.attachments import clean_name, limits, texts
from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.attachments.limits import MAX_FILES
from clarifai_chat.background import Job
from clarifai_chat.history import attachment_contents, file_reading
from clarifai_chat.history.file_reading import ReadFiles
from clarifai_chat.markdown.sanitize import as_label, escaped
from clarifai_chat.playground import compatibility
from clarifai_chat.text import are, counted, listed, size
from components.actions import asking
from components.frame import drafts, layout
from components.state import persistence
from components.state.chat_slots import PendingUpload
from components.state.session import session
from components.state.slots import seed, set_widget, widget
from components.state.streamlit_patches import lost_files, uninterrupted

RECORDING = "recording.wav"
HEAD_START_S = 0.3  # enough for most files, so that the question appears at once
LOOK_S = 0.005
GUESSES_PX = 320  # above the box, where many would hide the conversation
ICONS = {"image": ":material/image:", "text": ":material/description:", "audio": ":material/mic:"}


@uninterrupted()
def submit() -> None:
    """Ask what was typed, with its own files and those that wait."""
    sent = widget("prompt")
    _receive(sent)
    if sent.text:
        session.received += 1  # last: until then the browser keeps the question


def _receive(sent: ChatInputValue) -> None:
    files = [(file.name, file.type, file.getvalue()) for file in sent.files]
    if recording := sent.audio if "audio" in sent else None:
        files.append((RECORDING, "audio/wav", recording.getvalue()))
    if lost := lost_files():
        _keep_back(sent.text, lost)
        return
    if not files and not session.reading:
        if sent.text:  # empty when the browser rejected the only file
            _ask(sent.text, [])
        return
    session.refused = []
    reading = _read(sent.text, files)
    session.reading = [*session.reading, reading]
    deadline = time.monotonic() + HEAD_START_S
    while reading["job"]["state"] == "running" and time.monotonic() < deadline:
        time.sleep(LOOK_S)
    unsent = _ask_what_is_read()
    if unsent or session.reading:
        _fill_box(unsent)


def _keep_back(prompt: str, lost: list[str]) -> None:
    """Do not ask: files were dropped from memory while the page was away."""
    names = listed([clean_name(name) for name in lost])
    session.refused = [
        f"{names} {are(len(lost))} not here any more. Attach the files of this question again."
    ]
    _fill_box([prompt])


def ask_when_read() -> list[Job]:
    """Ask the questions whose files have been read; return the jobs that still read files.

    Call it before the box is drawn, because it may fill the box.
    """
    before = len(session.reading)
    with uninterrupted():
        unsent = _ask_what_is_read()
        if len(session.reading) < before:
            _fill_box(unsent)
    return [reading["job"] for reading in session.reading]


def _read(prompt: str, files: list[file_reading.Upload]) -> PendingUpload:
    room = MAX_FILES - len(session.waiting)
    owner, pat = persistence.owner(), session.pat
    take = partial(file_reading.read_uploads, owner, files, llm.count_tokens, secret=pat, room=room)
    return {
        "chat": session.chat["id"],
        "prompt": prompt,
        "names": [clean_name(name) for name, _, _ in files],
        "job": background.start(take),
    }


def _ask_what_is_read() -> list[str]:
    """Ask the questions that are ready, in order; return the texts of those that were refused."""
    unsent = []
    while session.reading and session.reading[0]["job"]["state"] != "running":
        reading, session.reading = session.reading[0], session.reading[1:]
        taken = _taken(reading)
        if taken["refused"] or taken["guesses"]:
            session.refused = [*session.refused, *taken["refused"]]
            session.waiting = [*session.waiting, *taken["files"]]
            session.guesses = {**session.guesses, **taken["guesses"]}
            session.is_wordless = not reading["prompt"].strip()
            unsent.append(reading["prompt"])
        else:
            _ask(reading["prompt"], taken["files"])
        _show_notes(taken)
    return unsent


def _show_notes(taken: ReadFiles) -> None:
    for note in taken["notes"]:
        st.toast(escaped(note), icon=":material/content_cut:", duration="long")


def _taken(reading: PendingUpload) -> ReadFiles:
    taken: ReadFiles | None = reading["job"]["result"]
    if taken is None:  # the job failed, which is a bug of ours
        names = ", ".join(reading["names"])
        why = f"{names} could not be read. Try again."
        return {"files": [], "guesses": {}, "notes": [], "refused": [why]}
    if reading["chat"] != session.chat["id"]:
        away = "You switched chats while your files were being read. Send them from either chat."
        return {**taken, "refused": [*taken["refused"], away]}
    return taken


def _ask(prompt: str, files: list[Attachment]) -> None:
    files = [*session.waiting, *files]
    session.waiting, session.guesses, session.refused = [], {}, []
    asking.ask(prompt, files)


def _fill_box(unsent: Iterable[str]) -> None:
    drafts.fill(unsent, [reading["prompt"] for reading in session.reading])


@uninterrupted()
def _leave() -> None:
    """Cancel reading the files; the text stays in the box."""
    prompts = [reading["prompt"] for reading in session.reading]
    session.reading = []
    _fill_box(prompts)


@uninterrupted()
def _remove_file(id: str) -> None:
    session.waiting = [file for file in session.waiting if file["id"] != id]
    session.guesses = {key: guess for key, guess in session.guesses.items() if key != id}


@uninterrupted()
def _read_again(id: str) -> None:
    """Read a waiting file as the visitor chose."""
    key = f"read_as:{id}"
    about = next(file for file in session.waiting if file["id"] == id)
    owner, pat = persistence.owner(), session.pat
    taken = file_reading.read_again(owner, about, widget(key), llm.count_tokens, secret=pat)
    session.refused = taken["refused"]
    if taken["refused"]:
        set_widget(key, session.guesses[id]["read_as"])
        return
    session.waiting = [*(taken["files"][0] if file is about else file for file in session.waiting)]
    session.guesses = {**session.guesses, **taken["guesses"]}
    _show_notes(taken)


@uninterrupted()
def _ask_without_words() -> None:
    _ask("", [])


def show() -> None:
    """Draw the files that are being read, rejected or waiting, above the box.

    Each kind has its own place, so that what this run does not draw disappears at once.
    """
    reading, refused, waiting, guesses = st.empty(), st.empty(), st.empty(), st.empty()
    if session.reading:
        with reading.container(horizontal=True, vertical_alignment="center", gap="small"):
            names = ", ".join(escaped(name) for each in session.reading for name in each["names"])
            st.caption(f":shimmer[Reading {names}]", width="content")
            st.button("Cancel", key="leave_reading", type="tertiary", on_click=_leave)
    if session.refused:
        said = "  \n".join(map(escaped, session.refused))
        words = "Nothing was sent: your question is in the box."
        refused.warning(f"{said}  \n{words}", icon=":material/warning:")
    if session.waiting:
        with waiting.container(gap="xsmall"):
            _show_waiting()
    if session.guesses:
        with guesses.container(gap="xsmall"):
            _show_guesses()


def _show_guesses() -> None:
    """Draw how files were read of which that is a guess, for the visitor to check or change."""
    guessed = [file for file in session.waiting if file["id"] in session.guesses]
    found, _ = attachment_contents.find(persistence.owner(), guessed)
    with st.container(gap="xsmall", height=GUESSES_PX if len(guessed) > 2 else "content"):
        for file in guessed:
            _show_guess(file, found.get(file["id"], b"").decode())
    st.info(
        "Check whether this looks right, and change it if not. Then send."
        + ("" if session.is_wordless else " Your question is in the box."),
        icon=":material/translate:",
    )
    if session.is_wordless:
        st.button("Send without a question", key="send_files", on_click=_ask_without_words)


def _show_guess(file: Attachment, text: str) -> None:
    guess, key = session.guesses[file["id"]], f"read_as:{file['id']}"
    seed(key, guess["read_as"])
    st.selectbox(
        f"{as_label(file['name'])} was read as",
        guess["choices"],
        key=key,
        on_change=_read_again,
        args=(file["id"],),
    )
    st.code(texts.telling(text), language=None, wrap_lines=True)


def _show_waiting() -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("With your next question:", width="content")
        for file in session.waiting:
            st.button(
                f"{escaped(file['name'])} · {measure(file)}",
                key=f"take_away:{file['id']}",
                icon=":material/close:",
                help="Remove",
                on_click=_remove_file,
                args=(file["id"],),
            )
        layout.clear_below(MAX_FILES - len(session.waiting))
    kinds = {file["kind"] for file in session.waiting}
    said = compatibility.about_files(session.model, kinds)
    for caution in said:
        st.caption(f":material/info: {escaped(caution)}")
    layout.clear_below(2 - len(said))


def show_limits() -> None:
    """Draw the list of files that can be attached."""
    with st.popover("Files", icon=":material/attach_file:", type="tertiary", key="file_limits"):
        rows = [limit.words for limit in limits()] + compatibility.about_files(
            session.model, {"image"}
        )
        listed = "\n".join(f"- {escaped(row)}" for row in rows)
        st.markdown(f"Choose, drop or paste up to {MAX_FILES} files with a question.\n\n{listed}")


def measure(file: Attachment) -> str:
    """Return the size of a file: in tokens if they can be counted, else in bytes."""
    tokens = file["tokens"]
    if tokens is None:
        return size(file["size"])
    return f"about {counted(tokens, 'token')}"
