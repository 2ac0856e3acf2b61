"""Start the next run of the playground, send its requests, stop it."""

from collections.abc import Iterator
from functools import partial

import streamlit as st

from clarifai_chat import llm
from clarifai_chat.chat import replies
from clarifai_chat.events import StreamEvent
from clarifai_chat.history import attachment_contents, file_reading
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.playground import clarifai_servers, runs
from clarifai_chat.playground.chat_tools import mocks_in
from clarifai_chat.playground.runs import Run
from clarifai_chat.tools.lint.check import check
from components.actions import code, tool_servers
from components.playground import run_answerers, run_form, run_history, tool_text
from components.state import kept_playground, persistence
from components.state.session import is_here, session
from components.state.streamlit_patches import uninterrupted


@uninterrupted()
def start() -> None:
    """Run the current tools and prompt, unless the run on the page is still in progress."""
    shown = run_history.opened()
    if shown and replies.get(shown["turn"]):
        return  # a second click, or the shortcut of Run after Stop has replaced it
    prompt = run_form.latest_prompt()
    if not _asks(prompt):
        st.toast(
            "Type a prompt first, such as a question that your tools can help with.",
            icon=":material/edit:",
        )
        return
    if _is_refused():
        return
    run = new_run(prompt)
    send(run)
    session.runs = runs.latest([*session.runs, run])
    run_history.open_run(run)


def new_run(prompt: str) -> Run:
    settings, tools = clarifai_servers.asked(
        session.model, session.run_settings, tool_text.sent(check(tool_text.latest()))
    )
    answerers = run_answerers.answerers(tools)
    run = runs.new_run(
        prompt,
        session.asked_model,
        tools,
        settings,
        answerers,
        session.results,
        session.run_files,
    )
    if mocks := mocks_in(session.mocks, answerers):
        run["mocks"] = mocks
    return run


@uninterrupted()
def show_code() -> None:
    """Show the request that Run would send as code."""
    run_form.latest_prompt()
    if not _is_refused():
        code.of_run(_draft_run)


def _is_refused() -> bool:
    """Return whether the request cannot be sent; a toast then says why."""
    problems = run_form.problems()
    if problems:
        st.toast(escaped(problems[0]), icon=":material/edit:")
    return bool(problems)


def _draft_run() -> Run:
    """Return the run that is about to be made, with a prompt of some kind."""
    prompt = run_form.latest_prompt()
    return new_run(prompt if _asks(prompt) else code.QUESTION)


def _asks(prompt: str) -> bool:
    """Return whether there is anything to answer."""
    return bool(prompt.strip() or session.run_settings["messages"] or session.run_files)


def send(run: Run) -> None:
    """Request the next reply of a run of the page, unless another process is asking it."""
    with kept_playground.asking(run) as is_free:
        if is_free:
            ask(run)


def ask(run: Run) -> None:
    """Request the run's next reply."""
    turn, endpoint, owner = run["turn"], session.endpoint(run["turn"]), persistence.owner()
    ask_server = tool_servers.asker()

    def events(in_flight: InFlight) -> Iterator[StreamEvent]:
        llm.warm_up()
        content = partial(attachment_contents.as_sent, owner)
        came = runs.events(run, endpoint, in_flight, content, ask_server)
        return file_reading.keep_pictures(owner, came)

    replies.ask(turn, events, queue=turn["id"], is_here=is_here())


@uninterrupted()
def stop(run: Run) -> None:
    replies.stop(run["turn"])
