"""Split growing Markdown into finished blocks, which never change, and a live tail.

A terminal writes each finished block once and rewrites only the tail: what has scrolled out of it
cannot be changed. It reads plain CommonMark with tables, as rich draws it.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

MIN_BLOCK_CHARS = 200  # smaller ones are joined
# Not `splitlines`: U+2028 and others end a line in Python, but not in Markdown.
LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
LEAVES = ("inline", "fence", "code_block", "html_block")

# A later line may define `[x]` or `[x](y z)`, which is not a link, and `[^1]` has its note at the
# very end of the text. Code, a plain link and the box of a task need no definition.
_REFERENCE = re.compile(
    r"""
    \\[\s\S]
  | (?P<code>(?<!`)(?P<ticks>`+)(?!`)[\s\S]*?(?<!`)(?P=ticks)(?!`))
  | \[(?:[^\[\]\\<$`]|\\[\s\S]|`[^`\[\]\n]+`)*\]\([^\s()<>\\]*\)
  | \A\[[xX]\]\s
  | (?P<reference>\[(?=[^\]]*\S)(?:[^\[\]\\]|\\[\s\S])+\])
    """,
    re.VERBOSE,
)
# A tag may begin before a backtick inside it, which then does not open code.
_HIDES_BACKTICKS = re.compile(r"<")
parse = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse


class Blocks:
    """The blocks of one growing text. `finished` only grows; `tail` may still change.

    The same text gives the same blocks, however it was cut up on its way.
    """

    def __init__(self) -> None:
        self.finished: list[str] = []
        self.tail = ""
        self._start = 0  # where the tail begins in the text
        self._looked_at = 0  # up to where the tail was last searched for finished blocks
        self._is_held = False  # by a reference: its definition may be the last line

    def follow(self, text: str, *, over: bool = False) -> None:
        """Update the blocks from the whole text so far. `over`: the text is complete."""
        # Only a whole line can finish a block, so do not search half a line.
        whole = len(text) if over else max(text.rfind("\n"), text.rfind("\r")) + 1
        if whole > self._looked_at and not self._is_held:
            self._looked_at = whole
            blocks, self._is_held = _finished(text[self._start : whole])
            self.finished += blocks
            self._start += sum(map(len, blocks))
        self.tail = text[self._start :]


def _finished(text: str) -> tuple[list[str], bool]:
    """Return the finished blocks at the start of `text`, and whether the rest is held.

    `text` consists of whole lines. A block is finished when another has begun after it on a whole
    line: half a line may become anything, such as `2` the next item of a list above it.
    """
    if len(text) <= MIN_BLOCK_CHARS:
        return [], False
    lines = LINE.findall(text)
    # What is drawn is stripped, so an indented first line is not code.
    tokens = parse(re.sub(r"\A[\s\ufeff]+", _line_ends, text))
    starts = [t.map[0] for t in tokens if t.map and t.level == 0]
    reference = _first_reference(tokens, lines)
    blocks: list[str] = []
    block = ""
    for line, following in zip([0, *starts[1:]], starts[1:], strict=False):
        if following > reference:
            return blocks, True
        block += "".join(lines[line:following])
        if len(block) >= MIN_BLOCK_CHARS and _stands_alone(
            block, lines[following - 1], lines[following]
        ):
            blocks.append(block)
            block = ""
    return blocks, False


def _stands_alone(block: str, last: str, following: str) -> bool:
    """Return whether `block`, which ends with line `last`, looks the same drawn separately.

    Some beginnings are read differently after a paragraph or indented code, and a tag on a list's
    last line differently at the end.
    """
    return (
        not last.strip(" \t\r\n")
        and re.match(r"[^\s\ufeff]", following) is not None
        and re.search(r"^\S", block, re.MULTILINE) is not None
        and block.rstrip() == block.rstrip(" \t\r\n")
        and not re.search(r"^[ \t>]*<.*\s*\Z", block, re.MULTILINE)
        and not (
            re.match(r"\d|<|[-+*]\s*$", following)
            and re.search(r"^(?: {4}|\t).*\s*\Z", block, re.MULTILINE)
        )
    )


def _line_ends(match: re.Match[str]) -> str:
    return re.sub(r"[^\r\n]", "", match[0])


def _first_reference(tokens: list[Token], lines: list[str]) -> int:
    """Return the first line whose appearance depends on a definition, here or later."""
    at = 0
    for token in tokens:
        if not token.map or (token.level and token.type not in LEAVES):
            continue
        first, last = token.map
        if _refers("".join(lines[at:first])):  # lines without a token: a definition
            return at
        if token.type == "inline" and _refers(token.content):
            return first
        at = max(at, last if token.type in LEAVES else first)
    return at if _refers("".join(lines[at:])) else len(lines)


def _refers(text: str) -> bool:
    if "[" not in text:
        return False
    for match in _REFERENCE.finditer(text):
        if match["reference"]:
            return True
        code = match["code"]
        if code and "[" in code and _HIDES_BACKTICKS.search(text[: match.start()]):
            return True
    return False
