"""What a reply's Markdown may do on the page, for Streamlit's renderer.

Prices are not mathematics, mathematics is; and no picture is fetched from a stranger's server: it
becomes a link, which only a click follows.
"""

import re

from markdown_it import MarkdownIt

from clarifai_chat.blocks import LINE

_parser = MarkdownIt("commonmark").enable(["table"])

_INLINE = re.compile(
    r"""
    (?P<code>(?<!`)(?P<ticks>`+)(?!`)[\s\S]*?(?<!`)(?P=ticks)(?!`))
  | (?P<tex>\\\[(?P<display>[\s\S]+?)\\\] | \\\((?P<formula>[^\n]+?)\\\))
  | (?P<escaped>\\[\s\S])
  | (?P<block>\$\$(?P<block_formula>[\s\S]+?)\$\$)
  | (?P<math>(?<![\w$])\$(?P<body>[^\s$](?:[^$\n]*[^\s$\\])?)\$(?![\w$]))
  | (?P<dollar>\$)
  | (?P<image>!\[(?P<nameless>\])?)
  | (?P<directive>:(?=[a-z]+[\w-]*\[))
    """,
    re.VERBOSE,
)
# "$5 to 10$" and "$1,200/month or 90$" are money: a number, then words and no sign of mathematics.
_MONEY = re.compile(
    r"\d[\d.,]*(?:\s*[-\u2013/]\s*\d[\d.,]*)?(?:[kKmMbB]|\s*[-\u2013/]?\s*[A-Za-z]{2}.*)"
)


def safe(text: str) -> str:
    """The Markdown to draw for a reply's `text`. What is inside code stays as it is."""
    lines = LINE.findall(text)
    pieces: list[str] = []
    at = 0
    for first, last in _code_lines(text):
        pieces.append(_INLINE.sub(_safe_inline, "".join(lines[at:first])))
        pieces.extend(lines[first:last])
        at = last
    pieces.append(_INLINE.sub(_safe_inline, "".join(lines[at:])))
    return "".join(pieces)


def escaped(text: str) -> str:
    """Text that must be shown as it is, for a place that takes only Markdown."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~$:&^])", r"\\\1", text)


def _code_lines(text: str) -> list[tuple[int, int]]:
    """(first, after the last) line of each code block, in order."""
    tokens = _parser.parse(text)
    return [(t.map[0], t.map[1]) for t in tokens if t.type in ("fence", "code_block") and t.map]


def _safe_inline(match: re.Match[str]) -> str:
    if match["display"] is not None:
        return _no_pictures(f"$${match['display']}$$")
    if match["formula"] is not None:
        return _no_pictures(f"${match['formula'].strip()}$")
    if match["block"] is not None:
        return _no_pictures(match[0])
    if match["body"] is not None:
        money = _MONEY.fullmatch(match["body"])
        return _no_pictures(_no_dollars(match[0]) if money else match[0])
    if match["image"] is not None:
        return "🖼 [image]" if match["nameless"] else "🖼 ["
    if match["dollar"] is not None:
        return r"\$"
    if match["directive"] is not None:
        return r"\:"
    # Over several lines it may be no code to the page: a paragraph's end ends it there.
    return _no_pictures(match[0]) if match["code"] and "\n" in match[0] else match[0]


def _no_pictures(text: str) -> str:
    """What looks like mathematics here may be none to the page; to TeX, the blank is nothing."""
    return text.replace("![", "! [")


def _no_dollars(text: str) -> str:
    return text.replace("$", r"\$")
