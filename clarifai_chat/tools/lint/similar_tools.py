"""Find tools that a model could confuse."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from clarifai_chat.tools.lint.tool_context import ToolContext
from clarifai_chat.tools.text.diagnostics import Diagnostic, quoted

MAX_TOOLS = 128  # many providers accept no more
MAX_COMPARED = 64
_COMPARED_CHARS = 300
_NAME_RATIO, _DESCRIPTION_RATIO = 0.9, 0.92


def problems(subjects: Sequence[ToolContext]) -> Iterator[Diagnostic]:
    """Yield a finding for each tool that resembles an earlier one, and one for too many tools."""
    if len(subjects) > MAX_TOOLS:
        first = subjects[MAX_TOOLS]
        sentence = f"There are {len(subjects)} tools. Many providers accept {MAX_TOOLS} at most."
        yield first.finding("warning", "lint.count", sentence, first.tool.path)
    for index, subject in enumerate(subjects[:MAX_COMPARED]):
        found = _like(subject, subjects[:index])
        if found:
            yield found


def _like(subject: ToolContext, before: Sequence[ToolContext]) -> Diagnostic | None:
    name = subject.tool.name
    others = [other for other in before if other.tool.name != name and other.tool.name]
    for other in others:
        if name and name.lower() == other.tool.name.lower():
            sentence = f"{quoted(name)} differs from {quoted(other.tool.name)} by case only."
            sentence += " Models mix them up: choose another name."
            return subject.finding("warning", "lint.alike", sentence, subject.at("name"))
    for other in others:
        if name and _is_near(name, other.tool.name, _NAME_RATIO):
            sentence = (
                f"The names {quoted(name)} and {quoted(other.tool.name)} are nearly the same."
            )
            sentence += " Make clear in the names how the tools differ."
            return subject.finding("warning", "lint.alike", sentence, subject.at("name"))
    description = _description(subject)
    for other in others:
        if description and _is_near(description, _description(other), _DESCRIPTION_RATIO):
            sentence = (
                f"The description is nearly the same as that of {quoted(other.tool.name)}. Say when"
            )
            sentence += " to use this one and when the other."
            return subject.finding("warning", "lint.alike", sentence, subject.at("description"))
    return None


def _description(subject: ToolContext) -> str:
    description = subject.function.get("description")
    return description[:_COMPARED_CHARS].lower() if isinstance(description, str) else ""


def _is_near(one: str, other: str, ratio: float) -> bool:
    matcher = SequenceMatcher(None, one[:_COMPARED_CHARS], other[:_COMPARED_CHARS], autojunk=False)
    return (
        matcher.real_quick_ratio() >= ratio
        and matcher.quick_ratio() >= ratio
        and matcher.ratio() >= ratio
    )
