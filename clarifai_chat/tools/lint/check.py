"""Find all that is wrong with a text of tools or could be better, most severe first."""

import difflib
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from clarifai_chat.tools.lint import lint, refusals, similar_tools, slips, strict
from clarifai_chat.tools.lint.tool_context import ToolContext
from clarifai_chat.tools.schema.validator import SchemaProblem, schema_problems
from clarifai_chat.tools.text import patch
from clarifai_chat.tools.text.diagnostics import Diagnostic, Edit, Path, kind, quoted
from clarifai_chat.tools.text.parse import Tool, read

MAX_NAME = 64
MAX_OF_A_KIND = 25  # findings of one code in one tool; the last one counts the rest

_NAME = re.compile(rf"[a-zA-Z0-9_-]{{1,{MAX_NAME}}}")
_RANK = {"error": 0, "warning": 1, "hint": 2}
_FUNCTION_KEYS = ("name", "description", "parameters", "strict")
_SAME_AS_PARAMETERS = ("input_schema", "inputSchema", "parameters_schema", "args", "arguments")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The tools of a text and all findings: errors first, hints last, each sorted by place."""

    tools: tuple[Tool, ...]
    findings: tuple[Diagnostic, ...]

    @property
    def errors(self) -> int:
        return sum(finding.level == "error" for finding in self.findings)

    @property
    def is_broken(self) -> bool:
        """Return whether nothing can be sent: there are errors, and no tool could be read."""
        return not self.tools and self.errors > 0


@lru_cache(maxsize=16)
def check(text: str) -> CheckResult:
    """Return the tools in `text` and the findings about them. Never raises.

    The result is cached and shared: do not change its tools.
    """
    document = read(text)
    subjects = [ToolContext(document, tool) for tool in document.tools]
    found = list(document.findings)
    names: set[str] = {tool.name for tool in document.tools}
    seen: set[str] = set()
    for subject in subjects:
        problems = schema_problems(subject.schema) if subject.schema else []
        found.extend(_name(subject, names, seen))
        found.extend(_function(subject))
        found.extend(_schema(subject, problems))
        found.extend(slips.problems(subject))
        found.extend(strict.problems(subject))
        found.extend(refusals.problems(subject))
        found.extend(lint.problems(subject, is_sound=not problems))
    found.extend(similar_tools.problems(subjects))
    return CheckResult(document.tools, tuple(sorted(_few(found), key=_order)))


def unique(name: str, names: Collection[str]) -> str:
    """Return `name`, or a similar name that is not in `names`: get_weather_2."""
    number = 2
    new = name[:MAX_NAME]
    while new in names:
        tail = f"_{number}"
        new = name[: MAX_NAME - len(tail)] + tail
        number += 1
    return new


def _order(finding: Diagnostic) -> tuple[bool, int, int, int, str]:
    is_about_one = finding.code != "lint.count"  # it is about the request as a whole
    return (is_about_one, _RANK[finding.level], finding.line, finding.column, finding.code)


def _few(found: list[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield one finding per code and place, and at most `MAX_OF_A_KIND` per code and tool."""
    groups: dict[tuple[str, str], dict[Path, Diagnostic]] = defaultdict(dict)
    for finding in found:
        groups[finding.tool, finding.code].setdefault(finding.path, finding)
    for group in groups.values():
        told = sorted(group.values(), key=_order)
        more = len(told) - MAX_OF_A_KIND
        yield from told[: MAX_OF_A_KIND - 1]
        for last in told[MAX_OF_A_KIND - 1 : MAX_OF_A_KIND]:
            sentence = f"{last.message} (And {more} more like this.)" if more else last.message
            yield replace(last, message=sentence)


def _name(subject: ToolContext, names: set[str], seen: set[str]) -> Iterator[Diagnostic]:
    """Yield what is wrong with a tool's name. Adds it to `seen`, and a proposed one to `names`."""
    name, path = subject.function.get("name"), subject.at("name")
    rule = f"up to {MAX_NAME} letters A-Z and a-z, digits, _ and -"
    if not isinstance(name, str):
        got = f"not {kind(name)}" if "name" in subject.function else "but it has no name"
        sentence = f'A tool needs a "name" of {rule}, {got}.'
        yield subject.finding("error", "name.missing", sentence, path)
        return
    label = ""
    edits: tuple[Edit, ...] = ()
    if not _NAME.fullmatch(name):
        if better := re.sub(r"[^a-zA-Z0-9_-]+", "_", name.strip()).strip("_"):
            better = unique(better, names)
            names.add(better)
            label = f"Rename it {better}"
            edits = patch.replace(subject.document, path, better)
        sentence = f"The name {quoted(name)} must consist of {rule}."
        yield subject.finding("error", "name.pattern", sentence, path, label=label, edits=edits)
    elif name in seen:
        better = unique(name, names)
        names.add(better)
        label = f"Rename it {better}"
        edits = patch.replace(subject.document, path, better)
        sentence = f"An earlier tool is also named {name}: a call could mean either."
        yield subject.finding("error", "name.unique", sentence, path, label=label, edits=edits)
    seen.add(name)


def _function(subject: ToolContext) -> Iterator[Diagnostic]:
    """Yield what is wrong with the other keys of a tool."""
    function = subject.function
    if not isinstance(function.get("description", ""), str):
        sentence = f"The description must be a string, not {kind(function['description'])}."
        path = subject.at("description")
        yield subject.finding("error", "description.type", sentence, path)
    if not isinstance(function.get("strict"), bool | None):
        sentence = f'"strict" must be true or false, not {kind(function["strict"])}.'
        yield subject.finding("error", "strict.type", sentence, subject.at("strict"))
    for key in function:
        if key not in _FUNCTION_KEYS:
            yield _unknown(subject, key)
    if subject.tool.is_bare:
        return
    for key in subject.tool.spec:
        if key not in ("type", "function"):
            sentence = f'A tool has no key {quoted(key)}, only "type" and "function".'
            if key in _FUNCTION_KEYS:
                sentence += ' It belongs inside "function".'
            yield subject.finding("hint", "key.unknown", sentence, (*subject.tool.path, key))


def _unknown(subject: ToolContext, key: str) -> Diagnostic:
    near = difflib.get_close_matches(key[:40], _FUNCTION_KEYS, n=1, cutoff=0.75)
    meant = "parameters" if key in _SAME_AS_PARAMETERS else near[0] if near else ""
    path = subject.at(key)
    if key == "required" and (better := slips.required_outside(subject, path)):
        return better
    if not meant or meant in subject.function:
        sentence = f"A function has no key {quoted(key)}: servers ignore it or reject the request."
        return subject.finding("hint", "key.unknown", sentence, path)
    edits = patch.rename_key(subject.document, path, meant)
    sentence = f'A function has no key {quoted(key)}: the key is called "{meant}".'
    label = f'Rename it "{meant}"'
    return subject.finding("warning", "key.unknown", sentence, path, label=label, edits=edits)


def _schema(subject: ToolContext, problems: list[SchemaProblem]) -> Iterator[Diagnostic]:
    """Yield what is wrong with the parameters as a schema for an object."""
    if "parameters" not in subject.function:
        return
    path = subject.at("parameters")
    parameters = subject.function["parameters"]
    if not isinstance(parameters, dict):
        sentence = f"The parameters must be a JSON Schema, an object, not {kind(parameters)}."
        yield subject.finding("error", "schema.root", sentence, path)
        return
    if "type" not in parameters and isinstance(parameters.get("$ref"), str):
        yield slips.only_a_reference(subject, path, parameters)
    elif "type" not in parameters:
        edits = patch.set_key(subject.document, path, "type", "object")
        sentence = 'The parameters have no type. Servers expect "type": "object" at the root.'
        label = 'Add "type": "object"'
        yield subject.finding("warning", "schema.root", sentence, path, label=label, edits=edits)
    elif parameters["type"] != "object":
        got = quoted(parameters["type"])
        sentence = f'The parameters must be of "type": "object" at the root, not {got}.'
        yield subject.finding("error", "schema.root", sentence, (*path, "type"))
    for problem in problems:
        place = ".".join(str(step)[:40] for step in problem.path)
        said, label, edits = slips.in_words(subject, problem) or (problem.message, "", ())
        sentence = f"No valid schema{f' at {place}' * bool(place)}: {said.rstrip('.')}."
        where = subject.inside(problem.path)
        yield subject.finding("error", "schema.keyword", sentence, where, label=label, edits=edits)
