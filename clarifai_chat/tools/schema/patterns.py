"""Search patterns as JSON Schema means them, in ECMA-262's dialect, for a limited time."""

import re
from functools import lru_cache

import regex

MAX_PATTERN_CHARS = 10_000  # a longer one was not written by a person
_NUMBER = "0-9"
_WORD = "A-Za-z0-9_"
_SPACE = r"\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_CLASSES = {"d": _NUMBER, "w": _WORD, "s": _SPACE}
_EDGE = f"(?:(?<=[{_WORD}])(?![{_WORD}])|(?<![{_WORD}])(?=[{_WORD}]))"
_NO_EDGE = f"(?:(?<=[{_WORD}])(?=[{_WORD}])|(?<![{_WORD}])(?![{_WORD}]))"
_OUTSIDE = {
    "$": r"\Z",  # Python's also matches before a final line end
    ".": r"[^\n\r\u2028\u2029]",
    "[^]": r"[\s\S]",
    "[]": r"(?!)",
    r"\b": _EDGE,
    r"\B": _NO_EDGE,
}
_ESCAPE = r"""\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}
    | \\u\{[0-9A-Fa-f]{1,6}\} | \\u[0-9A-Fa-f]{4} | \\x[0-9A-Fa-f]{2} | \\c[A-Za-z]
    | \\[pP]\{[\w=]+\} | \\k<\w+> | \\[1-9][0-9]* | \\."""
_TOKEN = re.compile(rf"{_ESCAPE} | \{{[0-9]+(?:,[0-9]*)?\}} | \[\^?\]? | .", re.X | re.S)
_MEMBER = re.compile(rf"{_ESCAPE} | .", re.X | re.S)


class BadPattern(ValueError):
    """A pattern that cannot be used; the message ends a sentence that names it."""


def is_found(pattern: str, text: str, timeout_s: float) -> bool:
    """Return whether `pattern` matches in `text`. Raises `BadPattern` and `TimeoutError`."""
    return compiled(pattern).search(text, timeout=timeout_s) is not None


@lru_cache(maxsize=256)
def compiled(pattern: str) -> "regex.Pattern[str]":
    """Return `pattern` compiled for the regex package. Raises `BadPattern`."""
    if len(pattern) > MAX_PATTERN_CHARS:
        raise BadPattern(f"is longer than {MAX_PATTERN_CHARS:,} characters")
    try:
        return regex.compile(translated(pattern), regex.V1)
    except regex.error as why:
        raise BadPattern(f"is not a regular expression: {why.msg}") from None
    except (RecursionError, OverflowError, ValueError) as why:
        if isinstance(why, BadPattern):
            raise
        raise BadPattern("is too deeply nested or too large") from None


def translated(pattern: str) -> str:
    """Return an ECMA-262 `pattern` in the regex package's syntax. Raises `BadPattern`."""
    parts: list[str] = []
    at, before, in_set = 0, "", False
    while at < len(pattern):
        piece = (_MEMBER if in_set else _TOKEN).match(pattern, at).group()  # type: ignore[union-attr]
        at += len(piece)
        if in_set and piece == "]":
            in_set = False
            parts.append(piece)
        elif in_set:
            parts.append(_in_set(piece, before, pattern[at : at + 1]))
        else:
            in_set = piece in ("[", "[^")
            parts.append(_outside(piece))
        before = piece
    return "".join(parts)


def _outside(piece: str) -> str:
    if piece in _OUTSIDE:
        return _OUTSIDE[piece]
    if piece.startswith("\\"):
        return _escape(piece, in_set=False)
    # A brace that is not a quantifier is literal; the regex package reads fuzzy matching there.
    return "\\" + piece if piece in ("{", "}") else piece


def _in_set(piece: str, before: str, after: str) -> str:
    if piece.startswith("\\"):
        return r"\x08" if piece == r"\b" else _escape(piece, in_set=True)
    if piece == "-":  # to the regex package, "--" subtracts one set from another
        return r"\-" if before in ("[", "[^", "-") or after == "]" else "-"
    return "\\" + piece if piece in "[&|~^{}" else piece


def _escape(piece: str, *, in_set: bool) -> str:
    letter = piece[1:2]
    if letter in "dDwWsS" and len(piece) == 2 and letter:
        return _class(letter, in_set=in_set)
    if letter == "u":
        return _unicode(piece)
    if letter == "c" and len(piece) == 3:
        return f"\\x{ord(piece[2]) % 32:02x}"
    if letter == "k" and len(piece) > 2:
        return f"(?P={piece[3:-1]})"
    if letter == "0":
        return r"\x00"
    if letter in "pPx" and len(piece) > 2:
        return piece
    if letter in "fnrtv" or (letter.isdigit() and not in_set):
        return piece
    if letter.isalnum() or not letter:
        raise BadPattern(
            f"has {piece}, which is not an escape in ECMA-262, the dialect of JSON Schema"
        )
    return "\\" + letter if letter.isascii() else letter


def _class(letter: str, *, in_set: bool) -> str:
    members = _CLASSES[letter.lower()]
    if letter.isupper():
        return f"[^{members}]"  # also inside another set
    return members if in_set else f"[{members}]"


def _unicode(piece: str) -> str:
    if len(piece) == 12:  # the two halves of one character
        high, low = int(piece[2:6], 16), int(piece[8:], 16)
        return chr(0x10000 + (high - 0xD800) * 0x400 + (low - 0xDC00))
    code = piece[2:].strip("{}")
    if not code or int(code, 16) > 0x10FFFF:
        raise BadPattern(f"has {piece}, which is not a character")
    return f"\\U{int(code, 16):08x}"
