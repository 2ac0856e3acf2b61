"""Growing Markdown: finished blocks never change, whatever comes after, however it was cut up."""

import textwrap
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from clarifai_chat.markdown import blocks as blocks_module
from clarifai_chat.markdown.blocks import LINE, MIN_BLOCK_CHARS, Blocks
from tests import markdown_corpus

LONG = "The quick brown fox jumps over the lazy dog. " * 8
PARAGRAPHS = "".join(f"{number}. paragraph, {LONG}\n\n".replace(".", ":", 1) for number in range(5))
LIST = "".join(f"- item {number} {LONG}\n\n  more of it\n" for number in range(4))
TABLE = "| a | b |\n|---|---|\n" + f"| {LONG} | 1 |\n" * 4
CODE = "```python\n" + f"x = '{LONG}'\n\n" * 4 + "```\n"
NOTES = "[the docs]: https://a.test\n\n[^1]: Yes.\n"
REFERENCES = f"See [the docs] and [^1]. {LONG}\n\n{LONG}\n\n{NOTES}"
ODD = f"```\na\u2028b\x0cc\x85d {LONG}\n\n{LONG}\n```\n"  # line ends to Python only
CORPUS = {
    "paragraphs": PARAGRAPHS,
    "list": LIST,
    "list, then text": f"{LIST}\n{LONG}\n\n{LONG}\n",
    "numbers": "".join(f"{n}. {LONG}\n" for n in range(1, 5)) + f"\n{LONG}\n",
    "table": f"{LONG}\n\n{TABLE}\n{LONG}\n\nEnd.",
    "code": f"{LONG}\n\n{CODE}\n{LONG}\n\n{CODE}",
    "unclosed code": f"{LONG}\n\n```\n{LONG}\n\n{LONG}\n",
    "headings": "".join(f"# {n}\n{LONG}\nTitle\n---\n" for n in range(3)),
    "quote": f"> {LONG}\n{LONG}\n\n> {LONG}\n\n{LONG}\n",
    "references": REFERENCES,
    "windows": PARAGRAPHS.replace("\n", "\r\n"),
    "html": f"<details>\n\n{LONG}\n\n</details>\n\n{LONG}\n",
    "odd line ends": f"{LONG}\u2028\n\n{ODD}\n{LONG}\n\nEnd.",
}


def split(text):
    """Return the blocks of a text that came all at once."""
    blocks = Blocks()
    blocks.follow(text, over=True)
    return [*blocks.finished, *filter(None, [blocks.tail])]


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_at_every_character_finished_blocks_stay_and_nothing_is_lost(text):
    blocks, before = Blocks(), []
    for end in range(len(text) + 1):
        blocks.follow(text[:end])
        assert blocks.finished[: len(before)] == before
        assert "".join(blocks.finished) + blocks.tail == text[:end]
        before = list(blocks.finished)
    blocks.follow(text, over=True)

    assert blocks.finished[: len(before)] == before
    assert [*blocks.finished, *filter(None, [blocks.tail])] == split(text)


PIECES = [
    LONG, "word ", "\n", "\n\n", "- ", "1. ", "  ", "    ", "```\n", "~~~\n", "$$\n", "| a | b |\n",
    "|---|---|\n", "# ", "> ", "---\n", "[x]", "[x]: y\n", "[a](b)", "<b>\n", "\\[\n", "\\]\n",
    "\r\n", "\u2028", "\x0c",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


@given(TEXTS, st.data())
def test_the_same_text_gives_the_same_blocks_however_it_was_cut(text, data):
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=10))
    blocks = Blocks()
    for end in sorted(cuts):
        before = list(blocks.finished)
        blocks.follow(text[:end])
        assert blocks.finished[: len(before)] == before
        assert "".join(blocks.finished) + blocks.tail == text[:end]
    blocks.follow(text)
    at_once = Blocks()
    at_once.follow(text)

    assert (blocks.finished, blocks.tail) == (at_once.finished, at_once.tail)


@given(TEXTS)
def test_a_whole_text_is_its_blocks(text):
    assert "".join(split(text)) == text
    assert all(split(text)) or text == ""


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("paragraphs", ["\n\n"] * 4),
        ("code", [f"{LONG}\n\n", "```\n\n", f"{LONG}\n\n"]),
    ],
)
def test_blocks_end_where_the_text_does(name, ends):
    *finished, _ = split(CORPUS[name])

    assert len(finished) >= len(ends)
    for block, end in zip(finished, ends, strict=False):
        assert block.endswith(end)


@pytest.mark.parametrize("text", [LIST, TABLE, CODE, f"```\n{LONG}\n\n{LONG}\n"])
def test_what_belongs_together_is_one_block(text):
    blocks = Blocks()
    for end in (len(text) // 3, len(text) // 2, len(text)):
        blocks.follow(text[:end])
        assert blocks.finished == []


def test_a_line_end_that_only_python_knows_ends_nothing():
    blocks = Blocks()
    blocks.follow(f"{LONG}\n\n{ODD}\n{LONG}\n\nEnd.\n")

    assert blocks.finished[1].rstrip("\n") == ODD.rstrip("\n")


def test_a_block_with_an_open_reference_stays_live_until_the_end():
    blocks = Blocks()
    blocks.follow(REFERENCES)
    assert blocks.finished == []

    settled = f"See [this](https://a.test) and \\[that]. {LONG}\n\n{LONG}\n\nEnd.\n"
    assert len(split(settled)) > 1


def test_small_blocks_are_joined():
    text = "Yes.\n\n" * 200

    blocks = split(text)

    assert all(len(block) >= MIN_BLOCK_CHARS for block in blocks[:-1])
    assert len(blocks) <= len(text) // MIN_BLOCK_CHARS + 1


def test_half_a_line_finishes_nothing():
    blocks = Blocks()
    blocks.follow(f"- {LONG}\n\n2")  # may become "2. another item" or "- - -" or text
    assert blocks.finished == []


def test_finished_blocks_are_not_read_again():
    text = PARAGRAPHS * 3
    blocks = Blocks()
    seen = [0]
    for end in range(0, len(text), 50):
        blocks.follow(text[:end])
        seen.append(len(blocks.tail))

    assert all(b - a <= 50 for a, b in pairwise(seen))
    assert max(seen) < 3 * len(LONG)


renderer = MarkdownIt("commonmark").enable(["table", "strikethrough"])
renderer.add_render_rule("html_block", lambda self, t, at, *_: f"{t[at].content.strip()}\n")


@lru_cache(maxsize=10_000)
def html(text):
    """What CommonMark with tables and strikethrough makes of a text, stripped."""
    return renderer.render(textwrap.dedent(text).strip().lstrip("\ufeff").strip())


def assert_drawn_alike(text, cuts):
    """At each cut the blocks are drawn as the whole, and what was finished has stayed."""
    blocks, before = Blocks(), []
    for cut in cuts:
        blocks.follow(text[:cut])
        assert blocks.finished[: len(before)] == before
        before = list(blocks.finished)
        drawn = "".join(map(html, [*before, blocks.tail]))
        assert drawn == html(text[:cut])
    blocks.follow(text, over=True)
    assert blocks.finished[: len(before)] == before
    assert "".join(map(html, split(text))) == html(text)


@contextmanager
def every_block_counts():
    """Blocks of any size, so that short texts are cut, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks_module, "MIN_BLOCK_CHARS", 1)
        yield


DIFFICULT = markdown_corpus.CORPUS


@pytest.mark.parametrize("text", DIFFICULT.values(), ids=DIFFICULT)
def test_a_difficult_text_is_drawn_alike_in_blocks_and_whole(text):
    line_ends = []
    for line in LINE.findall(text):
        line_ends.append(len(line) + (line_ends[-1] if line_ends else 0))
    assert_drawn_alike(text, sorted({*line_ends, *range(0, len(text), 97)}))


@pytest.mark.parametrize("text", DIFFICULT.values(), ids=DIFFICULT)
def test_a_short_difficult_text_is_drawn_alike_at_every_character(text):
    text = text.replace(markdown_corpus.LONG, "Fox.")
    with every_block_counts():
        assert_drawn_alike(text, range(len(text) + 1))


def test_the_difficult_texts_are_really_cut():
    whole = [name for name, text in DIFFICULT.items() if len(split(text)) == 1]

    wait = ["late definitions", "early definitions", "definitions in a quote", "footnotes"]
    assert whole == wait


DIFFICULT_TEXTS = st.lists(st.sampled_from(markdown_corpus.FRAGMENTS), max_size=20).map("".join)


@given(DIFFICULT_TEXTS, st.data())
def test_any_fragments_in_any_order_are_drawn_alike(text, data):
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=8))
    with every_block_counts():
        assert_drawn_alike(text, sorted({*cuts, len(text)}))


def test_text_that_waits_for_a_definition_is_not_parsed_again(monkeypatch):
    parsed = []
    parse = blocks_module.parse
    monkeypatch.setattr(blocks_module, "parse", lambda t: parsed.append(len(t)) or parse(t))
    for text in (f"See [it]. {LONG}\n\n" + f"{LONG}\n\n" * 60, f"{LONG}\n\n" * 60):
        parsed.clear()
        blocks = Blocks()
        for end in range(0, len(text), 5):
            blocks.follow(text[:end])

        assert len(text) > 20_000
        assert sum(parsed) < 4 * len(text)
