"""Find what a question mentions: places, numbers, dates, addresses, sums, quoted words."""

import re
from datetime import date, timedelta

from clarifai_chat.demo.shapes import Json
from clarifai_chat.tools.builtins.clock import CITIES

NUMBER = r"-?\d+(?:\.\d+)?"
DATE = r"\d{4}-\d\d-\d\d"
_TIME = r"\b([01]?\d|2[0-3]):([0-5]\d)\b"


def listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NOT_PLACES = listed("""
    january february march april may june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday celsius fahrenheit i utc gmt
""")
_WORD = r"[A-ZÀ-Þ][\w'\u2019-]*"
_PLACE = rf"{_WORD}(?: {_WORD})*"


def words_of(text: str) -> list[str]:
    """Return the words of a name or a sentence: `getWeather_now` is get, weather, now."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).replace("_", " ")
    return re.findall(r"[^\W_]+", spaced.lower())


def numbers(text: str) -> list[str]:
    """Return the numbers in `text` that are not part of a date, a time, a name or a code."""
    plain = re.sub(rf"{DATE}|{_TIME}", " ", text)
    return re.findall(rf"(?<![\w.-]){NUMBER}", plain)


def bound(text: str, words: set[str]) -> str:
    """Return the number that `text` gives as an upper or lower bound, or "".

    `words` are those of a parameter's name, such as "max" and "price".
    """
    if words & {"max", "maximum"}:
        phrase = r"under|below|at most|up to|less than|cheaper than|no more than|max\w*"
    else:
        phrase = r"over|above|at least|more than|from|min\w*"
    found = re.search(rf"\b(?:{phrase})\b(?: of)? ?[$€£]? ?({NUMBER})", text, re.IGNORECASE)
    return found[1] if found else ""


def quoted(text: str) -> list[str]:
    return re.findall(r"[\"“”]([^\"“”]+)[\"“”]", text)


def quoted_after(text: str, word: str) -> str:
    """Return what is quoted right after `word`: in `the subject "Lunch"`, Lunch is the subject."""
    found = re.search(rf"\b{re.escape(word)}\b\W{{0,3}}[\"“]([^\"“”]+)", text, re.IGNORECASE)
    return found[1] if found else ""


def emails(text: str) -> list[str]:
    return re.findall(r"[\w.+-]+@[\w-]+\.[\w.]*\w", text)


def codes(text: str) -> list[str]:
    """Return what could be an identifier: SKU-1001, or 42; those with letters come first."""
    found = re.findall(r"(?<![\w:.-])[A-Za-z]*-?\d[\w-]*", re.sub(rf"{DATE}|{_TIME}", " ", text))
    return sorted(found, key=lambda code: code.isdigit())


def subject(text: str) -> str:
    """Return what a search is for: "Find red shoes under 50 dollars" is for red shoes."""
    found = re.search(
        r"\b(?:find|search for|look(?:ing)? for|look up|show me|search|for|about)"
        r" (?:me |some |any |the |a )*(.+?)"
        r"(?= (?:under|below|over|above|at|up to|less|more|cheaper|that|which|in|on|with)\b"
        r"|[.?!,]|$)",
        text,
        re.IGNORECASE,
    )
    return found[1].strip() if found else ""


def conversion(text: str) -> tuple[str, str]:
    """Return the units in "26 miles to kilometers", from and to, or empty strings."""
    unit = r"(°?[A-Za-z][A-Za-z/]*(?: per [a-z]+)?)"
    found = re.search(rf"{NUMBER} ?{unit} (?:to|in|into|as) {unit}", text)
    return (found[1], found[2]) if found else ("", "")


def address(text: str) -> Json:
    """Return the parts of the postal address in `text` by name, or {}."""
    found = re.search(
        rf"(?P<street>\d+[a-z]? {_PLACE}|{_PLACE} \d+[a-z]?), (?P<postal>[A-Z]{{0,2}}\d[\w-]*)"
        rf" (?P<city>{_PLACE}),? (?P<country>{_PLACE})",
        text,
    )
    return found.groupdict() if found else {}


def places(text: str) -> list[str]:
    """Return the places in `text`: two in "in Paris and Tokyo", one in "in Tokyo, Japan"."""
    listed = re.search(
        rf"\b(?:in|for|at|near|of|between|from|to) ({_PLACE}(?:,? (?:and )?{_PLACE})*)", text
    )
    if listed:
        parts = re.split(r",? and |, ", listed[1]) if " and " in listed[1] else [listed[1]]
        found = [part for part in parts if part.lower() not in _NOT_PLACES]
        if found:
            return found
    lowered = text.lower()
    known = [city for city in CITIES if re.search(rf"\b{city}\b", lowered)]
    return [city.title() for city in sorted(known, key=lowered.index)]


def expression(text: str) -> str:
    """Return the arithmetic in `text` as an expression, or "": "3 plus 4" becomes "3 + 4"."""
    for words, sign in (
        (r"square root of (\d+(?:\.\d+)?)", r"\1 ** 0.5"),
        (r"(\d+(?:\.\d+)?) ?(?:%|percent) of (\d+)", r"\1 / 100 * \2"),
        (r"\b(?:[Aa]dd|sum of) (\d+(?:\.\d+)?) (?:and|to) (\d)", r"\1 + \2"),
        (r"\b[Mm]ultiply (\d+(?:\.\d+)?) (?:by|and) (\d)", r"\1 * \2"),
        (r"\bplus\b", "+"),
        (r"\bminus\b", "-"),
        (r"\btimes\b|\bmultiplied by\b|\u00d7|(?<=\d) ?x ?(?=\d)", "*"),
        (r"\bdivided by\b|\bover\b|\u00f7", "/"),
        (r"\bto the power of\b|\^", "**"),
        (r"\d{4}-\d\d-\d\d", ""),  # a date is not a subtraction
        (r"(?<=\d),(?=\d{3}\b)", ""),
    ):
        text = re.sub(words, sign, text)
    for found in re.findall(r"[(\d][\d\s().+*/%-]*[\d)]", text):
        if re.search(r"\d\)*\s*[-+*/%]+\s*\(*-?\d", found) and found.count("(") == found.count(")"):
            return " ".join(found.split())
    return ""


def day(text: str, *, as_date: bool) -> str:
    """Return the day that `text` names, in ISO form if `as_date`."""
    if given := re.search(DATE, text):
        return given[0]
    tomorrow = bool(re.search(r"\btomorrow\b", text, re.IGNORECASE))
    if as_date:
        return (date.today() + timedelta(days=tomorrow)).isoformat()
    return "tomorrow" if tomorrow else "today"


def moment(text: str) -> str:
    """Return the date and time that `text` names, in ISO form; by default nine o'clock."""
    time = re.search(_TIME, text)
    hour, minute = (time[1], time[2]) if time else ("09", "00")
    return f"{day(text, as_date=True)}T{int(hour):02}:{minute}:00Z"
