# ruff: noqa: E501 (a text on a line is easier to read than one over five)
"""Markdown that is hard to cut into blocks, as models write it and as nobody should."""

LONG = "The quick brown fox jumps over the lazy dog, and then over the next one. " * 3
AFTER = f"\n\n{LONG}\n\nAnd a last paragraph after it, so that something is cut.\n"

CORPUS = {
    "tight list": f"{LONG}\n\n- one\n- two\n- three {LONG}\n- four{AFTER}",
    "loose list": f"{LONG}\n\n- one\n\n- two {LONG}\n\n  more of two\n\n- three{AFTER}",
    "list that turns loose": f"- one {LONG}\n- two\n- three {LONG}\n\n- four\n\n{LONG}{AFTER}",
    "nested and mixed lists": (
        f"1. one\n   - a\n   - b {LONG}\n     1) deep\n     2) deeper\n\n2. two\n   * c\n\n"
        f"* another list\n+ and another\n- and one more {LONG}{AFTER}"
    ),
    "list interrupted": f"- one {LONG}\n\nNot in the list. {LONG}\n\n- two\nlazy\n\n- three{AFTER}",
    "odd starts": f"{LONG}\n\n7. seven\n8. eight\n\n{LONG}\n\n0) zero\n1) one {LONG}\n\n{LONG}{AFTER}",
    "numbers later": "".join(f"{n}. point {LONG}\n\n" for n in range(3, 6)) + AFTER,
    "code in a list": f"- item {LONG}\n\n      indented code\n\n- two\n\n  ```py\n  x = 1\n\n  y\n  ```\n{AFTER}",
    "indented code": f"{LONG}\n\n    code\n\n\n    more code\n\n{LONG}\n\n    \tlast\n{AFTER}",
    "table": (
        f"{LONG}\n\n| a | b |\n|:--|--:|\n| `x \\| y` | {LONG} |\n| **1** | [l](u) |\n\n{LONG}\n\n"
        f"not | a\ntable | x\n\nh\n|---|\n| 1 |{AFTER}"
    ),
    "nested fences": (
        f"{LONG}\n\n````md\n```py\nx\n```\n\n~~~\n````\n\n{LONG}\n\n~~~~\n```\n~~~\n~~~~\n\n{LONG}{AFTER}"
    ),
    "unclosed fence": f"{LONG}\n\n{LONG}\n\n```py\nx = [0]\n\n# no heading\n\n{LONG}\n\n{LONG}\n",
    "mermaid": f"{LONG}\n\n```mermaid\ngraph TD\n  A[one] --> B[two]\n```\n{AFTER}",
    "quotes": f"> {LONG}\nlazy line\n\n> other quote\n>\n> - list\n> - in it\nlazy\n\n{LONG}\n\n> > deep{AFTER}",
    "headings": f"# One {LONG}\n\nTwo\n===\n\n{LONG}\n\nThree\n---\n\nfour\n\n---\n\n***\n\n## Five ##{AFTER}",
    "math": (
        f"{LONG}\n\n$$\nx = 1\n\n# y\n\n- z\n$$\n\n{LONG} $x_1$, $5 and $6\n\n\\[\na\n= b\n\\]\n\n"
        f"\\[ \\begin{{aligned}}\na &= b \\\\\nc\n\\end{{aligned}} \\]\n\n{LONG} \\(y\\) $$z$$\n\n"
        f"- $$\n  w\n  $$\n\n$$ a\n+ b $$\n\n{LONG}{AFTER}"
    ),
    "math that never closes": f"{LONG}\n\n{LONG}\n$$\nx\n\n{LONG}\n\n```\n$$\n```\n\n{LONG}{AFTER}",
    "a bracket that never closes": f"{LONG}\n\n{LONG}\n\\[\nx\n\n{LONG}\n\n- y\n{AFTER}",
    "html": (
        f"<details>\n<summary>More</summary>\n\n{LONG}\n\n</details>\n\n{LONG} <b>bold</b>\n\n"
        f"<!-- a comment\n\n# with blanks\n\n- x -->\n\n{LONG}\n\n<script>\n\nlet x = 1\n\n</script>\n\n"
        f"{LONG}\n\n<div>\n*not bold*\n$5\n\n*bold*\n</div>{AFTER}"
    ),
    "folds": (
        f"<details><summary>One *line*</summary>{LONG}</details>\n\n{LONG}\n\n"
        f"<details><summary><b>Two</b></summary>\n\n{LONG}\n\n- a\n- b</details> {LONG}\n\n{LONG}\n\n"
        f"1. c\n   <details><summary>Three</summary>d <details><summary>Four</summary>e</details>\n"
        f"   </details>\n2. f\n\n{LONG}\n\n<details>\n<summary>\nFive\n</summary>\n\n{LONG}</details>\n\n"
        f"```html\n<details><summary>g</summary>h</details>\n```\n\n<details><summary>Six</summary>i{AFTER}"
    ),
    "unclosed comment": f"{LONG}\n\n<!-- {LONG}\n\n# inside\n\n{LONG}\n\n- x{AFTER}",
    "late definitions": (
        f"{LONG} See [the docs], [text][ref], [ref][] and ![pic][ref].\n\n{LONG}\n\n{LONG}\n\n"
        "[the docs]: https://a.test 'Title'\n[ref]: <https://b.test>\n"
    ),
    "early definitions": f"[ref]: https://a.test\n\n{LONG}\n\n{LONG}\n\nSee [ref] and [other\nref].\n\n[other ref]: b\n",
    "definitions in a quote": f"{LONG} [a\\]b] [x](not a link)\n\n{LONG}\n\n> [x]: /u\n\n- [a\\]b]: /v\n{AFTER}",
    "footnotes": (
        f"{LONG} A claim[^1] and another[^long].\n\n{LONG}\n\n[^1]: A note.\n\n{LONG}\n\n"
        f"[^long]: First paragraph.\n\n    Second paragraph, [link](u).\n\n    ```\n    code\n    ```\n\n{LONG}\n"
    ),
    "brackets that refer to nothing": (
        f"Call `x[0]`, see [`a`](https://a.test). {LONG}\n\n```py\nx[0][1]\n```\n\n{LONG}\n\n- [x] done\n"
        f"- [ ] not done\n\n{LONG}\n\n\\[no] and []{AFTER}"
    ),
    "breaks": f"one  \ntwo\\\nthree {LONG}\n\n{LONG}  \n\n{LONG}\\\n\nend{AFTER}\\",
    "windows": f"# One\r\n\r\n{LONG}\r\n\r\n- a\r\n- b\r\n\r\n{LONG}\r\n\r\n```\r\nx\r\n\r\n```\r\n\r\n{LONG}\r\n\r\nend\r\n",
    "old mac": f"{LONG}\r\r- a\r- b\r\r{LONG}\r\rend\r",
    "tabs": f"-\tone\n\n\tmore {LONG}\n\n\t\tcode\n\n{LONG}\n\n\tcode\n\n{LONG}{AFTER}",
    "odd spaces": f"  {LONG}\n\n\u2028{LONG}\n\n\xa0{LONG}\xa0\n\na\u2028b\x0cc\x85d {LONG}\n\n\ufeff{LONG}{AFTER}",
    "inline": (
        f"~~gone~~ https://a.test/x www.a.test a@b.test \\*no\\* &amp; **b** {LONG}\n\n{LONG} *a\nb* `c\nd`\n\n"
        f"{LONG} `never closed\n\n{LONG} ` $5{AFTER}"
    ),
    "streamlit": (
        f":smile: :material/home: a:red b -> c {LONG}\n\n:::note\n{LONG}\n\n{LONG}\n:::\n\n"
        f"::leaf\n\n{LONG}{AFTER}\n:blue[no]"
    ),
}  # fmt: skip

FRAGMENTS = [
    LONG, LONG, "word ", "word\n", "\n", "\n\n", "\n\n", "  ", "    ", "\t", "- item\n", "- [x] task\n",
    "* star\n", "1. one\n", "7) seven\n", "> quote\n", "> - in quote\n", "# head\n", "===\n", "---\n",
    "```\n", "````py\n", "~~~\n", "`", "``` x ```", "$$\n", "$$ a", " b $$\n", "\\[\n", "\\]\n", "\\[", "\\]",
    "$x$", "$5", "| a | b |\n|---|---|\n", "| `x | y` |\n", "[ref]", "[ref]: /url\n", "[ref][]", "[a](b)",
    "[a](b c)", "![i](u)", "[^1]", "[^1]: note\n", "<b>", "</b>\n", "<details>\n", "<!--", "-->", "<script>\n",
    "</script>", "<http://a`b>", "\\", "\\\n", "  \n", "~~s~~", "**b**", "*", ":red[x]", ":::note\n", ":smile:",
    "\r\n", "\r", "\u2028", "\xa0", "\ufeff", "\0",
]  # fmt: skip
