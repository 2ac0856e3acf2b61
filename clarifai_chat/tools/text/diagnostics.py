"""Describe problems in the text of tools: where, how severe, and the edit that fixes them."""

import difflib
import json
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from clarifai_chat.text import cut, listed

Path = tuple[str | int, ...]
# error: a server would reject it, or a call could not be judged. warning: likely to hurt.
# hint: would help a model.
Severity = Literal["error", "warning", "hint"]

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of a text: `text` replaces the characters from `start` to before `end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that resolve one finding, and the label of their button."""

    label: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A range of text: offsets, and lines and columns from 1; each end is exclusive."""

    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One sentence about one place. `code` is stable; lines and columns count from 1."""

    level: Severity
    code: str
    message: str
    path: Path
    line: int
    column: int
    end_line: int
    end_column: int
    tool: str = ""
    fix: Fix | None = None


def finding(
    level: Severity,
    code: str,
    message: str,
    path: Path,
    span: Span,
    *,
    tool: str = "",
    fix: Fix | None = None,
) -> Diagnostic:
    ends = (span.line, span.column, span.end_line, span.end_column)
    return Diagnostic(level, code, message, path, *ends, tool, fix)


def line_starts(text: str) -> tuple[int, ...]:
    """Return the offset at which each line of `text` begins."""
    return (0, *(match.end() for match in _LINE_END.finditer(text)))


def span(starts: tuple[int, ...], start: int, end: int) -> Span:
    """Return the lines and columns of an offset range, given its text's `line_starts`."""
    first, last = bisect_right(starts, start), bisect_right(starts, end)
    columns = (start - starts[first - 1] + 1, end - starts[last - 1] + 1)
    return Span(start, end, first, columns[0], last, columns[1])


def apply(text: str, fix: Fix) -> str:
    """Return `text` with all edits of `fix`. Their offsets refer to `text`, in any order."""
    return edited(text, fix.edits)


def edited(text: str, edits: Iterable[Edit]) -> str:
    pieces: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        pieces += (text[at : edit.start], edit.text)
        at = edit.end
    return "".join((*pieces, text[at:]))


def diff(text: str, new_text: str) -> str:
    """Return the changes between two texts as a unified diff of "tools.json", or ""."""
    names = ("tools.json", "tools.json")
    lines = difflib.unified_diff(_lines(text), _lines(new_text), *names, lineterm="")
    return "\n".join(lines)


def _lines(text: str) -> list[str]:
    return _LINE_END.split(text) if text else []


def quoted(value: object, limit: int = 40) -> str:
    """Return a value as JSON, short enough for a sentence."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= limit:
        return text
    return cut(text, limit) + ('"' if isinstance(value, str) else "")


def words(items: Iterable[object], last: str = "and") -> str:
    """Return a list in words: quoted, and cut after a few."""
    return listed([quoted(item) for item in items], last, most=5)


def kind(value: object) -> str:
    """Return what a JSON value is, with its article: "a string", "an object", "null"."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return "a string"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"
