"""Find schemas that could hang a validator: endless references, exploding patterns."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from clarifai_chat.tools.schema.references import target
from clarifai_chat.tools.schema.subschemas import SAME_VALUE, Place, subschemas
from clarifai_chat.tools.text.diagnostics import Path

_MAX_PATTERN = 2_000  # characters of a pattern that are searched
# A repeated group that holds one repeated atom: (a+)+, (\w*)*, (?:[ab]+){2,}.
_REPEATED_TWICE = re.compile(
    r"\((?:\?:)?(?:\\.|\[(?:\\.|[^\]\\])*\]|[^\\()\[\]*+?{}|])[*+]\)(?:[*+]|\{\d+,\d*\})"
)


def exponential(pattern: str) -> str:
    """Return the part of a regular expression that repeats a repetition, or ""."""
    found = _REPEATED_TWICE.search(pattern[:_MAX_PATTERN])
    return found[0] if found else ""


def ref_loop(root: dict[str, Any], found: Sequence[Place]) -> Path | None:
    """Return where a schema refers back to itself about the same value, or None."""
    where = {id(place.schema): place.path for place in found}
    done: set[int] = set()
    for place in found:
        if "$ref" not in place.schema or id(place.schema) in done:
            continue
        trail = [(place.schema, _same_value(place.schema, root))]
        on_trail = {id(place.schema)}
        while trail:
            schema, following = trail[-1]
            inner = next(following, None)
            if inner is None:
                trail.pop()
                on_trail.discard(id(schema))
                done.add(id(schema))
            elif id(inner) in on_trail:
                return where.get(id(schema), ())
            elif id(inner) not in done:
                on_trail.add(id(inner))
                trail.append((inner, _same_value(inner, root)))
    return None


def _same_value(schema: dict[str, Any], root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the schemas that the same value is checked against."""
    yield from (inner for path, inner in subschemas(schema) if path[0] in SAME_VALUE)
    found = target(schema.get("$ref"), root)
    if isinstance(found, dict):
        yield found
