"""Write JSON values as source: in Python, JavaScript, JSON and YAML, and for a shell."""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

WIDTH = 88
_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_PLAIN_IN_YAML = re.compile(r"(?=.*[./])[A-Za-z](?:[A-Za-z0-9_./~%+*-]|:(?!$))*")  # an address
_MAY_NEED_ESCAPE = re.compile(r'["\\]|[^\x20-\x7e]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_JOINERS = "\u200c\u200d"  # not printable by themselves; Persian words and many emoji need them


class Code(str):
    """An expression of the language, which stands in a value as it is."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Lines:
    """How a language writes a text of several lines as one string for each of them."""

    split: Callable[[str], list[str]]
    marks: tuple[str, str, str, str]  # before the first, between two, after the last, at the end


@dataclass(frozen=True, slots=True)
class Language:
    """How a language writes the values of JSON."""

    true: str = "true"
    false: str = "false"
    null: str = "null"
    text: Callable[[str], str] = lambda text: json_text(text)
    key: Callable[[str], str] = lambda name: f"{json_text(name)}: "
    number: Callable[[float], str] = json.dumps
    indent: str = "  "
    pad: str = ""  # inside the braces of an object on one line
    last: str = ","  # after the last part of several lines
    lines: Lines | None = None


def literal(value: Any, language: Language, indent: str = "", before: int = 0) -> str:
    """Return `value` as source: on one line if it fits, else with a line for each of its parts.

    `indent` is what further lines begin with, `before` how much of the first line is taken.
    """
    line = _on_one_line(value, language)
    if len(indent) + before + len(line) < WIDTH or isinstance(value, Code):
        return line
    inner = indent + language.indent
    opening, between, last, closing = "[", ",", language.last, "]"
    if isinstance(value, dict) and value:
        keys = {language.key(name): part for name, part in value.items()}
        parts = [key + literal(part, language, inner, len(key)) for key, part in keys.items()]
        opening, closing = "{", "}"
    elif isinstance(value, list | tuple) and value:
        parts = [literal(part, language, inner) for part in value]
    elif isinstance(value, str) and language.lines and "\n" in value[:-1]:
        opening, between, last, closing = language.lines.marks
        parts = [language.text(part) for part in language.lines.split(value)]
    else:
        return line
    middle = f"{between}\n{inner}".join(parts)
    return f"{opening}\n{inner}{middle}{last}\n{indent}{closing}"


def _on_one_line(value: Any, language: Language) -> str:
    match value:
        case Code():
            return value
        case None:
            return language.null
        case bool():
            return language.true if value else language.false
        case str():
            return language.text(value)
        case int() | float():
            return language.number(value)
        case dict():
            parts = [
                language.key(key) + _on_one_line(part, language) for key, part in value.items()
            ]
            pad = language.pad if parts else ""
            return f"{{{pad}{', '.join(parts)}{pad}}}"
        case list() | tuple():
            return f"[{', '.join(_on_one_line(part, language) for part in value)}]"
        case _:
            raise TypeError(f"JSON has no {type(value).__name__}.")


def _quoted(text: str, beyond: Callable[[int], str]) -> str:
    """Return `text` in double quotes. What cannot be seen, or turns the line around, is escaped.

    `beyond` writes a character that has more than 16 bits.
    """

    def escape(match: re.Match[str]) -> str:
        char = match[0]
        if char in _SHORT:
            return _SHORT[char]
        if char.isprintable() or char in _JOINERS:
            return char
        return f"\\u{ord(char):04x}" if char <= "\uffff" else beyond(ord(char))

    return f'"{_MAY_NEED_ESCAPE.sub(escape, text)}"'


def json_text(text: str) -> str:
    """Return `text` as a string of JSON, which is one of JavaScript too."""
    return _quoted(text, lambda code: json.dumps(chr(code))[1:-1])


def python_text(text: str) -> str:
    """Return `text` as a string of Python."""
    return _quoted(text, lambda code: f"\\U{code:08x}")


def yaml_text(text: str) -> str:
    """Return `text` as a value of YAML: in quotes only where it needs them."""
    return text if _PLAIN_IN_YAML.fullmatch(text) else python_text(text)


def shell_text(text: str) -> str:
    """Return `text` in single quotes, in which a shell takes all else as it is."""
    return "'" + text.replace("'", "'\\''") + "'"


def _python_number(number: float) -> str:
    is_odd = isinstance(number, float) and not math.isfinite(number)
    return f'float("{number}")' if is_odd else repr(number)


def _javascript_key(name: str) -> str:
    if name == "__proto__":  # as a plain key it would set the object's prototype
        return '["__proto__"]: '
    return f"{name if _IDENTIFIER.fullmatch(name) else json_text(name)}: "


JSON = Language(last="")
PYTHON = Language(
    "True",
    "False",
    "None",
    text=python_text,
    key=lambda name: f"{python_text(name)}: ",
    number=_python_number,
    indent="    ",
    lines=Lines(re.compile(r"[^\n]*\n|[^\n]+").findall, ("(", "", "", ")")),
)
JAVASCRIPT = Language(
    key=_javascript_key,
    pad=" ",
    lines=Lines(lambda text: text.split("\n"), ("[", ",", ",", '].join("\\n")')),
)
