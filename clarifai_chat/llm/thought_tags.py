"""Tell thoughts from words where a model writes both as one text, between tags."""

import re
from collections.abc import Iterator

from clarifai_chat.events import ReasoningDelta, TextDelta, TextWasThought

_NAMES = ("think", "thinking", "thought", "seed:think")
_NAMED = "|".join(_NAMES)
_CLOSED = rf"</(?:{_NAMED})>|\[/THINK\]|◁/think▷"
_HEADER = r"(?:<\|start\|>assistant)?<\|channel\|>(?P<channel>[^<]{0,200})<\|message\|>"
_END = r"<\|(?:end|return)\|>"
_TAG = re.compile(
    rf"<(?P<name>{_NAMED})(?:\s[^<>\n]{{0,200}})?>"
    r"|(?P<square>\[THINK\])"
    r"|(?P<kimi>◁think▷)"
    rf"|(?P<close>{_CLOSED})(?=(?P<next>[\s\S]))"  # what follows tells whether it is a tag
    rf"|{_HEADER}"
    rf"|(?P<end>{_END})",
    re.IGNORECASE,
)
_ONLY_CLOSED = re.compile(_CLOSED, re.IGNORECASE)
_END_OF_CHANNEL = re.compile(rf"{_HEADER}|{_END}")
_HARMONY = ("<|start|>assistant<|channel|>", "<|channel|>", "<|end|>", "<|return|>")
_TAGS = (
    *(f"{opening}{name}>" for name in _NAMES for opening in ("<", "</")),
    *("[think]", "[/think]", "◁think▷", "◁/think▷"),
    *_HARMONY,
)
_STARTS = re.compile(r"[<\[◁]")
_HALF_A_TAG = re.compile(
    rf"<(?:{_NAMED})\s[^<>\n]{{0,200}}"
    r"|(?:<\|start\|>assistant)?<\|channel\|>[^<]{0,200}(?:<(?:\|[a-z]{0,7}\|?)?)?",
    re.IGNORECASE,
)
_MARK = re.compile(r"[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(`{3,}|~{3,})(.*)")
_ENDS_A_SENTENCE = (".", "!", "?", "…", "。", "\uff01", "\uff1f")  # the last are wide: ! ?
_GOES_ON = frozenset(" \t.,;:!?)'\"`*")  # after a tag that is only spoken of
MAX_LINE = 1000
LONGEST_TAG = 250
AT_ONCE = 4000  # characters: what is left of them is copied for each tag


class ThoughtTags:
    """Parts one reply's text, however it is split into chunks.

    Knows `<think>`, `<thinking>`, `[THINK]` and their like, and the channels of "harmony". A tag
    counts at the start, on a line of its own or after a sentence, never in code. A closing tag
    without an opening one makes a thought of all the text before it.
    """

    def __init__(self) -> None:
        self._held = ""  # what may still turn out to be a tag
        self._closes: re.Pattern[str] | None = None  # while thinking: what ends the thought
        self._has_thought = False
        self._blank_thought: str | None = ""  # not shown until it has words
        self._gap: str | None = ""  # blanks at the start, or after a thought, before more text
        self._is_after_tag = False
        self._length = 0  # of the text so far
        self._is_harmony = False
        self._is_spoken_of = False  # an opening tag stands in the text as such
        self._code = _Code()

    def split(self, text: str) -> Iterator[TextDelta | ReasoningDelta | TextWasThought]:
        """Yield the events of more text; what could become a tag is held back."""
        for start in range(0, len(text), AT_ONCE):
            yield from self._split(text[start : start + AT_ONCE])

    def _split(self, text: str) -> Iterator[TextDelta | ReasoningDelta | TextWasThought]:
        self._held += text
        if not _STARTS.search(self._held):
            yield from self._release(len(self._held))
            return
        while found := (self._closes or _TAG).search(self._held):
            yield from self._release(found.start())
            self._held = self._held[len(found[0]) :]
            yield from self._take(found)
        yield from self._release(self._safe())

    def think(self, text: str) -> Iterator[TextDelta | ReasoningDelta | TextWasThought]:
        """Yield the events of a thought that came as such."""
        yield from self._flush()
        yield from self._thought(text)

    def rest(self) -> Iterator[TextDelta | ReasoningDelta | TextWasThought]:
        """Yield what is held back: nothing follows."""
        yield from self._flush()
        if self._gap and not self._is_after_tag:
            yield TextDelta(self._gap)
        self._gap = None

    def _flush(self) -> Iterator[TextDelta | ReasoningDelta | TextWasThought]:
        held = self._held
        if not self._closes and _ONLY_CLOSED.fullmatch(held) and self._is_end(""):
            self._held = ""
            yield from self._end_unopened()
        else:
            yield from self._release(len(held))

    def _release(self, size: int) -> Iterator[TextDelta | ReasoningDelta]:
        text, self._held = self._held[:size], self._held[size:]
        yield from self._thought(text) if self._closes else self._said(text)

    def _safe(self) -> int:
        """Return how much of what is held cannot become a tag any more."""
        for start in _STARTS.finditer(self._held, max(0, len(self._held) - LONGEST_TAG)):
            tail = self._held[start.start() :]
            is_begun = any(tag.startswith(tail.lower()) for tag in _TAGS)
            if is_begun or _HALF_A_TAG.fullmatch(tail):
                return start.start()
        return len(self._held)

    def _take(self, tag: re.Match[str]) -> Iterator[TextDelta | ReasoningDelta | TextWasThought]:
        part = tag.groupdict()
        if self._closes:
            self._end_thought()
            if part.get("channel") is None:
                return
        if part["channel"] is not None:
            yield from self._turn_to(part["channel"].strip().lower(), tag[0])
        elif part["end"]:
            if not self._is_harmony:
                yield from self._said(tag[0])
        elif not part["close"]:
            yield from self._open(tag)
        elif self._is_end(part["next"]):
            yield from self._end_unopened()
        else:
            self._is_spoken_of = False
            yield from self._said(tag[0])

    def _turn_to(self, channel: str, written: str) -> Iterator[TextDelta | ReasoningDelta]:
        """Go on in another channel of "harmony", which an answer begins with."""
        if (self._length and not self._is_harmony) or " to=" in channel:  # a call is left as it is
            yield from self._said(written)
            return
        self._is_harmony = True
        if channel.startswith("analysis"):
            self._begin_thought(_END_OF_CHANNEL)
        else:
            self._end_thought()

    def _open(self, tag: re.Match[str]) -> Iterator[TextDelta | ReasoningDelta]:
        if self._code.thought_may_begin():
            name = tag["name"]
            closed = f"</{name}>" if name else "[/THINK]" if tag["square"] else "◁/think▷"
            self._begin_thought(re.compile(re.escape(closed), re.IGNORECASE))
        else:
            self._is_spoken_of = self._is_spoken_of or not self._code.is_inside()
            yield from self._said(tag[0])

    def _is_end(self, following: str) -> bool:
        """Return whether a closing tag without an opening one ends a thought."""
        if not self._length or (self._is_after_tag and self._gap is not None):
            return True
        if self._has_thought or self._is_spoken_of or self._code.is_inside():
            return False
        return self._code.is_at_line_start() or following not in _GOES_ON

    def _end_unopened(self) -> Iterator[TextWasThought]:
        if self._length and not self._has_thought:
            yield TextWasThought(self._length)
            self._has_thought, self._length, self._code = True, 0, _Code()
        self._end_thought()

    def _begin_thought(self, closes: re.Pattern[str]) -> None:
        self._closes = closes
        # Two thoughts without words between them are two paragraphs.
        self._blank_thought = "\n\n" if self._has_thought and self._gap is not None else ""

    def _end_thought(self) -> None:
        self._closes = None
        self._gap, self._is_after_tag = self._gap or "", True

    def _thought(self, text: str) -> Iterator[ReasoningDelta]:
        if self._blank_thought is not None:
            text = self._blank_thought + text
            self._blank_thought = None if text.strip() else text
        if text.strip() or (text and self._blank_thought is None):
            self._has_thought = True
            yield ReasoningDelta(text)

    def _said(self, text: str) -> Iterator[TextDelta]:
        if self._gap is not None:
            text = self._gap + text
            if not text.strip():
                self._gap = text
                return
            if self._is_after_tag and (not self._length or self._code.is_after_blank()):
                text = text.lstrip()
            self._gap = None
        if text:
            self._blank_thought = ""
            self._length += len(text)
            self._code.add(text)
            yield TextDelta(text)


class _Code:
    """Whether the end of a growing text is in code, and where in its line it is.

    Read only when a tag comes: most answers have none.
    """

    def __init__(self) -> None:
        self._new: list[str] = []  # not read yet
        self._line = ""
        self._ticks = 0  # in the part of the line that is not kept
        self._fence = ""

    def add(self, text: str) -> None:
        self._new.append(text)

    def _read(self) -> str:
        """Return the last line, without its end."""
        *lines, line = (self._line + "".join(self._new)).split("\n")
        self._new = []
        for each in lines:
            self._end_line(each)
        if lines:
            self._ticks = 0
        self._ticks += line[:-MAX_LINE].count("`")
        self._line = line[-MAX_LINE:]
        return self._line

    def _end_line(self, line: str) -> None:
        mark = _MARK.match(line)
        if mark and not self._fence:
            self._fence = mark[1] if mark[1][0] == "~" or "`" not in mark[2] else ""
        elif mark and mark[1].startswith(self._fence) and not mark[2].strip():
            self._fence = ""

    def is_inside(self) -> bool:
        return (self._read().count("`") + self._ticks) % 2 == 1 or bool(self._fence)

    def is_at_line_start(self) -> bool:
        return not self._read().strip()

    def is_after_blank(self) -> bool:
        line = self._read()
        return not line or line[-1].isspace()

    def thought_may_begin(self) -> bool:
        line = self._read().rstrip()
        return not self.is_inside() and (not line or line.endswith(_ENDS_A_SENTENCE))
