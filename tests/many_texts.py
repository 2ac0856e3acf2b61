# ruff: noqa: E501, RUF001, T201 (texts as they come, one after another on a line; it prints)
"""Draw, search and export any number of generated texts: `python -m tests.many_texts 100000`.

A proxy is all that Chromium has of the network: it hands out our files and records every request
for another server. `--from` goes on where an earlier run ended; `--only browser` and `--only
exports` do one half.
"""

import argparse
import itertools
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from clarifai_chat.chat import chats
from clarifai_chat.history.store.searching import searched, words_of
from clarifai_chat.markdown.as_read import as_read
from clarifai_chat.markdown.rendered import rendered
from clarifai_chat.text import whole
from clarifai_chat.transfer.exports import to_html, to_json, to_markdown
from components.state.frontend import BUILT
from tests.browser import FLAGS, find_chromium
from tests.markdown_corpus import CORPUS
from tests.some_chats import turn
from tests.test_grammar import PIECES

PAGE = b"<!doctype html><meta charset=utf-8><link rel=icon href='data:,'><div id=all></div>"
BATCH = 100  # texts on a page, or in an export
HOME = "http://app.test"
MERMAID = Path(st.__file__).parent / "static/static/js"
TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}

# What could make a browser ask a stranger, run code, or confuse a parser.
STRANGE = [
    "![x](https://stranger.test/a.png)", "![x][r]\n\n[r]: https://stranger.test/b.png\n", "[![x](//stranger.test/c.png)](https://stranger.test)",
    '<img src="https://stranger.test/d.png">', '<img src=x onerror="fetch(\'https://stranger.test/e\')">', "<svg><image href=https://stranger.test/f.png></svg>",
    '<iframe src="https://stranger.test/g"></iframe>', "<style>@import url(https://stranger.test/h.css)</style>", '<link rel=stylesheet href="//stranger.test/i">',
    '<p style="background:url(https://stranger.test/j)">', "<video poster=//stranger.test/k autoplay>", "<script src=//stranger.test/l></script>", "<base href=//stranger.test>",
    '<meta http-equiv="refresh" content="0;url=https://stranger.test/m">', "<object data=//stranger.test/n>", "[x](javascript:fetch('//stranger.test/o'))", "<javascript:alert(1)>",
    "[x](data:text/html,<script>alert(1)</script>)", "\\includegraphics{https://stranger.test/p.png}", "\\href{https://stranger.test}{x}", "\\url{javascript:alert(1)}",
    "$\\htmlStyle{background:url(//stranger.test/q)}{x}$", "$\\includegraphics[height=1em]{https://stranger.test/r.png}$", "$\\href{javascript:alert(1)}{x}$", "$\\htmlClass{hljs}{x}$",
    "$\\def\\x{\\x\\x}\\x$", "$\\rule{9999em}{9999em}$", "$\\color{#cc0000}x$", "$x^{x^{x^{x}}}$", "$\\frac{1}{€}$", "$速度=5$", "$😀$", "$\\text{مرحبا}$", "$\\ce{H2O}$", "$\\ce{$", "$\\begin{matrix}a&b\\\\c$",
    "```html\n<img src=https://stranger.test/s.png>\n```\n", "```svg\n<svg onload=alert(1)>\n```\n", "```mermaid\n", "```constructor\nx\n```\n", "```__proto__\nx\n```\n", "```\"><img src=//stranger.test/t>\nx\n```\n",
    "[^__proto__]", "[^__proto__]: x\n", "[constructor]", "[__proto__]: https://a.test\n", "[^a b]", "&#x202e;", "\u202e", "\u2066", "&#0;", "&nbsp;", "&Tab;", "\ufdd0", "\x1c", "\x85", "\U000e0001", "e\u0301" * 9,
    "👨‍👩‍👧", "\u200d", "١٢٣", "مرحبا ", "שלום ", "漢字", "が", "한국어", "ﬁ", "Ǆ", "İ", "ß", "＄5", "€5", "£4 ", "¥3", "$5 or €4 or 3$",
    "> ", ">> ", "- - - ", "1. 1. 1. ", "| - |\n", "|:-:|\n", "\n|---|---|\n", "<details><summary>", "</summary>\n", "</details>", "<br/>", "https://a.test/?q=<b>&x=\"y\"", "www.a.test", "a@b.test", "mailto:x@y.test", "ftp://a.test",
]  # fmt: skip
DIAGRAMS = [
    "flowchart LR\n  A[<img src=https://stranger.test/u.png>] --> B", "graph TD\n  A --> B\n  click A href \"https://stranger.test/v\"",
    "%%{init: {\"themeCSS\": \"* {background:url(https://stranger.test/w)}\"}}%%\ngraph TD\n  A --> B", "sequenceDiagram\n  A->>B: <script>alert(1)</script>",
    "graph TD\n  A@{ img: \"https://stranger.test/y.png\", label: \"x\" }", "graph TD\n  A[\"$$x^2$$\"]", "no diagram", "pie\n  \"a\" : 1",
    "graph TD\n  style A fill:url(https://stranger.test/z)\n  A --> B", "%%{init: {\"securityLevel\": \"loose\"}}%%\ngraph TD\n  A --> B",
]  # fmt: skip
LETTERS = [chr(n) for n in (*range(0x20, 0x7F), 0xA0, 0xAD, 0x2028, 0x3000, 0xFE0F, 0x1F600)]


def generated(first: int, count: int) -> Iterator[str]:
    """Yield texts, always the same for the same numbers."""
    for number in range(first, first + count):
        choose = random.Random(number)  # noqa: S311 (no secret)
        kind = number % 10
        pieces = PIECES if kind < 4 else [*PIECES, *STRANGE, *STRANGE]
        if kind == 9:
            pieces = [*LETTERS, "\n", *PIECES]
        text = "".join(choose.choices(pieces, k=choose.randint(1, 30)))
        if kind == 8:  # a piece of a text as people write them, with something strange in it
            whole = choose.choice([*CORPUS.values()])
            start, at = choose.randrange(len(whole)), choose.randrange(600)
            part = whole[start : start + 600]
            text = part[:at] + choose.choice(STRANGE) + part[at:]
        if number % 100 == 50:
            text = f"```mermaid\n{choose.choice(DIAGRAMS)}\n```\n\n{text}"
        if number % 50 == 7:
            text += choose.choice(["\ud83d", "\ude00", "\x00", "\ud83d\ude00"])
        yield text


@dataclass
class Result:
    """What was done and found."""

    texts: int = 0
    requests: Counter[str] = field(default_factory=Counter)  # of our own files
    strangers: list[str] = field(default_factory=list)  # addresses that are not ours
    failures: list[str] = field(default_factory=list)


class _Proxy(ThreadingHTTPServer):
    """Serves our files under `HOME`, and records what is asked of anyone else."""

    daemon_threads = True

    def __init__(self, result: Result) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.result = result
        self.pages: dict[str, bytes] = {"/": PAGE}


class _Handler(BaseHTTPRequestHandler):
    server: _Proxy

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if f"{url.scheme}://{url.netloc}" != HOME:
            self._refuse()
            return
        self.server.result.requests[url.path] += 1
        body = self.server.pages.get(url.path) or _file(url.path)
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Type", TYPES.get(Path(url.path).suffix, "text/html"))
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def _refuse(self) -> None:
        self.server.result.strangers.append(f"{self.command} {self.path}")
        self.send_error(403)

    do_POST = do_HEAD = do_PUT = do_OPTIONS = do_CONNECT = _refuse

    def log_message(self, *_: object) -> None:
        pass


def _file(path: str) -> bytes | None:
    root, name = (MERMAID, path[9:]) if path.startswith("/mermaid/") else (BUILT, path[1:])
    file = root / name
    return file.read_bytes() if file.is_file() else None


# Half of the texts grow, in pieces of any size, as answers do.
DRAW = """async ({ texts, first, mermaid }) => {
  const { default: mount } = await import("/answer/answer.js");
  const all = document.getElementById("all");
  const failures = [];
  texts.forEach((text, index) => {
    const number = first + index;
    const parentElement = document.createElement("section");
    all.append(parentElement);
    try {
      const show = (data) =>
        mount({ data: { id: `answer:${number}`, diagrams: mermaid, ...data }, parentElement });
      if (number % 2) show({ at: 0, text, over: true });
      else {
        const cuts = [1, 2, 3].map((n) => Math.floor((text.length * n) / 3));
        let at = 0;
        for (const cut of cuts) {
          for (const end of [Math.floor((at + cut) / 2), cut]) {
            if (end > at) show({ at, text: text.slice(at, end), run: 1, over: end === text.length });
          }
          at = cut;
        }
        show({ at: 0, text, over: true });
      }
      mount({ data: { id: `asked:${number}`, at: 0, text, typed: true }, parentElement });
      if (text.trim() && !parentElement.querySelector(".clarifai-answer")) throw Error("not drawn");
    } catch (fault) {
      failures.push([number, String(fault?.stack ?? fault)]);
    }
  });
  // Formulas and diagrams come later.
  for (let calm = 0; calm < 3; ) {
    const before = all.innerHTML.length;
    await new Promise((done) => setTimeout(done, 30));
    calm = all.innerHTML.length === before ? calm + 1 : 0;
  }
  const red = all.querySelectorAll(".katex-error, [style*='#cc0000']:not([data-source] *)").length;
  if (red) failures.push([first, `${red} formulas are red`]);
  const live = "img, iframe, script, link, object, embed, video, audio, base, meta, style, form";
  for (const node of all.querySelectorAll(live)) {
    if (!node.closest(".diagram")) failures.push([first, `there is ${node.outerHTML.slice(0, 200)}`]);
  }
  for (const [index, section] of [...all.children].entries()) {
    if (section.scrollWidth > innerWidth) {
      failures.push([first + index, `${section.scrollWidth} px wide`]);
    }
  }
  const html = [...all.children].map((each) => each.querySelector(".clarifai-answer")?.innerHTML ?? "");
  all.replaceChildren();
  document.querySelectorAll("body > :not(#all)").forEach((node) => node.remove());
  return { failures, size: html.join("").length };
}"""

# Mermaid and KaTeX take their time to load.
LOAD = """async (address) => {
  const { default: mount } = await import("/answer/answer.js");
  const text = "$x$\\n\\n```mermaid\\ngraph TD\\n  A --> B\\n```";
  const parentElement = document.getElementById("all");
  mount({ data: { id: "first", at: 0, text, over: true, diagrams: address }, parentElement });
  while (!document.querySelector(".katex") || !document.querySelector(".diagram svg")) {
    await new Promise((done) => setTimeout(done, 30));
  }
  parentElement.replaceChildren();
}"""


@contextmanager
def opened(browser: Browser, result: Result) -> Iterator[tuple[Page, _Proxy]]:
    """Open a page whose only network is the proxy; what fails in it becomes a failure."""
    proxy = _Proxy(result)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    server = f"http://127.0.0.1:{proxy.server_port}"
    context = browser.new_context(
        proxy={"server": server, "bypass": "<-loopback>"}, viewport={"width": 390, "height": 800}
    )
    page = context.new_page()
    page.on("pageerror", lambda error: result.failures.append(f"on the page: {error}"))
    page.on("console", lambda said: _listen(said, result))
    page.on("dialog", lambda dialog: (result.failures.append("a dialog"), dialog.dismiss()))
    page.goto(f"{HOME}/")
    yield page, proxy
    context.close()
    proxy.shutdown()
    proxy.server_close()


def _listen(said: ConsoleMessage, result: Result) -> None:
    is_kept_back = "Content Security Policy" in said.text  # a picture that a diagram names
    if said.type in ("error", "warning") and not is_kept_back:
        result.failures.append(f"in the console: {said.text}")


def draw(browser: Browser, result: Result, texts: Sequence[str], first: int) -> None:
    """Draw texts as answers and as questions in a browser, and open an export of them."""
    drawable = [*map(whole, texts)]
    address = f"/mermaid/{next(MERMAID.glob('mermaid.core.*.js')).name}"
    with opened(browser, result) as (page, proxy):
        page.evaluate(LOAD, address)
        for at in range(0, len(texts), BATCH):
            some = drawable[at : at + BATCH]
            told: dict[str, Any] = page.evaluate(
                DRAW, {"texts": some, "first": first + at, "mermaid": address}
            )
            result.failures += [f"{number}: {fault}" for number, fault in told["failures"]]
            result.texts += len(some)
        export = to_html([a_chat(texts[:BATCH])], secret="")
        # Without its policy, which would hide what it asks for.
        proxy.pages["/export"] = export.replace("Content-Security-Policy", "x").encode()
        page.goto(f"{HOME}/export")


def a_chat(texts: Sequence[str]) -> Any:
    """Return a conversation with the texts in every field that has words from outside."""
    chat = chats.new_chat()
    for number, text in enumerate(texts):
        other = texts[number - 1]
        reply = {"role": "assistant", "content": text, "reasoning_content": other}
        if number % 5 == 0:
            reply["sources"] = [{"url": other, "title": text}]
            call = {"id": "c", "type": "function", "function": {"name": other, "arguments": text}}
            reply["tool_calls"] = [call]
        made = turn(other, text, replies=[reply])
        chats.add(chat, made, chat["turns"][-1] if chat["turns"] else None)
    chat["title"] = texts[0]
    return chat


def export(result: Result, texts: Sequence[str], first: int) -> None:
    """Export texts in every way, copy them, and read them for searches."""
    for at in range(0, len(texts), BATCH):
        some = texts[at : at + BATCH]
        chat = a_chat(some)
        try:
            to_html([chat], secret="no such token")
            to_markdown([chat], secret="no such token")
            json.loads(to_json([chat], secret="no such token"))
            for each in chat["turns"]:
                searched(words_of(each, as_read))
            for text in some:
                rendered(text, str, top=1)
        except Exception as error:  # noqa: BLE001 - each is noted
            result.failures.append(f"{first + at}: {type(error).__name__}: {error}")
        result.texts += len(some)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("count", type=int)
    options.add_argument("--from", dest="first", type=int, default=0)
    options.add_argument("--only", choices=["browser", "exports"])
    asked = options.parse_args()
    drawn, written, began = Result(), Result(), time.monotonic()
    numbers = range(asked.first, asked.first + asked.count, BATCH * 10)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        for first in numbers:
            count = min(BATCH * 10, asked.first + asked.count - first)
            texts = list(generated(first, count))
            if asked.only != "exports":
                draw(browser, drawn, texts, first)
            if asked.only != "browser":
                export(written, texts, first)
            seconds = time.monotonic() - began
            print(f"{first + count:,} after {seconds:.0f} s", file=sys.stderr, flush=True)
        browser.close()
    failures = [*drawn.failures, *written.failures]
    print(
        f"{drawn.texts:,} texts drawn, {written.texts:,} exported, copied and read;"
        f" {sum(drawn.requests.values()):,} requests for our files,"
        f" {len(drawn.strangers)} for others; {len(failures)} failures."
    )
    for told in itertools.islice([*drawn.strangers, *failures], 50):
        print(told.encode("utf-8", "backslashreplace").decode()[:600])
    return bool(drawn.strangers or failures)


if __name__ == "__main__":
    sys.exit(main())
