"""The messages of an export, whatever program wrote it, and the replies of a turn made of them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.messages import FunctionCall, Message, ToolCall, is_json
from clarifai_chat.transfer.imports.parts import as_text
from clarifai_chat.transfer.imports.reading import Notes

_MILLISECONDS = 100_000_000_000  # a time above this is not in seconds: that would be the year 5138
_THOUGHTS = re.compile(
    r"\s*(?:<think(?:ing)?>(.*?)</think(?:ing)?>|:::thinking\n(.*?)\n:::)\s*", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an answer. `name` is the tool of a call or a result; `id` may be missing."""

    kind: Literal["thoughts", "text", "call", "result"]
    text: str = ""  # of a call: its arguments
    name: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of an export: a system prompt or question with a text, or an answer's steps."""

    role: Literal["system", "user", "assistant"]
    text: str = ""
    steps: Sequence[Step] = ()
    model: str = ""
    at: float | None = None
    files: Sequence[Attachment] = ()
    feedback: Literal["", "up", "down"] = ""


@dataclass(slots=True)
class _Reply:
    """A message of the assistant with the results of its calls."""

    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    results: list[Message] = field(default_factory=list)
    open: list[str] = field(default_factory=list)  # ids of calls without a result

    def takes(self, step: Step, is_new: bool) -> bool:
        """Return whether the step belongs to this message; `is_new` begins one of the export."""
        if not self.texts and not self.calls:  # thoughts alone are not an answer
            return True
        if is_new or step.kind == "thoughts":
            return False
        return not (self.results if step.kind == "call" else self.calls)

    def messages(self) -> list[Message]:
        message: Message = {"role": "assistant", "content": joined(*self.texts)}
        if self.thoughts:
            message["reasoning_content"] = joined(*self.thoughts)
        if self.calls:
            message["tool_calls"] = self.calls
        return [message, *self.results]


def replies(entries: Iterable[Entry], numbers: Iterator[int]) -> list[Message]:
    """Return a turn's replies: results beside their calls, thoughts with what follows them.

    Calls without an id get one from `numbers`.
    """
    made: list[_Reply] = []
    calls: dict[str, _Reply] = {}
    for entry in entries:
        is_new = True
        for step in entry.steps:
            if step.kind == "result":
                _answer(made, calls, step, numbers)
            else:
                if not made or not made[-1].takes(step, is_new):
                    made.append(_Reply())
                _extend(made[-1], calls, step, numbers)
            is_new = False
    return [message for reply in made for message in reply.messages()]


def _extend(reply: _Reply, calls: dict[str, _Reply], step: Step, numbers: Iterator[int]) -> None:
    if step.kind == "text":
        reply.texts.append(step.text)
    elif step.kind == "thoughts":
        reply.thoughts.append(step.text)
    else:
        id = step.id or f"call_{next(numbers)}"
        function: FunctionCall = {"name": step.name, "arguments": step.text}
        reply.calls.append({"id": id, "type": "function", "function": function})
        reply.open.append(id)
        calls[id] = reply


def _answer(
    made: list[_Reply], calls: dict[str, _Reply], step: Step, numbers: Iterator[int]
) -> None:
    id = step.id or (made[-1].open[0] if made and made[-1].open else "")
    if id not in calls:  # the result of a call that the export hides
        made.append(_Reply())
        _extend(made[-1], calls, Step("call", "{}", step.name or "tool", id), numbers)
        id = made[-1].open[0]
    reply = calls.pop(id)
    reply.open.remove(id)
    reply.results.append({"role": "tool", "tool_call_id": id, "content": step.text})


def joined(*texts: str) -> str:
    """Return texts as paragraphs of one; empty ones are left out."""
    return "\n\n".join(filter(None, texts))


def said(text: str) -> list[Step]:
    """Return the steps of an answer's text, which may begin with thoughts between marks."""
    match = _THOUGHTS.match(text)
    thoughts = (match[1] or match[2] or "").strip() if match else ""
    steps = [Step("thoughts", thoughts), Step("text", text[match.end() :] if match else text)]
    return [step for step in steps if step.text.strip()]


def arguments(found: Any, notes: Notes) -> str:
    """Return the arguments of a call as the JSON text of an object."""
    if isinstance(found, str):
        if found.lstrip().startswith("{") and is_json(found):
            return found
        found = {"input": found} if found.strip() else {}
    elif not isinstance(found, dict):
        found = {} if found is None else {"input": found}
    return as_text(found, notes)


def time(found: Any) -> float | None:
    """Return a time as seconds since 1970, from seconds, milliseconds or an ISO text."""
    if isinstance(found, str):
        try:
            read = datetime.fromisoformat(found)
            return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    if not isinstance(found, int | float) or isinstance(found, bool):
        return None
    return found / 1000 if found > _MILLISECONDS else found


def as_dict(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def as_list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def as_string(found: Any) -> str:
    return found if isinstance(found, str) else ""
