"""Say what families of models refuse although it is valid JSON Schema.

Rests on error texts that developers published, and on the providers' pages, read on 2026-10-20;
what Clarifai's own serving refuses is not verified. Sources:
https://platform.openai.com/docs/guides/function-calling,
https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/implement-tool-use,
https://ai.google.dev/gemini-api/docs/function-calling.
"""

import re
from collections.abc import Iterator

from clarifai_chat.tools.lint.tool_context import ToolContext
from clarifai_chat.tools.schema.subschemas import Place, is_object, places, properties, types
from clarifai_chat.tools.text import patch
from clarifai_chat.tools.text.diagnostics import Diagnostic, quoted

_AT_THE_ROOT = ("anyOf", "oneOf", "allOf", "enum", "not")
_CLAUDE_KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_GEMINI_REFUSES = (
    "$schema", "$id", "const", "additionalProperties", "patternProperties", "propertyNames",
    "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "uniqueItems", "examples", "if", "not",
)  # fmt: skip
_LOOKAROUND = re.compile(r"\(\?(?:<?[=!])")
_FLAGS = re.compile(r"\(\?[aiLmsux-]+[):]")


_PREFIX = "refused."
# Words in the names of models, by the family in the code of a finding.
_FAMILIES = {
    "openai": ("openai", "gpt"),
    "claude": ("claude", "anthropic"),
    "gemini": ("gemini",),
}


def concerns(finding: Diagnostic, model: str) -> bool:
    """Return whether a finding is about the model whose name, id or provider `model` holds."""
    if not finding.code.startswith(_PREFIX):
        return True
    families = finding.code.removeprefix(_PREFIX).partition(".")[0].split("+")
    low = model.lower()
    if "gpt-oss" in low:  # OpenAI's open models are served by others
        families = [family for family in families if family != "openai"]
    return any(word in low for family in families for word in _FAMILIES[family])


def problems(subject: ToolContext) -> Iterator[Diagnostic]:
    """Yield a finding for each rule of a family of models that a tool breaks."""
    schema, root = subject.schema, subject.inside(())
    if is_object(schema) and "properties" not in schema and "$ref" not in schema:
        sentence = "OpenAI refuses an object without properties. Without arguments, it is {}."
        edits = patch.set_key(subject.document, root, "properties", {})
        label = 'Add "properties": {}'
        yield subject.finding(
            "warning", "refused.openai.properties", sentence, root, label=label, edits=edits
        )
    if not subject.is_strict:
        for keyword in _AT_THE_ROOT:
            if keyword in schema:
                sentence = f"OpenAI and Claude refuse {keyword} at the root of the parameters."
                yield subject.finding(
                    "warning", "refused.openai+claude.root", sentence, (*root, keyword)
                )
    for name in properties(schema):
        if not _CLAUDE_KEY.fullmatch(name):
            sentence = f"Claude refuses the parameter {quoted(name)}: it takes 1 to 64 letters A-Z"
            sentence += " and a-z, digits, _, . and -."
            path = subject.inside(("properties", name))
            yield subject.finding("warning", "refused.claude.name", sentence, path)
    first = str(subject.function.get("name") or "_")[0]
    if not (first.isalpha() or first == "_"):
        sentence = "Gemini refuses a name that does not begin with a letter or _."
        yield subject.finding("hint", "refused.gemini.first_letter", sentence, subject.at("name"))
    yield from _by_gemini(subject)
    for place in places(schema):
        yield from _pattern(subject, place)


def _by_gemini(subject: ToolContext) -> Iterator[Diagnostic]:
    """Yield one hint for all keywords that Gemini refuses, at the first of them."""
    told: dict[str, Place] = {}
    for place in places(subject.schema):
        for keyword in _GEMINI_REFUSES:
            if keyword in place.schema:
                told.setdefault(keyword, place)
        if isinstance(place.schema.get("type"), list):
            told.setdefault("a list of types", place)
        values = place.schema.get("enum")
        if isinstance(values, list) and "string" not in types(place.schema):
            told.setdefault("enum without strings", place)
    # Strict mode requires additionalProperties: for it the finding would be no help.
    if subject.is_strict:
        told.pop("additionalProperties", None)
    if told:
        place = next(iter(told.values()))
        sentence = f"Gemini refuses or ignores {', '.join(told)}."
        yield subject.finding(
            "hint", "refused.gemini.keyword", sentence, subject.inside(place.path)
        )


def _pattern(subject: ToolContext, place: Place) -> Iterator[Diagnostic]:
    pattern = place.schema.get("pattern")
    if not isinstance(pattern, str):
        return
    path = (*subject.inside(place.path), "pattern")
    if _LOOKAROUND.search(pattern):
        sentence = "OpenAI refuses lookahead and lookbehind in a pattern."
        yield subject.finding("hint", "refused.openai.pattern", sentence, path)
    if _FLAGS.search(pattern):
        sentence = (
            "Flags such as (?i) are not in the patterns of JSON Schema, which are ECMA-262's."
        )
        yield subject.finding("hint", "slip.flags", sentence, path)
