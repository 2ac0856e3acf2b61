"""Check the messages before the prompt, typed as JSON: the order, the calls, their results.

What a server does with a mistake is said only where its documentation or its own error says so:
OpenAI's API refuses open calls, results without a call, unknown roles and empty content in these
words ("must be followed by tool messages responding to each 'tool_call_id'", "must be a response to
a preceding message with 'tool_calls'"), and Anthropic's "text content blocks must be non-empty".
The chat templates of Mistral's and Gemma's models raise "Conversation roles must alternate".
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from clarifai_chat.messages import ToolCall, ToolSpec
from clarifai_chat.playground.variables import filled
from clarifai_chat.text import listed
from clarifai_chat.tools.text import patch
from clarifai_chat.tools.text.diagnostics import (
    Diagnostic,
    Path,
    Severity,
    edited,
    finding,
    kind,
    quoted,
)
from clarifai_chat.tools.text.parse import Document, json_document
from clarifai_chat.tools.verdict.verdict import judge_call

ROLES = ("system", "developer", "user", "assistant", "tool", "function")  # of OpenAI's API
PAIR = ({"role": "user", "content": "A question"}, {"role": "assistant", "content": "An answer"})
_MAX_FINDINGS = 50
_REFUSED = "OpenAI's API refuses such a request."
_TEMPLATES = "The chat templates of Mistral's and Gemma's models refuse it."


@dataclass(frozen=True, slots=True)
class CheckedMessages:
    """The messages in a text, as typed, and what is odd about them. `is_broken`: cannot be sent."""

    messages: tuple[dict[str, Any], ...]
    findings: tuple[Diagnostic, ...]
    is_broken: bool = False


def check(
    text: str,
    tools: Sequence[ToolSpec] = (),
    values: Mapping[str, str] | None = None,
    *,
    asks: bool = True,
) -> CheckedMessages:
    """Return the messages in a text, checked as they are sent with these values. Never raises.

    `asks`: a question of the user follows them.
    """
    named = tuple(sorted((values or {}).items()))
    return _check(text, json.dumps(tools, default=str), named, asks)


@lru_cache(maxsize=16)
def _check(
    text: str, tools: str, values: tuple[tuple[str, str], ...], asks: bool
) -> CheckedMessages:
    document = json_document(text)
    if document.root is None:
        return CheckedMessages((), document.findings, bool(document.findings))
    found = list(document.findings)
    typed = document.root.value
    if not isinstance(typed, list):
        sentence = f'Messages are a list, [{{"role": "user", …}}], not {kind(typed)}.'
        broken = document.finding("error", "message.list", sentence, ())
        return CheckedMessages((), (*found, broken), True)
    odd = [
        document.finding(
            "error", "message.object", f"A message is an object, not {kind(one)}.", (number,)
        )
        for number, one in enumerate(typed)
        if not isinstance(one, dict)
    ]
    if odd:
        return CheckedMessages((), (*found, *odd), True)
    found += _Conversation(document, filled(typed, dict(values)), json.loads(tools)).findings(asks)
    found.sort(key=lambda each: (each.level != "error", each.line, each.column))
    return CheckedMessages(tuple(typed), tuple(found[:_MAX_FINDINGS]))


def added(text: str) -> str:
    """Return the text with a question and an answer after its messages."""
    document = json_document(text)
    if document.root is None:
        return text if document.findings else json.dumps(PAIR, indent=2)
    edits = patch.append(document, (), PAIR)
    return edited(text, edits) if document.root.children else json.dumps(PAIR, indent=2)


def without_last(text: str) -> str:
    """Return the text without its last question and what follows it; "" if nothing is left."""
    messages = check(text).messages
    if not messages:
        return text
    places = [n for n, one in enumerate(messages) if one.get("role") == "user"]
    first = places[-1] if places else len(messages) - 1
    for place in range(len(messages) - 1, first - 1, -1):
        if place == 0:
            return ""
        root = json_document(text).root
        if root is not None:
            text = edited(text, (patch.removal(root, place),))
    return text


class _Conversation:
    """The messages, and which calls are open while they are read from the first to the last."""

    def __init__(self, document: Document, messages: list[Any], tools: list[ToolSpec]) -> None:
        self.document = document
        self.messages = messages
        self.tools = tools
        self.open: dict[str, tuple[str, Path]] = {}  # call id → its tool, its place
        self.answered: set[str] = set()
        self.asked = False  # some assistant's message before has calls

    def findings(self, asks: bool) -> Iterator[Diagnostic]:
        before = ""
        for number, message in enumerate(self.messages):
            role = message.get("role")
            if role != "tool":
                yield from self._left_open()
                self.answered = set()
            yield from self._role(number, role)
            yield from self._order(number, role, before)
            yield from self._content(number, message)
            yield from self._calls(number, message)
            if role == "tool":
                yield from self._result(number, message)
            before = role if isinstance(role, str) and role != "tool" else before
        yield from self._left_open()
        last = self.messages[-1].get("role") if self.messages else ""
        if asks and last == "user":
            sentence = f"The prompt follows: two messages of the user in a row. {_TEMPLATES}"
            yield self._of("hint", "order", sentence, (len(self.messages) - 1, "role"))

    def _of(self, level: Severity, code: str, sentence: str, path: Path) -> Diagnostic:
        return self.document.finding(level, f"message.{code}", sentence, path)

    def _role(self, number: int, role: Any) -> Iterator[Diagnostic]:
        if role in ROLES:
            return
        if not isinstance(role, str):
            sentence = f'A message needs a "role": {listed(ROLES, "or")}.'
            yield self._of("error", "role", sentence, (number, "role"))
            return
        meant = {"model": "assistant", "ai": "assistant", "human": "user"}.get(role.lower())
        near = [meant] if meant else get_close_matches(role[:40], ROLES, 1)
        perhaps = f" Perhaps {near[0]} was meant." if near else ""
        sentence = f"The role {quoted(role)} is unknown. {_REFUSED}{perhaps}"
        yield self._of("error", "role", sentence, (number, "role"))

    def _order(self, number: int, role: Any, before: str) -> Iterator[Diagnostic]:
        path = (number, "role")
        if role in ("system", "developer") and before not in ("", role):
            sentence = (
                f"A {role} message after others: some chat templates accept one only at the start."
            )
            yield self._of("hint", "order", sentence, path)
        elif role == "assistant" and before in ("", "system", "developer"):
            sentence = f"The assistant speaks before the user. {_TEMPLATES}"
            yield self._of("hint", "order", sentence, path)
        elif role == before == "user":
            yield self._of("hint", "order", f"Two user messages in a row. {_TEMPLATES}", path)
        elif role == before == "assistant" and not self.asked:
            sentence = f"Two assistant messages in a row. {_TEMPLATES}"
            yield self._of("hint", "order", sentence, path)

    def _content(self, number: int, message: dict[str, Any]) -> Iterator[Diagnostic]:
        content, role = message.get("content"), message.get("role")
        path = (number, "content")
        has_calls = role == "assistant" and bool(message.get("tool_calls"))
        if content is None:
            if not has_calls and "function_call" not in message:
                who = "An assistant's message without calls" if role == "assistant" else "A message"
                what = "needs content; this one has null" if "content" in message else (
                    'needs "content"'
                )  # fmt: skip
                yield self._of("error", "empty", f"{who} {what}. {_REFUSED}", path)
        elif not isinstance(content, str | list):
            sentence = f"The content must be a text or a list of parts, not {kind(content)}."
            yield self._of("error", "content", f"{sentence} {_REFUSED}", path)
        elif not content or (isinstance(content, str) and not content.strip()):
            if role in ("user", "assistant") and not has_calls:
                sentence = "The content is empty. Anthropic's API refuses an empty text."
                yield self._of("warning", "empty", sentence, path)
        elif isinstance(content, list):
            for place, part in enumerate(content):
                if not isinstance(part, dict) or not isinstance(part.get("type"), str):
                    sentence = 'A part of the content is an object with a "type".'
                    yield self._of("error", "part", f"{sentence} {_REFUSED}", (*path, place))

    def _calls(self, number: int, message: dict[str, Any]) -> Iterator[Diagnostic]:
        calls = message.get("tool_calls")
        path = (number, "tool_calls")
        if message.get("role") == "assistant":
            self.asked = False
        if calls is None:
            return
        if message.get("role") != "assistant":
            sentence = "Only a message of the assistant has tool_calls."
            yield self._of("error", "calls", sentence, path)
            return
        if not isinstance(calls, list) or not calls:
            sentence = "tool_calls must be a list of calls, and not empty: leave it out instead."
            yield self._of("error", "calls", f"{sentence} {_REFUSED}", path)
            return
        self.asked = True
        for place, call in enumerate(calls):
            yield from self._call((*path, place), call)

    def _call(self, path: Path, call: Any) -> Iterator[Diagnostic]:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict):
            sentence = 'A call is {"id", "type": "function", "function": {"name", "arguments"}}.'
            yield self._of("error", "call", sentence, path)
            return
        id, name = call.get("id"), function.get("name")
        if not isinstance(id, str) or not id:
            sentence = f'A call needs an "id", which its result repeats. {_REFUSED}'
            yield self._of("error", "id", sentence, (*path, "id"))
        elif id in self.open:
            sentence = f"Two calls have the id {quoted(id)}: a result could mean either."
            yield self._of("error", "id", sentence, (*path, "id"))
        else:
            self.open[id] = (name if isinstance(name, str) else "", path)
        if call.get("type") != "function":
            sentence = f'A call needs "type": "function". {_REFUSED}'
            yield self._of("error", "type", sentence, (*path, "type"))
        yield from self._arguments((*path, "function"), id, name, function.get("arguments"))

    def _arguments(self, path: Path, id: Any, name: Any, text: Any) -> Iterator[Diagnostic]:
        where = (*path, "arguments")
        if not isinstance(text, str):
            sentence = f"The arguments must be JSON in a string, not {kind(text)}."
            yield self._of("error", "arguments", f"{sentence} {_REFUSED}", where)
            return
        if not isinstance(name, str) or not name:
            yield self._of("error", "name", 'The call needs the "name" of its tool.', path)
            return
        call: ToolCall = {
            "id": str(id),
            "type": "function",
            "function": {"name": name, "arguments": text},
        }
        verdict = judge_call(call, self.tools)
        if verdict.status == "not_json":
            yield self._of("error", "arguments", verdict.summary, where)
        elif verdict.status == "invalid":
            yield self._of("warning", "arguments", verdict.summary, where)
        elif verdict.status == "unknown_tool":
            sentence = verdict.summary
            if not self.tools:
                sentence = f"No tools are sent, but this is a call of {quoted(name)}."
            yield self._of("warning", "name", sentence, (*path, "name"))

    def _result(self, number: int, message: dict[str, Any]) -> Iterator[Diagnostic]:
        id = message.get("tool_call_id")
        path: Path = (number, "tool_call_id")
        if not self.open and not self.answered:
            sentence = f"This result follows no call. {_REFUSED}"
            yield self._of("error", "orphan", sentence, (number, "role"))
        elif not isinstance(id, str) or not id:
            sentence = f'A result needs the "tool_call_id" of its call: {self._ids()}. {_REFUSED}'
            yield self._of("error", "result", sentence, path)
        elif id in self.open:
            del self.open[id]
            self.answered.add(id)
        elif id in self.answered:
            sentence = f"The call {quoted(id)} already has a result."
            yield self._of("warning", "result", sentence, path)
        else:
            sentence = f"No call before it has the id {quoted(id)}: {self._ids()}. {_REFUSED}"
            yield self._of("error", "result", sentence, path)

    def _ids(self) -> str:
        ids = [quoted(id) for id in self.open]
        return f"without a result so far: {listed(ids, most=3)}" if ids else "all have a result"

    def _left_open(self) -> Iterator[Diagnostic]:
        for id, (name, path) in self.open.items():
            what = f"The call {quoted(id)}{f' of {name}' if name else ''} has no result"
            sentence = f"{what}: one must follow before the next message. {_REFUSED}"
            mark = self.document.mark((*path, "id"))
            yield finding("error", "message.open", sentence, (*path, "id"), mark)
        self.open = {}
