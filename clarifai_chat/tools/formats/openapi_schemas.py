"""Resolve the references of an OpenAPI document, and survive loops among them."""

from typing import Any
from urllib.parse import unquote

from clarifai_chat.tools.formats.dialects import LISTS, MAPS, ONE, Notes, translated
from clarifai_chat.tools.formats.tool_import import code, valid_name

MAX_VALUES = 400  # of a tool's schema, before what is referred to goes under `$defs`
MAX_INLINE_DEPTH = 24
_MAX_HOPS = 32
_PLAIN = {"type", "properties", "required", "description", "title", "additionalProperties",
          "examples", "maxProperties", "minProperties", "default"}  # fmt: skip


class Schemas:
    """The schemas of one tool. A reference is replaced by what it refers to.

    Where that goes in circles, or becomes too much, it refers to the tool's own `$defs`.
    """

    def __init__(self, document: dict[str, Any], notes: Notes | None = None) -> None:
        self._document = document
        self._notes = notes or Notes()
        self._names: dict[tuple[str, bool], str] = {}  # of the definitions that are needed
        self._left = MAX_VALUES

    def resolved(self, value: Any) -> dict[str, Any]:
        """Return the object that `value` is or refers to; {} if there is none."""
        for _ in range(_MAX_HOPS):
            ref = value.get("$ref") if isinstance(value, dict) else None
            if not isinstance(ref, str):
                break
            value = self._target(ref)
        return value if isinstance(value, dict) else {}

    def converted(self, schema: Any, *, is_request: bool = False) -> Any:
        """Return a schema as JSON Schema; a request's has no read-only properties."""
        return translated(self._inlined(schema, (), 0, is_request), self._notes)

    def definitions(self) -> dict[str, Any]:
        """Return the schemas that the converted ones refer to, by name."""
        found: dict[str, Any] = {}
        while missing := [key for key, name in self._names.items() if name not in found]:
            for ref, is_request in missing:
                target = self._inlined(self._target(ref), (ref,), 0, is_request)
                found[self._names[ref, is_request]] = translated(target, self._notes)
        return found

    def _target(self, ref: str) -> Any:
        """Return what "#/…" refers to; None if there is no such place here."""
        if not ref.startswith("#"):
            self._notes.lose(f"`$ref` to another file: `{code(ref)}`")
            return None
        value: Any = self._document
        for step in unquote(ref[1:]).split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            elif isinstance(value, dict) and step in value:
                value = value[step]
            else:
                self._notes.lose(f"`$ref` to a place that is missing: `{code(ref)}`")
                return None
        return value

    def _inlined(self, schema: Any, above: tuple[str, ...], depth: int, is_request: bool) -> Any:
        if not isinstance(schema, dict):
            return schema if isinstance(schema, bool) else {}
        self._left -= 1
        if isinstance(ref := schema.get("$ref"), str):
            return self._referred(schema, ref, above, depth, is_request)
        made: dict[str, Any] = {}
        for keyword, value in schema.items():
            if keyword in MAPS and isinstance(value, dict):
                made[keyword] = {
                    str(name): self._inlined(inner, above, depth + 1, is_request)
                    for name, inner in value.items()
                    if not (is_request and keyword == "properties" and self._is_read_only(inner))
                }
            elif keyword in LISTS and isinstance(value, list):
                made[keyword] = [self._inlined(v, above, depth + 1, is_request) for v in value]
            elif keyword in ONE and isinstance(value, dict):
                made[keyword] = self._inlined(value, above, depth + 1, is_request)
            elif keyword not in ("readOnly", "writeOnly"):
                made[keyword] = value
        self._without_read_only(schema, made)
        return made

    def _referred(
        self,
        schema: dict[str, Any],
        ref: str,
        above: tuple[str, ...],
        depth: int,
        is_request: bool,
    ) -> Any:
        beside = {k: v for k, v in schema.items() if k in ("description", "default", "nullable")}
        is_short = depth < MAX_INLINE_DEPTH and len(above) < MAX_INLINE_DEPTH and self._left > 0
        if ref not in above and is_short:
            target = self._target(ref)
            inlined = self._inlined(target, (*above, ref), depth, is_request)
            return {**inlined, **beside} if isinstance(inlined, dict) else inlined
        if self._target(ref) is None:
            return beside
        self._notes.change("schemas that others refer to moved to `$defs`")
        return {"$ref": f"#/$defs/{self._definition(ref, is_request)}", **beside}

    def _definition(self, ref: str, is_request: bool) -> str:
        key = (ref, is_request)
        if key not in self._names:
            base = valid_name(ref.rpartition("/")[2])
            name, number = base, 2
            while name in self._names.values():
                name, number = f"{base}_{number}", number + 1
            self._names[key] = name
        return self._names[key]

    def _is_read_only(self, schema: Any) -> bool:
        return self.resolved(schema).get("readOnly") is True

    def _without_read_only(self, schema: dict[str, Any], made: dict[str, Any]) -> None:
        before, after = schema.get("properties"), made.get("properties")
        if not isinstance(before, dict) or not isinstance(after, dict):
            return
        gone = [name for name in before if str(name) not in after]
        for name in gone:
            self._notes.change(f"`{code(name)}` left out: it is read-only")
        if gone and isinstance(made.get("required"), list):
            made["required"] = [name for name in made["required"] if name not in gone]
            if not made["required"]:
                del made["required"]


def is_plain_object(schema: Any) -> bool:
    """Return whether a schema says no more than which properties an object has."""
    if not isinstance(schema, dict) or not schema.get("properties"):
        return False
    is_object = schema.get("type", "object") == "object" and set(schema) <= _PLAIN
    required = schema.get("required", [])
    return is_object and isinstance(schema["properties"], dict) and isinstance(required, list)
