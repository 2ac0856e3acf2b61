"""Explain common errors in JSON: what was expected, what was found, and often a repair."""

import re
from typing import NamedTuple

from clarifai_chat.text import cut
from clarifai_chat.tools.text.diagnostics import Edit, line_starts, quoted, span

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")

_WORDS = {"True": "true", "False": "false", "None": "null", "undefined": "null", "nil": "null"}
_NO_NUMBERS = ("NaN", "Infinity", "-Infinity", "+Infinity", "inf", "-inf", "nan")
_WORD = re.compile(r"[^\W\d][\w$-]*")
_NUMBER_LIKE = re.compile(r"[-+.\w]+")
_COMMENT = re.compile(r"//[^\r\n]*|#[^\r\n]*|/\*.*?\*/", re.DOTALL)
_FENCE = re.compile(r"```[^\r\n`]*")
_OTHER_QUOTES = re.compile(
    r"""'([^'"\\\x00-\x1f]*)'|[\u201c\u201d\u201e]([^"\\\x00-\x1f\u201c-\u201e]*)[\u201c\u201d]"""
)
# Looks empty, but is not space to JSON: copied from a page or a chat.
_ODD_SPACE = re.compile(r"(?:(?![ \t\n\r])[\s\u200b\u2060\ufeff])+")
_STARTS_VALUE = re.compile(r"""["'{\[\w-]""")
_STRING = re.compile(r'"(?:[^"\\\r\n]|\\.){0,60}"?')
SHOWN = 40  # characters of the text in a sentence


class Repair(NamedTuple):
    label: str
    edit: Edit


class JsonError(Exception):
    """An error in JSON: a sentence about the characters from `start` to before `end`."""

    def __init__(
        self,
        message: str,
        start: int,
        end: int | None = None,
        *,
        code: str = "json.syntax",
        repair: Repair | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = start + 1 if end is None else end
        self.code = code
        self.repair = repair


def no_value(text: str, at: int) -> JsonError:
    """Return the error at a place where a value should begin."""
    if slip := _anywhere(text, at, "a value"):
        return slip
    lexeme = _NUMBER_LIKE.match(text, at)
    if lexeme and lexeme[0] in _NO_NUMBERS:
        sentence = (
            f"expected a value, found {lexeme[0]}. JSON has no such number: use null or a string."
        )
        return JsonError(sentence, at, lexeme.end(), code="json.number")
    if word := _WORD.match(text, at):
        return _word(word)
    if lexeme:
        return _number(lexeme)
    return JsonError(f"expected a value, found {_found(text, at)}.", at)


def no_key(text: str, at: int) -> JsonError:
    """Return the error at a place where a key of an object should begin."""
    if slip := _anywhere(text, at, "a key in double quotes"):
        return slip
    if word := _WORD.match(text, at):
        sentence = f"expected a key in double quotes, found {cut(word[0], SHOWN)} without quotes."
        repair = Repair("Put the key in double quotes", _put(word, f'"{word[0]}"'))
        return JsonError(sentence, at, word.end(), repair=repair)
    return JsonError(f"expected a key in double quotes, found {_found(text, at)}.", at)


def no_colon(text: str, at: int) -> JsonError:
    """Return the error at a place where a colon should follow a key."""
    if slip := _anywhere(text, at, "a colon after this key"):
        return slip
    sentence = f"expected a colon after this key, found {_found(text, at)}."
    equals = text.startswith("=", at)
    repair = Repair("Use a colon", Edit(at, at + 1, ":")) if equals else None
    return JsonError(sentence, at, repair=repair)


def no_comma(text: str, at: int, after: int, opened: int) -> JsonError:
    """Return the error after a value that ended at `after`, in what was opened at `opened`."""
    closer = "}" if text[opened] == "{" else "]"
    expected = f"a comma or {closer} after this value"
    if slip := _anywhere(text, at, expected):
        return slip
    if at >= len(text):
        line = span(line_starts(text), opened, opened).line
        sentence = f"the {text[opened]} of line {line} is never closed: expected {closer},"
        return JsonError(f"{sentence} found the end of the text.", at)
    sentence = f"expected {expected}, found {_found(text, at)}."
    if text[after - 1] == '"' and at == after:
        return JsonError(f'{sentence} A quote inside a string is written \\".', at)
    fits = at > after and _STARTS_VALUE.match(text, at)
    return JsonError(
        sentence,
        at,
        repair=Repair("Add the missing comma", Edit(after, after, ",")) if fits else None,
    )


def trailing_comma(comma: int, closer: str) -> JsonError:
    """Return the error for a comma with no value after it."""
    repair = Repair("Remove the trailing comma", Edit(comma, comma + 1, ""))
    sentence = (
        f"expected another value after this comma, found {closer}. Remove the trailing comma."
    )
    return JsonError(sentence, comma, repair=repair)


def more_text(text: str, at: int) -> JsonError:
    """Return the error for a text that goes on after its one value."""
    if slip := _anywhere(text, at, "the end of the text"):
        return slip
    sentence = f"expected the end of the text, found {_found(text, at)}."
    if text[at] in "{,":
        sentence += " Several tools go into one list: [ … , … ]."
    return JsonError(sentence, at)


def bad_string(text: str, opened: int, at: int) -> JsonError:
    """Return the error at `at` inside a string that was opened at `opened`."""
    char = text[at : at + 1]
    if char in ("", "\n", "\r"):
        where = "the line" if char else "the text"
        sentence = (
            f"this string is never closed: expected a double quote, found the end of {where}."
        )
        more = " A line break inside a string is written \\n." if char else ""
        return JsonError(sentence + more, opened, at)
    if char == "\\":
        following = text[at + 1 : at + 2]
        if following == "u":
            return JsonError(
                "expected four hexadecimal digits after \\u.", at, min(at + 6, len(text))
            )
        sentence = f"expected \\\\, found a backslash before {_found(text, at + 1)}."
        more = " A backslash inside a string is written twice."
        repair = Repair("Double the backslash", Edit(at, at, "\\"))
        return JsonError(sentence + more, at, repair=repair)
    sentence = f"expected {_escape(char)}, found the control character itself inside a string."
    return JsonError(
        sentence, at, repair=Repair("Write it as an escape", Edit(at, at + 1, _escape(char)))
    )


def _anywhere(text: str, at: int, expected: str) -> JsonError | None:
    """Return an error that can occur anywhere: other quotes, a comment, an odd space, a fence."""
    if at >= len(text):
        return None
    if comment := _COMMENT.match(text, at):
        repair = Repair("Remove the comment", _put(comment, ""))
        sentence = f"expected {expected}, found a comment. JSON does not allow comments: remove it."
        return JsonError(sentence, at, comment.end(), repair=repair)
    if space := _ODD_SPACE.match(text, at):
        repair = Repair("Use an ordinary space", _put(space, " "))
        sentence = f"expected {expected}, found a special space (U+{ord(text[at]):04X})."
        return JsonError(sentence, at, space.end(), repair=repair)
    if fence := _FENCE.match(text, at):
        repair = Repair("Remove the fence", _put(fence, ""))
        sentence = f"expected {expected}, found a code fence. Only what is inside it is JSON."
        return JsonError(sentence, at, fence.end(), repair=repair)
    if text[at] in "'\u201c\u201d\u201e\u2018\u2019":
        kind = "a single quote" if text[at] == "'" else "a typographic quote"
        sentence = f'expected {expected}, found {kind}. JSON allows only double quotes (").'
        if pair := _OTHER_QUOTES.match(text, at):
            content = pair[1] if pair[1] is not None else pair[2]
            label = "Use double quotes"
            return JsonError(
                sentence, at, pair.end(), repair=Repair(label, _put(pair, f'"{content}"'))
            )
        return JsonError(sentence, at)
    return None


def _word(word: re.Match[str]) -> JsonError:
    if right := _WORDS.get(word[0]):
        sentence = f"expected a value, found {word[0]}. JSON writes it {right}."
        repair = Repair(f"Write {right}", _put(word, right))
        return JsonError(sentence, word.start(), word.end(), repair=repair)
    sentence = (
        f"expected a value, found {cut(word[0], SHOWN)}. A string needs double quotes around it."
    )
    repair = Repair("Put it in double quotes", _put(word, f'"{word[0]}"'))
    return JsonError(sentence, word.start(), word.end(), repair=repair)


def _number(lexeme: re.Match[str]) -> JsonError:
    """Return the error for what only looks like a number: 012, +1, .5, 1., 1_000, 0x1F."""
    plain = lexeme[0].replace("_", "").lstrip("+")
    plain = re.sub(r"^(-?)0+(?=\d)", r"\1", plain)
    plain = re.sub(r"^(-?)\.", r"\g<1>0.", plain)
    plain = re.sub(r"\.(?=$|[eE])", "", plain)
    sentence = f"expected a number as JSON writes it, found {cut(lexeme[0], SHOWN)}."
    if NUMBER.fullmatch(plain):
        repair = Repair(f"Write {cut(plain, SHOWN)}", _put(lexeme, plain))
        return JsonError(sentence, lexeme.start(), lexeme.end(), repair=repair)
    return JsonError(sentence, lexeme.start(), lexeme.end())


def _put(match: re.Match[str], text: str) -> Edit:
    return Edit(match.start(), match.end(), text)


def _escape(char: str) -> str:
    return {"\t": "\\t", "\b": "\\b", "\f": "\\f"}.get(char, f"\\u{ord(char):04x}")


def _found(text: str, at: int) -> str:
    """Return what is at a place, in words."""
    if at >= len(text):
        return "the end of the text"
    if string := _STRING.match(text, at):
        return quoted(string[0].strip('"')).replace("\\\\", "\\")
    if word := _NUMBER_LIKE.match(text, at):
        return cut(word[0], SHOWN)
    return text[at] if text[at].isprintable() else f"the character U+{ord(text[at]):04X}"
