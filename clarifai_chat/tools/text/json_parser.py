"""Parse JSON, and keep the place of everything in it."""

import json
import math
import re
from typing import Any, NamedTuple

from clarifai_chat.tools.text import json_errors
from clarifai_chat.tools.text.diagnostics import Path, quoted
from clarifai_chat.tools.text.json_errors import NUMBER, JsonError

MAX_CHARS = 500_000
MAX_DEPTH = 100
MAX_DIGITS = 4300  # of an integer: what Python converts
MAX_DUPLICATES = 25  # are reported

_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r'"[^"\\\x00-\x1f]*"')
_BODY = re.compile(r'[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*')
_AFTER_NUMBER = re.compile(r"[-+.\w]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\.")
_LITERALS: dict[str, Any] = {"true": True, "false": False, "null": None}
_WORD = re.compile(r"[A-Za-z]+(?![\w$-])")


class Node(NamedTuple):
    """A value, its offsets, its children, and the offsets of its key."""

    value: Any
    start: int
    end: int
    children: "dict[str | int, Node]"
    key: tuple[int, int] | None


class Duplicate(NamedTuple):
    """A key that occurs twice in an object: where, and the offset of the first one."""

    path: Path
    start: int
    end: int
    first: int


_NO_CHILDREN: dict[str | int, Node] = {}


def read(text: str) -> tuple[Node, list[Duplicate]]:
    """Return the value of a JSON text, and its duplicate keys, of which the last counts.

    Raises `JsonError`.
    """
    if len(text) > MAX_CHARS:
        sentence = f"the text has {len(text):,} characters; up to {MAX_CHARS:,} are read."
        raise JsonError(f"{sentence} Keep only the tools that you need.", 0, 0, code="json.size")
    if lone := _SURROGATE.search(text):
        raise _surrogate(lone.start(), lone.end())
    reader = _Reader(text)
    return reader.read(), reader.duplicates


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 1 if text.startswith("\ufeff") else 0
        self.path: list[str | int] = []
        self.duplicates: list[Duplicate] = []

    def read(self) -> Node:
        self._skip()
        node = self._value(None)
        self._skip()
        if self.at < len(self.text):
            raise json_errors.more_text(self.text, self.at)
        return node

    def _skip(self) -> str:
        """Go to the next character that is not space, and return it; "" at the end."""
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def _value(self, key: tuple[int, int] | None) -> Node:
        start = self.at
        char = self.text[start : start + 1]
        if char == '"':
            return Node(self._string(), start, self.at, _NO_CHILDREN, key)
        if char == "{" or char == "[":
            if len(self.path) >= MAX_DEPTH:
                sentence = f"values are nested more than {MAX_DEPTH} levels deep here."
                raise JsonError(f"{sentence} Make the schema flatter.", start, code="json.depth")
            return self._object(key) if char == "{" else self._list(key)
        if number := NUMBER.match(self.text, start):
            return Node(self._number(number), start, self.at, _NO_CHILDREN, key)
        word = _WORD.match(self.text, start)
        if word is None or word[0] not in _LITERALS:
            raise json_errors.no_value(self.text, start)
        self.at = word.end()
        return Node(_LITERALS[word[0]], start, self.at, _NO_CHILDREN, key)

    def _object(self, key: tuple[int, int] | None) -> Node:
        start = self.at
        value: dict[str, Any] = {}
        children: dict[str | int, Node] = {}
        self.at += 1
        char = self._skip()
        while char != "}":
            if char != '"':
                raise json_errors.no_key(self.text, self.at)
            key_start = self.at
            name = self._string()
            place = (key_start, self.at)
            if self._skip() != ":":
                raise json_errors.no_colon(self.text, self.at)
            self.at += 1
            self._skip()
            self.path.append(name)
            node = self._value(place)
            if (before := children.get(name)) and len(self.duplicates) < MAX_DUPLICATES:
                first = before.key[0] if before.key else before.start
                self.duplicates.append(Duplicate(tuple(self.path), *place, first))
            self.path.pop()
            children.pop(name, None)  # so that children keep the order of the text
            children[name], value[name] = node, node.value
            char = self._next(node, start, "}")
        self.at += 1
        return Node(value, start, self.at, children, key)

    def _list(self, key: tuple[int, int] | None) -> Node:
        start = self.at
        value: list[Any] = []
        children: dict[str | int, Node] = {}
        self.at += 1
        char = self._skip()
        while char != "]":
            self.path.append(len(value))
            node = children[len(value)] = self._value(None)
            self.path.pop()
            value.append(node.value)
            char = self._next(node, start, "]")
        self.at += 1
        return Node(value, start, self.at, children, key)

    def _next(self, node: Node, opened: int, closer: str) -> str:
        """Go past the comma after a value, or to what closes its container."""
        char = self._skip()
        if char == closer:
            return char
        if char != ",":
            raise json_errors.no_comma(self.text, self.at, node.end, opened)
        comma = self.at
        self.at += 1
        char = self._skip()
        if char == closer:
            raise json_errors.trailing_comma(comma, closer)
        return char

    def _string(self) -> str:
        start = self.at
        if plain := _PLAIN.match(self.text, start):
            self.at = plain.end()
            return plain[0][1:-1]
        body = _BODY.match(self.text, start + 1)
        end = body.end() if body else start + 1
        if self.text[end : end + 1] != '"':
            raise json_errors.bad_string(self.text, start, end)
        self.at = end + 1
        value: str = json.loads(self.text[start : self.at])
        if _SURROGATE.search(value):
            raise _lone_escape(self.text, start, end)
        return value

    def _number(self, number: re.Match[str]) -> int | float:
        text, end = number[0], number.end()
        if _AFTER_NUMBER.match(self.text, end):
            raise json_errors.no_value(self.text, number.start())
        self.at = end
        if text.lstrip("-").isdigit():
            if len(text.lstrip("-")) > MAX_DIGITS:
                sentence = f"this number has {len(text):,} digits; up to {MAX_DIGITS:,} are read."
                raise JsonError(sentence, number.start(), end, code="json.number")
            return int(text)
        value = float(text)
        if math.isinf(value):
            sentence = f"the number {quoted(text)[1:-1]} is too large: no program reads it as one."
            raise JsonError(sentence, number.start(), end, code="json.number")
        return value


def _lone_escape(text: str, start: int, end: int) -> JsonError:
    """Return the error for the first escape in a string that is half of a pair."""
    for escape in _SURROGATE_ESCAPE.finditer(text, start, end):
        half = text[escape.start() : escape.start() + 6]
        if len(escape[0]) == 2 and re.fullmatch(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}", half):
            return _surrogate(escape.start(), escape.start() + 6)
    return _surrogate(start, end)


def _surrogate(start: int, end: int) -> JsonError:
    sentence = "this is half of a surrogate pair, which is not a character on its own."
    return JsonError(
        f"{sentence} Write the character itself, or both halves.", start, end, code="json.surrogate"
    )
