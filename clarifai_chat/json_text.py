"""Read JSON that strangers wrote, with one limit of depth on every Python.

Python 3.14 reads any depth, older ones stop at a depth that hangs on the caller's; what walks the
value later would stop in the middle.
"""

import json
import re
from typing import Any

MAX_DEPTH = 500
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


class TooDeep(RecursionError):
    """JSON that is nested deeper than `MAX_DEPTH` levels."""


def read(text: str, **hooks: Any) -> Any:
    """Return the value of a JSON text; `hooks` are those of `json.loads`.

    Raises `ValueError` if it is not JSON, `TooDeep` if it is nested too deeply.
    """
    check_depth(text)
    try:
        return json.loads(text, **hooks)
    except RecursionError:
        raise TooDeep from None


def check_depth(text: str) -> None:
    """Raise `TooDeep` if the brackets of a JSON text are nested too deeply."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise TooDeep
