"""Write JSON Schemas as Python's type hints, with `Field(…)` for what a type cannot say."""

import keyword
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from clarifai_chat.tools.formats.python_words import enumeration, nullable
from clarifai_chat.tools.schema.references import target

_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_FORMATS = {
    "date-time": "datetime", "date": "date", "time": "time", "duration": "timedelta",
    "uuid": "UUID",
}  # fmt: skip
_MODULES = {"datetime": "datetime", "date": "datetime", "time": "datetime", "UUID": "uuid",
            "timedelta": "datetime"}  # fmt: skip
_LIMITS = {"minimum": "ge", "exclusiveMinimum": "gt", "maximum": "le", "exclusiveMaximum": "lt",
           "multipleOf": "multiple_of"}  # fmt: skip
_LENGTHS = {
    "str": {"minLength": "min_length", "maxLength": "max_length"},
    "list": {"minItems": "min_length", "maxItems": "max_length"},
    "dict": {"minProperties": "min_length", "maxProperties": "max_length"},
}
_TEXTS = ("title", "description")
_MAX_DEPTH = 30
# Rust's regular expressions, which pydantic uses, have neither look-around nor back-references.
_ODD_PATTERN = re.compile(r"\(\?|\\[1-9]")


class Hint(NamedTuple):
    """A type, and the keywords of `Field(…)` that belong to it."""

    type: str
    field: dict[str, Any] = {}  # noqa: RUF012 - the empty default is never changed

    @property
    def written(self) -> str:
        """The hint as source, in one expression."""
        return f"Annotated[{self.type}, {call('Field', self.field)}]" if self.field else self.type


WriteClass = Callable[[str, dict[str, Any], "Hints"], None]


class Hints:
    """The hints of one file: its classes, the names they take, and what is imported."""

    def __init__(self, write_class: WriteClass) -> None:
        self._write_class = write_class
        self.root: dict[str, Any] = {}  # the schema that references start at
        self.imports: set[tuple[str, str]] = set()
        self.classes: list[str] = []
        self.taken: set[str] = set()
        self._references: dict[str, str] = {}
        self._depth = 0

    def begin(self, root: dict[str, Any]) -> None:
        """Start with another tool, whose references are its own."""
        self.root = root
        self._references = {}

    def use(self, module: str, *names: str) -> None:
        self.imports |= {(module, name) for name in names}

    def class_name(self, name: str) -> str:
        """Return a name for a class that is not taken, and take it."""
        words = re.findall(r"[A-Za-z0-9]+", name)
        base = "".join(word[0].upper() + word[1:] for word in words) or "Model"
        base = base if base[0].isalpha() else f"T{base}"
        new, number = base, 2
        while new in self.taken or keyword.iskeyword(new):
            new, number = f"{base}{number}", number + 1
        self.taken.add(new)
        return new

    def hint(self, schema: Any, name: str) -> Hint:
        """Return the hint for a schema; `name` is for a class, if it takes one."""
        if not isinstance(schema, dict) or self._depth >= _MAX_DEPTH:
            self.use("typing", "Any")
            return Hint("Any")
        self._depth += 1
        try:
            found = self._hint(schema, name)
        finally:
            self._depth -= 1
        if found.field:
            self.use("typing", "Annotated")
            self.use("pydantic", "Field")
        return found

    def _hint(self, schema: dict[str, Any], name: str) -> Hint:
        rest = dict(schema)
        kind = self._type(rest, name)
        field: dict[str, Any] = {}
        base = kind.removesuffix(" | None").partition("[")[0]
        for keyword_, word in _LIMITS.items():
            if base in ("int", "float") and _is_number(rest.get(keyword_)):
                field[word] = rest.pop(keyword_)
        for keyword_, word in _LENGTHS.get({"set": "list"}.get(base, base), {}).items():
            if type(rest.get(keyword_)) is int:
                field[word] = rest.pop(keyword_)
        pattern = rest.get("pattern")
        if base == "str" and isinstance(pattern, str) and not _ODD_PATTERN.search(pattern):
            field["pattern"] = rest.pop("pattern")
        for word in _TEXTS:
            if isinstance(rest.get(word), str):
                field[word] = rest.pop(word)
        if isinstance(rest.get("examples"), list):
            field["examples"] = rest.pop("examples")
        if isinstance(rest.get("deprecated"), bool):
            field["deprecated"] = rest.pop("deprecated")
        rest.pop("default", None)  # its place is behind the hint
        if rest:
            field["json_schema_extra"] = rest
        return Hint(kind, field)

    def _type(self, rest: dict[str, Any], name: str) -> str:
        """Return the type, and remove from `rest` what the type says."""
        if isinstance(ref := rest.get("$ref"), str) and (written := self._reference(ref)):
            del rest["$ref"]
            return written
        if written := self._literal(rest) or self._nullable(rest, name) or self._union(rest, name):
            return written
        kind = rest.get("type")
        if kind == "array":
            del rest["type"]
            return self._list(rest, name)
        if kind == "object":
            del rest["type"]
            return self._object(rest, name)
        if isinstance(kind, str) and kind in _PLAIN:
            del rest["type"]
            if kind == "string" and rest.get("format") in _FORMATS:
                written = _FORMATS[rest.pop("format")]
                self.use(_MODULES[written], written)
                return written
            return _PLAIN[kind]
        self.use("typing", "Any")
        return "Any"

    def _literal(self, rest: dict[str, Any]) -> str:
        values = rest.get("enum")
        if not isinstance(values, list) or not values:
            return ""
        if not all(value is None or isinstance(value, str | bool | int) for value in values):
            return ""
        said = enumeration(values)
        if said.get("enum") != values or said.get("type") != rest.get("type"):
            return ""
        del rest["enum"], rest["type"]
        self.use("typing", "Literal")
        return f"Literal[{', '.join(map(repr, values))}]"

    def _nullable(self, rest: dict[str, Any], name: str) -> str:
        kinds = rest.get("type")
        if not isinstance(kinds, list) or len(kinds) != 2 or kinds[1] != "null":
            return ""
        inner = {**rest, "type": kinds[0]}
        if isinstance(rest.get("enum"), list) and rest["enum"][-1:] == [None]:
            inner["enum"] = rest["enum"][:-1]
        written = self._type(inner, name)
        if "type" in inner or nullable({"type": kinds[0]})["type"] != kinds:
            return ""
        rest.clear()
        rest |= inner
        return f"{written} | None"

    def _union(self, rest: dict[str, Any], name: str) -> str:
        parts = rest.get("anyOf")
        if not isinstance(parts, list) or len(parts) < 2 or "type" in rest:
            return ""
        hints = [self.hint(part, f"{name}_{number}") for number, part in enumerate(parts, 1)]
        if len({hint.written for hint in hints}) < len(hints):
            return ""
        del rest["anyOf"]
        return " | ".join(hint.written for hint in hints)

    def _list(self, rest: dict[str, Any], name: str) -> str:
        of = "list"
        if rest.get("uniqueItems") is True and "prefixItems" not in rest:
            del rest["uniqueItems"]
            of = "set"
        items = rest.get("items")
        if not isinstance(items, dict) or not items or "prefixItems" in rest:
            return of
        del rest["items"]
        return f"{of}[{self.hint(items, f'{name}_item').written}]"

    def _object(self, rest: dict[str, Any], name: str) -> str:
        if isinstance(rest.get("properties"), dict):
            inner = {"type": "object", **rest}
            rest.clear()
            if isinstance(inner.get("default"), dict):
                rest["default"] = inner.pop("default")
            return self._new_class(inner, name)
        more = rest.get("additionalProperties")
        if more is True or (isinstance(more, dict) and more):
            del rest["additionalProperties"]
            return f"dict[str, {self.hint(more, f'{name}_value').written}]"
        return "dict"

    def _new_class(self, schema: dict[str, Any], name: str) -> str:
        written = self.class_name(name)
        self._write_class(written, schema, self)
        return written

    def _reference(self, ref: str) -> str:
        """Return the class that a reference leads to; "" if it leads to none."""
        if ref in self._references:
            return self._references[ref]
        found = target(ref, self.root)
        if not isinstance(found, dict) or not isinstance(found.get("properties"), dict):
            return ""
        written = self._references[ref] = self.class_name(ref.rpartition("/")[2])
        self._write_class(written, {"type": "object", **found}, self)
        return written


def call(name: str, keywords: dict[str, Any], *first: str) -> str:
    """Return a call as source."""
    written = [*first, *(f"{key}={value!r}" for key, value in keywords.items())]
    return f"{name}({', '.join(written)})"


def is_identifier(name: str) -> bool:
    return name.isidentifier() and name.isascii() and not keyword.iskeyword(name)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
