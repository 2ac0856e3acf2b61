"""A text that both a person and the app change."""

from typing import TypedDict


class Draft(TypedDict):
    """The text, changed in place. Lines end as in the browser: with a line feed."""

    text: str
    gen: int  # how often the app changed it; typed text from an earlier gen is outdated


def new_draft(text: str = "") -> Draft:
    return {"text": one_kind_of_line_end(text), "gen": 0}


def one_kind_of_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
