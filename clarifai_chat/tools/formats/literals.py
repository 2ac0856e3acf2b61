"""Read the data in Python, JavaScript and JSON5: a value as people write it in source code.

Nothing is executed: a name, a call or a template with `${…}` is not data and is refused. One
reader for all of them, because people paste mixtures: `true` in Python, `#` in JSON, curly quotes
in both.
"""

import math
import re
from typing import Any

MAX_DEPTH = 100

_SKIP = re.compile(
    r"(?:[\s\u200b\u2060\ufeff]+|//[^\r\n]*|\#[^\r\n]*|/\*.*?\*/|\\\r?\n)*", re.DOTALL
)
_NUMBER = re.compile(
    r"[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+"
    r"|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?)n?(?![\w.])"
)
_WORD = re.compile(r"[^\W\d][\w$-]*|\$[\w$-]*")
_NAME = re.compile(r"(?:new[ \t]+)?[^\W\d]\w{0,60}(?:\.[^\W\d]\w{0,60}){0,6}")
_ARGUMENT = re.compile(r"([^\W\d]\w*)\s{0,9}=(?!=)")
_TYPE = re.compile(r"(?:\w+\.)*(?:Schema)?Type\.[A-Z]+")
_WORDS: dict[str, Any] = {
    "true": True, "True": True, "false": False, "False": False,
    "null": None, "None": None, "undefined": None, "nil": None,
}  # fmt: skip
_CURLY = "\u201c\u201d\u201e\u201f"
_CURLY_SINGLE = "\u2018\u2019\u201a\u201b"
_PREFIX = re.compile(r"(?:[rR][bB]?|[uU]|[bB][rR]?|[fF][rR]?|[rR][fF])(?=['\"])")
_ENDS = {
    '"""': re.compile(r'(?:[^\\]|\\.)*?"""', re.DOTALL),
    "'''": re.compile(r"(?:[^\\]|\\.)*?'''", re.DOTALL),
    '"': re.compile(r'(?:[^"\\\r\n]|\\.)*"', re.DOTALL),
    "'": re.compile(r"(?:[^'\\\r\n]|\\.)*'", re.DOTALL),
    "`": re.compile(r"(?:[^`\\]|\\.)*`", re.DOTALL),
}
_CURLY_END = re.compile(rf"(?:[^{_CURLY}\\\r\n]|\\.)*[{_CURLY}]", re.DOTALL)
_CURLY_SINGLE_END = re.compile(rf"(?:[^{_CURLY_SINGLE}\\\r\n]|\\.)*[{_CURLY_SINGLE}]", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})"
    r"|(\r\n|.))",
    re.DOTALL,
)
_ESCAPES = {
    "n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "a": "\a",
    "\n": "", "\r\n": "", "\r": "",
}  # fmt: skip
_AS_CONST = re.compile(r"(?:as\s+const|as\s+[A-Za-z][\w.<>\[\]]*|satisfies\s+[\w.<>\[\]]+|!)")


class NotLiteral(ValueError):
    """A text that is not one value: why, and where."""

    def __init__(self, why: str, at: int) -> None:
        super().__init__(why)
        self.why = why
        self.at = at


def read(text: str, at: int = 0) -> tuple[Any, int]:
    """Return the value that begins at `at`, and where it ends. Raises `NotLiteral`."""
    return _Reader(text, at).value(0)


def skip(text: str, at: int) -> int:
    """Return the place after spaces and comments."""
    match = _SKIP.match(text, at)
    return match.end() if match else at


class _Reader:
    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at
        self.calls = 0  # that are open

    def value(self, depth: int) -> tuple[Any, int]:
        if depth > MAX_DEPTH:
            raise NotLiteral(f"values are nested more than {MAX_DEPTH} levels deep", self.at)
        char = self._next()
        if char == "{":
            value: Any = self._object(depth)
        elif char in "[(" and char:
            value = self._list(depth)
        elif self._opens_string():
            value = self._strings()
        elif number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            value = _number(number)
        else:
            value = self._word()
        while self._next() and (cast := _AS_CONST.match(self.text, self.at)):
            self.at = cast.end()
        return value, self.at

    def _next(self) -> str:
        """Go to the next character that means something, and return it; "" at the end."""
        self.at = skip(self.text, self.at)
        return self.text[self.at : self.at + 1]

    def _object(self, depth: int) -> Any:
        opened = self.at
        self.at += 1
        found: dict[str, Any] = {}
        while (char := self._next()) != "}":
            if not char:
                raise NotLiteral("the { is never closed", opened)
            key = self._key(depth)
            if self._next() not in (":", "="):
                raise NotLiteral("a colon should follow this key", self.at)
            self.at += 2 if self.text.startswith("=>", self.at) else 1
            found[key], _ = self.value(depth + 1)
            self._separator("}", opened)
        self.at += 1
        return found

    def _key(self, depth: int) -> str:
        if self._opens_string():
            return self._strings()
        if number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            return number[0]
        if self.text[self.at] == "[":  # JavaScript's computed key, of one string
            keys = self._list(depth + 1)
            if isinstance(keys, list) and len(keys) == 1 and isinstance(keys[0], str):
                return keys[0]
        elif word := _WORD.match(self.text, self.at):
            self.at = word.end()
            return word[0]
        raise NotLiteral("a key should begin here", self.at)

    def _list(self, depth: int) -> Any:
        opened, closer = self.at, {"[": "]", "(": ")"}[self.text[self.at]]
        self.at += 1
        found: list[Any] = []
        has_comma = False
        while (char := self._next()) != closer:
            if not char:
                raise NotLiteral(f"the {self.text[opened]} is never closed", opened)
            item, _ = self.value(depth + 1)
            found.append(item)
            has_comma |= self._separator(closer, opened)
        self.at += 1
        is_group = closer == ")" and len(found) == 1 and not has_comma
        if is_group and isinstance(found[0], str):  # ("a " "b") may go on: ("a") + "b"
            return found[0] + self._more_text()
        return found[0] if is_group else found

    def _separator(self, closer: str, opened: int) -> bool:
        char = self._next()
        if char == ",":
            self.at += 1
            return True
        if char != closer:
            end = f"a comma or {closer} should follow this value"
            why = end if char else f"the {self.text[opened]} is never closed"
            raise NotLiteral(why, self.at if char else opened)
        return False

    # --- Strings ---------------------------------------------------------------------------------

    def _opens_string(self) -> bool:
        char = self.text[self.at : self.at + 1]
        is_quote = bool(char) and char in "\"'`" + _CURLY + _CURLY_SINGLE
        return is_quote or bool(_PREFIX.match(self.text, self.at))

    def _strings(self) -> str:
        return self._string() + self._more_text()

    def _more_text(self) -> str:
        """Return the strings that follow directly, or after a plus."""
        pieces = []
        while True:
            before = self.at
            if self._next() == "+":
                self.at += 1
                self._next()
                if self.text[self.at : self.at + 1] == "(":
                    text = self._list(0)
                    if not isinstance(text, str):
                        raise NotLiteral("only strings can be joined", before)
                    pieces.append(text)
                    continue
                if not self._opens_string():
                    raise NotLiteral("a value is computed here, which is not done", before)
            elif not self._opens_string():
                self.at = before
                return "".join(pieces)
            pieces.append(self._string())

    def _string(self) -> str:
        opened = self.at
        prefix = ""
        if match := _PREFIX.match(self.text, self.at):
            prefix, self.at = match[0].lower(), match.end()
        quote = self.text[self.at]
        if self.text[self.at : self.at + 3] in ('"""', "'''"):
            quote = self.text[self.at : self.at + 3]
        if quote in _CURLY:
            end = _CURLY_END
        elif quote in _CURLY_SINGLE:
            end = _CURLY_SINGLE_END
        else:
            end = _ENDS[quote]
        start = self.at + len(quote)
        match = end.match(self.text, start)
        if match is None:
            raise NotLiteral("this string is never closed", opened)
        self.at = match.end()
        content = self.text[start : match.end() - (3 if len(quote) == 3 else 1)]
        if ("f" in prefix and "{" in content) or (quote == "`" and "${" in content):
            raise NotLiteral("this string is computed, which is not done", opened)
        if "r" in prefix or "\\" not in content:
            return content
        text = _ESCAPE.sub(_unescaped, content)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _word(self) -> Any:
        word = _WORD.match(self.text, self.at)
        if word and word[0] in _WORDS:
            self.at = word.end()
            return _WORDS[word[0]]
        if not word:
            raise NotLiteral("a value should begin here", self.at)
        name = _NAME.match(self.text, self.at)
        if name and self.text[name.end() : name.end() + 1] == "(":
            return self._call(name)
        if name and _TYPE.fullmatch(name[0]):  # Gemini's Type.STRING
            self.at = name.end()
            return name[0].rpartition(".")[2]
        raise NotLiteral(f"{word[0][:40]} is a name, not a value", self.at)

    def _call(self, name: re.Match[str]) -> Any:
        """Return the arguments of a call such as `Tool(name="a")` or `jsonSchema({…})` as data."""
        opened = self.at = name.end()
        self.at += 1
        found: dict[str, Any] = {}
        first: Any = None
        while (char := self._next()) != ")":
            if not char:
                raise NotLiteral("the ( is never closed", opened)
            if argument := _ARGUMENT.match(self.text, self.at):
                self.at = argument.end()
                found[argument[1]] = self._nested()
            elif first is None and not found:
                first = self._nested()
            else:
                raise NotLiteral(f"{name[0][:40]} is called, which is not done", name.start())
            self._separator(")", opened)
        self.at += 1
        if first is not None and found:
            raise NotLiteral(f"{name[0][:40]} is called, which is not done", name.start())
        return found if first is None else first

    def _nested(self) -> Any:
        self.calls += 1
        if self.calls > MAX_DEPTH:
            raise NotLiteral(f"values are nested more than {MAX_DEPTH} levels deep", self.at)
        value, _ = self.value(1)
        self.calls -= 1
        return value


def _unescaped(match: re.Match[str]) -> str:
    if code := match[1] or match[2] or match[3] or match[4]:
        number = int(code, 16)
        return chr(number) if number < 0x110000 else "\N{REPLACEMENT CHARACTER}"
    return _ESCAPES.get(match[5], match[5])


def _number(match: re.Match[str]) -> int | float:
    text = match[0].replace("_", "").removesuffix("n") if "x" not in match[0].lower() else match[0]
    text = text.replace("_", "")
    try:
        return int(text, 10)
    except ValueError:
        pass
    try:
        if text.lstrip("+-")[:2].lower() in ("0x", "0o", "0b"):
            return int(text, 0)
        number = float(text)
    except ValueError:  # an integer of thousands of digits
        raise NotLiteral("this number is too large", match.start()) from None
    if math.isinf(number):
        raise NotLiteral("this number is too large", match.start())
    return number
