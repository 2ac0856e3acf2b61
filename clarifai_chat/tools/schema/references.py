"""Follow a `$ref` within its schema or to the drafts' own schemas, and never fetch."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from jsonschema_specifications import REGISTRY
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from clarifai_chat.tools.schema.budget import Budget, SchemaTrouble
from clarifai_chat.tools.schema.wording import shortened

MAX_HOPS = 128  # from schema to subschema; each takes several frames of Python's stack
_MAX_IN_WORDS = 4  # references in a row that a description follows
_DEAD = (Unresolvable, LookupError, ValueError, TypeError, AttributeError)
_RESOLVER = Registry[Any]().resolver()


def target(ref: Any, root: Any) -> Any:
    """Return what "#" or "#/…" refers to in `root`; None for other or dead references."""
    if not isinstance(ref, str) or not (ref == "#" or ref.startswith("#/")):
        return None
    try:
        return DRAFT202012.create_resource(root).pointer(ref[1:], _RESOLVER).contents
    except _DEAD:
        return None


def resolved(schema: Any, root: Any) -> Any:
    """Return what `schema` stands for, after following its references to places in `root`."""
    for _ in range(_MAX_IN_WORDS):
        found = target(schema.get("$ref"), root) if isinstance(schema, dict) else None
        if not isinstance(found, dict | bool):
            break
        schema = found
    return schema


def resolver_of(resource: Resource[Any], guard: Budget) -> "Resolver":
    """Return a resolver of the references in a schema."""
    address = resource.id() or ""
    registry = REGISTRY.with_resource(address, resource)
    # Without this, each reference to an anchor would search the whole schema for it. If it fails,
    # the reference that needs it raises the error.
    with suppress(*_DEAD):
        registry = registry.crawl()
    return Resolver(registry.resolver(address), guard)


class Resolver:
    """A resolver of references that counts its work and never fetches."""

    def __init__(self, inner: Any, guard: Budget, hops: int = 0) -> None:
        if hops > MAX_HOPS:
            raise SchemaTrouble(
                "The schema's references go in circles, or the value is nested too deeply."
            )
        guard.step(40)
        self._inner = inner
        self._hops = hops
        self.guard = guard

    def lookup(self, ref: str) -> "Target":
        """Return what `ref` points to. Raises `SchemaTrouble`."""
        self.guard.step(60)
        try:
            found = self._inner.lookup(ref)
        except _DEAD:
            why = "points outside the schema, and nothing is fetched from elsewhere"
            if ref.startswith("#"):
                why = "points nowhere: there is no such place in the schema"
            raise SchemaTrouble(f"{shortened(ref)} {why}.") from None
        return Target(found.contents, self._next(found.resolver))

    def in_subresource(self, subresource: Resource[Any]) -> "Resolver":
        try:
            return self._next(self._inner.in_subresource(subresource))
        except (ValueError, AttributeError):
            raise SchemaTrouble("An $id in the schema is not a valid address.") from None

    def dynamic_scope(self) -> Iterator[tuple[str, Registry[Any]]]:
        return self._inner.dynamic_scope()  # type: ignore[no-any-return]

    def _next(self, inner: Any) -> "Resolver":
        return Resolver(inner, self.guard, self._hops + 1)


@dataclass(frozen=True, slots=True)
class Target:
    contents: Any
    resolver: Resolver
