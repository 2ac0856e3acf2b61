"""Take a tool's arguments from the question, by the tool's schema.

Arguments that the question does not give are left out, or made up if they are required.
"""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from clarifai_chat.demo import reading
from clarifai_chat.demo.reading import listed, words_of
from clarifai_chat.demo.shapes import Json
from clarifai_chat.tools.builtins.clock import CITIES
from clarifai_chat.tools.schema.patterns import BadPattern, is_found
from clarifai_chat.tools.schema.references import target

PLACE_WORDS = listed("""
    address city country destination location origin place region state town where
""")
_DEFAULT_PLACE = "Paris"
_NOT_SAID = listed("a an and any as at be by for get has have in into is it of on or the to with")
_MAX_DEPTH = 12
_MAX_VALUES, _MAX_CHARS = 1000, 10_000  # values in a call, characters in a text
_PATTERN_S = 0.05  # a person may type any pattern, and some never end
# Made-up text by format; also tried where a pattern does not match words.
_OF_FORMAT = {
    "email": "ada@example.com", "uri": "https://example.com", "url": "https://example.com",
    "uuid": "123e4567-e89b-12d3-a456-426614174000", "time": "09:00:00Z", "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1", "hostname": "example.com", "duration": "PT30M",
}  # fmt: skip
_SAMPLES = (
    "A", "a", "1", "US", "us", "EUR", "en", "en-US", "abc", "ABC", "123", "1234", "12345", "A1",
    "A-1", "AB-12", "AB-1234", "ABC-123", "C-1001", "SKU-1001", "ORD-12345", "AB1234", "1.0.0",
    "v1.0.0", "12:00", "2026-01-15", "+4712345678", "+1-555-010-0100", "555-0100", "#aabbcc",
    "https://example.com", "ada@example.com", "0123456789", "abcdefgh", "12345-6789",
)  # fmt: skip


def schema_of(tool: Json) -> Json:
    """Return the schema of a tool's arguments, or {}."""
    schema = tool.get("parameters")
    return schema if isinstance(schema, dict) else {}


def resolved(schema: object, root: Json) -> Json:
    """Return `schema` with its references into `root` and its `allOf` merged in."""
    for _ in range(_MAX_DEPTH):
        if not isinstance(schema, dict):
            return {}
        if "$ref" in schema:
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            found = target(schema["$ref"], root)
            schema = {**found, **rest} if isinstance(found, dict) else rest
        elif isinstance(parts := schema.get("allOf"), list):
            rest = {key: value for key, value in schema.items() if key != "allOf"}
            schema = _together([rest, *(resolved(part, root) for part in parts)])
        else:
            return schema
    return {}


def _together(schemas: Sequence[Json]) -> Json:
    whole: Json = {}
    for schema in schemas:
        properties = {**(whole.get("properties") or {}), **(schema.get("properties") or {})}
        required = [*(whole.get("required") or ()), *(schema.get("required") or ())]
        whole = {**whole, **schema}
        whole |= {"properties": properties} if properties else {}
        whole |= {"required": required} if required else {}
    return whole


class Reader:
    """A reader that takes values for a tool's parameters from a question, each value once."""

    def __init__(self, prompt: str, whole: str = "", place: str = "") -> None:
        found = reading.places(prompt) or reading.places(whole)
        self.prompt = prompt
        self.places = [place] if place else found
        self._place = iter(self.places)
        self._numbers = reading.numbers(prompt)
        self._currency = iter(re.findall(r"\b[A-Z]{3}\b", prompt))
        self._emails = reading.emails(prompt)
        self._codes = reading.codes(prompt)
        self._address = reading.address(prompt)
        self._root: Json = {}
        self._depth = self._made = 0

    def read(self, tool: Json) -> Json:
        """Return the arguments of a call of `tool`."""
        self._root = schema_of(tool)
        return self.fill(resolved(self._root, self._root))

    def fill(self, schema: Json) -> Json:
        """Return an object with the required values and the optional ones in the question."""
        properties = schema.get("properties")
        required = schema.get("required") or ()
        filled = {}
        for name, part in properties.items() if isinstance(properties, dict) else ():
            value = self.value(name, part if isinstance(part, dict) else {}, name in required)
            if value is not None:
                filled[name] = value
        return filled

    def value(self, name: str, schema: Json, required: bool) -> Any:
        """Return a value for one parameter; None if it is optional and not in the question.

        Raises `ValueError` if the schema asks for more than a person would read.
        """
        self._made += 1
        if self._made > _MAX_VALUES:
            raise ValueError("too many values")
        schema = resolved(schema, self._root)
        for several in ("anyOf", "oneOf"):
            if schema.get(several):
                options = [resolved(s, self._root) for s in schema[several]]
                options = [s for s in options if s.get("type") != "null"]
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
        words = set(words_of(self.prompt))
        said = (v for v in values if set(words_of(str(v))) <= words and words_of(str(v)))
        return next(said, None)

    def _object(self, name: str, schema: Json, required: bool) -> Json | None:
        is_named = set(words_of(name)) <= set(words_of(self.prompt))
        if self._depth >= _MAX_DEPTH or not (required or is_named):
            return {} if required else None
        self._depth += 1
        filled = self.fill(schema)
        self._depth -= 1
        return filled

    def _array(self, name: str, schema: Json, required: bool) -> list[Any] | None:
        item = resolved(schema.get("items"), self._root)
        least, most = schema.get("minItems", 0), schema.get("maxItems", math.inf)
        said = self._said_items(name, item, required)
        if said is None and not required:
            return None
        items = said or []
        while len(items) < (least if said else max(least, 1)):
            items.append(self.value(name, item, True))
        return items[: most if most < len(items) else None]

    def _said_items(self, name: str, item: Json, required: bool) -> list[Any] | None:
        """Return the items that the question names, or None."""
        kind = item.get("type", "object" if "properties" in item else "string")
        if kind in ("number", "integer"):
            taken, self._numbers = self._numbers, []
            return [_as_number(text, kind) for text in taken] or ([0] if required else None)
        if item.get("enum"):
            return [v for v in item["enum"] if self._mentioned([v]) is not None] or None
        if kind == "string" and (item.get("format") == "email" or "email" in words_of(name)):
            taken, self._emails = self._emails, []
            return list(taken) or None
        if kind == "string":
            return reading.quoted(self.prompt) or [*self.places] or None
        if kind == "object" and (count := self._codes_for(item)):
            return [self.value(name, item, True) for _ in range(count)]
        return None

    def _codes_for(self, item: Json) -> int:
        """Return how many codes the question has for a list whose items need one each."""
        for name, part in (item.get("properties") or {}).items():
            if {"id", "sku", "code"} & set(words_of(name)):
                return sum(1 for _ in self._matching(self._codes, resolved(part, self._root)))
        return 0

    def _boolean(self, name: str, schema: Json, required: bool) -> bool | None:
        words = "|".join(re.escape(w) for w in words_of(name) if w not in _NOT_SAID) or name
        if re.search(rf"\b(no|not|without|don['\u2019]?t)\b[^.,;]*\b({words})", self.prompt, re.I):
            return False
        if re.search(rf"\b({words})", self.prompt, re.IGNORECASE):
            return True
        return False if required and "default" not in schema else None

    def _numeric(self, name: str, schema: Json, required: bool) -> float | None:
        text = self._number(set(words_of(name)), required)
        if not text:
            if not required or "default" in schema:
                return None
            text = str(schema.get("minimum", 1))
        return _within(_as_number(text, schema.get("type")), schema)

    def _number(self, words: set[str], required: bool) -> str:
        """Return the next number, or the one that the question gives as this bound, or ""."""
        if words & {"max", "maximum", "min", "minimum"}:
            found = reading.bound(self.prompt, words)
            if found in self._numbers:
                self._numbers.remove(found)
            if found or not required:
                return found
        return self._numbers.pop(0) if self._numbers else ""

    def _text(self, name: str, schema: Json, required: bool) -> str | None:
        value = self._special(words_of(name), schema)
        if value is None and (required and "default" not in schema):
            about = re.search(r"\b(?:for|about|named|called)\s+(.+)", self.prompt)
            said = reading.quoted(self.prompt)
            value = said[0] if said else (about[1] if about else self.prompt).strip(" ?.!")
            value = value or _OF_FORMAT.get(schema.get("format", ""), "something")
        return value if value is None else self._fitting(value, schema)

    def _special(self, named: Sequence[str], schema: Json) -> str | None:
        """Return what the parameter's name asks for, if the question has it."""
        words, form = set(named), schema.get("format")
        if said := next(filter(None, (reading.quoted_after(self.prompt, w) for w in named)), ""):
            return said
        for part in ("street", "postal", "city", "country"):
            if part in words and part in self._address:
                return str(self._address[part])
        if words & {"from", "source", "to", "target"} and any(reading.conversion(self.prompt)):
            return reading.conversion(self.prompt)[bool(words & {"to", "target"})]
        if words & {"timezone", "zone", "tz"}:
            zone = re.search(r"\b[A-Z]\w+/[A-Z]\w+\b|\bUTC\b|\bGMT\b", self.prompt)
            known = next((CITIES[p.lower()] for p in self.places if p.lower() in CITIES), None)
            return zone[0] if zone else known or "UTC"
        if words & PLACE_WORDS:
            return next(self._place, self.places[0] if self.places else _DEFAULT_PLACE)
        if words & {"expression", "formula", "equation", "calculation", "math"}:
            return reading.expression(self.prompt) or None
        if words & {"currency", "currencies"}:
            return next(self._currency, "USD")
        if form == "date-time":
            return reading.moment(self.prompt)
        if words & {"date", "day"} or form == "date":
            return reading.day(self.prompt, as_date=form == "date")
        if words & {"query", "keyword", "keywords", "term"}:
            return reading.subject(self.prompt) or None
        return self._token(words, form, schema)

    def _token(self, words: set[str], form: Any, schema: Json) -> str | None:
        """Return an email address, a URL or a code, each taken once."""
        if "email" in words or form == "email":
            return self._emails.pop(0) if self._emails else None
        if words & {"url", "uri"} or form in ("url", "uri"):
            found = re.search(r"https?://[^\s<>\"']+", self.prompt)
            return found[0] if found else None
        if words & {"id", "sku", "code"}:
            code = next(self._matching(self._codes, schema), None)
            if code is not None:
                self._codes.remove(code)
            return code
        return None

    def _matching(self, texts: Sequence[str], schema: Json) -> Iterator[str]:
        pattern = schema.get("pattern", "")
        return (text for text in texts if _matches(pattern, text))

    def _fitting(self, value: str, schema: Json) -> str:
        """Return `value`, or made-up text if the schema's pattern or lengths do not allow it."""
        least, most = schema.get("minLength", 0), schema.get("maxLength", 500)
        if least > _MAX_CHARS:
            raise ValueError("too long a text")
        pattern = schema.get("pattern", "")
        if pattern and not _matches(pattern, value):
            examples = [e for e in schema.get("examples") or () if isinstance(e, str)]
            fits = (s for s in (*examples, *_SAMPLES) if least <= len(s) <= most)
            return next((s for s in fits if _matches(pattern, s)), value)
        if 0 < len(value) < least:
            value = (f"{value} " * (least // len(value) + 1))[:least]
        return value[:most]


def _as_number(text: str, kind: Any) -> float:
    return int(float(text)) if kind == "integer" or "." not in text else float(text)


def _within(number: float, schema: Json) -> float:
    """Return `number` moved into the schema's bounds and onto its step."""
    step = schema.get("multipleOf") or 0
    beyond = step or (1 if schema.get("type") == "integer" else 0.5)
    lows = [schema["minimum"]] if "minimum" in schema else []
    lows += [schema["exclusiveMinimum"] + beyond] if "exclusiveMinimum" in schema else []
    highs = [schema["maximum"]] if "maximum" in schema else []
    highs += [schema["exclusiveMaximum"] - beyond] if "exclusiveMaximum" in schema else []
    number = min([max([number, *lows]), *highs])
    if step and number % step:
        number = math.ceil(number / step) * step
        number = number - step if highs and number > min(highs) else number
    return number


def _matches(pattern: str, text: str) -> bool:
    try:
        return is_found(pattern, text, _PATTERN_S)
    except (BadPattern, TimeoutError):
        return False
