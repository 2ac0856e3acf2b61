"""Turn a provider's chunks into events: join fragments, tell thoughts and errors from text.

Providers put words, thoughts, sources and pictures in different places; all of them are read.
The chunks are the raw JSON from the wire. litellm's would be repaired and renamed, with a finish
reason and token counts that no server sent.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from clarifai_chat.access_token import redact
from clarifai_chat.errors import BadReply, ChatError, is_error, meaning
from clarifai_chat.events import (
    CallDelta,
    Kept,
    PictureCame,
    ReasoningDelta,
    Sources,
    StreamEvent,
    TextDelta,
    TextWasThought,
    ToolCallDone,
    Usage,
)
from clarifai_chat.llm.call_fragments import CallFragments, GrowingText, index_of, with_ids
from clarifai_chat.llm.cited import Cited
from clarifai_chat.llm.kept_fields import ThoughtParts, merged
from clarifai_chat.llm.thought_tags import ThoughtTags
from clarifai_chat.messages import ToolCall, opaque
from clarifai_chat.text import whole

# Where thoughts come as a field of their own; some servers repeat them in a second one.
_THOUGHTS = ("reasoning_content", "reasoning", "thinking", "thinking_blocks", "reasoning_details")
_THOUGHT_PARTS = ("thinking", "reasoning", "thought", "reasoning_content")
_PICTURE_PARTS = ("image", "image_url", "output_image")
_WORDS = ("text", "thinking", "reasoning", "summary", "content")  # a part's field with its words
_ERRORS = frozenset(("error", "status", "code"))
_Parted = TextDelta | ReasoningDelta | TextWasThought


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
        self._pat = pat  # redacted from all that the server says
        self._elsewhere = elsewhere  # the server is not Clarifai's
        self._tags = ThoughtTags()
        self._said, self._thought = GrowingText(pat), GrowingText(pat)
        self._has_words = False  # text, thoughts or calls, in whatever place
        self._cited = Cited()
        self._pictures: list[str] = []
        self._fragments = CallFragments(pat)
        self._kept: dict[str, Any] = {}  # fields of the reply that may have to go back
        self._details = ThoughtParts()
        self._recover = recover  # finds calls that a model wrote as text
        self._words: list[str] = []  # no thoughts; only if calls may be recovered from them

    def feed(self, chunk: dict[str, Any]) -> Iterator[StreamEvent]:
        """Yield the events of one chunk.

        Raises a `ChatError` if the chunk is or holds an error, or has not the shape of an answer.
        """
        if is_error(chunk):
            raise self._meaning(chunk)
        if isinstance(chunk.get("usage"), dict):
            self.usage = _usage(chunk["usage"])
        self._cited.add(chunk)
        for choice in _list(chunk.get("choices")):
            if not isinstance(choice, dict) or index_of(choice.get("index")):
                continue  # we ask for one alternative only
            yield from self._choice(choice)
            if choice.get("error"):
                raise self._meaning({"error": choice["error"]})
        # Beside the words that had come.
        if not _ERRORS.isdisjoint(chunk) and is_error({**chunk, "choices": None}):
            raise self._meaning(chunk)

    def _meaning(self, body: dict[str, Any]) -> ChatError:
        return meaning(None, body, pat=self._pat, elsewhere=self._elsewhere)

    def _choice(self, choice: dict[str, Any]) -> Iterator[StreamEvent]:
        reason = choice.get("finish_reason")
        if reason and isinstance(reason, str):
            self.reason = redact(whole(reason), self._pat)
        delta, message = _dict(choice.get("delta")), _dict(choice.get("message"))
        had_words = self._has_words
        yield from self._message(delta)
        if not message:
            pass
        elif not self._has_words:
            yield from self._message(message)
        else:  # the whole answer once more
            self._cited.add(message)
            if not self._fragments:
                yield from self._calls(message)
        if self._has_words == had_words and isinstance(choice.get("text"), str):
            yield from self._say(choice["text"])  # as completions without a chat have it

    def _message(self, said: dict[str, Any]) -> Iterator[StreamEvent]:
        """Yield the events of a delta or a whole message."""
        self._cited.add(said)
        self._pictures += map(_picture, _list(said.get("images")))
        self._details.add(said.get("reasoning_details"))
        if isinstance(said.get("extra_content"), dict):
            extra = merged(self._kept.get("extra_content", {}), said["extra_content"])
            yield from self._keep("extra_content", opaque(extra))
        for name in _THOUGHTS:
            if name in said and (thought := _words(said[name])):
                if name == "reasoning":
                    yield from self._keep("thoughts_in", name)
                yield from self._think(thought)
                break
        content = said.get("content")
        if isinstance(content, str):
            yield from self._say(content)
        elif content:
            for is_thought, pieces in groupby(self._parts(content), itemgetter(0)):
                text = "".join(text for _, text in pieces)
                yield from self._think(text) if is_thought else self._say(text)
        audio = said.get("audio")
        if not content and isinstance(audio, dict):
            yield from self._say(_words(audio.get("transcript")))
        if said.get("refusal"):
            yield from self._say(_words(said["refusal"]))
        yield from self._calls(said)

    def _parts(self, content: Any) -> Iterator[tuple[bool, str]]:
        """Yield each part of an answer's content with whether it is a thought."""
        for part in content if isinstance(content, list) else [content]:
            if not isinstance(part, dict):
                yield False, _words(part)
            elif part.get("type") in _PICTURE_PARTS:
                if len(part) > 1:  # more than its type
                    self._pictures.append(_picture(part))
            elif part.get("type") in _THOUGHT_PARTS or part.get("thought") is True:
                yield True, _words(part)
            else:  # some servers answer in parts even when sent plain text
                self._cited.add(part)
                yield False, _words(part.get("text")) or _words(part.get("refusal"))

    def _keep(self, name: str, value: Any) -> Iterator[Kept]:
        if value and self._kept.get(name) != value:
            self._kept[name] = value
            yield Kept({name: redact(value, self._pat)})

    def _calls(self, said: dict[str, Any]) -> Iterator[CallDelta | Kept]:
        for part in _list(said.get("tool_calls")):
            if isinstance(part, dict):
                self._has_words = True
                yield from self._fragments.add({**part, "function": _dict(part.get("function"))})
        if isinstance(said.get("function_call"), dict):  # the API's older form
            self._has_words = True
            yield from self._fragments.add({"function": said["function_call"]}, "legacy")

    def _think(self, text: str) -> Iterator[StreamEvent]:
        if text:
            self._has_words = True
            yield from self._write(self._said.shown())
            if text := self._thought.join(text):
                yield from self._parted(self._tags.think(text))

    def _say(self, text: str) -> Iterator[StreamEvent]:
        if text:
            self._has_words = True
            if thought := self._thought.shown():
                yield from self._parted(self._tags.think(thought))
            yield from self._write(self._said.join(text))

    def _write(self, text: str) -> Iterator[StreamEvent]:
        if text:
            yield from self._parted(self._tags.split(text), in_tags=True)

    def _parted(
        self, events: Iterable[_Parted], *, in_tags: bool = False
    ) -> Iterator[_Parted | Kept]:
        """Yield the events; remember the words among them, in which calls are looked for."""
        for event in events:
            if in_tags and not isinstance(event, TextDelta):
                yield from self._keep("thoughts_in", "tags")
            if self._recover and isinstance(event, TextDelta):
                self._words.append(event.text)
            elif isinstance(event, TextWasThought):
                self._words.clear()
            yield event

    def held(self) -> Iterator[StreamEvent]:
        """Yield what was held back: text that could have become a tag, sources, pictures."""
        if thought := self._thought.rest():
            yield from self._parted(self._tags.think(thought))
        yield from self._write(self._said.rest())
        yield from self._parted(self._tags.rest())
        yield from self._fragments.rest()
        yield from self._keep("reasoning_details", self._details.finished())
        if sources := redact(self._cited.sources(), self._pat):
            self._cited = Cited()
            yield Sources(sources)
        for url in self._pictures:
            yield PictureCame(url)
        self._pictures = []

    def finish(self) -> Iterator[StreamEvent]:
        """Yield what is known only at the end of a whole reply: what was held, calls, usage."""
        yield from self.held()
        self.calls = self._fragments.finished()
        if self._recover and not self.calls:
            self.calls = redact(self._recover("".join(self._words)), self._pat)
        for number, call in enumerate(with_ids(self.calls)):
            yield ToolCallDone(call, number)
        if self.usage:
            yield self.usage


def _list(value: Any) -> list[Any]:
    """Return a list, empty for none. Raises `BadReply` if `value` is something else."""
    if value and not isinstance(value, list):
        raise BadReply
    return value or []


def _dict(value: Any) -> dict[str, Any]:
    """Return an object, empty for none. Raises `BadReply` if `value` is something else."""
    if value and not isinstance(value, dict):
        raise BadReply
    return value or {}


def _picture(part: Any) -> str:
    """Return the address of a picture, "" if there is none."""
    found = part.get("image_url") if isinstance(part, dict) else part
    found = found.get("url") if isinstance(found, dict) else found
    return found if isinstance(found, str) else ""


def _words(value: Any, depth: int = 4) -> str:
    """Return the text of a field: a text, a part with one, or a list of them."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and depth:
        return "".join(_words(each, depth - 1) for each in value)
    if isinstance(value, dict) and depth:
        return next(filter(None, (_words(value.get(name), depth - 1) for name in _WORDS)), "")
    return ""


def _usage(sent: dict[str, Any]) -> Usage:
    def count(value: Any) -> int | None:
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def detail(group: str, name: str) -> int | None:
        found = sent.get(group)
        return count(found.get(name)) if isinstance(found, dict) else None

    return Usage(
        prompt_tokens=count(sent.get("prompt_tokens")),
        completion_tokens=count(sent.get("completion_tokens")),
        reasoning_tokens=detail("completion_tokens_details", "reasoning_tokens"),
        cached_tokens=detail("prompt_tokens_details", "cached_tokens"),
    )
