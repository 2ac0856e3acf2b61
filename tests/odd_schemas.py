"""Schemas as people mistype them: each keyword of JSON Schema with a value of each JSON type."""

from collections.abc import Iterator
from typing import Any

from jsonschema_specifications import REGISTRY

_VOCABULARIES = (
    "core",
    "applicator",
    "unevaluated",
    "validation",
    "meta-data",
    "format-annotation",
    "content",
)
_DRAFT = "https://json-schema.org/draft/2020-12/meta"
_OLDER = {"definitions", "dependencies", "additionalItems", "$recursiveRef", "$recursiveAnchor"}

KEYWORDS = sorted(
    _OLDER.union(*(REGISTRY.contents(f"{_DRAFT}/{name}")["properties"] for name in _VOCABULARIES))
)
OF_EACH_TYPE: tuple[Any, ...] = (None, True, 1.5, "x", [], ["x"], {}, {"x": 1})
# What a keyword is found beside: nothing, a good schema, and others that are as odd.
_BESIDE: tuple[dict[str, Any], ...] = (
    {},
    {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]},
    {"type": [1], "properties": None, "required": True, "additionalProperties": False},
)


def with_each_keyword(value: Any) -> Iterator[dict[str, Any]]:
    """Schemas in which `value` stands for each of the keywords."""
    for keyword in KEYWORDS:
        yield from ({**beside, keyword: value} for beside in _BESIDE)
