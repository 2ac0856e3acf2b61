"""Tell screen readers that a reply has begun and how it ended, never the text as it grows.

The browser's half is frontend/src/announcer. A failure is told by the alert that shows it.
"""

import time
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from clarifai_chat.chat.turn import (
    ERROR,
    INTERRUPTED,
    STOPPED,
    UNWATCHED,
    Turn,
    answer_text,
    is_over,
    lacks_answer,
)
from clarifai_chat.text import counted, words
from components.state.frontend import draw_component, script_of

KEY = "announcer"
LAST = 4  # turns on the page; older ones cannot be news
NEWS_S = 60.0  # what ended longer ago has been told
ENDINGS = {
    STOPPED: "Stopped",
    UNWATCHED: "Stopped",
    INTERRUPTED: "Interrupted",
    ERROR: "Answer broken off",
    "length": "Answer cut off",
    "content_filter": "Answer cut off",
}


class Announcer:
    """What is told about the replies on a page. `draw` sends it if it has changed."""

    def __init__(self) -> None:
        self._place: DeltaGenerator | None = None
        self._sent: list[dict[str, object]] = []
        self._are_many = False  # then each says whose it is

    def draw(self, turns: Sequence[Turn]) -> None:
        asked = [turn for turn in turns[-LAST:] if turn["asked_at"] is not None]
        live = [turn for turn in asked if not is_over(turn)]
        self._are_many |= len(live) > 1
        has_news = any(time.time() - (turn["ended_at"] or 0.0) < NEWS_S for turn in asked)
        replies = [_told(turn, is_one_of_many=self._are_many) for turn in asked]
        if replies != self._sent and (live or has_news):
            self._sent = replies
            self._place = self._place or st.empty()
            data = {"now": time.time(), "replies": replies}
            draw_component(self._place, KEY, script=script_of(KEY), data=data)


def _told(turn: Turn, *, is_one_of_many: bool) -> dict[str, object]:
    over = is_over(turn)
    return {
        "id": turn["id"],
        "at": turn["asked_at"],
        "name": f"{turn['model']['name']}: " if is_one_of_many else "",
        "over": over,
        "says": ending(turn) if over else "",
    }


def ending(turn: Turn) -> str:
    """Return how a reply ended, in a few words; "" after a failure, which has its own alert."""
    if turn["problem"]:
        return ""
    if lacks_answer(turn):
        return "The model answered with nothing"
    said = ENDINGS.get(turn["ending"], "Answer complete")
    return f"{said}, {counted(words(answer_text(turn)), 'word')}"
