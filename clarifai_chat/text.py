"""Write numbers, lists, sizes and long texts for a sentence."""

from collections.abc import Sequence


def counted(number: float, noun: str, nouns: str = "", *, one: str = "1") -> str:
    """Return a number with its noun: "1 tool", "2 tools", "1,200 tools".

    `nouns` is the plural where that is not `noun` and an "s"; `one` stands for 1: "a tool".
    """
    return f"{one} {noun}" if number == 1 else f"{number:,} {nouns or f'{noun}s'}"


def times(number: int) -> str:
    """Return how often: "once", "2 times", "1,200 times"."""
    return "once" if number == 1 else f"{number:,} times"


def are(number: int) -> str:
    """Return the verb for so many: "is" for 1, else "are"."""
    return "is" if number == 1 else "are"


def listed(parts: Sequence[str], last: str = "and", most: int | None = None) -> str:
    """Return a list in words: "a", "a and b", "a, b and c"; empty parts are left out.

    `last` stands before the last part; with "" it is a comma. Of more than `most` parts, the others
    are counted: "a, b and 2 more". It is never "1 more", which would take no less room.
    """
    parts = [part for part in parts if part]
    if most is not None and len(parts) > most + 1:
        parts, last = [*parts[:most], f"{len(parts) - most:,} more"], "and"
    return (f" {last} " if last else ", ").join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def cut(text: str, most: int) -> str:
    """Return `text`, or its beginning and "…" where it has more than `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def capitalized(text: str) -> str:
    """Return `text` with its first letter in upper case, and the others as they are."""
    return text[:1].upper() + text[1:]


def size(count: int) -> str:
    """Return a number of bytes in SI units: "12 bytes", "340 kB" (1 kB is 1000 bytes), "1.2 MB"."""
    if count < 1000:
        return counted(count, "byte")
    if count < 999_500:  # from there on it would be 1000 kB
        return f"{count / 1000:.0f} kB"
    return f"{count / 1_000_000:,.1f}".removesuffix(".0") + " MB"
