"""Validate against JSON Schema: never hang, never fetch, and say when it cannot decide."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from jsonschema import validators
from jsonschema.exceptions import UnknownType, ValidationError
from jsonschema.protocols import Validator
from jsonschema_specifications import REGISTRY
from referencing.jsonschema import specification_with

from clarifai_chat.tools.schema.budget import MAX_DEPTH, Budget, SchemaTrouble, is_deeper
from clarifai_chat.tools.schema.explain import problem
from clarifai_chat.tools.schema.keywords import KEYWORDS, MAX_ERRORS
from clarifai_chat.tools.schema.patterns import BadPattern, compiled
from clarifai_chat.tools.schema.references import resolver_of
from clarifai_chat.tools.schema.subschemas import subschemas
from clarifai_chat.tools.schema.wording import shortened
from clarifai_chat.tools.text.diagnostics import Path

__all__ = ["SchemaProblem", "SchemaTrouble", "errors_in", "schema_problems", "validator_for"]

_DEFAULT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """A problem in a schema itself, with the path from its root."""

    path: Path
    message: str


def validator_for(schema: Any) -> Validator:
    """Return a validator for `schema`, in the draft that it names or 2020-12.

    Raises `SchemaTrouble` if it cannot decide, as do `iter_errors` and `is_valid`. Use it for one
    value only: its budget is not renewed.
    """
    if wrong := _against_meta_schema(schema):
        raise SchemaTrouble(f"The schema itself is invalid: {_in_a_line(wrong[0])}")
    return _validator(schema)


def errors_in(value: Any, schema: Any) -> list[ValidationError]:
    """Return what is wrong with `value`; one more than `MAX_ERRORS` means there are more.

    Raises `SchemaTrouble`.
    """
    if is_deeper(value, MAX_DEPTH):
        raise SchemaTrouble(f"The value is nested deeper than {MAX_DEPTH} levels.")
    return list(islice(validator_for(schema).iter_errors(value), MAX_ERRORS + 1))


def schema_problems(schema: Any) -> list[SchemaProblem]:
    """Return what is wrong with `schema` itself, in words; [] if it can be used."""
    if wrong := _against_meta_schema(schema):
        return list(wrong)
    try:
        return list(islice(_dead_ends(_validator(schema), ()), MAX_ERRORS))
    except SchemaTrouble as trouble:
        return [SchemaProblem((), str(trouble))]


def _in_a_line(wrong: SchemaProblem) -> str:
    place = "/".join(str(step) for step in wrong.path)
    return f"{place}: {wrong.message}" if place else wrong.message


def _validator(schema: Any, *, trusts: bool = False) -> Any:
    draft = _draft_of(schema, _DEFAULT)
    resource = specification_with(draft).create_resource(schema)
    return _class(draft)(schema, _resolver=resolver_of(resource, Budget(trusts=trusts)))


# Against the drafts' own schemas.


def _against_meta_schema(schema: Any, draft: str = _DEFAULT) -> tuple[SchemaProblem, ...]:
    if not isinstance(schema, dict | bool):
        return (SchemaProblem((), f"A schema must be an object, not {shortened(schema)}."),)
    if is_deeper(schema, MAX_DEPTH):
        return (SchemaProblem((), f"The schema is nested deeper than {MAX_DEPTH} levels."),)
    return _checked(json.dumps(schema), _draft_of(schema, draft))


@lru_cache(maxsize=128)
def _checked(text: str, draft: str) -> tuple[SchemaProblem, ...]:
    meta_schema = REGISTRY.contents(draft)
    meta_validator = _validator(meta_schema, trusts=True)
    try:
        errors = list(islice(meta_validator.iter_errors(json.loads(text)), MAX_ERRORS))
    except SchemaTrouble as trouble:
        return (SchemaProblem((), str(trouble)),)
    return tuple(dict.fromkeys(SchemaProblem(tuple(e.absolute_path), problem(e)) for e in errors))


def _draft_of(schema: Any, default: str) -> str:
    named = schema.get("$schema") if isinstance(schema, dict) else None
    return (known_draft(named) if isinstance(named, str) else "") or default


def known_draft(named: str) -> str:
    """Return the address of the draft that `$schema` names, or "" if none has it.

    Many write the older drafts' addresses with https, or without their "#".
    """
    end = named.rstrip("#").removeprefix("http://").removeprefix("https://")
    return next((one for one in _DRAFTS if one.rstrip("#").partition("://")[2] == end), "")


# What the drafts' own schemas do not catch: dead references and bad patterns.


def _dead_ends(validator: Any, path: Path) -> Iterator[SchemaProblem]:
    schema = validator.schema
    if not isinstance(schema, dict):
        return
    for word in ("$ref", "$dynamicRef"):
        if isinstance(schema.get(word), str):
            yield from _dead_reference(validator, path, word)
    for step, pattern in _patterns(schema):
        try:
            compiled(pattern)
        except BadPattern as why:
            yield SchemaProblem((*path, *step), f"The pattern {why}.")
    for step, subschema in subschemas(schema):
        yield from _dead_ends(validator.evolve(schema=subschema), (*path, *step))


def _patterns(schema: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    if isinstance(schema.get("pattern"), str):
        yield ("pattern",), schema["pattern"]
    named = schema.get("patternProperties")
    if isinstance(named, dict):
        yield from ((("patternProperties", pattern), pattern) for pattern in named)


def _dead_reference(validator: Any, path: Path, word: str) -> Iterator[SchemaProblem]:
    try:
        found = validator._resolver.lookup(validator.schema[word])
        validator.evolve(schema=found.contents, _resolver=found.resolver)
    except SchemaTrouble as trouble:
        yield SchemaProblem((*path, word), str(trouble))


# jsonschema's validators, with keywords and references of our own.


def _evolve(self: Any, **changes: Any) -> Any:
    """Keep our classes where a subschema names its draft; jsonschema would switch to its own."""
    schema = changes.get("schema", self.schema)
    if not isinstance(schema, dict | bool):
        raise SchemaTrouble(
            f"A reference points to something that is not a schema: {shortened(schema)}"
        )
    draft = _draft_of(schema, self.DRAFT)
    resolver = changes.get("_resolver")
    if resolver is None:
        resolver = self._resolver.in_subresource(specification_with(draft).create_resource(schema))
    # The outer draft has other keywords, and did not check these.
    is_new = draft != self.DRAFT and resolver.guard.is_new(schema)
    if is_new and (wrong := _against_meta_schema(schema, draft)):
        raise SchemaTrouble(f"A schema inside the schema is invalid: {_in_a_line(wrong[0])}")
    return _class(draft)(schema, _resolver=resolver)


def _iter_errors(inner: Callable[..., Iterator[ValidationError]]) -> Callable[..., Any]:
    def iter_errors(self: Any, value: Any) -> Iterator[ValidationError]:
        try:
            yield from inner(self, value)
        except RecursionError:
            raise SchemaTrouble("The schema, or the value, is nested too deeply.") from None
        except UnknownType as unknown:
            raise SchemaTrouble(f"There is no type {shortened(unknown.type)}.") from None

    return iter_errors


def _descend(inner: Callable[..., Iterator[ValidationError]]) -> Callable[..., Any]:
    def descend(
        self: Any,
        instance: Any,
        schema: Any,
        path: Any = None,
        schema_path: Any = None,
        resolver: Any = None,
    ) -> Iterator[ValidationError]:
        if schema is not False:
            return inner(self, instance, schema, path, schema_path, resolver)
        # jsonschema's own `descend` loses the place of a `false`.
        error = ValidationError(
            "nothing fits",
            validator=None,
            path=() if path is None else (path,),
            instance=instance,
            schema=schema,
            schema_path=() if schema_path is None else (schema_path,),
        )
        return iter([error])

    return descend


def _validate_reference(self: Any, ref: str, instance: Any) -> Iterator[ValidationError]:
    found = self._resolver.lookup(ref)
    # A reference may point to a place that the draft's own schema did not check.
    is_new = self._resolver.guard.is_new(found.contents)
    if is_new and (wrong := _against_meta_schema(found.contents, self.DRAFT)):
        raise SchemaTrouble(f"{shortened(ref)} points to an invalid schema: {_in_a_line(wrong[0])}")
    return self.descend(instance, found.contents, resolver=found.resolver)  # type: ignore[no-any-return]


# Each draft with its keywords that mean something other than in 2020-12.
_FLAGS = {"maximum", "minimum"}  # where exclusiveMinimum is true or false
_DRAFTS: Mapping[str, tuple[Any, set[str]]] = {
    _DEFAULT: (validators.Draft202012Validator, set()),
    "https://json-schema.org/draft/2019-09/schema": (
        validators.Draft201909Validator,
        {"unevaluatedItems"},
    ),
    "http://json-schema.org/draft-07/schema#": (validators.Draft7Validator, {"contains"}),
    "http://json-schema.org/draft-06/schema#": (validators.Draft6Validator, {"contains"}),
    "http://json-schema.org/draft-04/schema#": (validators.Draft4Validator, _FLAGS),
    "http://json-schema.org/draft-03/schema#": (validators.Draft3Validator, _FLAGS),
}


@lru_cache(maxsize=len(_DRAFTS))
def _class(draft: str) -> Any:
    base, stay = _DRAFTS[draft]
    ours = {word: KEYWORDS[word] for word in KEYWORDS.keys() & base.VALIDATORS.keys() - stay}
    made: Any = validators.extend(base, ours)
    made.DRAFT = draft
    made.evolve = _evolve
    made.descend = _descend(made.descend)
    made.iter_errors = _iter_errors(made.iter_errors)
    made._validate_reference = _validate_reference
    return made
