"""Read a call's arguments strictly: repair nothing, and note what is odd."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from clarifai_chat import json_text
from clarifai_chat.messages import is_json
from clarifai_chat.text import are
from clarifai_chat.tools.schema.budget import MAX_DEPTH, is_deeper
from clarifai_chat.tools.schema.wording import few_of, name_text
from clarifai_chat.tools.verdict.call_forms import python_dict

_MARKS_AT_END = re.compile(r"(?:\s{0,9}<[^<>\s]{1,40}>)+\s{0,9}$")  # of a model's template
_PYTHON = re.compile(r"'|\b(?:True|False|None)\b")
_HALF = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")  # of a character outside the first plane


@dataclass(frozen=True, slots=True)
class ParsedArguments:
    """The arguments of a call. `problem` is "" for JSON; `is_cut`: it only ends too early."""

    value: Any = None
    problem: str = ""
    is_cut: bool = False
    is_too_deep: bool = False
    notes: tuple[str, ...] = ()


def read_arguments(text: str) -> ParsedArguments:
    """Return a call's arguments, read as standard JSON: no NaN, comments or repairs."""
    if not text.strip(" \t\n\r"):
        return ParsedArguments({}, notes=("The arguments are empty, which counts as {}.",))
    twice: dict[str, None] = {}

    def without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            twice.update(dict.fromkeys(name for name in counts if counts[name] > 1))
        return found

    try:
        value = json_text.read(text, object_pairs_hook=without_twins, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        return _broken(text, error)
    except ValueError as error:  # NaN, and numbers that Python refuses to read
        return ParsedArguments(problem=_why(error))
    except RecursionError:
        return ParsedArguments(problem=_TOO_DEEP, is_too_deep=True)
    if is_deeper(value, MAX_DEPTH):
        return ParsedArguments(problem=_TOO_DEEP, is_too_deep=True)
    return ParsedArguments(value, notes=(*_twins(list(twice)), *_halves(text, value)))


_TOO_DEEP = f"The arguments are nested deeper than {MAX_DEPTH} levels."


class _NotANumber(ValueError):
    pass


def _refuse(word: str) -> None:
    raise _NotANumber(word)


def _why(error: ValueError) -> str:
    if isinstance(error, _NotANumber):
        return f"The arguments are not JSON: {error} is not a JSON value."
    return "The arguments have a number with too many digits to read."


def _broken(text: str, error: json.JSONDecodeError) -> ParsedArguments:
    disguise = _disguise(text)
    if error.msg == "Extra data":
        rest, what = text[error.pos : error.pos + 1], "there is more text after their end, at"
        if rest in ("{", "[") and text.lstrip()[:1] == rest:
            what = "two JSON values run together; the second starts at"
        problem = f"The arguments are not JSON: {what} {_place(error)}{disguise}."
        return ParsedArguments(problem=problem)
    if _ends_early(text, error):
        return ParsedArguments(problem="The arguments are cut off.", is_cut=True)
    problem = f"The arguments are not JSON: {_message(error)}, at {_place(error)}{disguise}."
    return ParsedArguments(problem=problem)


def _disguise(text: str) -> str:
    """Return what else well-known the text is, or holds beside JSON; "" for nothing of the kind."""
    text = text.strip()
    if text.startswith("```"):
        return "; they are in a Markdown fence"
    if re.match(r"json\s*[{\[]", text):
        return '; the word "json" is before them'
    marks = _MARKS_AT_END.search(text[-200:])
    if marks and is_json(text[: len(text) - len(marks[0])]):
        return f"; a mark that the model left, {marks[0].strip()}, follows them"
    if python_dict(text) is not None and _PYTHON.search(text):
        return "; they are written in Python (single quotes, True, None)"
    return ""


def _place(error: json.JSONDecodeError) -> str:
    return f"line {error.lineno}, column {error.colno}"


def _message(error: json.JSONDecodeError) -> str:
    message = error.msg[0].lower() + error.msg[1:]
    return message.removesuffix(" at").removesuffix(" starting")


# What more text could complete: a word, a number, an escape within a string.
_PART_OF_WORD = re.compile(r"t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?|-")
_PART_OF_NUMBER = re.compile(r"\.|[eE][+-]?")
_PART_OF_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\(?:u[0-9a-fA-F]{0,4})?$")


def _ends_early(text: str, error: json.JSONDecodeError) -> bool:
    if error.msg.startswith("Unterminated string"):
        return True
    if error.msg.startswith("Invalid \\"):
        at_end = error.pos >= len(text) - 8
        return at_end and _PART_OF_ESCAPE.search(text[-100:]) is not None
    rest = text[error.pos :].strip(" \t\n\r")
    if text[error.pos - 1 : error.pos].isdigit() and _PART_OF_NUMBER.fullmatch(rest):
        return True
    return not rest or _PART_OF_WORD.fullmatch(rest) is not None


def _twins(names: list[str]) -> list[str]:
    if not names:
        return []
    listing = few_of([name_text(name) for name in names])
    return [f"{listing} {are(len(names))} repeated in one object; the last one counts."]


def _halves(text: str, value: Any) -> list[str]:
    if not _HALF.search(text):
        return []
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return ["A string has half a character (a lone surrogate), which most programs reject."]
    return []
