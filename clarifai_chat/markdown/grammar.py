"""The Markdown of answers: what people and models mean by it.

CommonMark with tables, strikethrough, task lists, footnotes and formulas, and these differences:

- A line break is a line break. `<br>` is one too, and `<details>` folds; other tags are text.
- Emphasis works beside Chinese, Japanese and Korean, and an address ends before their punctuation.
- A fence of Markdown may hold fences.
- A paragraph with thousands of marks is drawn as it is written: nobody writes one, and a browser
  would stand still over its elements.

`frontend/src/answer/grammar.js` is the same in JavaScript; tests/test_both_grammars.py compares
what the two draw.
"""

import re
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.parser_inline import _DEFAULT_TERMINATORS
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.rules_inline.strikethrough import tokenize as strikethrough
from markdown_it.token import Token

from clarifai_chat.markdown import folds, formulas
from clarifai_chat.markdown.formulas import BLANK

_SAFE_TARGET = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x1f\ufeff]+", re.IGNORECASE)
_CJK: Final = (
    r"\u1100-\u11ff\u2e80-\u303f\u3040-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe6f"
    r"\uff00-\uffef\U00016fe0-\U00018fff\U0001aff0-\U0001b2ff\U0001f200-\U0001f2ff"
    r"\U00020000-\U0003ffff"
)
_IS_CJK = re.compile(f"[{_CJK}]")
_TEXT_ENDS = re.compile(
    rf"[{re.escape(''.join(sorted(_DEFAULT_TERMINATORS)))}]|(?<![0-9A-Za-z])(?:https?://|www\.)",
    re.IGNORECASE | re.ASCII,
)
# An address has no blank, quote or bracket, and no punctuation of other scripts.
_ADDRESS = re.compile(
    r"(?:https?://|www\.)(?=[0-9A-Za-z\u00a1-\u1fff\u2c00-\U0010ffff])"
    rf"[^{BLANK}\x00-\x20\x7f<>\"`\[\]\\\u00ab\u00bb\u060c\u061b\u061f\u06d4\u0964\u0965"
    r"\u2018-\u201f\u2026\u2039\u203a\u3000-\u303f\uff01-\uff0f\uff1a-\uff20"
    r"\uff3b-\uff40\uff5b-\uff65]+",
    re.IGNORECASE | re.ASCII,
)
_LONG_NAME = re.compile(rf"(?:https?://|www\.)[^/?#{BLANK}]{{256}}", re.IGNORECASE)
_ENTITY = re.compile(r"&[0-9A-Za-z]+;\Z")
MOST_MARKS = 2000  # in one paragraph: words in bold, links, formulas, code
_PLAIN = ("text", "softbreak", "hardbreak")
_OPEN_NESTS = 20  # that have no end: each is searched up to the end of the text
_NOTE = re.compile(rf"\[\^([^{BLANK}\[\]^]+)\]")
_TILDES = re.compile("~{3,}")
_TASK = re.compile(r"\[([ xX])\][ \t\n]+(?=\S)")


def grammar() -> MarkdownIt:
    """Return the parser. Its environment may say `grows`: the text is still arriving."""
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "xhtmlOut": False})
    parser.enable("strikethrough")
    parser.disable(["html_block", "html_inline"])
    core, block, inline = parser.core.ruler, parser.block.ruler, parser.inline.ruler

    core.before("block", "unfold", folds.unfold)
    core.before("block", "hide_bars", formulas.hide_bars)
    core.after("block", "show_bars", formulas.show_bars)
    core.after("show_bars", "add_notes", _add_notes)
    core.after("add_notes", "refold", folds.refold)
    core.after("refold", "trim", _trim)
    core.after("inline", "sort_notes", _sort_notes)
    core.push("crowded", _crowded)
    core.push("tasks", _tasks)
    core.push("directions", _directions)

    ends: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    block.before("code", "note", _note, {"alt": ["paragraph", "reference"]})
    block.before("code", "formula", formulas.block, ends)
    block.before("fence", "nested_fence", _nested_fence, ends)
    block.before("fence", "fold", folds.fold, ends)
    # By default the rule is first, and reads `# a | b` as the head of a table.
    block.before("lheading", "late_table", table, {"alt": ["paragraph", "reference"]})

    inline.at("text", _text)
    inline.at("emphasis", _emphasis)
    inline.at("strikethrough", _strikethrough)
    inline.before("escape", "formula", formulas.inline)
    inline.before("link", "note", _note_mark)
    inline.before("autolink", "break", _break)
    inline.after("text", "address", _address)
    parser.validateLink = _is_safe  # type: ignore[assignment]  # its documented place
    return parser


def _is_safe(target: str) -> bool:
    return bool(_SAFE_TARGET.fullmatch(target))


# Rules for blocks


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _nested_fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a fence of Markdown up to its own end: each fence with a language inside has its end.

    If they do not come out even, the ordinary rule decides.
    """
    opening = None if state.is_code_block(start) else folds.FENCE.fullmatch(_line(state, start))
    if not opening or opening[2].strip(BLANK).lower() not in folds.NEST:
        return False
    if state.env.get("open_nests", 0) > _OPEN_NESTS:
        return False
    mark, depth, line = opening[1], 1, start
    while depth and (line := line + 1) < end:
        text = _line(state, line)
        if text and state.sCount[line] < state.blkIndent:
            break
        inner = folds.FENCE.fullmatch(text)
        if inner and inner[1][0] == mark[0] and len(inner[1]) >= len(mark):
            depth += 1 if inner[2].strip(BLANK) else -1
    if depth:
        state.env["open_nests"] = state.env.get("open_nests", 0) + 1
    if depth and not state.env.get("grows"):
        return False
    if silent:
        return True
    state.line = min(line + 1, end) if not depth else line
    token = state.push("fence", "code", 0)
    token.info, token.markup, token.map = opening[2], mark, [start, state.line]
    token.content = state.getLines(start + 1, line, state.sCount[start], True)
    return True


def _note(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse the text of a footnote: `[^1]: text`, and the indented lines after it."""
    if state.is_code_block(start) or state.env.get("in_note"):
        return False
    text = _line(state, start)
    mark = _NOTE.match(text)
    if not mark or text[mark.end() : mark.end() + 1] != ":":
        return False
    if silent:
        return True
    begin = state.bMarks[start] + state.tShift[start] + mark.end() + 1
    while begin < state.eMarks[start] and state.src[begin] in " \t":
        begin += 1
    after = start + 1
    last = start
    while after < end and (state.isEmpty(after) or state.sCount[after] >= state.blkIndent + 2):
        last = last if state.isEmpty(after) else after
        after += 1
    was = (state.bMarks[start], state.tShift[start], state.sCount[start], state.blkIndent)
    outer = state.tokens, state.parentType, state.lineMax
    state.tokens, state.parentType, state.lineMax = [], "blockquote", last + 1
    state.bMarks[start], state.tShift[start] = begin, 0
    indents = [state.sCount[line] for line in range(start + 1, last + 1) if not state.isEmpty(line)]
    state.blkIndent += min([4, *(indent - state.blkIndent for indent in indents)])
    state.sCount[start] = state.blkIndent
    state.env["in_note"] = True
    state.md.block.tokenize(state, start, last + 1)
    state.env["in_note"] = False
    notes = state.env.setdefault("notes", {})
    notes.setdefault(mark[1], state.tokens)
    state.bMarks[start], state.tShift[start], state.sCount[start], state.blkIndent = was
    state.tokens, state.parentType, state.lineMax = outer
    state.line = last + 1
    return True


# Rules for lines


def _text(state: StateInline, silent: bool) -> bool:
    """Take text up to the next character that may begin something, or up to an address."""
    found = _TEXT_ENDS.search(state.src, state.pos)
    end = min(found.start(), state.posMax) if found else state.posMax
    if end == state.pos:
        return False
    if not silent:
        state.append_pending(state.src[state.pos : end])
    state.pos = end
    return True


def _address(state: StateInline, silent: bool) -> bool:
    """Make a link of an address, without the punctuation after it."""
    # No such name exists, and each place in it could begin another.
    if state.linkLevel or _LONG_NAME.match(state.src, state.pos, state.posMax):
        return False
    found = _ADDRESS.match(state.src, state.pos, state.posMax)
    if not found:
        return False
    if state.pos and re.match("[0-9A-Za-z]", state.src[state.pos - 1]):
        return False
    address = _without_punctuation(found[0])
    target = address if "://" in address else f"http://{address}"
    target = state.md.normalizeLink(target)
    if not re.search(r"[/.][^/.]", address) or not state.md.validateLink(target):
        return False
    if not silent:
        token = state.push("link_open", "a", 1)
        token.attrs, token.markup = {"href": target, "dir": "ltr"}, "address"
        state.push("text", "", 0).content = address
        state.push("link_close", "a", -1).markup = "address"
    state.pos += len(address)
    return True


def _without_punctuation(address: str) -> str:
    """Return an address without what ends its sentence: marks, and brackets opened before it.

    Step by step from the end: a pattern would search a long run of marks from each of its places.
    """
    end, unopened = len(address), address.count(")") - address.count("(")
    while end:
        last = address[end - 1]
        if last == ";":
            entity = _ENTITY.search(address, max(0, end - 40), end)
            end = entity.start() if entity else end - 1
        elif last in "?!.,:*_~'|$" or (last == ")" and unopened > 0):
            unopened -= last == ")"
            end -= 1
        else:
            break
    return address[:end]


def _emphasis(state: StateInline, silent: bool) -> bool:
    """Parse stars and underscores as CommonMark does, but for CJK on either side."""
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    can_open, can_close, length = _flanks(state)
    for _ in range(length):
        state.push("text", "", 0).content = marker
        place = len(state.tokens) - 1
        state.delimiters.append(
            Delimiter(ord(marker), length, place, end=-1, open=can_open, close=can_close)
        )
    state.pos += length
    return True


def _flanks(state: StateInline) -> tuple[bool, bool, int]:
    """Return whether a run of marks can open and close emphasis, and its length.

    Beside CJK, punctuation does not say where a word begins: no blanks are between words.
    """
    start = end = state.pos
    marker = state.src[start]
    while end < state.posMax and state.src[end] == marker:
        end += 1
    before = state.src[start - 1] if start else " "
    after = state.src[end] if end < state.posMax else " "
    blank_before, blank_after = isWhiteSpace(ord(before)), isWhiteSpace(ord(after))
    mark_before, mark_after = _is_mark(before), _is_mark(after)
    cjk_before, cjk_after = bool(_IS_CJK.match(before)), bool(_IS_CJK.match(after))
    opens = not blank_after and (
        not (mark_after and not cjk_after) or blank_before or mark_before or cjk_before
    )
    closes = not blank_before and (
        not (mark_before and not cjk_before) or blank_after or mark_after or cjk_after
    )
    if marker == "*":
        return opens, closes, end - start
    return (
        opens and (not closes or mark_before),
        closes and (not opens or mark_after),
        end - start,
    )


def _strikethrough(state: StateInline, silent: bool) -> bool:
    """Parse two tildes; more are text, as GitHub has it."""
    many = _TILDES.match(state.src, state.pos, state.posMax)
    if not many or silent:
        return strikethrough(state, silent)
    state.append_pending(many[0])
    state.pos = many.end()
    return True


def _is_mark(char: str) -> bool:
    return isMdAsciiPunct(ord(char)) or isPunctChar(char)


def _break(state: StateInline, silent: bool) -> bool:
    """Parse `<br>`."""
    found = re.compile(r"<br */?>\n?", re.IGNORECASE).match(state.src, state.pos, state.posMax)
    if not found:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = found.end()
    return True


def _note_mark(state: StateInline, silent: bool) -> bool:
    """Parse `[^1]`, if there is such a footnote, or there may still be."""
    found = _NOTE.match(state.src, state.pos, state.posMax)
    notes: dict[str, Any] = state.env.get("notes", {})
    if not found or (found[1] not in notes and not state.env.get("grows")):
        return False
    if not silent:
        numbers: dict[str, int] = state.env.setdefault("numbers", {})
        number = numbers.setdefault(found[1], len(numbers) + 1)
        token = state.push("note_mark", "", 0)
        token.content, token.meta = found[1], {"number": number, "known": found[1] in notes}
    state.pos = found.end()
    return True


# Rules for the whole


def _add_notes(state: StateCore) -> None:
    """Put the footnotes at the end, in the order in which they are defined."""
    for label, tokens in state.env.get("notes", {}).items():
        opening, closing = Token("note_open", "li", 1), Token("note_close", "li", -1)
        opening.meta = {"label": label}
        state.tokens += [opening, *tokens, closing]


def _trim(state: StateCore) -> None:
    """Remove the blanks around each text: the two parsers do not agree on which are blanks."""
    for token in state.tokens:
        if token.type == "inline":
            token.content = token.content.strip(BLANK + "\x1c\x1d\x1e\x1f\x85")


def _sort_notes(state: StateCore) -> None:
    """Put the footnotes in the order in which they are referred to, in a list."""
    if "notes" not in state.env:
        return
    numbers = state.env.setdefault("numbers", {})
    groups: dict[str, list[Token]] = {}
    rest: list[Token] = []
    group = rest
    for token in state.tokens:
        if token.type == "note_open":
            group = groups.setdefault(token.meta["label"], [])
        group.append(token)
        if token.type == "note_close":
            group = rest
    for label in groups:  # none is lost, even if nothing refers to it
        numbers.setdefault(label, len(numbers) + 1)
    ordered = sorted(groups, key=lambda label: numbers[label])
    for label in ordered:
        groups[label][0].meta["number"] = numbers[label]
    opening, closing = Token("notes_open", "ol", 1), Token("notes_close", "ol", -1)
    state.tokens = [*rest, opening, *(t for label in ordered for t in groups[label]), closing]


def _crowded(state: StateCore) -> None:
    """Leave the text of a paragraph, cell or heading as it is written if it has too many marks."""
    for token in state.tokens:
        children = token.children or []
        if sum(each.type not in _PLAIN and each.nesting >= 0 for each in children) > MOST_MARKS:
            token.children = []
            for line in token.content.split("\n"):
                token.children += [Token("text", "", 0, content=line), Token("softbreak", "br", 0)]
            token.children.pop()


def _tasks(state: StateCore) -> None:
    """Turn `[x]` at the start of a list's item into a box."""
    for at in range(2, len(state.tokens)):
        token, children = state.tokens[at], state.tokens[at].children
        if token.type != "inline" or not children or children[0].type != "text":
            continue
        if [t.type for t in state.tokens[at - 2 : at]] != ["list_item_open", "paragraph_open"]:
            continue
        if found := _TASK.match(token.content):
            box = Token("task", "", 0, content=found[1].strip())
            children[0].content = children[0].content[3:].lstrip(" \t")
            token.children = [box, *children]


def _directions(state: StateCore) -> None:
    """Let each block at the top run in the direction of its first letter."""
    for token in state.tokens:
        if token.type == "notes_open":
            return
        if token.nesting == 1 and not token.level and token.type != "table_open":
            token.attrSet("dir", "auto")
