"""Read YAML as JSON would be: no tags, no dates, no words for true; aliases within a limit.

PyYAML parses; its events are put together here, without recursion, so that no depth overflows the
stack and no alias multiplies.
"""

import json
import math
import re
from typing import Any

import yaml

MAX_DEPTH = 100
MAX_VALUES = 300_000  # with each alias counted as all that it stands for

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C: ten times as fast
# YAML 1.2: `on`, `yes` and 12:30 are words.
_INT = re.compile(r"[-+]?[0-9]{1,4000}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")
_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_CORE = "tag:yaml.org,2002:"


class NotYaml(ValueError):
    """A text that is not YAML, or more than is read. Its message is a clause for a sentence."""


def read(text: str) -> list[Any]:
    """Return the documents of a YAML text as JSON values. Raises `NotYaml`."""
    try:
        return _Builder().documents(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise NotYaml(f"{where}{error.problem or error.context or 'it cannot be read'}") from None
    except yaml.YAMLError:
        raise NotYaml("a character in it is not allowed") from None


class _Open:
    """A list or an object that is being put together."""

    def __init__(self, value: Any, anchor: str | None) -> None:
        self.value = value
        self.anchor = anchor
        self.key: str | None = None
        self.size = 1
        self.merged: list[dict[str, Any]] = []


class _Builder:
    def __init__(self) -> None:
        self.open: list[_Open] = []
        self.found: list[Any] = []
        self.anchors: dict[str, tuple[Any, int]] = {}

    def documents(self, text: str) -> list[Any]:
        for event in yaml.parse(text, Loader=_LOADER):
            match event:
                case yaml.DocumentStartEvent():
                    self.anchors = {}
                case yaml.ScalarEvent():
                    value = _scalar(event)
                    if event.anchor:
                        self.anchors[event.anchor] = (value, 1)
                    self._add(value, 1)
                case yaml.AliasEvent():
                    if event.anchor not in self.anchors:
                        raise NotYaml(
                            f"the alias *{str(event.anchor)[:40]} has no anchor before it"
                        )
                    self._add(*self.anchors[event.anchor])
                case yaml.SequenceStartEvent():
                    self._begin([], event)
                case yaml.MappingStartEvent():
                    self._begin({}, event)
                case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                    self._end()
        return self.found

    def _begin(self, value: Any, event: Any) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise NotYaml(f"values are nested more than {MAX_DEPTH} levels deep")
        self.open.append(_Open(value, event.anchor))

    def _end(self) -> None:
        done = self.open.pop()
        for merged in done.merged:
            for key, value in merged.items():
                done.value.setdefault(key, value)
        if done.anchor:
            self.anchors[done.anchor] = (done.value, done.size)
        self._add(done.value, done.size)

    def _add(self, value: Any, size: int) -> None:
        if not self.open:
            self.found.append(value)
            return
        place = self.open[-1]
        place.size += size
        if place.size > MAX_VALUES:
            raise NotYaml(f"it stands for more than {MAX_VALUES:,} values")
        if isinstance(place.value, list):
            place.value.append(value)
        elif place.key is None:
            place.key = _key(value)
        elif place.key == "<<" and (merged := _merged(value)):
            place.merged += merged
            place.key = None
        else:
            place.value[place.key] = value
            place.key = None


def _merged(value: Any) -> list[dict[str, Any]]:
    values = value if isinstance(value, list) else [value]
    return values if all(isinstance(each, dict) for each in values) else []


def _key(value: Any) -> str:
    if isinstance(value, dict | list):
        raise NotYaml("a list or an object is used as a key")
    if isinstance(value, str):
        return value
    return json.dumps(value)


def _scalar(event: yaml.ScalarEvent) -> Any:
    text: str = event.value
    # The style of a plain scalar is None in Python's parser and "" in C's.
    if event.tag == "!" or event.style or event.tag == f"{_CORE}str":
        return text
    if event.tag and not event.tag.startswith(_CORE):
        return text  # an application's own type: its text is all that is known
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return text if math.isinf(number) else number
    return text
