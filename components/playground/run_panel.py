"""The right half of the playground: the form of a run, and the run that is open."""

import streamlit as st

from clarifai_chat.chat import replies
from clarifai_chat.tools.lint.check import CheckResult
from components.playground import run_form, run_history, run_view, running, tool_text
from components.reply import live
from components.state.session import session


class RunPanel:
    """The panel as one run of the page draws it. `views` is what grows until `live.watch` ends."""

    def __init__(self, checked: CheckResult) -> None:
        tools = tool_text.sent(checked)
        run_form.show(tools, tool_text.tokens(tools))
        button_place = st.empty()
        turns = {each["turn"]["id"]: each["turn"] for each in session.runs}
        for turn in turns.values():
            replies.mark_interrupted(turn)
        # Looked up before drawing: a run that ends from here on causes another run of the page.
        self._running = {id: turn for id, turn in turns.items() if replies.get(turn)}
        run, other = run_history.show()
        if run and run["turn"]["id"] in self._running:
            run_form.show_stop(button_place, running.stop, run)
        else:
            run_form.show_buttons(button_place, running.start, running.show_code, checked)
        if run is None:
            st.caption(
                "A run appears here step by step: what was sent, what came back, what was valid."
            )
        if run and other:
            run_view.show_comparison(run, other)
        is_new = run is not None and session.drawn_run != run["turn"]["id"]
        place = (st.empty() if is_new else st).container()
        session.drawn_run = run["turn"]["id"] if run else ""
        self.views: list[live.View] = []
        if run:
            with place:
                self.views.append(run_view.RunView(run, running.send))
        self.views += [
            run_history.Entry(turn) for id, turn in self._running.items() if id != session.drawn_run
        ]

    def is_outdated(self) -> bool:
        """Return whether a run that the panel shows as running has ended."""
        return any(replies.get(turn) is None for turn in self._running.values())
