"""Name values, their types and places in a sentence."""

import json
import re
from typing import Any

from clarifai_chat.text import counted, listed

SHOWN = 60  # characters of a value within a sentence
_MAX_NAMED = 8  # values or names in a list of them
_WORDS = {"array": "list", "boolean": "true or false"}


def shortened(value: Any, limit: int = SHOWN) -> str:
    """Return `value` as JSON, cut after `limit` characters, without writing the rest."""
    if isinstance(value, str):
        value = value[: limit + 1]
    if isinstance(value, int) and abs(value) >= 10**4000:  # Python refuses to write it
        return "a number of more than 4,000 digits"
    text = ""
    for piece in json.JSONEncoder(ensure_ascii=False, default=str).iterencode(value):
        text += piece[: limit + 1]
        if len(text) > limit:
            text = text[:limit] + "…"
            break
    # No page or file can hold half a character; it can hold its escape.
    return text.encode("utf-8", "backslashreplace").decode()


def got(value: Any) -> str:
    """Return a value with its type: the string "3", the number 3.5, a list of 2 items."""
    if value is None or isinstance(value, bool):
        return shortened(value)
    if isinstance(value, str):
        return f"the string {shortened(value)}"
    if isinstance(value, dict):
        return f"the object {shortened(value)}" if value else "an empty object"
    if isinstance(value, list):
        return f"a list of {counted(len(value), 'item')}" if value else "an empty list"
    return f"the number {shortened(value)}"


def few_of(texts: list[str], last: str = "") -> str:
    """Return names or values as a list, shortened if there are many."""
    return listed(texts, last, most=_MAX_NAMED)


def one_of(values: Any) -> str:
    if not isinstance(values, list) or not values:
        return "nothing"
    # Those that are only counted are not written: an enum may have thousands.
    texts = [shortened(value) for value in values[: _MAX_NAMED + 1]]
    texts += ["…"] * (len(values) - len(texts))
    return texts[0] if len(texts) == 1 else f"one of {few_of(texts)}"


def types_text(types: Any) -> str:
    names = [types] if isinstance(types, str) else [t for t in types if isinstance(t, str)]
    return few_of([_WORDS.get(name, name) for name in names], "or")


def name_text(text: Any) -> str:
    """Return a name or a pattern without quotes, or as JSON if it would be unreadable."""
    is_plain = isinstance(text, str) and text.isprintable() and 0 < len(text) <= SHOWN
    return text if is_plain else shortened(text)


def path_text(path: tuple[str | int, ...]) -> str:
    """Return where a value is, as people write it: items[0].sku; "" for the root."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(r"[\w$-]+", step):
            text += f".{step}" if text else step
        else:
            text += f"[{shortened(step, 200)}]"
    return text
