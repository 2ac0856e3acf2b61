"""A text that a person and the app both change, as the session keeps it."""

from typing import TypedDict


class Draft(TypedDict):
    """Changed in place. Line ends are as the browser has them."""

    text: str
    gen: int  # how often the app changed it; what was typed before that is older


def new_draft(text: str = "") -> Draft:
    return {"text": one_kind_of_line_end(text), "gen": 0}


def one_kind_of_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
