"""Find what would help a model call a tool correctly."""

import difflib
from collections.abc import Iterator

from clarifai_chat.tools.lint import enums, strict
from clarifai_chat.tools.lint.pitfalls import exponential, ref_loop
from clarifai_chat.tools.lint.tool_context import ToolContext
from clarifai_chat.tools.schema.subschemas import Place, places, properties, required, types
from clarifai_chat.tools.schema.validator import SchemaTrouble, validator_for
from clarifai_chat.tools.text import patch
from clarifai_chat.tools.text.diagnostics import Diagnostic, Severity, quoted

MAX_PARAMETERS = 20
MAX_DEPTH = 5
MAX_DESCRIPTION = 1024  # what OpenAI accepts for a function
MIN_WORDS, MIN_CHARS = 3, 15
MAX_DEFAULTS = 20  # checked against their schemas

_WEAK = (
    "$ref", "$dynamicRef", "oneOf", "allOf", "not", "if", "then", "else", "dependentSchemas",
    "dependentRequired",
)  # fmt: skip
_UNSEEN = (
    "pattern", "format", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems", "minProperties",
    "maxProperties", "patternProperties", "propertyNames", "contains",
)  # fmt: skip
_SAYS_WHAT_IT_IS = (
    "type", "enum", "const", "$ref", "$dynamicRef", "anyOf", "oneOf", "allOf", "not", "if",
)  # fmt: skip


def problems(subject: ToolContext, *, is_sound: bool = True) -> Iterator[Diagnostic]:
    """Yield warnings and hints about one tool. `is_sound`: its schema is valid."""
    yield from _description(subject)
    found = list(places(subject.schema))
    if len(properties(subject.schema)) > MAX_PARAMETERS:
        count = len(properties(subject.schema))
        sentence = (
            f"{count} parameters are a lot for a model: group or drop some, or make two tools."
        )
        path = subject.inside(("properties",))
        yield subject.finding("hint", "lint.parameters", sentence, path)
    for deep in (place for place in found if place.depth > MAX_DEPTH):
        sentence = f"Values are nested more than {MAX_DEPTH} levels deep here."
        sentence += " Models do better with flat ones."
        yield subject.finding("warning", "lint.depth", sentence, subject.inside(deep.path))
        break
    yield from _required_at_all(subject)
    yield from _keywords(subject, found)
    if (loop := ref_loop(subject.schema, found)) is not None:
        sentence = "This schema refers back to itself without going deeper into the value,"
        sentence += " so no call can be checked against it. Remove one of the references."
        yield subject.finding("error", "lint.loop", sentence, subject.inside(loop))
    for place in found:
        yield from _place(subject, place)
        yield from enums.problems(subject, place)
    if is_sound:
        yield from _defaults(subject, found)


def _description(subject: ToolContext) -> Iterator[Diagnostic]:
    description, path = subject.function.get("description"), subject.at("description")
    if description is not None and not isinstance(description, str):
        return
    text = (description or "").strip()
    if not text:
        sentence = "The tool has no description: say what it does, and when to use it."
        yield subject.finding("warning", "lint.description", sentence, path)
    elif len(text) < MIN_CHARS or len(text.split()) < MIN_WORDS:
        sentence = "The description is very short. Say what comes back, and when to use the tool."
        yield subject.finding("hint", "lint.short_description", sentence, path)
    elif len(text) > MAX_DESCRIPTION:
        sentence = (
            f"The description has {len(text):,} characters; OpenAI accepts {MAX_DESCRIPTION:,}."
        )
        yield subject.finding("warning", "lint.long_description", sentence, path)


def _required_at_all(subject: ToolContext) -> Iterator[Diagnostic]:
    if subject.is_strict or not properties(subject.schema) or "required" in subject.schema:
        return
    sentence = "No parameter is required, so a model may leave them all out. List in required what"
    sentence += " the tool cannot do without, or write [] if that is intended."
    yield subject.finding("hint", "lint.required", sentence, subject.inside(()))


def _keywords(subject: ToolContext, found: list[Place]) -> Iterator[Diagnostic]:
    """Yield a finding for each risky keyword, and one hint for those many models do not see."""
    told = {*strict.REFUSED, *strict.DIFFERS} if subject.is_strict else set()
    weak: dict[str, Place] = {}
    unseen: dict[str, Place] = {}
    for place in found:
        for keyword in place.schema.keys() - told:
            if keyword in _WEAK:
                weak.setdefault(keyword, place)
            elif keyword in _UNSEEN:
                unseen.setdefault(keyword, place)
    for keyword, place in weak.items():
        sentence = f"Not every provider understands {keyword}: some reject it, some ignore it."
        path = (*subject.inside(place.path), keyword)
        yield subject.finding("warning", "lint.keyword", sentence, path)
    if unseen:
        names = [keyword for keyword in _UNSEEN if keyword in unseen]
        place = unseen[names[0]]
        sentence = f"Many models do not see {', '.join(names)}: say it in the description as well."
        path = (*subject.inside(place.path), names[0])
        yield subject.finding("hint", "lint.constraint", sentence, path)


def _place(subject: ToolContext, place: Place) -> Iterator[Diagnostic]:
    """Yield what would help at one place in the schema."""
    schema, path = place.schema, subject.inside(place.path)
    if place.prop is not None:
        yield from _property(subject, place)
    if "array" in types(schema) and "items" not in schema and "prefixItems" not in schema:
        sentence = (
            "The list does not say what is in it: add items. OpenAI rejects lists without it."
        )
        yield subject.finding("warning", "lint.items", sentence, path)
    yield from _required(subject, place)
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and (part := exponential(pattern)):
        sentence = f"The pattern repeats a repetition, {quoted(part)}: on some texts that never"
        sentence += " finishes. Repeat it once."
        yield subject.finding("warning", "lint.pattern", sentence, (*path, "pattern"))


def _property(subject: ToolContext, place: Place) -> Iterator[Diagnostic]:
    schema, path = place.schema, subject.inside(place.path)
    name = quoted(place.prop)
    description = schema.get("description", "")
    if isinstance(description, str) and not description.strip() and "$ref" not in schema:
        sentence = f"{name} has no description. Say what it is, and in which unit or format."
        yield subject.finding("hint", "lint.parameter", sentence, path)
    if not any(keyword in schema for keyword in _SAYS_WHAT_IT_IS):
        likely = "object" if "properties" in schema else "array" if "items" in schema else ""
        sentence = f"{name} has no type, so any value is valid."
        edits = patch.set_key(subject.document, path, "type", likely) if likely else ()
        label = f'Add "type": "{likely}"'
        yield subject.finding("warning", "lint.type", sentence, path, label=label, edits=edits)


def _required(subject: ToolContext, place: Place) -> Iterator[Diagnostic]:
    """Yield findings about required names that are not properties."""
    schema = place.schema
    known = properties(schema)
    if "properties" not in schema and schema.get("additionalProperties") is not False:
        return  # often part of a larger schema that has the properties
    names = required(schema)
    if names != schema.get("required"):
        return  # the schema's own check reports it
    is_never = schema.get("additionalProperties") is False and "patternProperties" not in schema
    for index, name in enumerate(names):
        if name in known:
            continue
        path = (*subject.inside(place.path), "required", index)
        sentence = f"{quoted(name)} is required, but is not in properties."
        sentence += " No call can ever be valid." if is_never else ""
        free = [other for other in known if other not in names]
        near = difflib.get_close_matches(name[:64], free[:200], n=1, cutoff=0.8)
        edits = patch.replace(subject.document, path, near[0]) if near else ()
        label = f"Write {quoted(near[0])}" if near else ""
        level: Severity = "error" if is_never else "warning"
        code = "lint.required_unknown"
        yield subject.finding(level, code, sentence, path, label=label, edits=edits)


def _defaults(subject: ToolContext, found: list[Place]) -> Iterator[Diagnostic]:
    """Yield findings about defaults that do not match their own schema."""
    looked_at = [place for place in found if "default" in place.schema][:MAX_DEFAULTS]
    for place in looked_at:
        if any(
            "$ref" in inner.schema or "$dynamicRef" in inner.schema
            for inner in places(place.schema)
        ):
            continue  # a reference leads out of this part of the schema
        try:
            fits = validator_for(place.schema).is_valid(place.schema["default"])
        except SchemaTrouble as trouble:
            path = (*subject.inside(place.path), "default")
            sentence = f"The default cannot be checked: {str(trouble).rstrip('.')}."
            yield subject.finding("warning", "lint.default", sentence, path)
            return  # it used up its time limit; others like it would add up
        if not fits:
            sentence = (
                f"The default {quoted(place.schema['default'])} does not match its own schema."
            )
            path = (*subject.inside(place.path), "default")
            yield subject.finding("warning", "lint.default", sentence, path)
