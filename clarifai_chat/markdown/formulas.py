r"""Find formulas in Markdown: `$x$`, `$$x$$`, `\(x\)`, `\[x\]` and environments; not prices.

frontend/src/answer/formulas.js is the same in JavaScript.
"""

import re

from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline

# The blanks of JavaScript's `\\s`, so that both grammars have the same.
BLANK = (
    " \t\n\r\f\v\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
# No bracket of the same kind inside: each of many unclosed ones would search all the rest.
_BRACKETED = re.compile(
    r"\\\([^\\]*(?:\\[^()\[\]][^\\]*)*\\\)|\\\[[^\\]*(?:\\[^()\[\]][^\\]*)*\\\]"
)
_DISPLAY = re.compile(r"\$\$(?!\$)[^$\\]*(?:(?:\\[\s\S]|\$(?!\$))[^$\\]*)*\$\$(?!\$)")
_DOLLARS = re.compile(rf"\$(?![{BLANK}$])([^$\\\n`]*(?:\\[^\n`][^$\\\n`]*)*)\$")

# Letters that make a dollar part of a word: not those of scripts that put no blank between words.
_GLUE = re.compile(r"[0-9A-Za-z\u00c0-\u058f]")
_ENDING = re.compile(r"(?:th|st|nd|rd|s)(?![A-Za-z])")
# `H$_2$O`, `10$^{-4}$` and `3$\times$10`: never a price, whatever is beside it.
_SURE = re.compile(r"[_^](?:[{\\]|[0-9A-Za-z+*'\-](?![A-Za-z]))|\\")
# "$5 to 10$" and "$1,200/month or 90$": a number, then words.
_PRICE = re.compile(
    r"[0-9][0-9.,]*(?: *[\-\u2013/] *[0-9][0-9.,]*)?(?:[kKmMbB]\Z| *(?:[\-\u2013/] *)?[A-Za-z]{2})"
)
_SIGN = re.compile(r"[\\^_=<>+*{}]")
_CURRENCY = re.compile(r"[\u00a2-\u00a5\u20a0-\u20cf]")
# Letters of words: one of a script without blanks between words, else two. Greek is for formulas.
_WORD = (
    r"(?:[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0400-\u0dff]{2}"
    r"|[\u0e00-\u1fff\u3041-\ud7ff\uf900-\ufaff])"
)
_HAS_WORD = re.compile(_WORD)
_HAS_LONE_WORD = re.compile(f" {_WORD}[^ ]* ")

_ENVIRONMENTS = "equation|align|gather|multline|alignat|flalign|eqnarray"
_OPENS = re.compile(rf"(\$\$(?!\$)|\\\[|\\begin\{{((?:{_ENVIRONMENTS})\*?)\}})(.*)", re.DOTALL)
_CLOSES = {
    "$$": re.compile(r"([^$]*(?:\$(?!\$)[^$]*)*)\$\$([.,;:]?)[ \t]*"),
    "\\[": re.compile(r"(.*?)\\\]([.,;:]?)[ \t]*"),
}
_FENCE = re.compile(r"```|~~~")
_MARK = re.compile(r"\$\$?|\\[(\[]")
_BAR_MARKS = re.compile(r"(`+)|\\|\$")
_DELIMITERS = re.compile(r"\|?(?:[ \t]*:?-+:?[ \t]*\|)*[ \t]*(?::?-+:?)?")
_BAR = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")
BAR = "\ufdd0"  # stands for a bar inside a formula while tables are cut into cells


def formula_end(text: str, at: int) -> int:
    """Return where the formula that begins at `at` ends; 0 if none begins there."""
    if text.startswith("\\", at):
        found = _BRACKETED.match(text, at)
    elif text.startswith("$$", at):
        found = None if text[at - 1 : at] == "$" else _DISPLAY.match(text, at)
    else:
        found = _DOLLARS.match(text, at)
        if found and not _is_formula(
            found[1], text[at - 1 : at], text[found.end() : found.end() + 4]
        ):
            return 0
    return found.end() if found and found[0].strip("\\$()[]" + BLANK) else 0


def _is_formula(body: str, before: str, after: str) -> bool:
    """Return whether what is between two dollars is a formula, given what is beside it."""
    if not body or body[-1] in BLANK or before == "$" or after.startswith("$"):
        return False
    if body[0] in "/,;:!?" or _closes_first(body):
        return False
    if _SURE.match(body):
        return True
    if _GLUE.match(before) or re.match("[0-9_]", after):
        return False
    if _GLUE.match(after) and not _ENDING.match(after) and not re.search(r"[\\^]", body):
        return False
    return not _is_money(body)


def _is_money(body: str) -> bool:
    """Return whether it stands between two prices: words beside a number or a currency."""
    if _PRICE.match(body):
        return True
    if "0" <= body[0] <= "9" and _HAS_WORD.search(body) and not _SIGN.search(body):
        return True
    return "\\" not in body and bool(_CURRENCY.search(body) and _HAS_LONE_WORD.search(body))


def _closes_first(body: str) -> bool:
    """Return whether a bracket closes before it opens, as in "($/call) or ($/session)"."""
    depth = 0
    for sign in re.findall(r"\\[\s\S]|[()\[]", body):
        depth += {"(": 1, "[": 1, ")": -1}.get(sign, 0)
        if depth < 0:
            return True
    return False


def without_marks(formula: str) -> str:
    """Return the TeX of a formula; that of an environment keeps its name."""
    mark = _MARK.match(formula)
    return formula[mark.end() :].rstrip(".,;:")[: -mark.end()] if mark else formula


def inline(state: StateInline, silent: bool) -> bool:
    """Parse a formula in a line; stars and underscores in it are literal."""
    end = formula_end(state.src, state.pos) if state.src[state.pos] in "\\$" else 0
    if not end or end > state.posMax:
        return False
    if not silent:
        state.push("formula", "", 0).content = state.src[state.pos : end]
    state.pos = end
    return True


def block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    r"""Parse a formula that begins a line, up to its partner at the end of a line.

    No fence may be inside: an opening mark that never closes must not swallow code.
    """
    opening = None if state.is_code_block(start) else _OPENS.fullmatch(_line(state, start))
    if not opening:
        return False
    mark, environment, rest = opening.groups()
    closing_mark = f"\\end{{{environment}}}" if environment else {"$$": "$$"}.get(mark, "\\]")
    if environment:
        closes = re.compile(rf"(.*?){re.escape(closing_mark)}([.,;:]?)[ \t]*")
    else:
        closes = _CLOSES[mark]
    closing = closes.fullmatch(rest)
    lines = [closing[1] if closing else rest]
    if not closing and closing_mark in rest:
        return False
    line = start
    while not closing and (line := line + 1) < end:
        text = _line(state, line)
        if (text and state.sCount[line] < state.blkIndent) or _FENCE.match(text):
            return False
        if mark != "$$" and text.startswith(mark):
            return False
        closing = closes.fullmatch(text)
        lines.append(closing[1] if closing else text)
        if not closing and closing_mark in text:
            return False
    body = "\n".join(lines)
    if not body.strip(BLANK) or (not closing and (state.level or not state.env.get("grows"))):
        return False
    if not silent:
        state.line = min(line + 1, end)
        token = state.push("formula_block", "", 0)
        token.content = mark + body + (closing_mark + closing[2] if closing else "")
        token.markup = mark
        token.map = [start, state.line]
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def hide_bars(state: StateCore) -> None:
    """Replace the bars in formulas, and in code where a row would be cut there and lose words."""
    if "|" not in state.src or BAR in state.src:
        return
    lines, columns = state.src.split("\n"), 0
    for number, line in enumerate(lines):
        if "|" in line:
            if _DELIMITERS.fullmatch(line.strip(" \t>")):
                columns = _cells(line)
            line = _without_bars(line)
            if columns and _cells(line) > columns:
                line = _CODE.sub(lambda code: code[0].replace("|", BAR), line)
            lines[number] = line
        elif not line.strip(BLANK):
            columns = 0
    state.src = "\n".join(lines)


def _cells(line: str) -> int:
    line = line.strip(" \t>").removeprefix("|")
    return len(_BAR.findall(line)) + (not line.endswith("|") or line.endswith("\\|"))


def _without_bars(line: str) -> str:
    if re.match(r"[ \t]*\[", line):  # perhaps a definition
        return line
    ends: dict[str, list[int]] = {}  # of the runs of so many backticks, the last first
    for run in reversed([*re.finditer("`+", line)] if "`" in line else []):
        ends.setdefault(run[0], []).append(run.end())
    done, at = [], 0
    while found := _BAR_MARKS.search(line, at):
        start, end = found.start(), found.end()
        done.append(line[at:start])
        piece = ""
        if found[1]:
            same = ends.get(found[1], [])
            while same and same[-1] <= end:
                same.pop()
            end = same[-1] if same else end
        elif formula := formula_end(line, start):
            end = formula
            piece = line[start:end]
            piece = piece.replace("|", BAR) if _is_cell(piece) else piece
        elif found[0] == "\\":
            end = min(start + 2, len(line))
        done.append(piece or line[start:end])
        at = end
    return "".join((*done, line[at:]))


def _is_cell(formula: str) -> bool:
    """Return whether a formula may be in one cell: bars alone are the edges of cells."""
    return bool(formula.strip("$|\\()[] "))


def show_bars(state: StateCore) -> None:
    """Put the bars back."""
    if BAR not in state.src:
        return
    for token in state.tokens:
        token.content = token.content.replace(BAR, "|")
        token.info = token.info.replace(BAR, "|")
