"""A growing answer, drawn block by block, ends up as the same page as the whole text."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

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

from clarifai_chat.markdown.sanitize import safe
from components.reply.message_view import TextView
from tests.markdown_corpus import CORPUS

for number, text in enumerate(CORPUS.values()):
    with st.container(key=f"whole-{number}"):
        st.markdown(safe(text))
views = [TextView(st.container(key=f"grown-{number}")) for number in range(len(CORPUS))]
for end in range(0, max(map(len, CORPUS.values())) + 61, 61):
    for view, text in zip(views, CORPUS.values()):
        view.draw(text[:end], over=end >= len(text))
    time.sleep(0.02)
st.write("All drawn")
"""

# For each text the HTML of its elements, [whole, grown].
DRAWN_BOTH = """count => {
  const elements = name => [...document.querySelectorAll(
    `.st-key-${name} [data-testid=stMarkdownContainer]`)].map(element => element.innerHTML);
  return [...Array(count).keys()].map(n => [elements(`whole-${n}`), elements(`grown-${n}`)]);
}"""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Return the address of a Streamlit that serves the script."""
    (tmp_path / "page.py").write_text(SCRIPT)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
    log = tmp_path / "log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "page.py", *options],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=out,
            stderr=out,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: server.poll() is not None or is_up(f"{url}/_stcore/health"))
        assert server.poll() is None, log.read_text()
        yield url
    finally:
        server.terminate()
        server.wait()


def plain(elements: list[str]) -> str:
    """Return the joined HTML of the elements, without ids that are generated for each."""
    joined = re.sub(r"<svg.*?</svg>", "<svg>", " ".join(elements), flags=re.DOTALL)
    joined = re.sub(r"<\w+( [^<>]*)>", lambda m: m[0].replace(m[1], _in_order(m[1])), joined)
    joined = re.sub(r' (?:id|aria-labelledby|data-[a-z-]+|src)="[^"]*"', "", joined)
    return re.sub(r"\s*(<[^>]*>)\s*|\s+", lambda m: m[1] or " ", joined).strip()


def _in_order(attributes: str) -> str:
    return "".join(sorted(re.findall(r' [\w-]+="[^"]*"', attributes)))


def test_a_difficult_text_that_grew_is_the_page_of_the_whole(
    chromium: Browser, address: str
) -> None:
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    expect(page.get_by_text("All drawn")).to_be_visible()
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    for _ in range(50):  # KaTeX, code colours and diagrams are drawn later
        if not (apart := drawn_apart(page)):
            break
        page.wait_for_timeout(200)
    page.close()
    assert apart == {}


def drawn_apart(page: Page) -> dict[str, tuple[str, str]]:
    """Return the texts whose two pages differ, by name: (whole, grown)."""
    apart = {}
    for name, (whole, grown) in zip(CORPUS, page.evaluate(DRAWN_BOTH, len(CORPUS)), strict=True):
        if len(whole) != 1 or plain(grown) != plain(whole):
            apart[name] = (plain(whole), plain(grown))
    return apart
