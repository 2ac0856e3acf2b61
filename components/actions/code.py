"""Choose the request that "Get code" shows.

Nothing here draws.
"""

from collections.abc import Callable
from functools import partial

import streamlit as st

from clarifai_chat.chat.turn import Turn, new_turn
from clarifai_chat.errors import ChatError
from clarifai_chat.history import attachment_contents
from clarifai_chat.llm.request import ChatRequest
from clarifai_chat.playground import run_file, runs
from clarifai_chat.playground.runs import Run, Step
from components.actions import asking
from components.state import offered_tools, persistence
from components.state.access_slots import CodeRequest
from components.state.session import session
from components.state.streamlit_patches import uninterrupted

QUESTION = "Your question"  # in place of one that has not been typed yet


@uninterrupted()
def of_turn(turn: Turn) -> None:
    """Show the request that asks this question again, with the settings as they are now."""
    fresh = new_turn(turn["prompt"], turn["model"])  # without the answer
    fresh["id"] = turn["id"]
    offered_tools.give(fresh, session.chat_of(turn))
    if files := turn.get("attachments"):
        fresh["attachments"] = [*files]
    left_out = len(turn.get("left_out", ()))
    _show(
        "This question after the conversation before it, with the settings as they are now.",
        lambda: asking.request_of(fresh, leave_out=left_out),
    )


@uninterrupted()
def of_next_question() -> None:
    """Show the request that the next question will make."""
    turn = new_turn(QUESTION, session.asked_model)
    offered_tools.give(turn, session.chat)
    if session.waiting:
        turn["attachments"] = [*session.waiting]
    _show(
        f"The next question of this conversation: replace “{QUESTION}” by it.",
        lambda: asking.request_of(turn, leave_out=session.leave_out),
    )


@uninterrupted()
def of_run(build: Callable[[], Run]) -> None:
    """Show the request with which this run would begin."""
    content = partial(attachment_contents.as_sent, persistence.owner())
    _show("The request that Run would send.", lambda: runs.request(build(), content))


@uninterrupted()
def of_step(run: Run, step: Step) -> None:
    """Show the request that a run has sent."""
    session.code = {
        "about": f"Request {step.number + 1} of this run, as it was sent.",
        "model": run["turn"]["model"]["url"],
        "body": run_file.loaded(step.exchanges[-1]["request"]),
    }


@uninterrupted()
def close() -> None:
    session.code = None


def _show(about: str, build: Callable[[], ChatRequest]) -> None:
    try:
        request = build()
    except ChatError as error:
        st.toast(f"There is no request to show. {error.what} {error.advice}")
    else:
        session.code = {"about": about, "model": request.model, "body": request.body}


__all__ = ["CodeRequest", "close", "of_next_question", "of_run", "of_step", "of_turn"]
