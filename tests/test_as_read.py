# ruff: noqa: RUF001 (texts as people write them)
"""Markdown as its reader sees it: what searches look at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.markdown.as_read import as_read
from clarifai_chat.markdown.rendered import rendered
from tests.markdown_corpus import CORPUS
from tests.test_grammar import PIECES


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("The **tide** _comes_ at ~~five~~ `six`.", "The tide comes at five six."),
        ("**结论：**可以使用", "结论：可以使用"),
        ("## Use\n\n- [x] one\n- two\n  1. three", "Use\none\ntwo\nthree"),
        ("Quay 4<br>Brest  \nFrance", "Quay 4\nBrest\nFrance"),
        ("a &amp; b \\*c\\* &lt;d>", "a & b *c* <d>"),
        ("my_long_name, 2 * 3 * 4, 1~2", "my_long_name, 2 * 3 * 4, 1~2"),
        ("| a | **b** |\n|---|---|\n| $|x|$ | `c \\| d` |", "a\nb\n|x|\nc | d"),
        ("```python\nprint('**')\n```", "python\nprint('**')\n"),
        ("    indented **code**", "\nindented **code**\n"),
        ("So $x^2$ and \\(y\\) and $$z$$ and $p = 5\\$$", "So x^2 and y and z and p = 5\\$"),
        ("$$\na + b\n$$.", "\na + b\n"),
        ("\\begin{align}\nx\n\\end{align}", "\\begin{align}\nx\n\\end{align}"),
        (
            "<details>\n<summary>Why *so*?</summary>\n\n**Because**\n\n</details>",
            "Why so?\nBecause",
        ),
        ("Twice.[^1]\n\n[^1]: At *new* moon.", "Twice.\nAt new moon."),
        ("<b>tag</b> and <!-- note -->", "<b>tag</b> and <!-- note -->"),
        ("$5 or $10", "$5 or $10"),
        ("", ""),
    ],
)
def test_what_is_searched_is_what_is_read(text, read):
    assert as_read(text).rstrip("\n") == read.rstrip("\n")


def test_where_links_lead_stands_apart_from_the_words():
    text = (
        'See [the **docs**](https://a.test/x "T"), [the docs][1], https://b.test/y, '
        "<https://c.test> and ![a cat](https://d.test/K%C3%B6ln.png).\n\n[1]: https://a.test/x"
    )

    assert as_read(text) == (
        "See the docs, the docs, https://b.test/y, https://c.test and a cat.\n"
        "https://a.test/x\nhttps://d.test/Köln.png"
    )


def test_halves_of_a_character_in_an_address_are_read_as_it():
    halves = "https://a.test/\ud83d\ude00 https://b.test/\ud83d [x](https://c.test/\ude00)"

    assert as_read(halves).startswith("https://a.test/😀 https://b.test/\ufffd x")
    assert ">https://a.test/😀</a>" in rendered(halves, str)


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_any_text_can_be_read(text):
    as_read(text)


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_no_word_is_lost(text):
    read = as_read(text)

    assert [word for word in ("quick", "brown", "last paragraph") if word in text] == [
        word for word in ("quick", "brown", "last paragraph") if word in read
    ]
