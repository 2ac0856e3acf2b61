"""Make a reply's Markdown safe for Streamlit's renderer.

Prices are not read as mathematics, and mathematics is. No picture is fetched from a stranger's
server: it becomes a link that only a click follows.
"""

import re
import textwrap
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.token import Token

from clarifai_chat.text import whole

# Not `splitlines`: U+2028 and others end a line in Python, but not in Markdown.
LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
# Makes the page look for mathematics: a definition that has some, and shows nothing.
MATH_IS_HERE = "[$$]: $$.$$\n\n"
LEAVES = ("inline", "fence", "code_block", "html_block", "math", "open_math")

_INLINE = re.compile(
    r"""
    (?P<code>(?<!`)(?P<ticks>`+)(?!`)[\s\S]*?(?<!`)(?P=ticks)(?!`))
  | \\\[(?P<display>[^$]+?)\\\]
  | \\\((?P<formula>[^\n$]+?)\\\)
  | (?P<escaped>\\[\s\S])
  | (?P<block>(?<!\$)\$\$(?!\$)(?P<body_of_block>[\s\S]+?)(?<!\$)\$\$(?!\$))
  | (?P<math>(?<![\w$])\$(?P<body>[^\s$](?:[^$\n]*[^\s$\\])?)\$(?![\w$]))
  | (?P<dollar>\$)
  | (?P<image>!\[(?P<nameless>\])?)
  | (?P<directive>
        (?<!:):(?=[^\W\d_][\w-]*[\[{])
      | (?<!:):{2,}+(?=[^\W\d_])
      | (?<!:):(?=(?:(?:red|orange|yellow|green|blue|violet|purple|gr[ae]y|primary|rainbow)
                     (?:-background|-badge)?|small|shimmer|help|color)(?![\w:-]))
    )
    """,
    re.VERBOSE,
)
# "$5 to 10$" and "$1,200/month or 90$" are money: a number, then words, and no mathematical sign.
_MONEY = re.compile(
    r"\d[\d.,]*(?:\s*[-\u2013/]\s*\d[\d.,]*)?(?:[kKmMbB]|\s*[-\u2013/]?\s*[A-Za-z]{2}.*)"
)
_CELL = re.compile(r"(?:\\[\\|]|[^|])+|\|")
# On the page these begin before a backtick inside them, which then does not open code.
_HIDES_BACKTICKS = re.compile(r"<|://|www\.", re.IGNORECASE)
_OPENS_INSIDE = re.compile(r"[\r\n][\s>]*(?:\$\$|::|\[\^)")
_DEFINES = re.compile(r"[\s\S]*\S[ \t]*(?:\r\n?|\n)\Z")

_MATH_OPENS = re.compile(r"(?P<mark>\$\$(?!\$)|\\\[)(?P<rest>.*)", re.DOTALL)
_MATH_CLOSES = {
    "$$": re.compile(r"(?P<last>[^$]*)\$\$(?P<stop>[.,;:]?)[ \t]*"),
    "\\[": re.compile(r"(?P<last>.*?)\\\](?P<stop>[.,;:]?)[ \t]*"),
}
_FENCE = re.compile(r"```|~~~")


def safe(text: str) -> str:
    """Return the Markdown to draw for a reply's `text`. What is inside code stays as it is."""
    text = _as_drawn(whole(text))
    has_math = False

    def inline(match: re.Match[str]) -> str:
        nonlocal has_math
        formula = _formula(match)
        has_math = has_math or bool(formula)
        return formula or _no_formula(match)

    pieces = [""]
    for kind, raw, token in _leaves(text):
        if kind == "inline":
            raw = _INLINE.sub(inline, raw)
        elif kind == "math":
            raw, has_math = _no_pictures(_fenced_math(token, raw)), True
        elif not kind:
            raw = _no_pictures(re.sub(r"(?<!\\)(?=\$\$|::)", r"\\", raw))
        # Indented lines in a footnote or right below a definition are text.
        elif kind == "html_block" or (
            kind == "code_block" and ("[^" in text or _DEFINES.match(pieces[-1]))
        ):
            raw = _no_pictures(raw)
        pieces.append(raw)
    drawn = "".join(pieces)
    return drawn if not has_math or _page_reads_math(drawn) else MATH_IS_HERE + drawn


def escaped(text: str) -> str:
    """Return Markdown that shows `text` as it is."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~$:&^])", r"\\\1", whole(text))


def page_parser() -> MarkdownIt:
    """Return a parser that finds the same blocks as the page, in text that is `safe`."""
    parser = MarkdownIt("commonmark")
    parser.block.ruler.before(
        "code", "math", _math_block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    # By default the rule is first, and reads `# a | b` as the head of a table.
    parser.block.ruler.before("lheading", "late_table", table, {"alt": ["paragraph", "reference"]})
    return parser


def parse(text: str) -> list[Token]:
    """Return the blocks of `text`, which is still growing, including display mathematics.

    `open_math` looks like it so far; only what follows can tell.
    """
    return _parser.parse(text, {"grows": True})


def _as_drawn(text: str) -> str:
    """Return `text` stripped as the page strips it, so an indented first line is not code."""
    while text != (text := text.removeprefix("\ufeff")) or text[:1].isspace():
        text = textwrap.dedent(text).strip()
    return text.rstrip()


def _leaves(text: str) -> Iterator[tuple[str, str, Token]]:
    """Yield (type, lines, token) for each leaf of `text` in order, cells one by one.

    Code, mathematics and emphasis end where their leaf does. Between leaves the type is "".
    """
    lines = LINE.findall(text)
    at = 0
    for token in [*_parser.parse(text), Token("", "", 0, map=[len(lines), len(lines)])]:
        if token.type not in (*LEAVES, "tr_open", "") or not token.map or token.map[0] < at:
            continue
        first, last = token.map
        if first > at:
            yield "", "".join(lines[at:first]), token
        raw, at = "".join(lines[first:last]), last
        if token.type == "tr_open":
            for cell in _CELL.findall(raw):
                yield "inline", cell, token
        elif raw:
            yield token.type, raw, token


def _formula(match: re.Match[str]) -> str:
    """Return the mathematics in a match as the page reads it; "" if it is not a formula."""
    for name, mark in (("display", "$$"), ("formula", "$"), ("body_of_block", "$$")):
        if match[name] is not None:
            return _inline_math(match[name], mark)
    if match["body"] is not None and not _MONEY.fullmatch(match["body"]):
        return _no_pictures(match[0])
    return ""


def _no_formula(match: re.Match[str]) -> str:
    if match["image"] is not None:
        return "🖼 [image]" if match["nameless"] else "🖼 ["
    if match["directive"] is not None:
        return match[0].replace(":", r"\:")
    if match["ticks"] is not None:
        return _code_span(match)
    raw = match[0] if match["escaped"] is not None else match[0].replace("$", r"\$")
    return _no_pictures(raw)


def _code_span(match: re.Match[str]) -> str:
    """Return code on one line, where it opens no block even if the page does not see code."""
    hidden = _HIDES_BACKTICKS.search(match.string[: match.start()])
    if not hidden and not _OPENS_INSIDE.search(match[0]):
        return match[0]
    return _no_pictures(re.sub(r"\s*[\r\n][\s>]*", " ", match[0]))


def _inline_math(formula: str, mark: str) -> str:
    """Return a formula on one line; a line that starts with an unclosed `$$` opens a block."""
    formula = re.sub(r"\s*[\r\n]\s*", " ", formula)
    if mark == "$":
        formula = formula.strip()
    return _no_pictures(f"{mark}{formula}{mark}") if formula.strip() else ""


def _fenced_math(token: Token, raw: str) -> str:
    """Return display mathematics as the page needs it, with each `$$` on its own line."""
    first, *body, last = token.content.split("\n")
    end = "\n" if raw[-1] in "\r\n" else ""
    if not first.strip() and not last.strip():
        closing = "$$" if token.markup == "$$" else "\\]"
        before, after = raw.rsplit(closing, 1)
        return before.replace(token.markup, "$$", 1) + "$$" + after
    if token.level:  # a new line would need the marks of the list or quote that it is in
        formula = " ".join(line.strip() for line in (first, *body, last))
        return f"{raw[: raw.index(token.markup)]}$${formula.strip()}$${end}"
    formula = "\n".join(line for line in (first, *body, last) if line.strip())
    return f"$$\n{formula}\n$${end}"


def _no_pictures(text: str) -> str:
    """Return `text` without pictures, in case the page does not read it as mathematics.

    TeX ignores the blank.
    """
    return text.replace("![", "! [")


def _math_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    r"""Parse `$$` or `\[` at the start of a line, up to its partner at the end of a line.

    No fence may be inside: the page might read it as one, and then find other code than we do.
    """
    opening = None if state.is_code_block(start) else _MATH_OPENS.fullmatch(_line(state, start))
    if not opening:
        return False
    closes = _MATH_CLOSES[opening["mark"]]
    content = [opening["rest"]]
    if "$$" in content[0] or "\\]" in content[0]:
        return False
    closing, line = None, start
    while not closing and (line := line + 1) < end:
        text = _line(state, line)
        if (text and state.sCount[line] < state.blkIndent) or _FENCE.match(text):
            return False
        closing = closes.fullmatch(text)
        content.append(closing["last"] + closing["stop"] if closing else text)
        if "$$" in content[-1] or (not closing and "\\]" in text):
            return False
    if not closing and (state.level or not state.env.get("grows")):
        return False
    if not silent:
        state.line = min(line + 1, end)
        token = state.push("math" if closing else "open_math", "math", 0)
        token.content, token.markup, token.map = (
            "\n".join(content),
            opening["mark"],
            [start, state.line],
        )
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


# Streamlit reads mathematics only in a text where these find some.
_NO_MATH_IN = re.compile(
    r"(?:^|(?<=\n)) {0,3}(`{3,}|~{3,})[\s\S]*?(?:\n[ \t]*\1|\Z)"
    r"|(?<!`)(`+)[^`\n]+\2(?!`)|\\[\\$`]"
)
_SOME_MATH = re.compile(
    r"(?<!\$)\$\$+(?!\$)[\s\S]*?\$\$|(?<!\$)\$(?![\s$])[^$\n]*?[^\s$]\$(?![0-9])"
)


def _page_reads_math(drawn: str) -> bool:
    return bool(_SOME_MATH.search(_NO_MATH_IN.sub("_", drawn)))


_parser = page_parser()
_parser.core.ruler.enableOnly(["normalize", "block"])  # only needed to find where blocks begin


def as_code(text: str) -> str:
    """Return `text` as an inline code span that nothing in it can end."""
    return f"`{' '.join(text.split()).replace('`', chr(39))}`"
