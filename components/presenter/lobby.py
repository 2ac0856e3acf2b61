"""Draw the Stage page before a demo begins: the demos, the start of one, recordings."""

import streamlit as st

from clarifai_chat.chat.usage import dollars
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.presenting import plans
from clarifai_chat.presenting.plan import Plan, Step
from clarifai_chat.text import counted
from components.presenter import steps
from components.replay import opening
from components.replay.player import Player
from components.reply import live
from components.share import on_stage
from components.state.session import session
from components.state.slots import seed


class Lobby:
    """What is on the page. `views` holds what grows, for `live.watch`."""

    def __init__(self) -> None:
        self.views: list[live.View] = []
        self._player: Player | None = None
        if session.demo_plan:
            _show_start(session.demo_plan)
            return
        st.title("Stage", anchor=False)
        if session.stage_notice:
            st.warning(escaped(session.stage_notice), icon=":material/warning:")
        if not session.recording:
            _show_demos()
            st.header("Recordings", anchor=False)
        opening.show()
        if session.recording:
            self._player = Player(session.recording)
            self.views = self._player.views

    def draw(self) -> None:
        for view in self.views:
            view.draw()

    def is_outdated(self) -> bool:
        return bool(self._player and self._player.is_outdated())


def _show_demos() -> None:
    st.header("Demos", anchor=False)
    st.caption("Each runs without a token and a network. Nothing is asked before you press.")
    for each in plans.listing():
        if each.plan is None:
            st.warning(
                escaped(f"The demo {each.name} cannot be presented: {each.trouble}."),
                icon=":material/warning:",
            )
            continue
        with st.container(border=True, gap="xsmall"):
            st.subheader(escaped(each.plan["title"]), anchor=False)
            st.markdown(escaped(each.plan["about"]))
            st.button(
                "Open",
                key=f"open_demo:{each.name}",
                icon=":material/co_present:",
                help=f"Open {each.plan['title']}",
                on_click=steps.choose,
                args=(each.name,),
            )


def _show_start(plan: Plan) -> None:
    """Draw the start of a demo: what each step will show, the notes, and Begin."""
    st.title(escaped(plan["title"]), anchor=False)
    st.markdown(escaped(plan["about"]))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Begin",
            key="stage_begin",
            icon=":material/co_present:",
            type="primary",
            on_click=steps.begin,
        )
        st.link_button(
            "Speaker's notes",
            f"stage?demo={plan['name']}&notes={session.presentation}",
            icon=":material/open_in_new:",
            help="In a window of their own, in step with this one",
        )
        on_stage.show()
        st.button(
            "All demos",
            key="stage_close",
            type="tertiary",
            icon=":material/arrow_back:",
            on_click=steps.close,
        )
        show_wish()
    st.caption(
        f"{counted(len(plan['steps']), 'step')}. Right and Left move, A asks. At most"
        f" {plan['max_asks']} questions and {dollars(plan['max_usd'])}."
    )
    if session.network_failed:
        st.button(
            "Try the network again",
            key="stage_network",
            icon=":material/wifi:",
            on_click=steps.try_network,
        )
    lines = ["| Step | Shows |", "|---|---|"]
    for step in plan["steps"]:
        lines.append(f"| {escaped(step['title'])} | {_shows(step)} |")
    st.markdown("\n".join(lines))


def show_wish() -> None:
    """Draw the switch that plays recordings where there are some."""
    seed("stage_recordings", session.wants_recordings)
    st.toggle(
        "Recordings",
        key="stage_recordings",
        help="Play recordings where a step has one, and ask no model",
        on_change=steps.take_wish,
    )


def _shows(step: Step) -> str:
    source = steps.source(step)
    if source.kind == "live":
        return f"{escaped(steps.names_of(step))}, live"
    if source.kind == "recording":
        return f"Recording. {escaped(source.why)}".strip()
    return escaped(source.why)
