"""An answer in a browser: a text that grew is the page of the whole, and nothing flashes."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import PATIENCE_MS, ROOT, is_up
from tests.markdown_corpus import CORPUS
from tests.patience import until

pytestmark = pytest.mark.browser

# Both ways for each text, on one page. The sleep lets the browser draw what is not finished yet.
SCRIPT = """
import time

import streamlit as st

from components.reply.answer_view import AnswerView
from tests.markdown_corpus import CORPUS

for number, text in enumerate(CORPUS.values()):
    AnswerView(st.container(key=f"whole-{number}"), f"whole-{number}").draw(text, over=True)
views = [
    AnswerView(st.container(key=f"grown-{number}"), f"grown-{number}")
    for number in range(len(CORPUS))
]
for end in range(0, max(map(len, CORPUS.values())) + 61, 61):
    for view, text in zip(views, CORPUS.values()):
        if end:
            view.draw(text[:end], over=end >= len(text))
    time.sleep(0.02)
st.write("All drawn")
"""

# For each text its HTML, [whole, grown].
DRAWN_BOTH = """count => {
  const html = name =>
    document.querySelector(`.st-key-${name} .clarifai-answer`)?.innerHTML ?? "nothing";
  return [...Array(count).keys()].map(n => [html(`whole-${n}`), html(`grown-${n}`)]);
}"""


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Serve a script of Streamlit; return its address."""
    servers: list[subprocess.Popen[bytes]] = []

    def serve(script: str) -> str:
        folder = tmp_path_factory.mktemp("served")
        (folder / "page.py").write_text(script)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
        log = folder / "log"
        with log.open("w") as out:
            server = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "page.py", *options],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=out,
                stderr=out,
            )
        servers.append(server)
        url = f"http://127.0.0.1:{port}"
        until(lambda: server.poll() is not None or is_up(f"{url}/_stcore/health"))
        assert server.poll() is None, log.read_text()
        return url

    yield serve
    for server in servers:
        server.terminate()
        server.wait()


def plain(html: str) -> str:
    """Return HTML without what is made for each element, such as the ids in a diagram."""
    html = re.sub(r"<svg.*?</svg>", "<svg>", html, flags=re.DOTALL)
    html = re.sub(r' (?:data-diagram|data-source)="[^"]*"', "", html)
    html = re.sub(r"note-answer-[0-9a-f]{12}", "note", html)
    return re.sub(r"<\w+( [^<>]*)>", lambda m: m[0].replace(m[1], _in_order(m[1])), html)


def _in_order(attributes: str) -> str:
    return "".join(sorted(re.findall(r' [\w-]+="[^"]*"', attributes)))


def drawn_apart(page: Page) -> dict[str, tuple[str, str]]:
    """Return the texts whose two pages differ, by name: (whole, grown)."""
    both = page.evaluate(DRAWN_BOTH, len(CORPUS))
    return {
        name: (plain(whole), plain(grown))
        for name, (whole, grown) in zip(CORPUS, both, strict=True)
        if plain(whole) != plain(grown) or whole == "nothing"
    }


def test_a_difficult_text_that_grew_is_the_page_of_the_whole(chromium: Browser, serve) -> None:
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(serve(SCRIPT))
    expect(page.get_by_text("All drawn")).to_be_visible()
    for _ in range(50):  # formulas, colours and diagrams are drawn later
        if not (apart := drawn_apart(page)):
            break
        page.wait_for_timeout(200)
    page.close()
    assert apart == {}


# One letter at a time: what each moment shows is noted in the browser.
LETTERS = """
import time

import streamlit as st

from components.reply.answer_view import AnswerView

TEXT = {text!r}
view = AnswerView(st.container(key="answer"), "answer")
for end in range(1, len(TEXT) + 1):
    view.draw(TEXT[:end], over=end == len(TEXT))
    time.sleep(0.03)
st.write("All drawn")
"""
NOTE_ALL = """() => {
  window.seen = [];
  new MutationObserver(() => {
    const answer = document.querySelector(".clarifai-answer");
    if (answer) window.seen.push(answer.innerHTML);
  }).observe(document, { childList: true, subtree: true, characterData: true });
}"""
GROWS = (
    "Some words\n- an **item**\n- [a link](https://a.test/x)\n\nA `word` and\n\n---\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    "<details><summary>Why so</summary>Because **so**</details>\n\n"
    "<details open>\n<summary>\nAnd so</summary>\nThus\n</details>\n\nThe end ~~now~~.\n"
)


def test_nothing_is_drawn_as_what_it_turns_out_not_to_be(chromium: Browser, serve) -> None:
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(f"({NOTE_ALL})()")
    page.goto(serve(LETTERS.format(text=GROWS)))
    expect(page.get_by_text("All drawn")).to_be_visible()
    expect(page.get_by_role("cell", name="2")).to_be_visible()
    expect(page.locator(".clarifai-answer s")).to_have_text("now")

    seen = page.evaluate("window.seen")
    page.close()

    assert len(seen) > 20
    for html in seen:
        assert not re.search(
            r"<h\d|<code></code>|<li></li>|\*|`|\]\(|~~|<p[^>]*>\||&lt;|>Details<", html
        ), html


def test_finished_blocks_are_never_drawn_again(chromium: Browser, serve) -> None:
    paragraphs = "\n\n".join(f"Paragraph {number}, with words." for number in range(8))
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(serve(LETTERS.format(text=paragraphs)))
    first = page.locator(".clarifai-answer p").first
    expect(page.locator(".clarifai-answer p")).to_have_count(3)
    first.evaluate("element => { element.mark = 'the same' }")
    expect(page.get_by_text("All drawn")).to_be_visible()
    expect(page.locator(".clarifai-answer p")).to_have_count(8)

    assert first.evaluate("element => element.mark") == "the same"
    page.close()


# What is drawn beyond Markdown.
RICH = """
import streamlit as st

from components.reply.answer_view import AnswerView, draw_question
from components.state.bootstrap import bootstrap

bootstrap()
ANSWER = {text!r}
with st.container(key="long"):
    draw_question(st.container(), "long", "    indented\\n" + "a line\\n" * 500)
with st.container(key="short"):
    draw_question(st.container(), "short", "    **as typed** $x$")
for name in ("first", "second"):
    AnswerView(st.container(key=name), name).draw(ANSWER, over=True)
st.write("All drawn")
"""
ANSWER = r"""
Burning: $\ce{2H2 + O2 -> 2H2O}$, a formula $P(A|B)$ and one that is none: $\notacommand{$.
Signs that KaTeX's fonts lack: $\frac{5\,€}{3\,₽} < 速度 + 😀$.

\begin{align}
x &= 1
\end{align}

```python
print("a & b")  # a comment, long enough to be wider than any phone is: {{wide}}
```

```mermaid
flowchart LR
  Moon --> Tide
```

Twice a day.[^1] ![a cat](https://stranger.test/cat.png) <img src="https://stranger.test/x.png">

| a | b | c | d | e | f | g |
|---|---|---|---|---|---|---|
| words and words | words and words | words | words and words | words | words and words | words |

$$
\begin{bmatrix} 1 & 2 & 3 & 4 & 5 & 6 & 7 & 8 & 9 & 10 & 11 & 12 & 13 \end{bmatrix} \tag{7}
$$

يأتي المد مرتين.

| المدينة | المد |
|---|---|
| Aden | 04:12 |

[^1]: At new moon.
""".replace("{{wide}}", "wide " * 30)


# The number of a formula stands after it, also where it is wider than the page.
IS_BESIDE = """element => element.getBoundingClientRect().left >=
  element.previousElementSibling.getBoundingClientRect().right"""


@pytest.fixture(scope="module")
def rich(chromium: Browser, serve) -> Iterator[Page]:
    """A page with questions and two answers, on a phone."""
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.asked = []  # type: ignore[attr-defined]
    page.on("request", lambda request: page.asked.append(request.url))  # type: ignore[attr-defined]
    page.said = []  # type: ignore[attr-defined]
    page.on("console", lambda said: page.said.append(said.text))  # type: ignore[attr-defined]
    page.goto(serve(RICH.format(text=ANSWER)))
    expect(page.get_by_text("All drawn")).to_be_visible()
    expect(page.locator(".st-key-second .diagram svg")).to_be_visible()
    expect(page.locator(".st-key-second .katex").first).to_be_visible()
    yield page
    context.close()


def test_an_answer_has_what_markdown_cannot_give(rich: Page) -> None:
    answer = rich.locator(".st-key-first")

    # Formulas, also of chemistry; what is not TeX stays as written.
    expect(answer.locator(".katex")).to_have_count(5)
    assert not [text for text in rich.said if "character" in text]  # type: ignore[attr-defined]
    expect(answer.locator(".katex-error, [style*='#cc0000']")).to_have_count(0)
    expect(answer.get_by_text("$\\notacommand{$")).to_be_visible()
    assert answer.locator(".katex-html").first.inner_text().replace("\u200b", "").startswith("2")
    # Code has colours, its language and a button.
    expect(answer.locator(".hljs-comment")).to_be_visible()
    expect(answer.get_by_text("python", exact=True)).to_be_visible()
    answer.get_by_role("button", name="Copy code").first.click()
    expect(answer.get_by_text("Copied")).to_be_visible()
    copied = rich.evaluate("navigator.clipboard.readText()")
    assert copied.startswith('print("a & b")  # a comment')
    # Nothing is asked of strangers.
    assert not [url for url in rich.asked if "stranger" in url]  # type: ignore[attr-defined]
    link = answer.get_by_role("link", name="Image: a cat")
    expect(link).to_have_attribute("href", "https://stranger.test/cat.png")
    expect(link).to_have_attribute("target", "_blank")
    expect(answer.get_by_text('<img src="')).to_be_visible()
    # Each block runs in its own direction.
    arabic = answer.get_by_text("يأتي المد مرتين.")
    assert arabic.evaluate("element => getComputedStyle(element).direction") == "rtl"
    latin = answer.get_by_role("cell", name="Aden")
    assert latin.evaluate("element => getComputedStyle(element).textAlign") == "right"


def test_wide_things_scroll_inside_and_the_page_does_not(rich: Page) -> None:
    wider = "element => element.scrollWidth > element.clientWidth"
    assert rich.locator(".st-key-first .wide").first.evaluate(wider)
    number = rich.locator(".st-key-first .katex-tag").last
    until(lambda: number.evaluate(IS_BESIDE))
    assert rich.locator(".st-key-first pre > code").first.evaluate(wider)
    assert not rich.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not rich.get_by_test_id("stMain").evaluate(wider)


def test_each_answer_has_its_own_footnotes(rich: Page) -> None:
    ids = rich.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    notes = [each for each in ids if "note" in each]
    assert len(notes) == len(set(notes)) == 2
    mark = rich.locator(".st-key-second sup a")
    target = mark.get_attribute("href")
    expect(rich.locator(f".st-key-second [id='{(target or '')[1:]}']")).to_have_text("At new moon.")
    before = rich.url
    mark.click()
    assert rich.url == before


def test_a_question_is_drawn_as_typed_and_a_long_one_is_folded(rich: Page) -> None:
    expect(rich.locator(".st-key-short")).to_contain_text("    **as typed** $x$")
    long = rich.locator(".st-key-long")
    folded = long.bounding_box()
    assert folded
    assert folded["height"] < 400
    long.get_by_role("button", name="Show all").click()
    whole = long.bounding_box()
    assert whole
    assert whole["height"] > 5000
    long.get_by_role("button", name="Show less").click()
    until(lambda: (long.bounding_box() or whole)["height"] < 400)


def test_a_reload_fetches_none_of_our_files_again(rich: Page) -> None:
    files = {url for url in rich.asked if "/bidi-components/" in url}  # type: ignore[attr-defined]
    assert any(url.endswith("/answer.js") for url in files)
    for url in files:
        kept = httpx.get(url).headers["cache-control"]
        assert kept == "public, max-age=31536000, immutable"
    # The address says which version it is, so that what is kept is never an old one.
    other = re.sub(r"(?<=\.answer-)\w+", "00000000", files.pop())
    assert httpx.get(other).status_code == 404

    rich.reload()
    expect(rich.locator(".st-key-second .katex").first).to_be_visible()
    sizes = """performance.getEntriesByType("resource")
        .filter(({ name }) => name.includes("/bidi-components/"))
        .map(({ transferSize }) => transferSize)"""
    assert set(rich.evaluate(sizes)) == {0}
