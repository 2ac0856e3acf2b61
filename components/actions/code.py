"""Choose the request that "Get code" shows.

Nothing here draws.
"""

from collections.abc import Callable, Sequence

import streamlit as st

from clarifai_chat.chat.turn import Turn, new_turn
from clarifai_chat.errors import ChatError
from clarifai_chat.llm.exchange import Exchange
from clarifai_chat.llm.request import ChatRequest
from clarifai_chat.playground import run_file, runs
from clarifai_chat.playground.runs import Run
from components.actions import asking
from components.state.access_slots import CodeRequest
from components.state.session import session
from components.state.streamlit_patches import uninterrupted

QUESTION = "Your question"  # in place of one that has not been typed yet


@uninterrupted()
def of_turn(turn: Turn) -> None:
    """Show the request that asks this question again, with the settings as they are now."""
    fresh = new_turn(turn["prompt"], turn["model"])  # without the answer
    fresh["id"] = turn["id"]
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
    if session.waiting:
        turn["attachments"] = [*session.waiting]
    _show(
        f"The next question of this conversation: replace “{QUESTION}” by it.",
        lambda: asking.request_of(turn, leave_out=session.leave_out),
    )


@uninterrupted()
def of_run(build: Callable[[], Run]) -> None:
    """Show the request with which this run would begin."""
    _show("The request that Run would send.", lambda: runs.request(build()))


@uninterrupted()
def of_step(exchanges: Sequence[Exchange], number: int) -> None:
    """Show the request that a run has sent."""
    body = run_file.loaded(exchanges[-1]["request"])
    session.code = {"about": f"Request {number + 1} of this run, as it was sent.", "body": body}


@uninterrupted()
def close() -> None:
    session.code = None


def _show(about: str, build: Callable[[], ChatRequest]) -> None:
    try:
        session.code = {"about": about, "body": build().body}
    except ChatError as error:
        st.toast(f"There is no request to show. {error.what} {error.advice}")


__all__ = ["CodeRequest", "close", "of_next_question", "of_run", "of_step", "of_turn"]
