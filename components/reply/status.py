"""Show what a reply waits for, and what went wrong with it."""

import time

import streamlit as st

from clarifai_chat import llm
from clarifai_chat.chat.turn import Turn, is_over
from clarifai_chat.errors import CAUSES, Problem
from clarifai_chat.markdown.sanitize import escaped


def waiting_text(turn: Turn, *, is_blind: bool = False) -> str:
    """Return Markdown for a reply without text so far; "waiting" if it is not sent yet.

    `is_blind`: it does not name the model.
    """
    if is_over(turn):
        return ""
    if notice := turn.get("notice"):
        left = max(0, round(notice["until"] - time.time()))
        return (
            f":material/refresh: {notice['what']} Trying again in {left} s"
            f" (attempt {notice['attempt']} of {notice['attempts']})."
        )
    if turn["asked_at"] is None:
        return "waiting"
    if turn["figures"]["first_token_s"] is not None:
        return ""
    if turn["replies"]:
        return ":shimmer[Continuing]"
    if not llm.is_ready():
        return ":shimmer[Starting up: the model library is loading. Your question is kept.]"
    name = "the model" if is_blind else escaped(turn["model"]["name"])
    return f":shimmer[Asking {name}]"


def show_problem(problem: Problem) -> None:
    # Escaped: it may quote the visitor's text, or a file from a stranger.
    text = f"**{escaped(problem['what'])}** {escaped(problem['advice'])}"
    if problem["detail"]:
        text += f"  \n:small[The server said: “{escaped(problem['detail'])}”]"
    whose = f"Cause: {CAUSES[problem['side']]}."
    if problem["code"]:
        whose += f" Clarifai code {problem['code']}."
    if problem["request_id"]:
        whose += f" Request id for support: {escaped(problem['request_id'])}"
    st.error(f"{text}  \n:small[{whose}]", icon=":material/error:")
