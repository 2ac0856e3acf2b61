"""The browser and the exports read Markdown alike: one corpus, drawn by both, is the same HTML."""

# ruff: noqa: E501, RUF001 (texts as people write them)
import json
import random
import re
import shutil
import subprocess

import pytest

from clarifai_chat.config import ROOT
from clarifai_chat.markdown import rendered as rendering
from clarifai_chat.markdown.rendered import rendered
from tests.markdown_corpus import CORPUS
from tests.test_grammar import FOLD_PIECES, PIECES
from tests.test_grammar import README as NESTED

SUITE = json.loads((ROOT / "tests/commonmark/spec-0.31.json").read_text("utf-8"))
GITHUB = json.loads((ROOT / "tests/commonmark/gfm-0.29.json").read_text("utf-8"))
TEXTS = {
    "nested fence": f"Here:\n\n```markdown\n{NESTED}```\n\nTell me.",
    "cjk": "**结论：**可以使用。请注意**“备份”**这一步，以及**（第二步）**的顺序。\n\n日本語でも**「保存」**を。",
    "tildes": "参数范围：厚度 0.5~6 毫米，重量 1~9 千克。 ~~gone~~",
    "breaks": "| Day | What |\n|---|---|\n| Monday | - walk<br>- market<br/>- museum |\n\nQuay 4<br>\nBrest",
    "tags": "<question>\nx\n</question>\n\n<details>\n<summary>Why?</summary>\n\n- **a**\n\n</details>\n<!-- x -->",
    "folds": "<details><summary>A</summary>- a\n- b</details> c\n\n> 1. <DETAILS open><summary>\n<b>B</b>\n</summary>d</details>\n"
    "\n```md\n```html\n<details><summary>x</summary>y</details>\n```\n```\n\n    <details><summary>x</summary>y</details>\n",
    "addresses": "详见 https://example.com/docs，然后。 (www.example.com/a_(b)). https://example.com/tide_(sea), x",
    "footnotes": "a[^1] b[^x] c[^2]\n\n[^x]: B\n[^1]: A\n\n    - more\n\n[^3]: C\n",
    "tasks": "- [x] a\n- [ ] **b**\n  1. [X] c\n",
    "formulas": "设$x$为未知数，则$x^2=4$。 H$_2$O, the $n$th, $5-$10, ($/call) or ($/session)\n\n\\[\na\n\\]\n\n"
    "1. x:\n   $$\n   y\n   $$\n\n\\begin{align*}\nx &= 1\n\\end{align*}\n",
    "bars": "| a | b |\n|---|---|\n| $|x|$ | `a \\| b` |\n| \\(\\|v\\|\\) | $5|$10 |\n",
    "crowded": "# a\n\nb\n" + "`c` " * 2001 + "\n  **d**\n\n- [x] " + "$x$ " * 2001,
    "rtl": "يأتي المد.\n\n1. افتح `x`.\n\n> ج\n",
}
# Left out of the generated texts, because the two parsers differ there: Unicode's blanks around
# code (Python strips them, JavaScript does not), a byte order mark before a table, and a backslash
# before two blanks at the end of a line.
UNLIKE = ("\ufeff", "\u2028", "\xa0", "\\", "  \n", "\0", "\r", "`")
ALIKE = [piece for piece in PIECES if not any(mark in piece for mark in UNLIKE)]
FOLDS = [piece.replace("`", "~") for piece in FOLD_PIECES]  # blanks alone in code are unlike, too


def drawn_in_javascript(texts):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    module = (ROOT / "frontend/built/answer/grammar.js").as_uri()
    script = (
        f"import {{ grammar }} from {json.dumps(module)}; import {{ readFileSync }} from 'node:fs';"
        " const parser = grammar(); const texts = JSON.parse(readFileSync(0, 'utf8'));"
        " console.log(JSON.stringify(texts.map((text) => parser.render(text, { ids: 'n' }))));"
    )
    done = subprocess.run(
        [node, "--input-type=module", "-e", script],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def drawn_in_python(texts):
    return [rendered(text, lambda text: text, top=1, notes="n") for text in texts]


def generated(count, pieces):
    choose = random.Random(11)  # noqa: S311 (no secret)
    return ["".join(choose.choices(pieces, k=choose.randint(1, 25))) for _ in range(count)]


@pytest.mark.parametrize(
    "texts",
    [
        [each["markdown"] for each in SUITE],
        [each["markdown"] for each in GITHUB],
        [text for name, text in CORPUS.items() if name != "odd spaces"],
        list(TEXTS.values()),
        generated(5_000, [*ALIKE, "a", "b ", "c\n", "**", "`x`", "$", "\n\n"]),
        generated(5_000, [*FOLDS, "a", "b\n", "**"]),
    ],
    ids=["CommonMark", "GitHub", "hard to cut", "as people write", "generated", "folds"],
)
def test_both_grammars_draw_the_same(texts):
    for text, browser, export in zip(
        texts, drawn_in_javascript(texts), drawn_in_python(texts), strict=True
    ):
        assert browser == export, text


# Why some of CommonMark's examples come out otherwise: reason → what is in them.
MEANT_OTHERWISE = {
    "a picture is a link": r"!\[",
    "tags are text": r"<(?!https?:)[/!?a-zA-Z]",
    "an address is a link without brackets": r"(?<!<)https?://|<https?://[^>]* ",
}
EMPTY_QUOTE = (218, 239, 240)  # without the line break inside, as in markdown-it-py itself


def test_commonmark_is_read_as_its_suite_says_but_for_what_is_meant_otherwise(monkeypatch):
    monkeypatch.setattr(rendering._parser, "validateLink", lambda target: True)  # they are relative
    otherwise = [
        number
        for number, example in enumerate(SUITE, 1)
        if as_in_commonmark(example["markdown"]) != example["html"].replace("<br />\n", "\n")
        and not re.search("|".join(MEANT_OTHERWISE.values()), example["markdown"])
    ]

    assert otherwise == [*EMPTY_QUOTE]


# Why some of GitHub's examples come out otherwise: the number of each, and the reason.
UNLIKE_GITHUB = {
    11: "A single tilde is text: ~3 h, 0.5~6.",
    22: "An address of e-mail is text: git@github.com:a/b and user@host are none.",
    23: "An address of e-mail is text.",
    24: "An address of e-mail is text.",
    25: "An address of e-mail is text, with its scheme too.",
    26: "Only addresses of the web are links.",
    27: "Only addresses of the web are links.",
    28: "Tags are text.",
}


def test_githubs_extensions_are_read_as_its_suite_says_but_for_what_is_meant_otherwise():
    otherwise = [
        number
        for number, example in enumerate(GITHUB, 1)
        if as_on_github(example["markdown"]) != example["html"]
    ]

    assert otherwise == [*UNLIKE_GITHUB]


def as_on_github(text):
    """Our HTML with what stands for the same thing on GitHub."""
    html = as_in_commonmark(text)
    html = re.sub(r'<div class="wide">(<table>[\s\S]*?</table>)</div>', r"\1", html)
    html = re.sub(r'style="text-align:(\w+)"', r'align="\1"', html)
    for box, checked in (("☐", ""), ("☑", 'checked="" ')):
        html = html.replace(
            f'<span class="task">{box}</span>', f'<input {checked}disabled="" type="checkbox">'
        )
    return re.sub(r"(</?)s>", r"\1del>", html)


def as_in_commonmark(text):
    """Our HTML without what we add to CommonMark's; line breaks are left out of both."""
    html = rendered(text, lambda text: text, top=1)
    html = re.sub(
        r' (?:dir="auto"|dir="ltr"|class="short"|rel="noopener noreferrer nofollow")', "", html
    )
    html = re.sub(r'<pre data-language="(.*)"><code>', r'<pre><code class="language-\1">', html)
    return html.replace("<br>\n", "\n").replace("<hr>", "<hr />")
