"""Read a call's arguments by meaning rather than by exact name: `from_unit`, `fromUnit`, `from`.

A model writes arguments for the tool that a person defined, so a built-in cannot insist on its own
names.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from clarifai_chat.text import cut

MAX_TEXT = 500


class BadArguments(ValueError):
    """A call that cannot be answered; the message is a sentence for the model."""


def plain(name: str) -> str:
    """Return a name without case and separators: `From_Unit` and `fromUnit` are both `fromunit`."""
    return re.sub(r"[\W_]", "", name.lower())


def find(given: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """Return the value under the first of `names` that is present, or None."""
    by_name = {plain(name): value for name, value in given.items() if value is not None}
    return next((by_name[name] for name in names if name in by_name), None)


def text(given: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """Return the text under one of `names`, or "". A number counts as its digits."""
    value = find(given, names)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise BadArguments(f"The argument {names[0]} must be text.")
    return cleaned(_digits(value, names[0]) if isinstance(value, int) else str(value))


def first_text(given: Mapping[str, Any]) -> str:
    """Return the first argument that is text, whatever its name, or ""."""
    return cleaned(next((value for value in given.values() if isinstance(value, str)), ""))


def cleaned(value: str) -> str:
    """Return a text without blanks around it. Raises `BadArguments` if it is too long."""
    if len(value) > MAX_TEXT:
        raise BadArguments(f"Text of more than {MAX_TEXT} characters is too long.")
    # A lone surrogate is legal in JSON, but cannot be encoded.
    return value.encode("utf-8", "replace").decode().strip()


def number(given: Mapping[str, Any], names: tuple[str, ...]) -> float | None:
    """Return the number under one of `names`, or None. Text such as "1,000" counts too."""
    value = find(given, names)
    return None if value is None else as_number(value, names[0])


def as_number(value: Any, name: str) -> float:
    """Return `value` as a finite number. Raises `BadArguments`, naming the argument `name`."""
    if isinstance(value, str):
        try:
            value = float(re.sub(r"(?<=\d),(?=\d{3}\b)", "", value))
        except ValueError:
            raise BadArguments(
                f'The argument {name} must be a number, not "{short(value)}".'
            ) from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadArguments(f"The argument {name} must be a number.")
    try:
        is_finite = math.isfinite(value)
    except OverflowError:
        is_finite = False
    if not is_finite:
        raise BadArguments(f"The argument {name} is too large.")
    return value


def truth(given: Mapping[str, Any], names: tuple[str, ...]) -> bool | None:
    """Return the boolean under one of `names`, or None. "yes" and "no" count too."""
    value = find(given, names)
    if isinstance(value, str) and value.strip().lower() in ("true", "false", "yes", "no"):
        return value.strip().lower() in ("true", "yes")
    if value is not None and not isinstance(value, bool):
        raise BadArguments(f"The argument {names[0]} must be true or false.")
    return value


def tidy(value: float) -> float:
    """Return a result without the noise of binary fractions.

    0.30000000000000004 becomes 0.3, and 12.0 becomes 12.
    """
    if isinstance(value, int):
        return value
    value = float(f"{value:.14g}")
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def short(value: str) -> str:
    """Return the beginning of `value`, short enough to quote in a sentence."""
    return cut(cleaned(value[:200]), 60)


def _digits(value: int, name: str) -> str:
    if value.bit_length() > 1024:
        raise BadArguments(f"The argument {name} is too large.")
    return str(value)
