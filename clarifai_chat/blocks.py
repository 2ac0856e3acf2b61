"""Growing Markdown → finished blocks, which never change again, and a live tail.

A page writes each finished block once, and only the tail again and again: the cost of drawing a
reply is then that of its text, not of its square.
"""

import re

from markdown_it import MarkdownIt

MIN_BLOCK_CHARS = 200  # smaller ones are joined: each is an element that the browser walks

# Not `splitlines`: U+2028 and others end a line for Python, and not for Markdown.
LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")

_parser = MarkdownIt("commonmark").enable("table")
_parser.core.ruler.enableOnly(["normalize", "block"])  # only where blocks begin is asked of it
# `[x]` that is no inline link may be defined by a later line; so may `[^1]`.
_REFERENCE = re.compile(r"(?<!\\)\[[^\[\]\n]+\](?!\()")
_DISPLAY_MATH = re.compile(r"^\s{0,3}(\$\$|\\\[|\\\])", re.MULTILINE)


class Blocks:
    """Follows one growing text. `finished` only ever gets longer; `tail` is what may still change.

    The same text gives the same blocks, however it was cut up on its way.
    """

    def __init__(self) -> None:
        self.finished: list[str] = []
        self.tail = ""
        self._start = 0  # where the tail begins in the text
        self._looked_at = 0  # up to where the tail was last searched for finished blocks

    def follow(self, text: str, *, over: bool = False) -> None:
        """Take in the whole text so far. `over`: nothing will be added any more."""
        # Only a whole line can finish a block, so half a line is not worth a search.
        whole = len(text) if over else max(text.rfind("\n"), text.rfind("\r")) + 1
        if over or whole > self._looked_at:
            self._looked_at = whole
            for block in _finished(text[self._start : whole], over):
                self.finished.append(block)
                self._start += len(block)
        self.tail = text[self._start :]


def split(text: str) -> list[str]:
    """The blocks of a text that is complete, as `Blocks` would have drawn it."""
    blocks = Blocks()
    blocks.follow(text, over=True)
    return [*blocks.finished, blocks.tail] if blocks.tail else blocks.finished


def _finished(text: str, over: bool) -> list[str]:
    """The blocks at the beginning of `text`, which is whole lines, that are finished.

    A block is finished when another has begun after it on a whole line: half a line may still
    become anything, `2` the next item of a list above it.
    """
    if len(text) <= MIN_BLOCK_CHARS:
        return []
    lines = LINE.findall(text)
    starts = [t.map[0] for t in _parser.parse(text) if t.map and t.level == 0]
    blocks = []
    block, rest = "", text
    for line, following in zip([0, *starts[1:]], starts[1:], strict=False):
        block += "".join(lines[line:following])
        if len(block) >= MIN_BLOCK_CHARS and _is_whole(block, rest, over):
            blocks.append(block)
            rest = rest[len(block) :]
            block = ""
    return blocks


def _is_whole(block: str, text: str, over: bool) -> bool:
    """Whether nothing after `block` can change what it looks like."""
    if len(_DISPLAY_MATH.findall(block)) % 2:
        return False  # inside a formula, where blank lines mean nothing
    references = [m.group().lower() for m in _REFERENCE.finditer(block)]
    if not references:
        return True
    return over and not any(f"\n{r}:" in text.lower() for r in references)
