"""Make Markdown safe to embed in a larger document: it changes nothing outside itself."""

import re
from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.token import Token

HIGHEST = 3  # top heading level in a part; the document's own headings are above it
_MARK = r"<(?![a-zA-Z][a-zA-Z0-9+.-]{1,31}:[^\s<>]*>)|!(?=\[)"
_MARKS = re.compile(
    rf"(?<!`)(?P<ticks>`+)(?!`)[\s\S]*?(?<!`)(?P=ticks)(?!`)|\\[\s\S]|(?P<mark>{_MARK})"
)
_ALL_MARKS = re.compile(r"\\[^<!]|\\?(?P<mark><|!(?=\[))")


def contained(text: str) -> str:
    """Return `text` with its headings below the document's, and its last fence closed.

    A picture becomes a link, HTML is shown as written, and code stays as it is.
    """
    text = re.sub(r"\r\n?", "\n", text).strip("\n")
    for escape in (_but_for_code, _all):
        part = _closed(_rewritten(text, escape))
        if _is_contained(part):
            return part
    return fenced(text, "markdown")


def fenced(text: str, language: str = "") -> str:
    """Return `text` as a block of code, whatever fences are in it."""
    text = re.sub(r"\r\n?", "\n", text)
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall(r"`{3,}", text))])
    return f"{fence}{language}\n{text}\n{fence}"


def quoted(text: str) -> str:
    """Return `text` as a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def line(text: str) -> str:
    """Return `text` on one line, with all markup escaped."""
    return re.sub(r"([\\`*_\[\]<>&|~$#!])", r"\\\1", " ".join(text.split()))


def parser(*, html: bool = False) -> MarkdownIt:
    """Return a parser for CommonMark with tables and strikethrough."""
    return MarkdownIt("commonmark", {"html": html}).enable(["table", "strikethrough"])


_parser, _strict_parser = parser(), parser(html=True)


def _rewritten(text: str, escape: Callable[[str], str]) -> str:
    """Return `text` with its headings lowered, and `escape` applied outside blocks of code."""
    lines = text.split("\n")
    code: set[int] = set()
    headings: list[Token] = []
    for token in _parser.parse(text):
        if token.map and token.type in ("fence", "code_block"):
            code.update(range(*token.map))
        elif token.map and token.type == "heading_open" and not token.level:
            headings.append(token)
    lines = _escaped(lines, code, escape)
    for token in reversed(headings):
        first, end = token.map or (0, 0)
        level = "#" * min(6, int(token.tag[1]) + HIGHEST - 1)
        if token.markup in "=-":  # underlined: its text may span several lines
            words = " ".join(each.strip() for each in lines[first : end - 1])
            lines[first:end] = [f"{level} {words}"]
        else:
            lines[first] = re.sub(r"#+", level, lines[first], count=1)
    return "\n".join(lines)


def _escaped(lines: list[str], code: set[int], escape: Callable[[str], str]) -> list[str]:
    done: list[str] = []
    start = 0
    for at in range(1, len(lines) + 1):
        if at == len(lines) or (at in code) != (start in code):
            piece = lines[start:at]
            done += piece if start in code else escape("\n".join(piece)).split("\n")
            start = at
    return done


def _but_for_code(text: str) -> str:
    return _MARKS.sub(lambda found: f"\\{found[0]}" if found["mark"] else found[0], text)


def _all(text: str) -> str:
    return _ALL_MARKS.sub(lambda found: f"\\{found['mark']}" if found["mark"] else found[0], text)


def _closed(part: str) -> str:
    """Return `part` with its last fence closed."""
    last = next((t for t in reversed(_strict_parser.parse(part)) if not t.level), None)
    if last is None or last.type != "fence" or not last.map:
        return part
    first, end = last.map
    closing = part.split("\n")[end - 1].strip()
    is_closed = end - first > 1 and not closing.strip(last.markup[0]) and closing >= last.markup
    return part if is_closed else f"{part}\n{last.markup}"


def _is_contained(part: str) -> bool:
    """Return whether `part` has no HTML or picture, and a heading after it stays a top heading."""
    tokens = _strict_parser.parse(f"{part}\n\n# End\n")
    highest = [
        t.tag for t in tokens if t.type == "heading_open" and not t.level and t.tag < f"h{HIGHEST}"
    ]
    inside = [child.type for token in tokens for child in (token, *(token.children or []))]
    return (
        highest == ["h1"]
        and tokens[-2].content == "End"
        and not {"html_block", "html_inline", "image"} & set(inside)
    )
