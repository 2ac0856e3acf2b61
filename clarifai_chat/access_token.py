"""Clean, check and mask the access token; find and redact it in data.

Nothing here keeps a token: a cache across sessions would outlive the Forget button.
"""

import base64
import json
import re
import urllib.parse
from typing import Any, TypeVar, cast

MARK = "[access token]"  # replaces a token
LONGEST = 10_000  # characters of what is cleaned: a whole document is no token
SURE = 4  # characters of a token that nobody writes by chance
SHORTEST = 8  # characters; a shorter one is no secret: the Demo's key is an ordinary word

Data = TypeVar("Data")

# Zero-width and other invisible characters that web pages and chat programs add.
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_AROUND = " \t\r\n\v\f\u00a0\u2028\u2029\"'`´‘’‚‛“”„‟«»‹›"  # noqa: RUF001 (quotes, as pasted)
_BEFORE = re.compile(
    r"(?:export\s+|os\.environ\[[\"'])?"
    r"(?:CLARIFAI_PAT|(?:CLARIFAI|OPENAI|LITELLM)_(?:\w+_)?KEY)[\"'\]]*\s*[:=]"
    r"|authorization\s*[:=]|(?:bearer|key)\s+",
    re.IGNORECASE,
)
# frontend/src/drafts/kept.js has this and _INVISIBLE, too.
_LOOKS = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{32}(?![0-9A-Za-z])|sk-[0-9A-Za-z_-]{16})")

# --- What a visitor pastes ------------------------------------------------------------------------


def clean(text: str) -> str:
    """Strip blanks, quotes, `Key ` and `CLARIFAI_PAT=` from around a pasted token."""
    text, pasted = _INVISIBLE.sub("", text), None
    if len(text) > LONGEST:
        return text.strip(_AROUND)
    while text != pasted:
        pasted = text
        text = text.strip(_AROUND)
        if before := _BEFORE.match(text):
            text = text[before.end() :]
    return text


def odd(token: str) -> str:
    """Warn in one sentence if `token` does not look like Clarifai's; return "" otherwise.

    Never a reason to refuse it: Clarifai documents no format.
    """
    if not token or re.fullmatch(r"[0-9a-f]{32}", token):
        return ""
    if len(token) != 32:
        return f"Clarifai's tokens usually have 32 characters; this one has {len(token)}."
    return "Clarifai's tokens usually consist of 0-9 and a-f; this one has other characters."


def sendable(token: str) -> bool:
    """Return whether a request header can carry `token`: printable ASCII, no blanks, not empty."""
    return bool(token) and all("!" <= character <= "~" for character in token)


def masked(token: str) -> str:
    """Return "…" and the last four characters; just "…" if the token is short."""
    return "…" + (token[-4:] if len(token) >= SHORTEST else "")


def traces(token: str) -> list[tuple[int, str]]:
    """Return length and last characters of each way to write `token`, in lower case.

    They let a browser find it in a text, and tell it little more than `masked` does.
    """
    forms = _forms(token) if len(token) >= SHORTEST else []
    return sorted({(len(form), form[-4:]) for form in forms})


# --- Tokens in texts and data ---------------------------------------------------------------------


def may_hold(text: str, token: str = "") -> bool:
    """Return whether `text` has `token`, or what looks like a Clarifai token or an "sk-" key."""
    return bool(_LOOKS.search(text)) or holds(text, token)


def holds(data: Any, token: str) -> bool:
    """Return whether `token` is in `data`; see `Redactor`."""
    return Redactor(token).finds_in(data)


def redact(data: Data, token: str, mark: str = MARK) -> Data:
    """Return `data` with `mark` in place of `token`; see `Redactor`."""
    return Redactor(token, mark).redact(data)


class Redactor:
    """Find one token in data, and replace it by a mark.

    Data is a text, bytes, or lists, tuples and dicts of those; anything else holds no token. The
    token is found in upper and lower case, and as URLs, JSON and base64 write it; in texts also
    backwards, in hexadecimal digits, and with blanks and marks between its characters. A token
    shorter than `SHORTEST` is never found.
    """

    def __init__(self, token: str, mark: str = MARK) -> None:
        self._forms = _forms(token) if len(token) >= SHORTEST else []
        self._apart = _apart(token) if self._forms else None
        self._mark = mark.encode()

    def finds_in(self, data: Any) -> bool:
        if not self._forms:
            return False
        if isinstance(data, str | bytes):
            lowered = _lowered(data)
            for form in self._forms:
                if form in lowered:
                    return True
            return (
                self._apart is not None and isinstance(data, str) and _is_in(self._apart, lowered)
            )
        if isinstance(data, list | tuple):
            return any(map(self.finds_in, data))
        if isinstance(data, dict):  # copied first: a reply adds to it meanwhile
            return any(map(self.finds_in, [*data])) or any(map(self.finds_in, [*data.values()]))
        return False

    def places(self, text: str) -> list[tuple[int, int]]:
        """Return where the token is in `text`: start and end of each place, from left to right."""
        if not self.finds_in(text):
            return []
        lowered, spans = _lowered(text), []
        for form in self._forms:
            spans += [found.span() for found in re.finditer(re.escape(form), lowered)]
        if self._apart:
            spans += [found.span() for found in self._apart.finditer(lowered)]
        places: list[tuple[int, int]] = []
        for start, end in sorted(spans):
            if places and start < places[-1][1]:
                places[-1] = (places[-1][0], max(end, places[-1][1]))
            else:
                places.append((start, end))
        return [(_characters(text, start), _characters(text, end)) for start, end in places]

    def redact(self, data: Data) -> Data:
        return cast(Data, self._redacted(data)) if self._forms else data

    def _redacted(self, data: Any) -> Any:
        if isinstance(data, str | bytes):
            if not self.finds_in(data):
                return data
            if isinstance(data, bytes):
                return self._replaced(data)
            replaced = self._replaced(_encoded(data))
            if self._apart:
                places = [found.span() for found in self._apart.finditer(_lowered(replaced))]
                replaced = _put(replaced, places, self._mark)
            return replaced.decode("utf-8", "surrogatepass")
        if isinstance(data, list | tuple):
            return type(data)(map(self._redacted, data))
        if isinstance(data, dict):
            return {self._redacted(name): self._redacted(each) for name, each in data.items()}
        return data

    def _replaced(self, data: bytes) -> bytes:
        for form in self._forms:
            kept, at = [], 0
            for part in _lowered(data).split(form):
                kept.append(data[at : at + len(part)])
                at += len(part) + len(form)
            data = self._mark.join(kept)
        return data


class GrowingRedactor:
    """Replace one token in a text that arrives in pieces, wherever the pieces are cut.

    What may be the beginning of the token is held back until the next piece, or `rest`. Of a form
    other than its own, that takes `sure` characters.
    """

    def __init__(self, token: str, sure: int = SURE) -> None:
        self._redactor = Redactor(token)
        self._beginnings = _beginnings(token, sure) if len(token) >= SHORTEST else frozenset()
        self._longest = max(map(len, self._beginnings), default=0)
        self._held = ""

    def add(self, piece: str) -> str:
        """Return what can be shown of the text so far, and was not returned yet."""
        if not self._beginnings:
            return piece
        text = self._redactor.redact(self._held + piece)
        at = self.half(text)
        self._held = text[at:]
        return text[:at]

    def rest(self) -> str:
        """Return what is held back: the text goes on no more."""
        held, self._held = self._held, ""
        return held

    def half(self, text: str) -> int:
        """Return where a beginning of the token starts that `text` ends with; its end if none."""
        start = max(0, len(text) - 4 * self._longest)
        letters = _SEPARATORS.sub("", text[start:].lower())
        for length in range(min(self._longest, len(letters)), 0, -1):
            if letters[-length:] in self._beginnings:
                places = [found.start() for found in _LETTER.finditer(text, start)]
                return places[-length] if length <= len(places) else start
        return len(text)


# A few bytes that are no letter or digit: blanks, marks, a character beyond ASCII.
_GAP = r"[\W_]{0,8}"
_SEPARATORS, _LETTER = re.compile(r"[\W_]+", re.ASCII), re.compile(r"[^\W_]", re.ASCII)


def _apart(token: str) -> re.Pattern[str] | None:
    """Return what finds the token's letters and digits in order or backwards, or their codes."""
    letters = _SEPARATORS.sub("", token.lower())
    if len(letters) < SHORTEST:
        return None
    codes = [f"{byte:02x}" for byte in _encoded(token)]
    return re.compile(
        "|".join(
            (_GAP.join(letters), _GAP.join(letters[::-1]), rf"{_GAP}(?:0?x|u00)?".join(codes))
        ),
        re.ASCII,
    )


def _is_in(pattern: re.Pattern[str], text: str) -> bool:
    return pattern.search(text) is not None


def _put(data: bytes, places: list[tuple[int, int]], mark: bytes) -> bytes:
    kept, at = [], 0
    for start, end in places:
        kept.append(data[at:start])
        at = end
    return mark.join([*kept, data[at:]])


def _beginnings(token: str, sure: int) -> frozenset[str]:
    """Return the beginnings of the token's forms, without what is no letter or digit.

    Of its own form even one character: what was shown of it could not be taken back.
    """
    letters = [_SEPARATORS.sub("", form) for form in (token.lower(), *_forms(token))]
    codes = [f"{byte:02x}" for byte in _encoded(token)]
    letters += [letters[0][::-1], "".join(codes)]
    letters += [
        form for sign in ("u00", "0x", "x") for form in (sign.join(codes), sign.join(("", *codes)))
    ]
    starts = {form[:length] for form in letters for length in range(sure, len(form))}
    return frozenset(starts | {letters[0][:length] for length in range(1, sure)})


def count_letters(text: str) -> int:
    """Return how many letters and digits are in `text`, of which the token's forms consist."""
    return len(_SEPARATORS.sub("", text))


def _characters(text: str, bytes_: int) -> int:
    """Return how many characters the first bytes of `text` are."""
    if text.isascii():
        return bytes_
    return len(_encoded(text)[:bytes_].decode("utf-8", "surrogatepass"))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _lowered(data: str | bytes) -> str:
    """Return one character per byte, with A to Z in lower case."""
    if isinstance(data, str):
        if data.isascii():
            return data.lower()
        data = _encoded(data)
    return data.lower().decode("latin-1")


def _forms(token: str) -> list[str]:
    """Return the token as plain text, URLs, JSON and base64 write it, lowercase, longest first."""
    encoded = _encoded(token)
    written = (token, urllib.parse.quote(encoded, safe=""), json.dumps(token)[1:-1])
    forms = {*map(_lowered, written), *map(_lowered, _base64_forms(encoded))}
    return sorted(forms, key=lambda form: (-len(form), form))


def _base64_forms(token: bytes) -> list[bytes]:
    """Return the base64 forms of the token, for each position at which it can begin."""
    forms = []
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + token).rstrip(b"=")
        # The first and last characters depend on the bytes before and after the token.
        first = (0, 2, 3)[shift]
        last = len(coded) if (shift + len(token)) % 3 == 0 else len(coded) - 1
        forms.append(coded[first:last])
    return forms
