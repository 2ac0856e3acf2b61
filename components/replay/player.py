"""Draw a recording with the code that draws replies, below a ribbon that says what it is."""

import streamlit as st

from clarifai_chat.chat.turn import Turn
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.recordings.recording import Recording, ribbon
from components.actions import replaying
from components.chat import turn_footer
from components.chat.transcript import TurnView
from components.compare import narrow
from components.playground.run_view import RunView
from components.reply import live
from components.state.session import session
from components.state.slots import seed

# It stays below the head of the page; below Streamlit's own, where that is in the way.
STYLE = """<style>[data-testid="stLayoutWrapper"]:has(> .st-key-ribbon) {
position: sticky; top: 3rem; z-index: 9; background: light-dark(#ffffff, #10131f) }
@media (max-width: 767px) { [data-testid="stLayoutWrapper"]:has(> .st-key-ribbon) {
top: 3.75rem } }</style>"""


class Player:
    """The open recording on the page. `views` holds what grows, for `live.watch`."""

    def __init__(self, recording: Recording, *, is_bare: bool = False) -> None:
        """Draw the recording; `is_bare`: without its buttons, but never without its ribbon."""
        self._recording = recording
        self.views: list[live.View] = []
        turn_footer.style(STYLE)
        with st.container(key="ribbon"):
            st.info(escaped(ribbon(recording)), icon=":material/videocam:")
        self._is_running = replaying.is_running()
        if not is_bare:
            self._show_controls()
        with st.container(key="recorded"):
            if recording["run"]:
                self._show_run(recording)
            elif len(recording["columns"]) == 1:
                self._show_column(0)
            else:
                self._show_columns()

    def _show_controls(self) -> None:
        is_all = replaying.is_all_shown() and not self._is_running
        is_end = is_all and replaying.is_last_round()
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            # One button with two labels: of two, Streamlit leaves the other one, faded.
            play = "Play again" if is_end else "Play the next question" if is_all else "Play"
            st.button(
                "Pause" if self._is_running else play,
                key="replay_play",
                icon=":material/pause:" if self._is_running else ":material/play_arrow:",
                type="primary",
                on_click=replaying.pause if self._is_running else replaying.play,
            )
            st.button(
                "Next step",
                key="replay_step",
                icon=":material/skip_next:",
                disabled=is_end,
                help="A paragraph, a call or a reply at a time",
                on_click=replaying.step,
            )
            st.button(
                "Show all",
                key="replay_all",
                icon=":material/last_page:",
                disabled=is_end,
                on_click=replaying.show_all,
            )
            st.button(
                "Start over",
                key="replay_restart",
                icon=":material/first_page:",
                disabled=not session.playing and not session.replay_round,
                on_click=replaying.start_over,
            )
            seed("replay_speed", replaying.USUAL_SPEED)
            st.segmented_control(
                "Speed",
                [*replaying.SPEEDS],
                key="replay_speed",
                required=True,
                label_visibility="collapsed",
                on_change=replaying.take_speed,
            )

    def _show_run(self, recording: Recording) -> None:
        if recording["run"] and session.playing:
            self.views.append(RunView({**recording["run"], "turn": session.playing[0]}, None))

    def _show_columns(self) -> None:
        columns = self._recording["columns"]
        names = [column["turns"][0]["model"]["name"] for column in columns]
        for at, place in enumerate(narrow.columns(names)):
            with place:
                self._show_column(at)

    def _show_column(self, at: int) -> None:
        turns = self._recording["columns"][at]["turns"]
        shown: list[Turn] = turns[: session.replay_round]
        if session.replay_round < len(turns):
            shown = [*shown, *session.playing[at : at + 1]]
        self.views += [TurnView(turn, {}) for turn in shown]

    def draw(self) -> None:
        for view in self.views:
            view.draw()

    def is_outdated(self) -> bool:
        """Return whether what was playing when the page was drawn is over."""
        return self._is_running and not replaying.is_running()
