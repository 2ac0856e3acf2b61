"""Find folds in Markdown: `<details>` to `</details>`, wherever in a line their tags are.

A rule for blocks reads whole lines. So `unfold` cuts lines at the tags before blocks are parsed,
and `refold` joins what turned out to be text or code, and gives each token its lines in the text.

frontend/src/answer/folds.js is the same in JavaScript.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore

from clarifai_chat.markdown.formulas import BLANK

FENCE = re.compile(r"(`{3,}+|~{3,}+)([^`]*)")
NEST = ("markdown", "md", "mdx")
_SUMMARY_LINES = 5  # at most: one that never ends must not hide the rest
_FLAGS = re.IGNORECASE | re.ASCII
_TAG = re.compile("<details", _FLAGS)
_OPENS = re.compile(r"<details(?:[ \t][^<>\n]*)?>[ \t]*", _FLAGS)
_SUMMARY = re.compile(r"<summary(?:[ \t][^<>\n]*)?>", _FLAGS)
_SUMMARY_ENDS = re.compile(r"</summary>[ \t]*", _FLAGS)
_CLOSES = re.compile(r"(`+)|</details>[ \t]*", _FLAGS)
_MARKERS = re.compile(r"(?:[ \t>]|[-*+][ \t]|[0-9]{1,9}[.)][ \t]){0,100}")
_BOLD = re.compile(r"<(b|strong|h[1-6])>([^<]*)</\1>", _FLAGS)  # a summary is bold already
_WRITTEN = ("inline", "fence", "code_block", "formula_block")

Place = tuple[int, int]  # a line, and how many of its characters are before


@dataclass
class _Found:
    """A fold as it is written: where it begins, where its content does, and its end tag."""

    prefix: str  # puts a new line into the same list or quotation
    start: Place
    summary: str | None
    head: Place
    close: Place | None = None
    end: Place | None = None


@dataclass
class Fold:
    """A fold once the lines are cut: where its content begins, and the line of its end tag."""

    summary: str
    first: int
    end: int | None


def unfold(state: StateCore) -> None:
    """Put each tag of a fold on a line of its own, and note the folds by their first line."""
    if not _TAG.search(state.src):
        return
    lines = state.src.split("\n")

    def ends(place: Place) -> bool:
        return place[1] == len(lines[place[0]])

    # While the text grows, an end tag may still come; but a tag before text may be just a word.
    grows = state.env.get("grows", False)
    folds = [
        fold
        for fold in _found(lines)
        if fold.end or (grows and (fold.summary is not None or ends(fold.head)))
    ]
    cuts: dict[int, dict[int, str]] = {}
    for fold in folds:
        for place in filter(None, (fold.start, fold.head, fold.close, fold.end)):
            if not ends(place) and place[1] > _begin(lines[place[0]]):
                cuts.setdefault(place[0], {})[place[1]] = fold.prefix
    edges = {number: sorted(prefixes) for number, prefixes in cuts.items()}
    pieces: list[str] = []
    sources: list[int] = []  # for each new line, the one that it was part of
    new: list[int] = []  # for each line, where it is now
    for number, line in enumerate(lines):
        new.append(len(pieces))
        for start, end in pairwise([0, *edges.get(number, []), len(line)]):
            pieces.append(cuts[number][start] + line[start:end] if start else line[start:end])
            sources.append(number)

    def now(place: Place) -> int:
        return new[place[0]] + bisect_right(edges.get(place[0], []), place[1])

    state.env["folds"] = {
        now(fold.start): Fold(
            fold.summary or "Details",
            now(fold.head) + ends(fold.head),
            now(fold.close) if fold.close else None,
        )
        for fold in folds
    }
    if cuts:
        state.src, state.env["sources"] = "\n".join(pieces), sources


def _found(lines: list[str]) -> list[_Found]:
    """Return the folds in the order in which they begin, without those in blocks of code."""
    folds: list[_Found] = []
    opened: list[_Found] = []
    fences = _Fences()
    number = 0
    while number < len(lines):
        line = lines[number]
        at = _begin(line)
        prefix = re.sub(r"[^ \t>]", " ", line[:at])
        quotes = prefix.count(">")
        while opened and opened[-1].prefix.count(">") > quotes:
            opened.pop()  # its quotation is over
        is_text = not fences.hold(line[at:], quotes)
        while is_text:
            if opening := _OPENS.match(line, at):
                summary, head = _summary(lines, (number, opening.end()), prefix)
                folds.append(_Found(prefix, (number, at), summary, head))
                opened.append(folds[-1])
                number, at = head
                line = lines[number]
            elif opened and (closing := _closing(line, at)):
                fold = opened.pop()
                fold.close, fold.end = (number, closing.start()), (number, closing.end())
                prefix, at = fold.prefix, closing.end()
            else:
                break
        number += 1
    return folds


def _begin(line: str) -> int:
    """Return where a line begins after its indent and the marks of lists and quotations."""
    found = _MARKERS.match(line)
    return found.end() if found else 0


class _Fences:
    """The blocks of code in lines that are read one by one. One of Markdown may hold others."""

    def __init__(self) -> None:
        self._mark = ""
        self._nests = False
        self._depth = 0
        self._quotes = 0

    def hold(self, text: str, quotes: int) -> bool:
        """Return whether the next line, in so many quotations, belongs to a block of code."""
        found = FENCE.fullmatch(text)
        if quotes < self._quotes:
            self._depth = self._quotes = 0
        if not self._depth:
            if not found:
                return False
            self._mark, self._depth, self._quotes = found[1], 1, quotes
            self._nests = found[2].strip(BLANK).lower() in NEST
        elif found and found[1].startswith(self._mark):
            if not found[2].strip(BLANK):
                self._depth -= 1
                self._quotes *= self._depth > 0
            elif self._nests:
                self._depth += 1
        return True


def _summary(lines: list[str], place: Place, prefix: str) -> tuple[str | None, Place]:
    """Return the summary of a fold whose tag ends at `place`, if any, and where it ends."""
    edge = " \t>" if ">" in prefix else " \t"
    number, at = place
    if at == len(lines[number]):
        number += 1
        while number < len(lines) and not lines[number].strip(edge):
            number += 1
        if number == len(lines):
            return None, place
        at = len(lines[number]) - len(lines[number].lstrip(edge))
    opening = _SUMMARY.match(lines[number], at)
    if not opening:
        return None, place
    words: list[str] = []
    at = opening.end()
    for last in range(number, min(number + _SUMMARY_LINES, len(lines))):
        line = lines[last]
        if last > number:
            at = len(line) - len(line.lstrip(edge))
        if ending := _SUMMARY_ENDS.search(line, at):
            words.append(line[at : ending.start()])
            text = "\n".join(words).strip(BLANK)
            bold = _BOLD.fullmatch(text)
            return (bold[2] if bold else text), (last, ending.end())
        words.append(line[at:])
    return None, place


def _closing(line: str, at: int) -> re.Match[str] | None:
    """Return the first end tag in a line that is not in code."""
    is_code = False
    for found in _CLOSES.finditer(line, at):
        if found[1]:
            is_code = not is_code
        elif not is_code:
            return found
    return None


def fold(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a fold; what is in it is Markdown."""
    found: Fold | None = state.env.get("folds", {}).get(start)
    if not found or state.is_code_block(start):
        return False
    if not _TAG.match(state.src, state.bMarks[start] + state.tShift[start]):
        return False
    is_open = found.end is None or found.end >= end
    line = end if found.end is None else min(found.end, end)
    if found.first > line or (is_open and (state.level or not state.env.get("grows"))):
        return False
    # A list or quotation that ends within it would lose the rest, as what is nested too deep.
    if state.level + 1 >= state.md.options["maxNesting"] or any(
        state.sCount[each] < state.blkIndent and not state.isEmpty(each)
        for each in range(found.first, line)
    ):
        return False
    if silent:
        return True
    before = state.parentType, state.lineMax
    state.parentType, state.lineMax = "blockquote", line
    state.push("details_open", "details", 1).map = [start, min(line + 1, end)]
    state.push("summary_open", "summary", 1)
    token = state.push("inline", "", 0)
    token.content, token.map, token.children = found.summary, [start, found.first], []
    state.push("summary_close", "summary", -1)
    state.md.block.tokenize(state, found.first, line)
    state.push("details_close", "details", -1)
    state.parentType, state.lineMax = before
    state.line = min(line + 1, end)
    return True


def refold(state: StateCore) -> None:
    """Join lines in texts and code as they were written, and say which they were."""
    sources: list[int] | None = state.env.get("sources")
    if sources is None:
        return

    def is_cut(number: int) -> bool:
        return 0 < number < len(sources) and sources[number - 1] == sources[number]

    for token in state.tokens:
        if not token.map:
            continue
        first, end = token.map
        if token.type in _WRITTEN and "\n" in token.content:
            begin = first + (token.type == "fence")
            head, *rest = token.content.split("\n")
            token.content = head + "".join(
                line.lstrip(" \t>") if is_cut(number) else f"\n{line}"
                for number, line in enumerate(rest, begin + 1)
            )
        # One that begins within a line is no place to go on from.
        token.map = None if is_cut(first) else [sources[first], sources[end - 1] + 1]
