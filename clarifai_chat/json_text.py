"""Read JSON that strangers wrote, with one limit of depth on every Python.

Python 3.14 reads any depth, older ones stop at a depth that hangs on the caller's; what walks the
value later would stop in the middle.
"""

import json
import re
from typing import Any

MAX_DEPTH = 500
LARGE = 200_000  # characters: `json` alone would stop all other threads for milliseconds
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)


class TooDeep(RecursionError):
    """JSON that is nested deeper than `MAX_DEPTH` levels."""


def read(text: str, **hooks: Any) -> Any:
    """Return the value of a JSON text; `hooks` are those of `json.loads`.

    Raises `ValueError` if it is not JSON, `TooDeep` if it is nested too deeply.
    """
    check_depth(text)
    if len(text) > LARGE and "object_pairs_hook" not in hooks:
        hooks.setdefault("object_hook", _as_it_is)
    try:
        return json.loads(text, **hooks)
    except RecursionError:
        raise TooDeep from None


def _as_it_is(found: dict[str, Any]) -> dict[str, Any]:
    """Return the object: on the way through Python, other threads get their turn."""
    return found


def check_depth(text: str) -> None:
    """Raise `TooDeep` if the brackets of a JSON text are nested too deeply."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    # One by one: to leave out all strings first would stop all other threads, for seconds.
    for found in _STRING_OR_BRACKET.finditer(text):
        bracket = found[0]
        if bracket[0] == '"':
            continue
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise TooDeep
