"""Draw a demo while it is presented: one step, large, with nothing else on the page."""

import streamlit as st

from clarifai_chat.chat.turn import Turn
from clarifai_chat.chat.usage import dollars
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.presenting.plan import Step
from components.chat import turn_footer
from components.chat.transcript import USER, TurnView
from components.compare import narrow
from components.playground.run_view import RunView
from components.presenter import lobby, steps
from components.presenter.steps import Source
from components.replay.player import Player
from components.reply import live
from components.reply.answer_view import draw_question
from components.share import on_stage
from components.state.session import session

# Nothing beside the step: no sidebar, no way to it, no margins. The type is a quarter larger, and
# with it all sizes; a narrow window has no room for that.
STYLE = """<style>
[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"] { display: none }
[data-testid="stMainBlockContainer"] { padding-top: 4rem }
[data-testid="stBottomBlockContainer"] { padding-top: 0.5rem; padding-bottom: 1rem }
.stMain [data-testid="stLayoutWrapper"]:has(> .st-key-ribbon) { top: 3.75rem }
@media (min-width: 641px) { html { font-size: 125% } }
@media (max-width: 640px) { .st-key-stage_recordings, .st-key-stage_qr { display: none } }
</style>"""


class Presenter:
    """The step on the page. `views` holds what grows, for `live.watch`."""

    def __init__(self) -> None:
        assert session.demo_plan  # noqa: S101 - only a demo that has begun is presented
        turn_footer.style(STYLE)
        self._plan, self._step = session.demo_plan, steps.step()
        self._source = steps.source(self._step)
        self._is_running = steps.is_running()
        self.views: list[live.View] = []
        st.caption(
            f"{escaped(self._plan['title'])} · {session.step_at + 1} of {len(self._plan['steps'])}"
        )
        st.title(escaped(self._step["title"]), anchor=False)
        self._player = Player(session.recording, is_bare=True) if session.recording else None
        if self._player:
            self.views += self._player.views
        elif run := steps.run():
            self.views.append(RunView(run, None))
        elif turns := steps.turns():
            self._show_turns(turns)
        elif self._step["prompt"]:
            with st.chat_message("user", avatar=USER):
                draw_question(
                    st.container(),
                    f"{session.presentation}:{session.step_at}",
                    self._step["prompt"],
                )
        if session.stage_notice:
            st.warning(escaped(session.stage_notice), icon=":material/warning:")
        with st.bottom:
            _show_source(self._step, self._source)
            self._show_controls()

    def _show_turns(self, turns: list[Turn]) -> None:
        if len(turns) == 1:
            self.views.append(TurnView(turns[0], {}))
            return
        names = [turn["model"]["name"] for turn in turns]
        for place, turn in zip(narrow.columns(names), turns, strict=True):
            with place:
                self.views.append(TurnView(turn, {}))

    def _show_controls(self) -> None:
        last = len(self._plan["steps"]) - 1
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                "Back",
                key="stage_back",
                icon=":material/arrow_back:",
                shortcut="Left",
                disabled=session.step_at == 0,
                on_click=steps.move,
                args=(-1,),
            )
            self._show_press()
            st.button(
                "Next",
                key="stage_next",
                icon=":material/arrow_forward:",
                icon_position="right",
                shortcut="Right",
                disabled=session.step_at == last,
                on_click=steps.move,
                args=(1,),
            )
            st.space("stretch")
            on_stage.show()
            lobby.show_wish()
            st.button(
                "Start over",
                key="stage_restart",
                icon=":material/first_page:",
                type="tertiary",
                on_click=steps.start_over,
            )
            st.button(
                "End",
                key="stage_end",
                icon=":material/close:",
                type="tertiary",
                on_click=steps.end,
            )

    def _show_press(self) -> None:
        if self._source.kind == "nothing" and not self._step["prompt"]:
            return
        again = " again" if self.views else ""
        label = "Play" if self._source.kind == "recording" else "Ask"
        is_play = self._source.kind == "recording"
        icon = ":material/play_arrow:" if is_play else ":material/send:"
        if self._is_running:
            label, again, icon = "Stop", "", ":material/stop_circle:"
        st.button(
            f"{label}{again}",
            key="stage_press",
            icon=icon,
            type="primary",
            shortcut="A",
            disabled=self._source.kind == "nothing" and not self._is_running,
            on_click=steps.stop if self._is_running else steps.press,
        )

    def draw(self) -> None:
        for view in self.views:
            view.draw()

    def is_outdated(self) -> bool:
        """Return whether the page shows as running what is over, or has to show a recording."""
        return (self._is_running and not steps.is_running()) or steps.settle()


def _show_source(step: Step, source: Source) -> None:
    """Say what a press does: which models it asks at what price, or what recording it plays."""
    if source.kind == "live":
        cost = steps.most_usd(step)
        price = f"at most {dollars(cost)}" if cost else "free"
        said = f"Asks {escaped(steps.names_of(step))}: {price}."
    elif source.kind == "recording":
        said = f"{escaped(source.why)} This step plays its recording.".strip()
    else:
        said = f"{escaped(source.why)} This step has no recording." if source.why else ""
    if said:
        st.caption(said)
