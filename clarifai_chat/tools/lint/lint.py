"""Find what would help a model to call a tool correctly."""

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
MAX_DESCRIPTION = 1024  # what OpenAI takes for a function
MIN_WORDS, MIN_CHARS = 3, 15
MAX_DEFAULTS = 20  # are held against their schemas

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
    """Warnings and hints about one tool. `is_sound` says that its schema is a valid one."""
    yield from _description(subject)
    found = list(places(subject.schema))
    if len(properties(subject.schema)) > MAX_PARAMETERS:
        count = len(properties(subject.schema))
        sentence = (
            f"{count} parameters are many for a model: group or drop some, or make two tools."
        )
        path = subject.inside(("properties",))
        yield subject.finding("hint", "lint.parameters", sentence, path)
    for deep in (place for place in found if place.depth > MAX_DEPTH):
        sentence = (
            f"Values are nested more than {MAX_DEPTH} deep here. Models fill flat ones better."
        )
        yield subject.finding("warning", "lint.depth", sentence, subject.inside(deep.path))
        break
    yield from _required_at_all(subject)
    yield from _keywords(subject, found)
    if (loop := ref_loop(subject.schema, found)) is not None:
        sentence = "This schema leads back to itself without a step into the value:"
        sentence += " no call can be judged by it. Take one of the references out."
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
            f"The description has {len(text):,} characters; OpenAI takes {MAX_DESCRIPTION:,}."
        )
        yield subject.finding("warning", "lint.long_description", sentence, path)


def _required_at_all(subject: ToolContext) -> Iterator[Diagnostic]:
    if subject.is_strict or not properties(subject.schema) or "required" in subject.schema:
        return
    sentence = "No parameter is required, so a model may leave out all. List in required what the"
    sentence += " tool cannot do without, or write [] where that is meant."
    yield subject.finding("hint", "lint.required", sentence, subject.inside(()))


def _keywords(subject: ToolContext, found: list[Place]) -> Iterator[Diagnostic]:
    """Keywords that do not reach every model: each of the grave ones, and one hint for the rest."""
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
        sentence = f"Not every provider understands {keyword}: some refuse it, some pass it over."
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
        sentence = "The list does not say what is in it: add items. OpenAI refuses it without."
        yield subject.finding("warning", "lint.items", sentence, path)
    yield from _required(subject, place)
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and (part := exponential(pattern)):
        sentence = f"The pattern repeats a repetition, {quoted(part)}: on some texts that takes for"
        sentence += " ever. Repeat it once."
        yield subject.finding("warning", "lint.pattern", sentence, (*path, "pattern"))


def _property(subject: ToolContext, place: Place) -> Iterator[Diagnostic]:
    schema, path = place.schema, subject.inside(place.path)
    name = quoted(place.prop)
    description = schema.get("description", "")
    if isinstance(description, str) and not description.strip() and "$ref" not in schema:
        sentence = f"{name} has no description. Say what it is, in which unit or form."
        yield subject.finding("hint", "lint.parameter", sentence, path)
    if not any(keyword in schema for keyword in _SAYS_WHAT_IT_IS):
        likely = "object" if "properties" in schema else "array" if "items" in schema else ""
        sentence = f"{name} has no type, so anything would do."
        edits = patch.set_key(subject.document, path, "type", likely) if likely else ()
        label = f'Add "type": "{likely}"'
        yield subject.finding("warning", "lint.type", sentence, path, label=label, edits=edits)


def _required(subject: ToolContext, place: Place) -> Iterator[Diagnostic]:
    """Required names that are no properties."""
    schema = place.schema
    known = properties(schema)
    if "properties" not in schema and schema.get("additionalProperties") is not False:
        return  # often a part of a larger schema, which has the properties
    names = required(schema)
    if names != schema.get("required"):
        return  # the schema's own check says so
    is_never = schema.get("additionalProperties") is False and "patternProperties" not in schema
    for index, name in enumerate(names):
        if name in known:
            continue
        path = (*subject.inside(place.path), "required", index)
        sentence = f"{quoted(name)} is required, and is not in properties."
        sentence += " No call can ever be valid." if is_never else ""
        free = [other for other in known if other not in names]
        near = difflib.get_close_matches(name[:64], free[:200], n=1, cutoff=0.8)
        edits = patch.replace(subject.document, path, near[0]) if near else ()
        label = f"Write {quoted(near[0])}" if near else ""
        level: Severity = "error" if is_never else "warning"
        code = "lint.required_unknown"
        yield subject.finding(level, code, sentence, path, label=label, edits=edits)


def _defaults(subject: ToolContext, found: list[Place]) -> Iterator[Diagnostic]:
    """Defaults that their own schema does not allow."""
    looked_at = [place for place in found if "default" in place.schema][:MAX_DEFAULTS]
    for place in looked_at:
        if any(
            "$ref" in inner.schema or "$dynamicRef" in inner.schema
            for inner in places(place.schema)
        ):
            continue  # it leads out of this part of the schema
        try:
            fits = validator_for(place.schema).is_valid(place.schema["default"])
        except SchemaTrouble as trouble:
            path = (*subject.inside(place.path), "default")
            sentence = f"The default cannot be checked: {str(trouble).rstrip('.')}."
            yield subject.finding("warning", "lint.default", sentence, path)
            return  # it took its time; others like it would add up
        if not fits:
            sentence = (
                f"The default {quoted(place.schema['default'])} does not match its own schema."
            )
            path = (*subject.inside(place.path), "default")
            yield subject.finding("warning", "lint.default", sentence, path)
