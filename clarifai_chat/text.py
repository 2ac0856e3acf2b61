"""Write numbers, lists, sizes and long texts for a sentence; repair text from outside."""

import re
from collections.abc import Container, Sequence
from typing import Any

_HALF = re.compile("[\ud800-\udfff]")
# Chinese, Japanese and Thai put no spaces between words: each sign counts.
_ALONE = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff"
_WORD = re.compile(rf"[{_ALONE}]|[^\W_{_ALONE}]+(?:['\u2019\-.,][^\W_{_ALONE}]+)*")


def whole(text: str) -> str:
    """Return `text` without halves of surrogate pairs, which no page, file or request can carry.

    Two halves that meet become their character; a half alone becomes U+FFFD.
    """
    if not _HALF.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def whole_data(data: Any) -> Any:
    """Return plain data with each text in it, keys included, made `whole`."""
    if isinstance(data, str):
        return whole(data)
    if isinstance(data, list):
        return [whole_data(each) for each in data]
    if isinstance(data, dict):
        return {whole_data(name): whole_data(value) for name, value in data.items()}
    return data


def words(text: str) -> int:
    """Return how many words there are, without the marks between them."""
    return sum(1 for _ in _WORD.finditer(text))


def counted(number: float, noun: str, nouns: str = "", *, one: str = "1") -> str:
    """Return a number with its noun: "1 tool", "2 tools", "1,200 tools".

    `nouns` is the plural if it is not `noun` with an "s"; `one` replaces 1, as in "a tool".
    """
    return f"{one} {noun}" if number == 1 else f"{number:,} {nouns or f'{noun}s'}"


def times(number: int) -> str:
    """Return a count of times: "once", "2 times", "1,200 times"."""
    return "once" if number == 1 else f"{number:,} times"


def are(number: int) -> str:
    """Return the verb for a number of things: "is" for 1, else "are"."""
    return "is" if number == 1 else "are"


def listed(parts: Sequence[str], last: str = "and", most: int | None = None) -> str:
    """Return a list in words: "a", "a and b", "a, b and c"; empty parts are left out.

    `last` joins the last part; with "" it is a comma. Parts beyond `most` are counted: "a, b and
    2 more". It is never "1 more", which would save no room.
    """
    parts = [part for part in parts if part]
    if most is not None and len(parts) > most + 1:
        parts, last = [*parts[:most], f"{len(parts) - most:,} more"], "and"
    return (f" {last} " if last else ", ").join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def cut(text: str, most: int) -> str:
    """Shorten `text` to `most` characters, the last of which is then "…"."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def unused(name: str, known: Container[str]) -> str:
    """Return the name, or the next one that is not known: "Terse (2)"."""
    free, number = name, 1
    while free in known:
        number += 1
        free = f"{name} ({number})"
    return free


def capitalized(text: str) -> str:
    """Return `text` with its first letter in upper case and the rest unchanged."""
    return text[:1].upper() + text[1:]


def size(count: int) -> str:
    """Return a number of bytes in SI units: "12 bytes", "340 kB" (1 kB is 1000 bytes), "1.2 MB"."""
    if count < 1000:
        return counted(count, "byte")
    if count < 999_500:  # above, it would read "1000 kB"
        return f"{count / 1000:.0f} kB"
    return f"{count / 1_000_000:,.1f}".removesuffix(".0") + " MB"
