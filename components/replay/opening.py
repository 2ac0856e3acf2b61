"""Open a recording from a file; offer one of an answer."""

import streamlit as st

from clarifai_chat.chat.turn import files_of
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.recordings import files
from clarifai_chat.recordings.recording import file_name, is_measured
from components.actions import replaying
from components.state.session import session

MAX_MB = files.MAX_BYTES // 1_000_000


def show() -> None:
    """Draw the place for a file, or a way to close the open recording."""
    if session.recording:
        st.button(
            "Close",
            key="close_recording",
            icon=":material/close:",
            type="tertiary",
            on_click=replaying.close,
        )
        return
    st.file_uploader(
        "Open a recording",
        type=["json"],
        key="open_recording",
        max_upload_size=MAX_MB,
        help="A recording of an answer or a comparison, a run of the playground, or an exported"
        " conversation",
        on_change=replaying.open_file,
    )
    if session.recording_trouble:
        st.warning(escaped(session.recording_trouble), icon=":material/warning:")


def show_offer() -> None:
    """Draw the dialog that saves a recording of an answer, once one is wanted."""
    if session.recording_of:
        _dialog()


@st.dialog("Save a recording", icon=":material/videocam:", on_dismiss=replaying.dismiss)
def _dialog() -> None:
    recording = replaying.offered()
    if recording is None:
        st.markdown("The answer is not complete yet, or was deleted.")
        return
    turn = recording["columns"][0]["turns"][0]
    st.markdown(
        "The file plays this answer again on any machine, without a token and a network. It holds"
        " the question, the settings, the whole answer and its figures, but not your access token."
    )
    if not is_measured(recording):
        st.caption(
            ":material/info: It is not known when the parts of this answer arrived, so it will be"
            " played at its average speed, and will say so."
        )
    if files_of(turn):
        st.caption(":material/info: What is in attached files and pictures is left out.")
    with st.container(horizontal=True):
        st.download_button(
            "Save",
            files.as_json(recording, session.pat),
            file_name=file_name(recording),
            mime="application/json",
            key="save_recording",
            icon=":material/download:",
            type="primary",
            on_click="ignore",
        )
        if st.button("Play it here", key="play_recording", icon=":material/play_arrow:"):
            replaying.open_recording(files.read(files.as_json(recording, session.pat).encode()))
            session.recording_of = ""
            st.switch_page("pages/stage.py")
