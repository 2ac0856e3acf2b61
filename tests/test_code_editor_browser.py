"""The editor in a browser, under the server's own policy: typing, marks, page changes."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, WebSocketRoute, expect

from components.playground.code_editor import AROUND_PX
from tests.browser import ROOT, Regular, free_port, is_up
from tests.patience import PATIENCE_S, until

pytestmark = pytest.mark.browser

SERVE = """
import os, sys

sys.path.insert(0, os.getcwd())
import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from components.state.bootstrap import bootstrap
from server import SecurityHeaders

bootstrap()
app = st.App(sys.argv[1], middleware=[Middleware(SecurityHeaders)])
uvicorn.run(app, port=int(sys.argv[2]), log_level="warning")
"""
PAGE = """
import json, time
import streamlit as st
from components.playground import code_editor
from components.state.draft import new_draft

KEY = "editor"
state = st.session_state
if "draft" not in state:
    state.draft = new_draft('{\\n  "name": "weather"\\n}')
    state.runs = state.heard = 0
state.runs += 1
draft = state.draft

def heard():
    state.heard += 1

def marks(text):
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        place = {"from_line": error.lineno, "from_column": error.colno}
        place |= {"to_line": error.lineno, "to_column": error.colno + 1}
        return [place | {"level": "error", "message": "From the server: " + error.msg}]
    at = text.find("weather")
    if at < 0:
        return []
    line, column = text.count("\\n", 0, at) + 1, at - text.rfind("\\n", 0, at)
    place = {"from_line": line, "from_column": column, "to_line": line, "to_column": column + 7}
    return [place | {"level": "warning", "message": "From the server: say which weather"}]

def rename():
    old = code_editor.latest(draft, KEY)
    code_editor.replace(draft, old.replace("weather", "forecast"))

long = json.dumps(list(range(20_000)), indent=1)

st.page_link("pages/other.py", label="Other page")
st.button("Rename", on_click=rename)
st.button("Long", on_click=lambda: code_editor.replace(draft, long))
st.toggle("Slow", key="slow")
st.text_input("Elsewhere")
code_editor.show(draft, key=KEY, label="Tools as JSON", marks=marks(draft["text"]), on_change=heard)
st.code(draft["text"][-500:], language=None)
st.caption(f"Run {state.runs}. Heard {state.heard}. Characters {len(draft['text'])}.")
if state.slow:
    time.sleep(1.5)  # uninterrupted, so that what arrives during it is handled in one run
st.caption(f"Done with run {state.runs}.")
"""
OTHER = """
import streamlit as st
st.title("The other page")
from components.playground import code_editor
draft = st.session_state.draft
st.button("Empty", on_click=lambda: code_editor.replace(draft, ""))
st.code(draft["text"][-500:], language=None)
st.page_link("app.py", label="Back")
"""


@pytest.fixture(scope="session")
def tiny_app(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[str]:
    """Serve a page with little but the editor; return its address."""
    folder = tmp_path_factory.mktemp("editor")
    (folder / "pages").mkdir()
    (folder / "app.py").write_text(PAGE)
    (folder / "pages" / "other.py").write_text(OTHER)
    (folder / "serve.py").write_text(SERVE)
    port = free_port()
    command = [sys.executable, str(folder / "serve.py"), str(folder / "app.py"), str(port)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    url = f"http://localhost:{port}"
    until(lambda: process.poll() is not None or is_up(f"{url}/_stcore/health"))
    assert process.poll() is None, (folder / "log").read_text()
    policy = httpx.get(f"{url}/_stcore/health").headers["content-security-policy"]
    assert "script-src 'self'" in policy
    yield url
    process.terminate()
    process.wait(15)


class Wire:
    """The traffic between the page and Python: counted, and held back when a test wants that."""

    def __init__(self, page: Page) -> None:
        self.received: list[int] = []
        self._held: list[Callable[[], None]] | None = None
        page.route_web_socket("**/_stcore/stream", self._between)

    def _between(self, page: WebSocketRoute) -> None:
        server = page.connect_to_server()
        page.on_message(lambda message: self._pass(lambda: server.send(message)))

        def receive(message: str | bytes) -> None:
            self.received.append(len(message))
            page.send(message)

        server.on_message(receive)

    def _pass(self, send: Callable[[], None]) -> None:
        if self._held is None:
            send()
        else:
            self._held.append(send)

    @property
    def holds_something(self) -> bool:
        return bool(self._held)

    def hold(self) -> None:
        """Hold back what the page sends, like a slow connection."""
        self._held = []

    def let_go(self) -> None:
        held, self._held = self._held or [], None
        for send in held:
            send()


class Visitor:
    """The page with the editor."""

    def __init__(self, page: Page, url: str, script: str = "") -> None:
        self.page = page
        page.add_init_script(script)
        self.wire = Wire(page)
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)
        self.page.on("request", self._see)
        self._url = url.partition("?")[0]
        self.page.goto(url)
        expect(self.box if script else self.editor).to_be_visible()

    def _hear(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _see(self, request: Any) -> None:
        if not request.url.startswith((self._url, "blob:", "data:")):
            self.complaints.append(f"It asked for {request.url}")

    @property
    def box(self) -> Locator:
        """Return the element with the text, in either editor."""
        return self.page.get_by_role("textbox", name="Tools as JSON")

    @property
    def editor(self) -> Locator:
        return self.page.locator(".cm-content")

    def python_has(self, text: str) -> None:
        expect(self.page.get_by_test_id("stCode")).to_have_text(text, use_inner_text=True)

    def go_to_end(self) -> None:
        self.box.click()
        self.page.keyboard.press("Control+End")

    def until_held(self) -> None:
        """Wait until something that the page has sent is held back."""
        for _ in range(PATIENCE_S * 50):
            if self.wire.holds_something:
                return
            self.page.wait_for_timeout(20)  # lets messages of the page arrive
        pytest.fail("The page sent nothing.")

    def rest(self) -> None:
        """Wait until Python has answered and no run is in progress."""
        expect(self.page.get_by_text(re.compile(r"^Done with run"))).to_be_visible()
        expect(self.page.get_by_test_id("stStatusWidget")).to_have_count(0)


@pytest.fixture
def visit(chromium: Browser, regular: Regular, tiny_app: str) -> Iterator[Callable[..., Visitor]]:
    visitors: list[Visitor] = []
    contexts: list[BrowserContext] = []

    def open_page(*, script: str = "", is_timeless: bool = False, **options: Any) -> Visitor:
        """Open the page; `is_timeless`: a test stops its clock, which is that of its context."""
        options = {"viewport": {"width": 900, "height": 900}, **options}
        if not is_timeless:
            page = regular.open(**options)
        else:
            contexts.append(chromium.new_context(**options))
            page = contexts[-1].new_page()
        visitors.append(Visitor(page, tiny_app, script))
        return visitors[-1]

    yield open_page
    for visitor in visitors:
        assert not visitor.complaints
    for context in contexts:
        context.close()


START = '{\n  "name": "weather"\n}'


def test_what_is_typed_reaches_python_after_a_pause(visit):
    visitor = visit(is_timeless=True)
    visitor.go_to_end()
    visitor.page.clock.install()  # no timer runs from here on

    visitor.page.keyboard.type(" rc")  # keys that Streamlit has shortcuts on
    visitor.page.clock.resume()

    visitor.python_has(START + " rc")
    expect(visitor.page.get_by_text("Run 2. Heard 1.")).to_be_visible()
    expect(visitor.page.get_by_role("dialog")).to_have_count(0)


def test_broken_json_is_marked_at_once_and_then_in_the_servers_words(visit):
    visitor = visit()
    expect(visitor.page.locator(".cm-lint-marker-warning")).to_have_count(1)
    visitor.wire.hold()
    visitor.box.get_by_text("name").click()
    visitor.page.keyboard.press("End")

    visitor.page.keyboard.type(",")

    mark = visitor.page.locator(".cm-lint-marker-error")
    expect(mark).to_have_count(1)
    assert abs(top(mark) - top(visitor.editor.locator(".cm-line").nth(2))) < 12
    mark.hover()
    expect(visitor.page.get_by_text("it breaks off here")).to_be_visible()
    visitor.page.mouse.move(0, 0)

    visitor.wire.let_go()
    visitor.python_has(START.replace("\n}", ",\n}"))
    expect(mark).to_have_count(1)
    mark.hover()
    expect(visitor.page.get_by_text("From the server: Expecting property name")).to_be_visible()
    expect(visitor.page.get_by_text("it breaks off here")).to_have_count(0)


def top(place: Locator) -> float:
    found = place.bounding_box()
    assert found
    return found["y"]


def test_a_mark_moves_with_its_text(visit):
    visitor = visit()
    visitor.wire.hold()
    visitor.box.click()
    visitor.page.keyboard.press("Control+Home")

    visitor.page.keyboard.press("Enter")

    expect(visitor.editor.locator(".cm-line").nth(2).locator(".cm-lintRange-warning")).to_have_text(
        "weather"
    )
    visitor.wire.let_go()
    visitor.python_has("\n" + START)


def test_runs_in_the_middle_of_typing_lose_nothing(visit):
    visitor = visit()
    visitor.page.get_by_text("Slow").click()
    visitor.go_to_end()
    words = " ".join(f"word{n}" for n in range(30))

    for word in words.split(" "):
        visitor.page.keyboard.type(word + " ", delay=15)
        visitor.page.wait_for_timeout(100 if len(word) < 6 else 450)  # some pauses are long enough

    visitor.python_has(START + words + " ")
    assert visitor.box.inner_text() == START + words + " "


def test_older_text_from_python_does_not_replace_newer(visit):
    visitor = visit()
    visitor.go_to_end()
    visitor.wire.hold()
    visitor.page.keyboard.type("old")
    visitor.until_held()
    visitor.page.keyboard.type("er")

    visitor.wire.let_go()  # the answer to "old" arrives before "er" is sent

    visitor.python_has(START + "older")
    assert visitor.box.inner_text() == START + "older"
    visitor.page.keyboard.type("!")
    visitor.python_has(START + "older!")


def test_a_change_by_the_app_keeps_what_was_just_typed_and_can_be_undone(visit):
    visitor = visit()
    visitor.page.get_by_text("Slow").click()
    visitor.go_to_end()
    visitor.page.keyboard.type("x", delay=600)  # a slow run begins
    visitor.page.keyboard.type("yz")

    visitor.page.get_by_role(
        "button", name="Rename"
    ).click()  # both wait, and are handled in one run

    visitor.python_has(START.replace("weather", "forecast") + "xyz")
    expect(visitor.box).to_have_text(
        START.replace("weather", "forecast") + "xyz", use_inner_text=True
    )
    visitor.box.press("Control+z")
    visitor.python_has(START + "xyz")


def leave(visitor: Visitor) -> None:
    visitor.page.get_by_role("link", name="Other page").click(delay=60)  # as long as a hand takes
    expect(visitor.page.get_by_role("heading", name="The other page")).to_be_visible()


def come_back(visitor: Visitor) -> None:
    visitor.page.get_by_role("link", name="Back").click()
    expect(visitor.editor).to_be_visible()


def test_a_page_change_right_after_typing_keeps_the_text(visit):
    visitor = visit()
    visitor.go_to_end()
    visitor.page.keyboard.type("last words")

    leave(visitor)

    visitor.python_has(START + "last words")
    come_back(visitor)
    expect(visitor.editor).to_have_text(START + "last words", use_inner_text=True)


def test_a_page_change_that_overtakes_the_text_restores_it_on_return(visit):
    visitor = visit()
    visitor.page.get_by_text("Slow").click()
    visitor.go_to_end()
    visitor.page.keyboard.type("x", delay=600)  # a slow run begins
    visitor.page.keyboard.type("last words")

    leave(visitor)
    come_back(visitor)

    visitor.python_has(START + "xlast words")
    expect(visitor.editor).to_have_text(START + "xlast words", use_inner_text=True)


def test_the_browsers_back_button_right_after_typing_keeps_the_text(visit):
    visitor = visit()
    leave(visitor)
    come_back(visitor)
    visitor.go_to_end()
    visitor.page.keyboard.type("last words")

    visitor.page.go_back()

    expect(visitor.page.get_by_role("heading", name="The other page")).to_be_visible()
    come_back(visitor)
    visitor.python_has(START + "last words")
    expect(visitor.editor).to_have_text(START + "last words", use_inner_text=True)


def test_what_the_app_changed_meanwhile_wins_over_what_was_parked(visit):
    visitor = visit()
    leave(visitor)
    come_back(visitor)
    visitor.go_to_end()
    visitor.page.keyboard.type("last words")
    visitor.page.go_back()
    visitor.page.get_by_role("button", name="Empty").click()

    come_back(visitor)

    visitor.python_has("")
    expect(visitor.editor).to_have_text("")


def test_keys(visit):
    visitor = visit()
    visitor.wire.hold()
    visitor.go_to_end()
    visitor.page.keyboard.press("Control+]")
    expect(visitor.box).to_have_text(START.replace("\n}", "\n  }"), use_inner_text=True)
    visitor.page.keyboard.press("Control+[")
    visitor.page.keyboard.type(' {"a')  # brackets and quotes close themselves
    expect(visitor.box).to_have_text(START + ' {"a"}', use_inner_text=True)
    visitor.wire.let_go()
    # The server's mark has replaced the editor's own and the one for the earlier text.
    visitor.python_has(START + ' {"a"}')
    expect(visitor.page.locator(".cm-lint-marker-error")).to_have_count(1)
    expect(visitor.page.locator(".cm-lint-marker-warning")).to_have_count(0)

    visitor.page.keyboard.press("Control+f")
    expect(visitor.page.get_by_role("textbox", name="Find")).to_be_focused()
    visitor.page.keyboard.press("Escape")
    expect(visitor.editor).to_be_focused()

    visitor.page.keyboard.press("Control+Home")
    visitor.page.keyboard.press("F8")
    expect(visitor.page.locator(".cm-tooltip .cm-diagnostic")).to_be_visible()
    visitor.page.keyboard.press("Control+Shift+KeyM")
    expect(visitor.page.locator(".cm-panel-lint .cm-diagnostic")).to_be_visible()
    visitor.page.keyboard.press("Escape")
    expect(visitor.editor).to_be_focused()

    visitor.page.keyboard.press("Control+Home")
    visitor.page.keyboard.press("Control+Shift+BracketLeft")
    expect(visitor.page.locator(".cm-foldPlaceholder")).to_have_count(1)
    visitor.page.keyboard.press("Shift+Tab")
    expect(visitor.page.get_by_role("textbox", name="Elsewhere")).to_be_focused()
    visitor.page.keyboard.press("Tab")
    for _ in range(3):  # fold markers are a button or two on the way; nothing traps the focus
        visitor.page.keyboard.press("Tab")
    expect(visitor.editor).not_to_be_focused()


def test_control_enter_sends_without_a_pause(visit):
    visitor = visit(is_timeless=True)
    visitor.go_to_end()
    visitor.page.clock.install()  # no timer runs from here on
    visitor.page.keyboard.type("x")

    visitor.page.keyboard.press("Control+Enter")

    visitor.page.clock.resume()
    visitor.python_has(START + "x")


@pytest.mark.parametrize(
    "fault", ["Promise.resolve(() => { throw Error('too old') })", "new Promise(() => {})"]
)
def test_a_text_box_works_the_same_if_codemirror_cannot_run(visit, fault):
    visitor = visit(script=f"clarifaiChatEditor = {{promise: {fault}, resolve() {{}}}}")
    expect(visitor.box).to_have_value(START)
    visitor.box.click()
    visitor.page.keyboard.press("Control+End")

    visitor.page.keyboard.type(" rc")

    visitor.python_has(START + " rc")
    visitor.page.get_by_role("button", name="Rename").click()
    visitor.python_has(START.replace("weather", "forecast") + " rc")
    expect(visitor.box).to_have_value(START.replace("weather", "forecast") + " rc")
    assert visitor.editor.count() == 0
    visitor.complaints = [said for said in visitor.complaints if "too old" not in said]


def test_a_long_text_stays_usable_and_scrolls_inside(visit):
    visitor = visit()
    visitor.page.get_by_role("button", name="Long").click()
    expect(visitor.page.get_by_text("Characters 1")).to_be_visible()
    size = visitor.page.locator(".cm-editor").bounding_box()
    assert size
    assert size["height"] == 900 - AROUND_PX

    visitor.go_to_end()
    visitor.page.keyboard.type("the end")

    expect(visitor.page.get_by_test_id("stCode")).to_contain_text("19999\n]the end")
    expect(visitor.page.locator(".cm-lint-marker-error")).to_have_count(1)


def test_its_code_is_sent_once(visit):
    visitor = visit()
    visitor.rest()
    assert len([size for size in visitor.wire.received if size > 100_000]) == 1
    visitor.wire.received.clear()

    visitor.go_to_end()
    visitor.page.keyboard.type("x")
    visitor.python_has(START + "x")

    assert 0 < sum(visitor.wire.received) < 15_000


CONTRASTS = """
() => {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const shown = (...layers) => {
    for (const layer of layers) { pen.fillStyle = layer; pen.fillRect(0, 0, 1, 1); }
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (color) => {
    const [r, g, b] = color.map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const root = document.querySelector("[data-testid=stBidiComponentIsolated]").shadowRoot;
  const box = getComputedStyle(root.querySelector(".box")).backgroundColor;
  const active = getComputedStyle(root.querySelector(".cm-activeLine")).backgroundColor;
  const line = root.querySelector(".cm-line");
  const selected = getComputedStyle(line, "::selection").backgroundColor;
  const recolours = root.adoptedStyleSheets.flatMap((sheet) => [...sheet.cssRules])
    .some((rule) => rule.selectorText?.endsWith("::selection") && rule.style.color);
  const found = {};
  for (const part of root.querySelectorAll(".cm-line span, .cm-line, .cm-gutterElement")) {
    const { color } = getComputedStyle(part);
    found[part.textContent] = ratio(shown(box, active, color), shown(box, active));
    const chosen = recolours ? getComputedStyle(part, "::selection").color : color;
    found[part.textContent + " selected"] = ratio(shown(chosen), shown(box, selected));
  }
  return { found, selection: ratio(shown(box, selected), shown(box)) };
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_themes_can_be_read(visit, scheme):
    visitor = visit(color_scheme=scheme)
    visitor.box.click()
    visitor.page.keyboard.press("Control+Home")
    visitor.page.keyboard.type('[1, true, null, "text"]')
    visitor.python_has('[1, true, null, "text"]' + START)

    contrasts = visitor.page.evaluate(CONTRASTS)

    assert len(contrasts["found"]) > 10
    assert {what: ratio for what, ratio in contrasts["found"].items() if ratio < 4.5} == {}
    assert contrasts["selection"] > 1.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_breaks_no_rule_of_accessibility(visit, scheme):
    visitor = visit(color_scheme=scheme)
    visitor.box.click()
    visitor.page.keyboard.press("Control+f")
    visitor.page.keyboard.type("weather")
    expect(visitor.page.locator(".cm-searchMatch")).to_have_count(1)

    found = Axe().run(visitor.page, context=".stBidiComponent").response["violations"]

    assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found] == []


def test_the_editor_fits_a_narrow_screen(visit):
    visitor = visit(viewport={"width": 390, "height": 800})
    visitor.box.click()
    visitor.page.keyboard.press("Control+f")
    assert visitor.page.evaluate("document.documentElement.scrollWidth") == 390
    assert visitor.page.locator(".cm-scroller").evaluate("e => e.scrollWidth - e.clientWidth") == 0
