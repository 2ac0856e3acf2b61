"""How the Demo model uses tools: which of those offered it calls, with which arguments.

A real choice by the words of the question, not by name; the arguments come from the question too,
and the final answer from the tool's own result.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from clarifai_chat.demo.shapes import Json, text_of


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NAME_WORTH, _ENUM_WORTH, _WORD_WORTH, _ENOUGH = 3, 2, 1, 2

# Words that stand for the same wish, so "Will it rain?" finds `get_weather`.
_SAME = {
    "weather": "rain sun sunny snow wind windy cloudy forecast temperature cold warm hot umbrella",
    "time": "clock oclock hour timezone date today",
    "calculate": "calculator calc math arithmetic sum plus minus multiply divide expression",
    "search": "find look lookup google browse query",
    "convert": "exchange conversion currency dollar euro",
}
_MEANING = {word: meaning for meaning, words in _SAME.items() for word in words.split()}
_EMPTY_WORDS = _listed("""
    a an and any are as at be by can do does for from get give given has have how i in into is
    it its me my of on or please return returns set string tell that the this to use used what
    when where which who will with you your current value text name some all about show write
""")
_ZONES = {
    "amsterdam": "Europe/Amsterdam", "beijing": "Asia/Shanghai", "berlin": "Europe/Berlin",
    "cairo": "Africa/Cairo", "chicago": "America/Chicago", "delhi": "Asia/Kolkata",
    "dublin": "Europe/Dublin", "lisbon": "Europe/Lisbon", "london": "Europe/London",
    "los angeles": "America/Los_Angeles", "madrid": "Europe/Madrid", "mumbai": "Asia/Kolkata",
    "new york": "America/New_York", "paris": "Europe/Paris", "rome": "Europe/Rome",
    "san francisco": "America/Los_Angeles", "sao paulo": "America/Sao_Paulo",
    "shanghai": "Asia/Shanghai", "singapore": "Asia/Singapore", "sydney": "Australia/Sydney",
    "tallinn": "Europe/Tallinn", "tokyo": "Asia/Tokyo", "toronto": "America/Toronto",
    "vienna": "Europe/Vienna", "washington": "America/New_York", "zurich": "Europe/Zurich",
}  # fmt: skip
_NOT_PLACES = _listed("""
    january february march april may june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday celsius fahrenheit i utc gmt
""")
_PLACE_WORDS = _listed("""
    address city country destination location origin place region state town where
""")
_WORD = r"[A-ZÀ-Þ][\w'\u2019-]*"
_PLACE = rf"{_WORD}(?: {_WORD})*"
_DEFAULT_PLACE = "Paris"


def choose_calls(prompt: str, body: Json) -> tuple[tuple[str, str], ...]:
    """The calls to make for `prompt` among the tools offered; none means to answer in words."""
    offered = [
        t["function"] for t in body.get("tools") or [] if isinstance(t, dict) and "function" in t
    ]
    tools: list[Json] = [tool for tool in offered if isinstance(tool, dict) and tool.get("name")]
    choice = body.get("tool_choice") or "auto"
    if not tools or choice == "none":
        return ()
    if isinstance(choice, dict):
        named = choice.get("function", {}).get("name")
        return _calls(next((t for t in tools if t["name"] == named), tools[0]), prompt, body)
    clauses = re.split(r"\band\b|;", prompt)
    found = [(clause, tool) for clause in clauses if (tool := _best(clause, tools, _ENOUGH))]
    if len({tool["name"] for _, tool in found}) > 1 and body.get("parallel_tool_calls", True):
        return tuple((tool["name"], _arguments(tool, clause, prompt)) for clause, tool in found)
    best = _best(prompt, tools, 0 if choice == "required" else _ENOUGH)
    return _calls(best, prompt, body) if best else ()


def _calls(tool: Json, prompt: str, body: Json) -> tuple[tuple[str, str], ...]:
    """One call; or one for each place in "Paris and Tokyo", if the tool takes one place."""
    properties = _schema(tool).get("properties") or {}
    for_a_place = any(_is_one_place(name, schema) for name, schema in properties.items())
    places = _places(prompt) if for_a_place else []
    if len(places) > 1 and body.get("parallel_tool_calls", True):
        # Each call reads the question with its own place alone, so it cannot take the other's.
        return tuple((tool["name"], _arguments(tool, f"{prompt} in {p}", "", p)) for p in places)
    return ((tool["name"], _arguments(tool, prompt, "", places[0] if places else "")),)


def _schema(tool: Json) -> Json:
    schema = tool.get("parameters")
    return schema if isinstance(schema, dict) else {}


def _is_one_place(name: str, schema: object) -> bool:
    is_text = isinstance(schema, dict) and schema.get("type", "string") == "string"
    return is_text and bool(_PLACE_WORDS & set(_words(name)))


def _words(text: str) -> list[str]:
    """The words of a name or a sentence: `getWeather_now` is get, weather, now."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).replace("_", " ")
    return re.findall(r"[^\W_]+", spaced.lower())


def _meanings(text: str) -> set[str]:
    stems = (re.sub(r"(?<=\w{3})(ing|ed|s)$", "", word) for word in _words(text))
    return {_MEANING.get(stem, stem) for stem in stems if stem not in _EMPTY_WORDS}


def _best(prompt: str, tools: Sequence[Json], enough: int) -> Json | None:
    worth = {tool["name"]: _worth(tool, prompt) for tool in tools}
    best = max(tools, key=lambda tool: worth[tool["name"]])
    return best if worth[best["name"]] >= enough else None


def _worth(tool: Json, prompt: str) -> int:
    asked, name = _meanings(prompt), _meanings(str(tool["name"]))
    if _expression(prompt):
        asked.add("calculate")
    properties = _schema(tool).get("properties") or {}
    told = " ".join((str(tool.get("description", "")), *properties))
    enums = {
        str(v).lower()
        for s in properties.values()
        if isinstance(s, dict)
        for v in s.get("enum", ())
    }
    return (
        _NAME_WORTH * len(asked & name)
        + _WORD_WORTH * len(asked & (_meanings(told) - name))
        + _ENUM_WORTH * len(enums & set(_words(prompt)))
    )


def _arguments(tool: Json, prompt: str, whole: str, place: str = "") -> str:
    reader = _Reader(prompt, whole or prompt, place)
    return json.dumps(reader.fill(_schema(tool)), ensure_ascii=False)


class _Reader:
    """Takes values for a tool's parameters out of a question; each number is taken once."""

    def __init__(self, prompt: str, whole: str, place: str) -> None:
        places = _places(prompt) or _places(whole)
        self.prompt = prompt
        self.places = [place] if place else places
        self._place = iter(self.places)
        plain = re.sub(r"\d{4}-\d\d-\d\d", " ", prompt)
        self._number = iter(re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?", plain))
        self._currency = iter(re.findall(r"\b[A-Z]{3}\b", prompt))

    def fill(self, schema: Json) -> Json:
        """An object with every required value, and each optional one that the question names."""
        properties = schema.get("properties")
        required = schema.get("required") or ()
        filled = {}
        for name, part in properties.items() if isinstance(properties, dict) else ():
            value = self.value(name, part if isinstance(part, dict) else {}, name in required)
            if value is not None:
                filled[name] = value
        return filled

    def value(self, name: str, schema: Json, required: bool) -> Any:
        """A value for one parameter; None is "not said", and only for an optional one."""
        for several in ("anyOf", "oneOf"):
            if schema.get(several):
                options = [s for s in schema[several] if s.get("type") != "null"]
                return self.value(name, options[0] if options else {}, required)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = next((k for k in kind if k != "null"), "string")
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            said = self._mentioned(schema["enum"])
            value = said if said is not None else schema.get("default")
            return schema["enum"][0] if value is None and required else value
        read = {
            "object": self._object,
            "array": self._array,
            "boolean": self._boolean,
            "integer": self._numeric,
            "number": self._numeric,
        }.get(kind, self._text)
        value = read(name, schema, required)
        return schema.get("default") if value is None else value

    def _mentioned(self, values: Sequence[Any]) -> Any:
        words = set(_words(self.prompt))
        return next((v for v in values if set(_words(str(v))) <= words and _words(str(v))), None)

    def _object(self, name: str, schema: Json, required: bool) -> Json | None:
        return self.fill(schema) if required else None

    def _array(self, name: str, schema: Json, required: bool) -> list[Any] | None:
        item = schema.get("items") if isinstance(schema.get("items"), dict) else {}
        item = item or {}
        if item.get("type") in ("number", "integer"):
            numbers = [_as_number(text, item["type"]) for text in self._number]
            return numbers or ([0] if required else None)
        if item.get("enum"):
            said = [v for v in item["enum"] if self._mentioned([v]) is not None]
            return said or ([item["enum"][0]] if required else None)
        if item.get("type", "string") == "string" and (said := _quoted(self.prompt) or self.places):
            return said
        return [self.value(name, item, True)] if required else None

    def _boolean(self, name: str, schema: Json, required: bool) -> bool | None:
        words = (
            "|".join(re.escape(word) for word in _words(name) if word not in _EMPTY_WORDS) or name
        )
        if re.search(rf"\b(no|not|without|don['\u2019]?t)\b[^.,;]*\b({words})", self.prompt, re.I):
            return False
        if re.search(rf"\b({words})", self.prompt, re.IGNORECASE):
            return True
        return False if required and "default" not in schema else None

    def _numeric(self, name: str, schema: Json, required: bool) -> float | None:
        text = next(self._number, None)
        if text is None:
            if not required or "default" in schema:
                return None
            text = str(schema.get("minimum", 1))
        number = _as_number(text, schema.get("type"))
        low, high = schema.get("minimum", number), schema.get("maximum", number)
        return low if number < low else high if number > high else number

    def _text(self, name: str, schema: Json, required: bool) -> str | None:
        words = set(_words(name))
        value = self._special(words, schema)
        if value is None and (required and "default" not in schema):
            subject = re.search(r"\b(?:for|about|named|called)\s+(.+)", self.prompt)
            quoted = _quoted(self.prompt)
            value = quoted[0] if quoted else (subject[1] if subject else self.prompt).strip(" ?.!")
            value = (value or "something")[: schema.get("maxLength", 500)]
        return value

    def _special(self, words: set[str], schema: Json) -> str | None:
        """What the parameter's name asks for, if the question has such a thing."""
        if words & {"timezone", "zone", "tz"}:
            zone = re.search(r"\b[A-Z]\w+/[A-Z]\w+\b|\bUTC\b|\bGMT\b", self.prompt)
            known = next((_ZONES[p.lower()] for p in self.places if p.lower() in _ZONES), None)
            return zone[0] if zone else known or "UTC"
        if words & _PLACE_WORDS:
            return next(self._place, self.places[0] if self.places else _DEFAULT_PLACE)
        if words & {"expression", "formula", "equation", "calculation", "math"}:
            return _expression(self.prompt) or None
        if words & {"currency", "currencies"}:
            return next(self._currency, "USD")
        if words & {"date", "day"} or schema.get("format") == "date":
            return _day(self.prompt, as_date=schema.get("format") == "date")
        for kind, pattern in (
            ("email", r"[\w.+-]+@[\w-]+\.[\w.]*\w"),
            ("url", r"https?://[^\s<>\"']+"),
            ("id", r"\b[A-Za-z]*-?\d[\w-]*"),
        ):
            if kind in words or schema.get("format") == kind:
                found = re.search(pattern, self.prompt)
                return found[0] if found else None
        return None


def _as_number(text: str, kind: Any) -> float:
    return int(float(text)) if kind == "integer" or "." not in text else float(text)


def _quoted(text: str) -> list[str]:
    return re.findall(r"[\"“”]([^\"“”]+)[\"“”]", text)


def _places(text: str) -> list[str]:
    """The places in `text`, in order: "in Paris and Tokyo" is two, "in Tokyo, Japan" is one."""
    listed = re.search(
        rf"\b(?:in|for|at|near|of|between|from|to) ({_PLACE}(?:,? (?:and )?{_PLACE})*)", text
    )
    if listed:
        parts = re.split(r",? and |, ", listed[1]) if " and " in listed[1] else [listed[1]]
        places = [part for part in parts if part.lower() not in _NOT_PLACES]
        if places:
            return places
    lowered = text.lower()
    known = [city for city in _ZONES if re.search(rf"\b{city}\b", lowered)]
    return [city.title() for city in sorted(known, key=lowered.index)]


def _expression(text: str) -> str:
    """The arithmetic in `text` as an expression, empty if there is none: "3 plus 4" is "3 + 4"."""
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
        (r"\d{4}-\d\d-\d\d", ""),  # a date is no subtraction
        (r"(?<=\d),(?=\d{3}\b)", ""),
    ):
        text = re.sub(words, sign, text)
    for found in re.findall(r"[(\d][\d\s().+*/%-]*[\d)]", text):
        if re.search(r"\d\)*\s*[-+*/%]+\s*\(*-?\d", found) and found.count("(") == found.count(")"):
            return " ".join(found.split())
    return ""


def _day(text: str, *, as_date: bool) -> str:
    if given := re.search(r"\d{4}-\d\d-\d\d", text):
        return given[0]
    tomorrow = bool(re.search(r"\btomorrow\b", text, re.IGNORECASE))
    if as_date:
        return (date.today() + timedelta(days=tomorrow)).isoformat()
    return "tomorrow" if tomorrow else "today"


def about_results(messages: Sequence[Json]) -> str:
    """A sentence for each tool result that the conversation ends with, in the tool's own words."""
    names = {
        call.get("id"): call.get("function", {}).get("name")
        for message in messages
        for call in message.get("tool_calls") or ()
    }
    results: list[Json] = []
    for message in reversed(messages):
        if message.get("role") != "tool":
            break
        results.insert(0, message)
    said = [_sentence(names.get(m.get("tool_call_id")) or "tool", text_of(m)) for m in results]
    answer = said[0] if len(said) == 1 else "\n".join(f"- {sentence}" for sentence in said)
    return f"{answer}\n\n*The result is the tool's own; only the words around it are scripted.*\n"


def _sentence(name: str, result: str) -> str:
    try:
        value = json.loads(result)
    except ValueError:
        value = result
    if isinstance(value, Mapping) and value.get("error"):
        return f"`{name}` could not do it: {_in_words(value['error'])}."
    told = _in_words(value).strip() or "nothing"
    return f"According to `{name}`: {told}{'' if told.endswith(('.', '!', '?')) else '.'}"


def _in_words(value: Any) -> str:
    if isinstance(value, Mapping):
        return _joined([_named(str(key).replace("_", " "), part) for key, part in value.items()])
    if isinstance(value, list):
        return _joined([_in_words(item) for item in value])
    if value is None or isinstance(value, bool):
        return {None: "not known", True: "yes", False: "no"}[value]
    return str(value)


def _named(name: str, value: Any) -> str:
    told = _in_words(value)
    return f"{name} ({told})" if isinstance(value, Mapping) else f"{name} is {told}"


def _joined(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))
