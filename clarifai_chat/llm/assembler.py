"""Turn a provider's chunks into events: join fragments, tell thoughts and errors from text.

The chunks are the raw JSON from the wire. litellm's would be repaired and renamed, with a finish
reason and token counts that no server sent.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from clarifai_chat.errors import is_error, meaning
from clarifai_chat.events import (
    CallDelta,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    ToolCallDone,
    Usage,
)
from clarifai_chat.messages import Quirk, ToolCall, is_json

_OPEN, _CLOSE = "<think>", "</think>"
_DECODER = json.JSONDecoder()


class Assembler:
    """The state of one reply, fed with chunks or one whole body: `calls`, `usage`, `reason`."""

    def __init__(
        self,
        pat: str = "",
        recover: Callable[[str], list[ToolCall]] | None = None,
        *,
        elsewhere: bool = False,
    ) -> None:
        self.calls: list[ToolCall] = []
        self.usage: Usage | None = None
        self.reason = ""  # the finish reason as sent; "" before it came
        self._pat = pat  # redacted from the server's errors
        self._elsewhere = elsewhere  # the server is not Clarifai's
        self._thoughts = _ThinkTags()
        self._latest: dict[Any, ToolCall] = {}  # index → the call its fragments belong to
        self._recover = recover  # finds calls that a model wrote as text
        self._text: list[str] = []  # only if calls may be recovered from it

    def feed(self, chunk: dict[str, Any]) -> Iterator[StreamEvent]:
        """Yield the events of one chunk. Raises a `ChatError` if the chunk is an error."""
        if is_error(chunk):
            raise meaning(None, chunk, pat=self._pat, elsewhere=self._elsewhere)
        if isinstance(chunk.get("usage"), dict):
            self.usage = _usage(chunk["usage"])
        for choice in chunk.get("choices") or ():
            if not isinstance(choice, dict) or choice.get("index"):
                continue  # we ask for one alternative only
            self.reason = choice.get("finish_reason") or self.reason
            said = choice.get("delta") or choice.get("message") or {}
            thought = said.get("reasoning_content") or said.get("reasoning")
            if isinstance(thought, str) and thought:
                yield ReasoningDelta(thought)
            if content := _content(said.get("content")):
                if self._recover:
                    self._text.append(content)
                yield from self._thoughts.split(content)
            for part in said.get("tool_calls") or ():
                if isinstance(part, dict):
                    yield from self._gather(part)
            if isinstance(said.get("function_call"), dict):  # the API's older form
                yield from self._gather({"function": said["function_call"]}, "legacy")

    def held(self) -> Iterator[StreamEvent]:
        """Yield text held back because it could have become a tag."""
        yield from self._thoughts.rest()

    def finish(self) -> Iterator[StreamEvent]:
        """Yield what is known only at the end of a whole reply: held text, tool calls, usage."""
        yield from self.held()
        if self._recover and not self.calls:
            self.calls = self._recover("".join(self._text))
        self.calls = [one for call in self.calls for one in _taken_apart(call)]
        ids: set[str] = set()
        for number, call in enumerate(self.calls):
            if not call["id"] or call["id"] in ids:  # results refer to their calls by id
                if "from_text" not in call.get("quirks", []):
                    _note(call, "same_id" if call["id"] else "no_id")
                call["id"] = f"call_{uuid.uuid4().hex[:12]}"
            ids.add(call["id"])
            yield ToolCallDone(call, number)
        if self.usage:
            yield self.usage

    def _gather(self, part: dict[str, Any], quirk: Quirk | None = None) -> Iterator[CallDelta]:
        """Add a fragment to its call; ids come once or in each piece, calls may share an index."""
        function = part.get("function") or {}
        call_id, name = str(part.get("id") or ""), str(function.get("name") or "")
        index = part.get("index", 0)
        call = self._latest.get(index)
        if call is None or _starts_another(call, call_id, name):
            other = call
            call = {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
            self.calls.append(call)
            self._latest[index] = call
            # Without an index each part is a call of its own, as in whole bodies.
            if other and "index" in part:
                _note(other, "shared_index")
                _note(call, "shared_index")
        if quirk:
            _note(call, quirk)
        arguments = function.get("arguments")
        if isinstance(arguments, dict):  # some servers send an object instead of text
            arguments = json.dumps(arguments, ensure_ascii=False)
            _note(call, "object")
        # Ids and names may be repeated in each piece, or come in pieces themselves.
        new_id = "" if call["id"] else call_id
        new_name = "" if name == call["function"]["name"] else name
        new_arguments = arguments if isinstance(arguments, str) else ""
        call["id"] += new_id
        call["function"]["name"] += new_name
        call["function"]["arguments"] += new_arguments
        if new_id or new_name or new_arguments:
            number = next(n for n, known in enumerate(self.calls) if known is call)
            yield CallDelta(number, new_id, new_name, new_arguments)


def _starts_another(call: ToolCall, call_id: str, name: str) -> bool:
    if call_id and call["id"]:
        return call_id != call["id"]
    return bool(name) and is_json(call["function"]["arguments"])


def _note(call: ToolCall, quirk: Quirk) -> None:
    if quirk not in call.setdefault("quirks", []):
        call["quirks"].append(quirk)


def _taken_apart(call: ToolCall) -> list[ToolCall]:
    """Split a call whose arguments were merged as `{…}{…}`; return any other call alone."""
    text, objects, at = call["function"]["arguments"].strip(), [], 0
    while at < len(text):
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return [call]
        if not isinstance(value, dict):
            return [call]
        objects.append(text[at:end])
        at = end + len(text[end:]) - len(text[end:].lstrip())
    if len(objects) < 2:
        return [call]
    calls: list[ToolCall] = []
    for number, arguments in enumerate(objects):
        one: ToolCall = {
            "id": "" if number else call["id"],
            "type": "function",
            "function": {"name": call["function"]["name"], "arguments": arguments},
            "quirks": [*call.get("quirks", [])],
        }
        _note(one, "shared_index")
        calls.append(one)
    return calls


def _content(content: Any) -> str:
    if isinstance(content, list):  # some servers answer in parts even when sent plain text
        return "".join(p.get("text") or "" for p in content if isinstance(p, dict))
    return content if isinstance(content, str) else ""


def _usage(sent: dict[str, Any]) -> Usage:
    def count(value: Any) -> int | None:
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def detail(group: str, name: str) -> int | None:
        return count((sent.get(group) or {}).get(name))

    return Usage(
        prompt_tokens=count(sent.get("prompt_tokens")),
        completion_tokens=count(sent.get("completion_tokens")),
        reasoning_tokens=detail("completion_tokens_details", "reasoning_tokens"),
        cached_tokens=detail("prompt_tokens_details", "cached_tokens"),
    )


class _ThinkTags:
    """Separates `<think>…</think>` at the start of an answer, however it is split into chunks."""

    def __init__(self) -> None:
        self._state = "start"  # → "thinking" → "thought" → "text", or straight to "text"
        self._held = ""  # what may still turn out to be a tag

    def split(self, text: str) -> Iterator[TextDelta | ReasoningDelta]:
        if self._state == "thought":  # drop the blanks between thought and answer
            text = text.lstrip()
            self._state = "text" if text else "thought"
        if self._state in ("thought", "text"):
            if text:
                yield TextDelta(text)
            return
        self._held += text
        if self._state == "start":
            begun = self._held.lstrip()
            if _OPEN.startswith(begun):  # only blanks, or part of a tag, so far
                if begun == _OPEN:
                    self._state, self._held = "thinking", ""
                return
            if not begun.startswith(_OPEN):
                self._state = "text"
                yield from self.rest()
                return
            self._state, self._held = "thinking", begun[len(_OPEN) :]
        thought, tag, answer = self._held.partition(_CLOSE)
        if tag:
            self._state, self._held = "thought", ""
            if thought:
                yield ReasoningDelta(thought)
            yield from self.split(answer)
            return
        safe = len(thought) - _overlap(thought)
        self._held = thought[safe:]
        if safe:
            yield ReasoningDelta(thought[:safe])

    def rest(self) -> Iterator[TextDelta | ReasoningDelta]:
        held, self._held = self._held, ""
        if held:
            yield ReasoningDelta(held) if self._state == "thinking" else TextDelta(held)


def _overlap(text: str) -> int:
    """Return how many of the last characters could begin `</think>`."""
    sizes = range(min(len(text), len(_CLOSE) - 1), 0, -1)
    return next((n for n in sizes if _CLOSE.startswith(text[-n:])), 0)
