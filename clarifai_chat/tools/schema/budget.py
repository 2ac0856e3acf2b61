"""Bound one validation: its steps, and its time for patterns."""

import time
from typing import Any

from clarifai_chat.tools.schema.patterns import BadPattern, is_found
from clarifai_chat.tools.schema.wording import name_text

MAX_DEPTH = 100  # levels of a schema or of a value
MAX_WORK = 1_000_000  # steps of about a microsecond
PATTERN_S = 0.25
ALL_PATTERNS_S = 1.0


class SchemaTrouble(Exception):
    """A value that cannot be checked, or its schema; the message is a sentence for the reader."""


class Budget:
    """The steps and time left for one validation; raises `SchemaTrouble` when used up.

    A schema that `trusts` itself is one of the drafts' own.
    """

    def __init__(self, *, trusts: bool = False) -> None:
        self._trusts = trusts
        self._seen: set[int] = set()
        self._left = MAX_WORK
        self._pattern_s = ALL_PATTERNS_S

    def step(self, count: int = 1) -> None:
        self._left -= count
        if self._left < 0:
            raise SchemaTrouble(
                "Checking this takes too long. Make the schema simpler, or the value smaller."
            )

    def is_new(self, schema: Any) -> bool:
        """Return whether this is the first time `schema` is seen."""
        is_new = not self._trusts and id(schema) not in self._seen
        self._seen.add(id(schema))
        return is_new

    def is_found(self, pattern: str, text: str) -> bool:
        """Return whether `pattern` matches anywhere in `text`."""
        self.step(5)
        began = time.monotonic()
        try:
            return is_found(pattern, text, min(PATTERN_S, self._pattern_s))
        except BadPattern as why:
            raise SchemaTrouble(f"The pattern {name_text(pattern)} {why}.") from None
        except TimeoutError:
            raise SchemaTrouble(
                f"Searching for the pattern {name_text(pattern)} takes too long. "
                "Nested repetitions such as (a+)+ are often the reason."
            ) from None
        finally:
            self._pattern_s = max(0.001, self._pattern_s - (time.monotonic() - began))


def guard_of(validator: Any) -> Budget:
    return validator._resolver.guard  # type: ignore[no-any-return]


def is_deeper(value: Any, levels: int) -> bool:
    """Return whether lists and objects are nested in `value` more than `levels` deep."""
    level = [value]
    for _ in range(levels):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return any(isinstance(value, dict | list) for value in level)
