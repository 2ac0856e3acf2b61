"""What a reply's Markdown may do on the page: prices, mathematics, pictures, code."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.markdown.sanitize import MATH_IS_HERE, escaped, safe


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5.",
        "From $5 to $10, or $1,200/month.",
        "$5",
        "5$ and 10$",
        "US$5 or C$7",
        "a $ b $ c",
        "$5 and\n$10",
        "| $5 | $10 |",
        "**$5** to **$10**",
        "$5 to 10$",
        "$1,200/month or 90$",
    ],
)
def test_a_price_is_not_mathematics(text):
    drawn = safe(text)

    assert drawn.replace("\\$", "$") == text
    assert "$" not in drawn.replace("\\$", "")


@pytest.mark.parametrize(
    "text",
    [
        "$x$",
        "$E = mc^2$",
        "$2x + 3$",
        "$\\frac{1}{2}$",
        "so $a_1$ and $b$.",
        "$5 + 5$",
        "$$x = 1$$",
        "$$\nx = 1\n\ny = 2\n$$",
        "$$5 to 10$$",
    ],
)
def test_mathematics_stays(text):
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        (r"\(x + 1\)", "$x + 1$"),
        (r"\( x \) and \(y\)", "$x$ and $y$"),
        (r"\[x = 1\]", "$$x = 1$$"),
        ("\\[\nx = 1\n\\]", "$$\nx = 1\n$$"),
    ],
)
def test_mathematics_between_tex_brackets_is_drawn(text, drawn):
    assert safe(text) == drawn


@pytest.mark.parametrize("text", [r"\$5 and \$10", r"a \\ b", r"\*not bold\*", r"\:red[x]", "\\"])
def test_what_the_model_escaped_stays_escaped(text):
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("![a cat](https://a.test/cat.png)", "🖼 [a cat](https://a.test/cat.png)"),
        ("![](https://a.test/cat.png)", "🖼 [image](https://a.test/cat.png)"),
        ("![a cat][1]", "🖼 [a cat][1]"),
        ("[![x](https://a.test/i.png)](https://b.test)", "[🖼 [x](https://a.test/i.png)](https://b.test)"),
        ("Hello![x](y)", "Hello🖼 [x](y)"),
        ("![![x](https://a.test/cat.png)", "🖼 [🖼 [x](https://a.test/cat.png)"),
        ("!!![x](y)", "!!🖼 [x](y)"),
    ],
)  # fmt: skip
def test_a_picture_becomes_a_link(text, drawn):
    assert safe(text) == drawn


@pytest.mark.parametrize("text", [":red[x]", "a :material[home]", ":small[x] and :blue-badge[y]"])
def test_no_streamlit_directive_is_carried_out(text):
    assert safe(text).replace("\\:", "") == text.replace(":", "")


@pytest.mark.parametrize(
    "code",
    [
        "`$HOME and $PATH`",
        "``a ` $x$ ![i](u)``",
        "```sh\necho $HOME $PATH\n![x](y)\n```\n",
        "~~~\n:red[x] \\(y\\)\n~~~\n",
        "    $indented$ :red[x]\n",
        "- item\n\n  ```\n  $a ![x](y)\n  ```\n",
        "> ```\n> $a :red[x]\n> ```\n",
        "```\nnever closed $5 ![x](y)\n",
    ],
)
def test_code_stays_as_it_is(code):
    text = f"It costs $5.\n\n{code}\nAnd $6.\n" if "never" not in code else f"$5\n\n{code}"

    code = code.rstrip()

    assert code in safe(text)
    assert "$5" not in safe(text).replace("\\$5", "").replace(code, "")


# What models write, and what they do not, in any order. The last are line ends to Python only.
PIECES = [
    "$", "$$", "5", "x", " ", "a b", "\n", "\n\n", "![", "](u)", "[", "]", "`", "``", "\\", "\\(",
    "\\)", "\\[", "\\]", ":red[", "- ", "> ", "# ", "|", "\t", "\r\n", "\r", "\x0b", "\x0c", "\x1c",
    "\x85", "\u2028", "\0",
]  # fmt: skip
ANYTHING = st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join))
WORDS = st.lists(
    st.sampled_from([p for p in PIECES if "`" not in p and "\n" not in p and "\r" not in p])
).map("".join)


@given(ANYTHING)
def test_any_text_can_be_made_safe(text):
    assert isinstance(safe(text), str)


def test_text_is_stripped_first_as_the_page_strips_it():
    assert safe("\ufeff \ufeff" * 2000 + "\n    $5\n") == "\\$5"
    assert safe("  a\n\n  b\n") == "a\n\nb"
    assert safe(" \n") == ""


@given(WORDS, st.lists(WORDS, min_size=1).map("\n".join), WORDS)
def test_a_fenced_block_never_changes(before, code, after):
    block = f"```\n{code}\n```\n"
    drawn = safe(f"Code {before}\n\n{block}\n{after}")

    assert block.rstrip() in drawn or "$$" in before or "\\[" in before


@given(st.lists(st.sampled_from(["$5", "word", "[a](u)", "**b**", "\n\n", "`$x`", ", "])))
def test_text_without_mathematics_only_gets_backslashes(pieces):
    text = " ".join(pieces).strip()

    assert safe(text).replace("\\$", "$") == text


@pytest.mark.parametrize(
    "text",
    [
        "a $$ b\n\n![x](https://a.test/cat.png)\n\nc $$ d",
        "$![x](https://a.test/cat.png)$",
        "\\[ a\n\n![x](https://a.test/cat.png)\n\n\\]",
        "\\( ![x](https://a.test/cat.png) \\)",
        "a ` b\n\n![x](https://a.test/cat.png)\n\nc ` d",
        "- a `\n- ![x](https://a.test/cat.png)`",
        "$$\n```\n$$\n```\n![x](https://a.test/cat.png)\n```\n",
        "\\( \\)\n```\n$$\n```\n![x](https://a.test/cat.png)",
        "| ` ![x](https://a.test/cat.png) | ` |\n|---|---|\n| ` ![y](u) | ` |",
        "<a href='`'> ![x](https://a.test/cat.png) `",
        "www.a.test/` ![x](https://a.test/cat.png) `",
        "a[^1]\n\n[^1]: note\n\n    ![x](https://a.test/cat.png)",
        "a ` [^1]\n[^1]: note\n` ![x](https://a.test/cat.png)",
        "[x]: u\n\t![x](https://a.test/cat.png)",
        "\u2028    ![x](https://a.test/cat.png)\n",
    ],
)
def test_apparent_code_or_mathematics_hides_no_picture(text):
    assert "![" not in safe(text)


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("\\[ a\n+ b \\].", "$$\n a\n+ b .\n$$"),
        ("$$ a\n+ b $$", "$$\n a\n+ b \n$$"),
        ("> \\[ a\n> + b \\]", "> $$a + b$$"),
        ("so $$ a\nb $$ is", "so $$ a b $$ is"),
        ("- \\[\n  x\n  \\]", "- $$\n  x\n  $$"),
    ],
)
def test_display_mathematics_that_the_page_would_misread_is_written_as_it_reads(text, drawn):
    assert safe(text) == drawn


@pytest.mark.parametrize("text", ["$$\nx", "a\n$$ b\n\nc", "\\[\nx\n\n```\n\\]\n```"])
def test_mathematics_that_never_closes_swallows_nothing(text):
    assert "$" not in safe(text).replace("\\$", "")


@pytest.mark.parametrize("fence", ["```", "~~~"])
@pytest.mark.parametrize("before", ["", "[x]:\n", "a\n", "- b\n"])
def test_what_opens_mathematics_before_a_fence_is_escaped_so_that_the_fence_is_one(before, fence):
    code = f"{fence}\n$$\n![x](https://a.test/cat.png)\n{fence}"
    drawn = safe(f"{before}$$\n{code}\n\n![y](u)")

    assert re.search(r"^\$\$", drawn.replace(code, ""), re.MULTILINE) is None
    assert code in drawn
    assert "![y" not in drawn


def test_a_span_of_code_over_lines_opens_nothing_in_them():
    assert safe("`a\n$$\n` ![x](u)") == "`a $$ ` 🖼 [x](u)"


def test_mathematics_after_code_that_the_page_would_overlook_is_read():
    drawn = safe("```code``` and\n\n$x$")

    assert drawn.startswith(MATH_IS_HERE)
    assert drawn.endswith("```code``` and\n\n$x$")


@pytest.mark.parametrize(
    "text", [":::note\n\nText\n\n:::", "::leaf", "a:red b", ":red{x}", ":Foo[x]"]
)
def test_a_directive_is_shown_as_it_is_written(text):
    assert safe(text).replace("\\:", ":") == text
    assert not re.search(r"(?<!\\):+\w", safe(text))


def test_html_is_shown_as_it_is_written():
    assert safe("<div>\n$5 :red[x]\n</div>") == "<div>\n$5 :red[x]\n</div>"


@given(ANYTHING)
def test_no_picture_is_left_outside_of_code(text):
    if not any(mark in text for mark in ("`", "~~~", "\\", "    ", "\t")):
        assert "![" not in safe(text)


@pytest.mark.parametrize(
    "text", ["*a* _b_ `c`", "[x](y) ![z](w)", "# 1. a", "$5 :red[x]", "<b>|~^&", "a\\b"]
)
def test_escaped_text_is_shown_as_it_is(text):
    assert re.sub(r"\\(.)", r"\1", escaped(text)) == text


@pytest.mark.parametrize("end", ["x", "\n"])
@pytest.mark.parametrize("piece", [":", ":::\n", ": "])
def test_a_long_run_of_colons_takes_no_longer_than_its_length(piece, end):
    text = piece * (100_000 // len(piece)) + end

    assert safe(text).replace("\\", "").strip() == text.strip()
