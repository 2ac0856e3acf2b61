"""Tool playground: edit tools, watch a model call them, see whether the calls are valid."""

from collections.abc import Iterator

import streamlit as st

from clarifai_chat import llm
from clarifai_chat.chat import replies
from clarifai_chat.events import StreamEvent
from clarifai_chat.history import attachment_contents
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.playground import runs
from clarifai_chat.playground.runs import Run
from clarifai_chat.tools.lint.check import check
from components.actions import code
from components.code import dialog as code_dialog
from components.frame import shell
from components.playground import (
    run_form,
    run_history,
    run_view,
    tool_editor,
    tool_text,
    toolset_box,
)
from components.reply import live
from components.state import persistence
from components.state.session import is_here, session
from components.state.streamlit_patches import uninterrupted


@uninterrupted()
def start() -> None:
    """Run the current tools and prompt, unless the run on the page is still in progress."""
    shown = run_history.opened()
    if shown and replies.get(shown["turn"]):
        return  # a second click, or the shortcut of Run after Stop has replaced it
    prompt = run_form.latest_prompt()
    if not prompt.strip() and not session.run_settings["messages"]:
        st.toast(
            "Type a prompt first, such as a question that your tools can help with.",
            icon=":material/edit:",
        )
        return
    run = new_run(prompt)
    send(run)
    session.runs = runs.latest([*session.runs, run])
    run_history.open_run(run)


def new_run(prompt: str) -> Run:
    tools = tool_text.sent(check(tool_text.latest()))
    answerers = run_form.answerers(tools)
    return runs.new_run(
        prompt, session.asked_model, tools, session.run_settings, answerers, session.results
    )


def draft_run() -> Run:
    """Return the run that is about to be made, with a prompt of some kind."""
    prompt = run_form.latest_prompt()
    needs_one = not prompt.strip() and not session.run_settings["messages"]
    return new_run(code.QUESTION if needs_one else prompt)


def send(run: Run) -> None:
    """Request the run's next reply."""
    turn, endpoint, owner = run["turn"], session.endpoint(run["turn"]), persistence.owner()

    def events(in_flight: InFlight) -> Iterator[StreamEvent]:
        llm.warm_up()
        return attachment_contents.keep_pictures(owner, runs.events(run, endpoint, in_flight))

    replies.ask(turn, events, queue=turn["id"], is_here=is_here())


@uninterrupted()
def stop(run: Run) -> None:
    replies.stop(run["turn"])


pending = shell.open_page("Tool playground", wide=True)
if toolset_box.take_address():
    st.rerun()  # the sidebar still shows the model from before
tool_text.begin()

left, right = st.columns([5, 6], gap="large")
with left:
    checked = tool_editor.show()
with right:
    tools = tool_text.sent(checked)
    run_form.show(tools, tool_text.tokens(tools))
    button_place = st.empty()
    turns = {each["turn"]["id"]: each["turn"] for each in session.runs}
    for turn in turns.values():
        replies.mark_interrupted(turn)
    # Looked up before drawing: a run that ends from here on causes another run of the page.
    running = {id: turn for id, turn in turns.items() if replies.get(turn)}
    run, other = run_history.show()
    if run is None:
        run_form.show_buttons(button_place, start, draft_run, checked)
        st.caption(
            "A run appears here step by step: what was sent, what came back, what was valid."
        )
    elif run["turn"]["id"] in running:
        run_form.show_stop(button_place, stop, run)
    else:
        run_form.show_buttons(button_place, start, draft_run, checked)
    if run and other:
        run_view.show_comparison(run, other)
    is_new = run is not None and session.drawn_run != run["turn"]["id"]
    place = (st.empty() if is_new else st).container()
    session.drawn_run = run["turn"]["id"] if run else ""
    views: list[live.View] = []
    if run:
        with place:
            views = [run_view.RunView(run, send)]
    views += [run_history.Entry(turn) for id, turn in running.items() if id != session.drawn_run]


def is_outdated() -> bool:
    """Return whether a run that the page shows as running has ended."""
    return any(replies.get(turn) is None for turn in running.values())


code_dialog.show()
live.watch(views, has_news=lambda: is_outdated() or shell.has_news(pending))
if is_outdated():
    st.rerun()  # to show Run instead of Stop, and the outcome in the list of runs
shell.wait_for_jobs(pending)
