"""Note texts that do not look like their format; to JSON Schema, formats are annotations."""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator

from clarifai_chat.tools.schema.references import resolved
from clarifai_chat.tools.schema.wording import name_text, path_text, shortened
from clarifai_chat.tools.text.diagnostics import Path

_MAX_NOTES = 5
_MAX_TEXTS = 1000
_MAX_CHARS = 2000  # characters of a text that is checked
_BY_JSONSCHEMA = ("date", "email", "ipv4", "ipv6", "uuid")
_DATE_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.A)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*")


def format_notes(value: Any, schema: Any) -> tuple[str, ...]:
    """Return notes on texts in `value` that do not look like the `format` in `schema`."""
    texts = islice(_with_format(value, schema, schema, ()), _MAX_TEXTS)
    notes = (
        f"{path_text(path) or 'The whole value'} does not look like the format {wanted}: "
        f"{shortened(text)}. Formats are only a hint; the schema allows it."
        for path, wanted, text in texts
        if not looks_like(wanted, text)
    )
    return tuple(islice(notes, _MAX_NOTES))


def looks_like(wanted: str, text: str) -> bool:
    """Return whether `text` looks like a format; True for unknown formats."""
    if len(text) > _MAX_CHARS:
        return True
    if wanted == "date-time":
        return _is_date_time(text)
    if wanted in ("uri", "url"):
        return _URI.fullmatch(text) is not None
    if wanted in _BY_JSONSCHEMA:
        return Draft202012Validator.FORMAT_CHECKER.conforms(text, wanted)  # type: ignore[no-any-return]
    return True


def _is_date_time(text: str) -> bool:
    found = _DATE_TIME.fullmatch(text)
    if not found:
        return False
    try:
        datetime.fromisoformat(f"{found[1]}T{found[2]}")
    except ValueError:
        return found[2].endswith(":60")  # a leap second
    return True


def _with_format(value: Any, schema: Any, root: Any, path: Path) -> Iterator[tuple[Path, str, str]]:
    schema = resolved(schema, root)
    if not isinstance(schema, dict):
        return
    if isinstance(value, str) and isinstance(schema.get("format"), str):
        yield path, name_text(schema["format"]), value
    for word in ("anyOf", "oneOf"):
        parts = schema.get(word)
        others = [p for p in parts if p != {"type": "null"}] if isinstance(parts, list) else []
        if len(others) == 1:  # else it may be meant to fit another one
            yield from _with_format(value, others[0], root, path)
    if isinstance(value, dict) and isinstance(schema.get("properties"), dict):
        for name, subschema in schema["properties"].items():
            if name in value:
                yield from _with_format(value[name], subschema, root, (*path, name))
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value[:_MAX_TEXTS]):
            yield from _with_format(item, schema["items"], root, (*path, index))
