# ruff: noqa: E501, RUF001 (texts as people write them)
"""What an answer's Markdown means: emphasis, addresses, breaks, formulas, prices, tables, folds."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.markdown.grammar import MOST_MARKS, grammar
from clarifai_chat.markdown.rendered import REL, rendered
from tests.markdown_corpus import CORPUS, FRAGMENTS


def drawn(text, notes=""):
    """The HTML of a text, without what each block has."""
    found = rendered(text, lambda text: text, top=1, notes=notes)
    for added in (' dir="auto"', ' dir="ltr"', ' class="short"', f' rel="{REL}"'):
        found = found.replace(added, "")
    return found


def inner(text):
    """The HTML of the one paragraph that a text is."""
    (found,) = re.findall(r"\A<p>([\s\S]*)</p>\n\Z", drawn(text))
    return found


def formulas(text):
    found = re.findall(r'<(?:span|div) class="math">([\s\S]*?)</', drawn(text))
    return [html.unescape(each) for each in found]


def words(text):
    return html.unescape(re.sub(r"<[^>]*>", "", drawn(text))).strip()


# Emphasis


@pytest.mark.parametrize(
    ("text", "bold"),
    [
        ("**结论：**可以使用。", ["结论："]),
        ("请注意**“备份”**这一步，以及**（第二步）**的顺序。", ["“备份”", "（第二步）"]),
        ("**安装：**把卡插入插槽", ["安装："]),
        ("日本語でも**「保存」**を押してから**終了。**します。", ["「保存」", "終了。"]),
        ("한국어 **볼드(bold)**입니다.", ["볼드(bold)"]),
        ("这是**`code`**的", ["<code>code</code>"]),
        ("**名前:**田中、**年齢:** 30", ["名前:", "年齢:"]),
        ("This is **bold**, and 2 ** 3 ** 4 is not.", ["bold"]),
        ("un**frigging**believable", ["frigging"]),
        ('He said**"no"**now', []),  # CommonMark's rule, where blanks part the words
    ],
)
def test_bold_words_are_those_that_were_meant(text, bold):
    assert re.findall(r"<strong>(.*?)</strong>", drawn(text)) == bold


def test_italics_beside_chinese_end_where_they_should():
    assert inner("*不要用力。*然后*（开机）*。") == "<em>不要用力。</em>然后<em>（开机）</em>。"


def test_underscores_inside_words_are_text():
    text = "my_long_name and snake_case_名前_x"

    assert inner(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "The train takes ~3 h and the bus ~5 h.",
        "参数范围：厚度 0.5~6 毫米，重量 1~9 千克。",
        "~3~5 minutes, 10~20 or 30~40",
        "~/trip and ~/pictures",
    ],
)
def test_a_single_tilde_is_text(text):
    assert inner(text) == text


def test_two_tildes_strike_through():
    assert inner("~~gone~~ and 1~2") == "<s>gone</s> and 1~2"
    assert inner("a ~~~~ and a ~~~not~~~ b") == "a ~~~~ and a ~~~not~~~ b"


@pytest.mark.parametrize(
    "text",
    [
        "a -- b", "Int -> Int", "x <- 3", "a >= b", "~=", ":warning:", "C:x:", ":red[x]", "::leaf",
        "(c) ... ---x", "a:smile:b",
    ],
)  # fmt: skip
def test_signs_are_shown_as_written(text):
    assert words(text) == text


# Lines and tags


def test_line_breaks_are_kept():
    assert inner("Harbour Office\nQuay 4\n29200 Brest") == (
        "Harbour Office<br>\nQuay 4<br>\n29200 Brest"
    )


@pytest.mark.parametrize("tag", ["<br>", "<br/>", "<br />", "<BR>"])
def test_a_break_breaks(tag):
    assert inner(f"Quay 4{tag}Brest") == "Quay 4<br>\nBrest"
    assert "a<br>\nb" in drawn(f"| x |\n|---|\n| a{tag}b |")
    assert inner(f"`{tag}`") == f"<code>{html.escape(tag)}</code>"


@pytest.mark.parametrize(
    "text",
    [
        '<question lang="en">\nHow high?\n</question>',
        'the number in <height unit="m">4.2</height> and <done/>.',
        "List<String> names",
        '<input type="text" name="city">',
        "<!-- a note -->",
        "<script>alert(1)</script>",
        '<iframe src="https://a.test"></iframe>',
        "<brx> <br",
        "</details>",
        "<details> in a line",
    ],
)
def test_other_tags_are_text(text):
    assert words(text) == text


def test_details_fold():
    text = "<details>\n<summary>Why *tags*?</summary>\n\nThey keep **data**.\n\n- a\n\n</details>\n\nEnd"

    assert drawn(text) == (
        "<details>\n<summary>Why <em>tags</em>?</summary>\n<p>They keep <strong>data</strong>.</p>\n"
        "<ul>\n<li>a</li>\n</ul>\n</details>\n<p>End</p>\n"
    )


def test_details_may_hold_details_and_need_no_summary():
    text = "<details open><summary>A</summary>\n<details>\n\nin\n</details>\n</details>"

    assert drawn(text) == (
        "<details>\n<summary>A</summary>\n<details>\n<summary>Details</summary>\n<p>in</p>\n"
        "</details>\n</details>\n"
    )


def fold(summary, content):
    return f"<details>\n<summary>{summary}</summary>\n{content}</details>\n"


FOLDED = fold("Why?", "<p>Tides</p>\n")


@pytest.mark.parametrize(
    "text",
    [
        "<details><summary>Why?</summary>Tides</details>",
        "<details> <summary>Why?</summary> Tides </details>",
        "<details><summary>Why?</summary>\n\nTides</details>",
        "<details><summary>Why?</summary>\nTides\n</details>",
        "<details>\n<summary>Why?</summary>Tides</details>",
        "<details>\n\n<summary>\nWhy?\n</summary>\n\nTides\n\n</details>",
        "<details open=''><summary class=\"a\"><b>Why?</b></summary>Tides</details>",
        "<DETAILS><Summary><h3>Why?</h3></SUMMARY>Tides</details>",
    ],
)
def test_the_tags_of_a_fold_may_be_anywhere_in_a_line(text):
    assert drawn(text) == FOLDED
    assert (
        drawn(f"- {text.replace(chr(10), chr(10) + '  ')}\n")
        == f"<ul>\n<li>\n{FOLDED}</li>\n</ul>\n"
    )
    quoted = "\n".join(f"> {line}" for line in text.split("\n"))
    assert drawn(quoted) == f"<blockquote>\n{FOLDED}</blockquote>\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<details><summary>Why?</summary>Tides</details> End\nhere", f"{FOLDED}<p>End<br>\nhere</p>\n"),
        ("<details><summary>Why?</summary>Tides</details>" * 2, FOLDED * 2),
        (
            "<details><summary>A</summary><details><summary>Why?</summary>Tides</details></details>",
            fold("A", FOLDED),
        ),
        (
            "<details><summary>A</summary>- a\n- `</details>`\n- b</details>",
            fold("A", "<ul>\n<li>a</li>\n<li><code>&lt;/details&gt;</code></li>\n<li>b</li>\n</ul>\n"),
        ),
        (
            "<details><summary>A</summary>\n```\nb</details>\n</details>\n```\n</details>",
            fold("A", "<pre><code>b&lt;/details&gt;\n&lt;/details&gt;\n</code></pre>\n"),
        ),
    ],
)  # fmt: skip
def test_a_fold_ends_at_its_own_tag(text, expected):
    assert drawn(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "<details>\nx",
        "<details><summary>Why?</summary>x",
        "a <details><summary>Why?</summary>x</details>",
        "<details><summary>Why?</summary>x `</details>`",
        "<details><summary>Why?\n</details",
    ],
)
def test_details_that_never_open_or_close_are_text(text):
    assert words(text) == html.unescape(text.replace("`", ""))


def test_what_is_not_folded_stays_as_it_is_written():
    tags = "<details><summary>x</summary>y</details>"

    assert code_in(f"```html\n{tags}\n```") == f"{tags}\n"
    assert code_in(f"1. a\n\n       {tags} b\n") == f"{tags} b\n"
    assert code_in(f"```md\n```html\n{tags}\n```\n```") == f"```html\n{tags}\n```\n"
    assert (
        words("- <details><summary>x</summary>y\n- b\n</details>")
        == "<details><summary>x</summary>y\nb\n</details>"
    )


def code_in(text):
    return html.unescape(re.search("<code>(.*)</code>", drawn(text), re.DOTALL)[1])


FOLD_PIECES = [
    "<details>", "<details><summary>", "<summary>", "</summary>", "</details>", "</details>\n", "Ä", " Ö", "Ü\n",
    "- ", "> ", "1. ", "\n", "\n\n", "  ", "    ", "```\n", "```md\n", "`", "# ", "| ", "\n|-|\n",
]  # fmt: skip


@given(st.lists(st.sampled_from(FOLD_PIECES)).map("".join))
def test_no_word_of_a_fold_is_lost(text):
    shown = drawn(text)

    assert [*map(shown.count, "ÄÖÜ")] == [*map(text.count, "ÄÖÜ")]


# Code


README = "# Tide\n\n```bash\npip install tide\n```\n\n## Use\n\n```python\nnow()\n```\n\nMIT\n"


def test_a_fence_of_markdown_holds_fences():
    found = drawn(f"Here:\n\n```markdown\n{README}```\n\nTell me.")

    assert found.count("<pre") == 1
    assert html.unescape(found).count(README) == 1
    assert found.endswith("<p>Tell me.</p>\n")


def test_a_fence_of_markdown_in_a_list_holds_fences():
    inside = "".join(f"   {line}\n" if line else "\n" for line in README.split("\n")[:-1])
    found = drawn(f"1. Save:\n\n   ```md\n{inside}   ```\n2. Done")

    assert html.unescape(found).count(README) == 1
    assert found.count("<li>") == 2


def test_a_fence_of_markdown_without_fences_ends_at_the_first():
    assert drawn("```md\n# a\n```\n\nb\n\n```\nc\n```") == (
        '<pre data-language="md"><code># a\n</code></pre>\n<p>b</p>\n<pre><code>c\n</code></pre>\n'
    )


def test_fences_of_markdown_that_do_not_come_out_even_end_as_everywhere():
    assert "<p>b</p>" in drawn("```md\n```py\nx\n```\n\nb")


def test_tildes_around_backticks():
    found = drawn("~~~markdown\nA\n```py\nx = 1\n```\nstill\n~~~\n\nAfter.")

    assert found.count("<pre") == 1
    assert found.endswith("<p>After.</p>\n")


def test_numbers_go_on_around_code():
    found = drawn("1. Make:\n\n```bash\nmkdir x\n```\n\n2. Go:\n\n```bash\ncd x\n```")

    assert '<ol start="2">' in found


# Addresses


@pytest.mark.parametrize(
    ("text", "address", "rest"),
    [
        ("详见 https://example.com/docs，然后继续。", "https://example.com/docs", "，然后继续。"),
        (
            "下载：https://example.com/tide（中文说明）。",
            "https://example.com/tide",
            "（中文说明）。",
        ),
        ("「https://example.com」です", "https://example.com", "」です"),
        ("See https://example.com/tide_(sea), then", "https://example.com/tide_(sea)", ", then"),
        ("(https://example.com/a)", "https://example.com/a", ")"),
        ("**https://example.com/a**", "https://example.com/a", ""),
        ("https://example.com/a_b_c?x=1&y=*2*.", "https://example.com/a_b_c?x=1&y=*2", "*."),
        ('"https://example.com"', "https://example.com", '"'),
        ("www.example.com/x.", "www.example.com/x", "."),
        ("HTTPS://Example.com", "HTTPS://Example.com", ""),
        ("«https://a.test/x» и", "https://a.test/x", "» и"),
        ("اقرأ https://a.test/x، ثم", "https://a.test/x", "، ثم"),
        ("किताब https://a.test/x।", "https://a.test/x", "।"),
        ("https://a.test/?q=1&amp;, then", "https://a.test/?q=1", "&, then"),
    ],
)
def test_a_link_ends_where_the_address_ends(text, address, rest):
    found = drawn(text)

    assert f">{html.escape(address)}</a>" in found
    assert re.sub(r"<[^>]*>|\n", "", found.partition("</a>")[2]) == html.escape(rest)


@pytest.mark.parametrize(
    "text", ["xhttps://a.test", "https://", "www.", "`https://a.test`", "http:"]
)
def test_what_is_no_address_is_text(text):
    assert "<a" not in drawn(text)


def test_an_address_in_a_link_makes_one_link():
    assert inner("[https://a.test](https://b.test)") == (
        '<a href="https://b.test">https://a.test</a>'
    )


def test_a_picture_is_a_link():
    assert inner("![a *cat*](https://a.test/c.png)") == (
        '<a href="https://a.test/c.png">Image: a *cat*</a>'
    )


# Footnotes and tasks


def test_footnotes_have_ids_of_their_own():
    text = "Twice.[^1] Later.[^b] Twice.[^1]\n\n[^b]: Quarters.\n[^1]: At *new* moon.\n\n    And full.\n"

    assert drawn(text, notes="x") == (
        '<p>Twice.<sup><a href="#x-note-1">1</a></sup> Later.<sup><a href="#x-note-2">2</a></sup>'
        ' Twice.<sup><a href="#x-note-1">1</a></sup></p>\n<ol class="notes">\n'
        '<li id="x-note-1"><p>At <em>new</em> moon.</p>\n<p>And full.</p>\n</li>\n'
        '<li id="x-note-2"><p>Quarters.</p>\n</li>\n</ol>\n'
    )
    assert "id=" not in drawn(text)


def test_a_footnote_that_nothing_refers_to_is_not_lost():
    assert "Quarters." in drawn("Text\n\n[^b]: Quarters.")


def test_a_mark_without_a_footnote_is_text():
    assert inner("Twice.[^1]") == "Twice.[^1]"


def test_tasks_have_boxes():
    assert drawn("- [x] draw **it**\n- [ ] check\n- [y] no\n") == (
        '<ul>\n<li><span class="task">☑</span> draw <strong>it</strong></li>\n'
        '<li><span class="task">☐</span> check</li>\n<li>[y] no</li>\n</ul>\n'
    )


# Formulas and prices


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("设$x$为未知数，则$x^2=4$的解为$x=\\pm 2$。", ["$x$", "$x^2=4$", "$x=\\pm 2$"]),
        ("速度$v$、時間$t$とする", ["$v$", "$t$"]),
        ("関数\\(f(x)\\)の微分は\\(f'(x)\\)です", ["\\(f(x)\\)", "\\(f'(x)\\)"]),
        ("Water is H$_2$O, CO$_2$.", ["$_2$", "$_2$"]),
        ("The $n$th and the $(n+1)$st, all $k$s", ["$n$", "$(n+1)$", "$k$"]),
        ("3$\\times$10$^{-4}$ for 5$\\%$", ["$\\times$", "$^{-4}$", "$\\%$"]),
        ("\\(e = 5.2\\,\\frac{\\$}{€}\\)", ["\\(e = 5.2\\,\\frac{\\$}{€}\\)"]),
        ("$p = 25.6\\,\\$$", ["$p = 25.6\\,\\$$"]),
        ("so $20n$ dollars; for $n=3$", ["$20n$", "$n=3$"]),
        ("If $5x + 10 = 20$, then $x = 2$; I paid $2", ["$5x + 10 = 20$", "$x = 2$"]),
        ("Margin: $2 \\times 3 = 6$.", ["$2 \\times 3 = 6$"]),
        ("on $[0, 1)$ and $(-1)^n$", ["$[0, 1)$", "$(-1)^n$"]),
        ("$\\ce{2H2 + O2 -> 2H2O}$", ["$\\ce{2H2 + O2 -> 2H2O}$"]),
        ("with \\[E = mc^2\\] in the line", ["\\[E = mc^2\\]"]),
        ("so $$a * b * c$$ is", ["$$a * b * c$$"]),
        ("$$\nx = 1\n\n# y\n$$", ["$$\nx = 1\n\n# y\n$$"]),
        ("\\[\na\n= b\n\\]", ["\\[\na\n= b\n\\]"]),
        ("$$ a\n+ b $$.", ["$$ a\n+ b $$."]),
        ("1. x:\n   \\[\n   a\n   \\]", ["\\[\na\n\\]"]),
        ("\\begin{align}\nx &= 1 \\\\\ny &= 2\n\\end{align}", ["\\begin{align}\nx &= 1 \\\\\ny &= 2\n\\end{align}"]),
        ("$$\\begin{aligned} u &= v \\\\ w \\end{aligned}$$", ["$$\\begin{aligned} u &= v \\\\ w \\end{aligned}$$"]),
        ("$$\\text{if $x$}$$", ["$$\\text{if $x$}$$"]),
        ("总价$p = 5€$，单价$\\frac{p}{3}$", ["$p = 5€$", "$\\frac{p}{3}$"]),
        ("$Preis = 3€ + 2€$ and $c_{€} = 2πr£$", ["$Preis = 3€ + 2€$", "$c_{€} = 2πr£$"]),
        ("$2πr$ and $3α + 2β$", ["$2πr$", "$3α + 2β$"]),
    ],
)  # fmt: skip
def test_a_formula_is_one(text, found):
    assert formulas(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5.", "From $5 to $10, or $1,200/month.", "5$ and 10$", "US$5 or C$7", "a $ b $ c",
        "$5 and\n$10", "**$5** to **$10**", "$5 to 10$", "$1,200/month or 90$", "$5 (or 4$)",
        "per call ($/call) is down, but per session ($/session) it is up",
        "PATH=$HOME/bin:$PATH", "between $5-$10 or US$30 to US$45", "$A:$B and $HOME/$USER",
        'the plan is $9.99/mo ("basic"), the larger one $1,500', "$0.002 per 1K tokens vs $0.004",
        "$1.2M in 2023, $3M in 2024", "($5)-($10)", "$5/$6", "\\$5 and \\$10", "$", "$$", "$$$$",
        "$5 × 3 = 15€ or 20$", "€/$-Kurs und £/$-Kurs", "signs: $,€,£,$", "$5 = €4.60 or 6$", "5$=4,60€, 10$=9,20€",
        "售价$5，原价10$", "从$5到€10再到$20", "от $5 до 10$", "$5 или 10$", "$5부터 10$까지", "US$5/€4/£3 and ¥700–$8",
        "`$x$` and $5", "$`x`$", "$_POST['a'].$_GET", "\\( \\)", "\\begin{quote}\nx\n\\end{quote}",
    ],
)  # fmt: skip
def test_a_price_is_not_a_formula(text):
    assert formulas(text) == []


@pytest.mark.parametrize("text", ["$$\nx", "\\[\nx\n\n```\n\\]\n```", "$$\n```\n$$\n```\ny"])
def test_a_formula_that_never_closes_swallows_nothing(text):
    assert formulas(text) == []
    assert ("<pre" in drawn(text)) == ("```" in text)


def test_bars_in_formulas_do_not_part_cells():
    found = drawn(
        "| Name | Formula |\n|---|---|\n| absolute | $|x| \\ge 0$ |\n"
        "| conditional | $P(A|B) = 1$ |\n| norm | \\(\\|v\\| = 1\\) |\n| prices | $5 | \n"
        "| code | `a \\| b` |\n"
    )

    cells = [html.unescape(cell) for cell in re.findall(r"<td>(.*)</td>", found)]
    assert cells == [
        "absolute", '<span class="math">$|x| \\ge 0$</span>',
        "conditional", '<span class="math">$P(A|B) = 1$</span>',
        "norm", '<span class="math">\\(\\|v\\| = 1\\)</span>',
        "prices", "$5", "code", "<code>a | b</code>",
    ]  # fmt: skip


@pytest.mark.parametrize("row", ["| $5 | $10 |", "| $5|$10 |", "| in $| out $|", "|`$a`|`b$`|"])
def test_bars_between_prices_part_cells(row):
    assert drawn(f"| a | b |\n|---|---|\n{row}").count("<td></td>") == 0


@pytest.mark.parametrize("indent", ["", "> ", "   "])
def test_a_bar_in_code_parts_no_cells_where_words_would_be_lost(indent):
    rows = [
        "| Op | Meaning |",
        "|--|:-:|",
        "| `||` | or |",
        "| `a | b` | `c` | lost |",
        "`x|y`|z",
        "| `1 | 2` |",
    ]
    found = drawn("\n".join(indent + row for row in rows))

    cells = [html.unescape(cell) for cell in re.findall(r"<td[^>]*>(.*)</td>", found)]
    assert cells == [
        "<code>||</code>", "or", "<code>a | b</code>", "<code>c</code>", "<code>x|y</code>", "z",
        "`1", "2`",
    ]  # fmt: skip


def test_a_bar_outside_a_table_is_as_written():
    assert formulas("So $|x|$, \\(\\|v\\|\\) | and") == ["$|x|$", "\\(\\|v\\|\\)"]


# Directions


def test_each_block_runs_in_the_direction_of_its_own_letters():
    text = "يأتي المد.\n\n1. افتح `x`.\n\n   ثم\n\n| أ |\n|---|\n| ب |\n\n> ج\n\nEnglish\n"
    found = rendered(text, lambda text: text)

    assert re.findall(r'<(\w+) dir="auto"', found) == ["p", "ol", "blockquote", "p"]
    assert '<div class="wide" dir="auto"><table>' in found


def test_an_address_runs_from_left_to_right_and_footnotes_as_they_are_read():
    found = rendered("زر https://a.test/?q=دبي.[^1]\n\n[^1]: المصدر", str)

    assert '<a href="https://a.test/?q=%D8%AF%D8%A8%D9%8A" dir="ltr" rel=' in found
    assert '<ol class="notes" dir="auto">\n<li><p>' in found


def test_short_cells_are_not_broken():
    found = rendered("| a day |\n|---|\n| 2026-05-01 |\n| seventeen letters |", str)

    assert re.findall(r"<t[dh]( class=\"short\")?>", found) == [' class="short"'] * 2 + [""]


# Whatever comes


PIECES = [
    *FRAGMENTS, "$", "$$", "|", "\n|", "[^1]:", "<br>", "</details>\n", "<summary>", "```md\n",
    "**", "_", "，", "中", "“", "https://a.test/", "www.", "\\begin{align}", "\\end{align}\n", "\\|",
]  # fmt: skip
ALLOWED = re.compile(
    r"p|br|em|strong|s|code|pre|h[1-6]|ul|ol|li|blockquote|hr|div|table|thead|tbody|tr|th|td|a|sup"
    r"|span|details|summary"
)


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_any_text_becomes_harmless_html(text):
    found = drawn(text, notes="n")

    assert all(ALLOWED.fullmatch(tag) for tag in re.findall(r"</?([a-z][a-z0-9]*)", found))
    targets = re.findall(r'href="([^"]*)"', found)
    assert all(re.match(r"https?://|mailto:|#n-note-\d", target) for target in targets)
    assert "\ufdd0" not in found or "\ufdd0" in text


@given(st.sampled_from(list(CORPUS.values())), st.integers(min_value=0))
def test_a_text_that_grows_can_be_drawn_at_any_moment(text, end):
    grammar().render(text[: end % (len(text) + 1)], {"grows": True})


@pytest.mark.parametrize("mark", ["`a` ", "$x$ ", "**a** ", "[a](https://a.test) ", "~~a~~ "])
def test_a_paragraph_with_thousands_of_marks_is_drawn_as_it_is_written(mark):
    few, many = mark * MOST_MARKS, mark * (MOST_MARKS + 1)

    assert inner(f"a\n{many}b") == f"a<br>\n{many}b"
    assert inner(few) != few.strip()
    assert drawn(f"- [x] {many}\n").startswith("<ul>\n<li>")
    assert drawn("a\n" * 3000).count("<br>") == 2999, "Lines are no marks."


@pytest.mark.parametrize(
    "piece",
    [
        "$", "$$", "\\(", "\\[", "[^", "[^a]: ", "<details>\n", "```md\n", "https://a", "www.a.b)",
        "|$", "`$|", "**，", "<br", "\\begin{align}\n", "$a", "((", "_a", "[x](", "a$b ", "\\[\n", "> <details>\n",
    ],
)  # fmt: skip
def test_a_long_run_of_marks_takes_no_longer_than_its_length(piece):
    assert drawn(piece * (60_000 // len(piece)))  # minutes, if each mark searched all the rest
