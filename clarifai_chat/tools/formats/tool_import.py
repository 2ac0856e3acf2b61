"""Describe what an import found: each tool, what changed in it and what was lost."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

MAX_TOOLS = 1000
MAX_NAME_CHARS = 64
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]+")


class NotTools(ValueError):
    """A text without tools. Its message is a sentence for the reader."""


@dataclass(frozen=True, slots=True)
class FoundTool:
    """One tool in OpenAI's form, and sentences without an end about its conversion."""

    spec: dict[str, Any]
    changed: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    label: str = ""  # where it was, such as "GET /pets"
    answers: Any = None  # the schema of what it answers, where one was given

    @property
    def name(self) -> str:
        name = self.spec["function"].get("name")
        return name if isinstance(name, str) else ""


@dataclass(frozen=True, slots=True)
class Found:
    """The tools of a text. `format` fits "This is …"; `notes` are about the text as a whole."""

    format: str
    tools: tuple[FoundTool, ...]
    notes: tuple[str, ...] = ()
    document: dict[str, Any] | None = None  # an API, of which a person chooses operations

    def with_notes(self, *notes: str) -> "Found":
        return replace(self, notes=(*notes, *self.notes))


def tool_of(
    function: dict[str, Any],
    changed: Iterable[str] = (),
    lost: Iterable[str] = (),
    label: str = "",
    answers: Any = None,
) -> FoundTool:
    """Return a tool around a function."""
    spec = {"type": "function", "function": function}
    once = tuple(dict.fromkeys(changed)), tuple(dict.fromkeys(lost))
    return FoundTool(spec, *once, label, answers)


def valid_name(name: str) -> str:
    """Return a name as servers accept it, near to `name`."""
    return _NOT_IN_NAMES.sub("_", name.strip()).strip("_")[:MAX_NAME_CHARS].strip("_") or "tool"


def with_valid_names(tools: Iterable[FoundTool]) -> tuple[FoundTool, ...]:
    """Return the tools with names that servers accept and that differ from each other."""
    tools = list(tools)
    taken = {valid_name(tool.name) for tool in tools}
    used: set[str] = set()
    next_number: dict[str, int] = {}
    renamed = []
    for tool in tools:
        name = valid_name(tool.name)
        if name in used:
            base, number = name, next_number.get(name, 2)
            while (name := _numbered(base, number)) in taken:
                number += 1
            next_number[base] = number + 1
            taken.add(name)
        used.add(name)
        if name != tool.name:
            function = {**tool.spec["function"], "name": name}
            if "name" in tool.spec["function"]:
                why = f"renamed from `{code(tool.name)}`"
            else:
                function = {"name": name, **function}
                why = f"named `{name}`, as it had no name"
            spec = {**tool.spec, "function": function}
            tool = replace(tool, spec=spec, changed=(*tool.changed, why))
        renamed.append(tool)
    return tuple(renamed)


def _numbered(name: str, number: int) -> str:
    return f"{name[: MAX_NAME_CHARS - len(str(number)) - 1]}_{number}"


def code(text: object, most: int = 60) -> str:
    """Return a short text that is safe between backticks."""
    flat = " ".join(str(text).replace("`", "'").split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"


def codes(names: Iterable[object]) -> list[str]:
    return [f"`{code(name)}`" for name in names]
