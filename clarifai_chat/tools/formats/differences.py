"""Compare two tools, and say in clauses how they differ."""

import json
from collections.abc import Iterator
from typing import Any

from clarifai_chat.tools.formats.tool_import import code
from clarifai_chat.tools.schema.references import target

_MAX_SHOWN = 40  # characters of a value
_MAX_DEPTH = 100


def between(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """Yield how `after` differs from `before`: what is lost, added, or becomes something else.

    A reference counts as what it refers to; that it is written another way is one clause.
    """
    if same(before, after):
        return
    compared = _Compared(before["function"].get("parameters"), after["function"].get("parameters"))
    yield from compared.differences(before, after, ())
    if any(word in json.dumps(before) for word in ('"$ref"', '"$defs"', '"definitions"')):
        yield "what its `$ref`s refer to is written another way"


def same(one: Any, other: Any) -> bool:
    """Return whether two values are the same JSON; the order of `required` means nothing."""
    return json.dumps(_ordered(one), sort_keys=True) == json.dumps(_ordered(other), sort_keys=True)


def _ordered(value: Any) -> Any:
    if isinstance(value, list):
        return [_ordered(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {key: _ordered(each) for key, each in value.items()}
    required = made.get("required", [])
    if "required" in made and _is_names(required):
        made["required"] = sorted(set(required))
        if not required:
            del made["required"]
    return made


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


class _Compared:
    """Two tools, each with the root of its own references."""

    def __init__(self, before: Any, after: Any) -> None:
        self.roots = (before, after)
        self.seen: set[tuple[int, int]] = set()
        self.kept: list[Any] = []  # so that no id is used twice

    def differences(self, before: Any, after: Any, path: tuple[str, ...]) -> Iterator[str]:
        if (id(before), id(after)) in self.seen or len(path) > _MAX_DEPTH:
            return
        if isinstance(before, dict) and isinstance(after, dict):
            self.seen.add((id(before), id(after)))
            yield from self._of_objects(self._resolved(before, 0), self._resolved(after, 1), path)
        elif path[-1:] == ("required",) and _is_names(before) and _is_names(after):
            if set(before) != set(after):
                yield _becomes(path, after)
        elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
            for number, (one, other) in enumerate(zip(before, after, strict=True)):
                yield from self.differences(one, other, (*path, str(number)))
        elif not same(before, after):
            yield _becomes(path, after)

    def _of_objects(
        self, before: dict[str, Any], after: dict[str, Any], path: tuple[str, ...]
    ) -> Iterator[str]:
        hidden = ("$defs", "definitions") if path == ("function", "parameters") else ()
        for key in before:
            if key in hidden or (key == "required" and before[key] == []):
                continue
            if key not in after:
                yield f"`{_place((*path, key))}` is lost"
            else:
                yield from self.differences(before[key], after[key], (*path, key))
        for key in after:
            is_empty = key == "required" and after[key] == []
            if key not in before and key not in hidden and not is_empty:
                shown = code(json.dumps(after[key], ensure_ascii=False), _MAX_SHOWN)
                yield f"`{_place((*path, key))}` is added: `{shown}`"

    def _resolved(self, schema: dict[str, Any], side: int) -> dict[str, Any]:
        for _ in range(4):
            found = target(schema.get("$ref"), self.roots[side])
            if not isinstance(found, dict):
                break
            schema = {**found, **{k: v for k, v in schema.items() if k != "$ref"}}
            self.kept.append(schema)
        return schema


def _becomes(path: tuple[str, ...], value: Any) -> str:
    shown = code(json.dumps(value, ensure_ascii=False), _MAX_SHOWN)
    return f"`{_place(path)}` becomes `{shown}`"


def _place(path: tuple[str, ...]) -> str:
    """Return a path as people say it: `unit.enum`, for parameters.properties.unit.enum."""
    steps = list(path[1:] if path[:1] == ("function",) else path)
    if steps[:1] == ["parameters"] and len(steps) > 1:
        steps = steps[1:]
    shown = [s for n, s in enumerate(steps) if s != "properties" or n == len(steps) - 1]
    return code(".".join(shown), 60)
