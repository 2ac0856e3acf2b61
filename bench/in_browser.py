"""Ask the same questions in real Chromium: a person's waiting time, and the browser's work.

Each measurement uses one page of one app, so that a run can alternate between apps. Times are
taken inside the page: from its Enter key to a change of its document.
"""

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench import answers
from bench.apps import App, asked
from bench.processes import Process
from tests.browser import FLAGS, find_chromium

PATIENCE_MS = 120_000

# Records when Enter was pressed, and when an answer's first and last words were on the page.
WATCH = """
window.bench = {};
addEventListener("keydown", event => {
  if (event.key === "Enter") bench.enter = performance.now();
}, true);
new MutationObserver(() => {
  if (!bench.end || bench.last) return;
  const messages = document.querySelectorAll('MESSAGES');
  const text = messages.length ? messages[messages.length - 1].textContent : "";
  if (!bench.first && text.includes(bench.begin)) bench.first = performance.now();
  if (bench.first && text.slice(-1000).includes(bench.end)) {
    bench.last = performance.now();
    bench.lastAt = Date.now();
  }
}).observe(document, {subtree: true, childList: true, characterData: true});
"""


@dataclass
class Seen:
    """One answer on the page, in seconds after Enter."""

    first_s: float
    whole_s: float
    lag_s: float  # from sending the last word to showing it


@contextmanager
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        raise RuntimeError("The benchmark needs Chromium or Chrome on this machine.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


class Tab:
    """One visitor's page of one app. Use it as a context manager."""

    def __init__(self, browser: Browser, app: App, server: Process, provider: Process) -> None:
        self.app, self.server, self.provider = app, server, provider
        self._context: BrowserContext = browser.new_context(viewport={"width": 1280, "height": 800})
        self._context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self._context.new_page()
        self.page.add_init_script(WATCH.replace("MESSAGES", app.messages))
        self.page.goto(server.url + "/" + app.query, wait_until="commit")
        self.page.wait_for_selector(f"{app.box}:enabled", state="visible")
        self.usable_at = time.perf_counter()

    def settle(self) -> None:
        """Let the page finish its background work."""
        self.page.wait_for_timeout(1000)

    def _enter(self, prompt: str) -> answers.Wanted:
        wanted = answers.read(prompt)
        # A Streamlit chat accepts the next question when its script has ended.
        self.page.wait_for_selector(f"{self.app.box}:enabled")
        self.page.fill(self.app.box, prompt)
        self.page.evaluate(
            "([begin, end]) => { window.bench = {begin, end}; }", [wanted.begin, wanted.end]
        )
        self.page.press(self.app.box, "Enter")
        return wanted

    def first_s(self, prompt: str) -> float:
        """Return the seconds from Enter to the first text, on a page without a provider."""
        self._enter(prompt)
        self.page.wait_for_function("bench.first", polling=100)
        noted = self.page.evaluate("bench")
        return float(noted["first"] - noted["enter"]) / 1000

    def ask(self, prompt: str, *, look_every_ms: int = 100) -> Seen:
        wanted = self._enter(prompt)
        self.page.wait_for_function("bench.last", polling=look_every_ms)
        noted = self.page.evaluate("bench")
        last_ms = asked(self.provider, wanted.name)["last_ms"]
        return Seen(
            (noted["first"] - noted["enter"]) / 1000,
            (noted["last"] - noted["enter"]) / 1000,
            (noted["lastAt"] - last_ms) / 1000,
        )

    def ask_counted(self, prompt: str) -> tuple[Seen, float]:
        """Ask, and count the bytes received: of messages or a body, before compression.

        Excludes parts of the app that the browser loads on first use.
        """
        received = 0

        def on_frame(event: dict[str, Any]) -> None:
            nonlocal received
            data = event["response"]["payloadData"]
            received += (
                len(base64.b64decode(data)) if event["response"]["opcode"] == 2 else len(data)
            )

        def on_body(event: dict[str, Any]) -> None:
            nonlocal received
            received += event["dataLength"]

        channel = self._context.new_cdp_session(self.page)
        if self.app.is_streamlit:
            channel.on("Network.webSocketFrameReceived", on_frame)
        else:
            channel.on("Network.dataReceived", on_body)
        channel.send("Network.enable")
        seen = self.ask(prompt)
        self.page.wait_for_timeout(400)  # the figures and the run's end follow the last word
        channel.detach()
        return seen, float(received)

    def ask_paced(self, prompt: str) -> tuple[Seen, float, float]:
        """Ask, and return how many seconds the page's main thread and the server were busy."""
        channel = self._context.new_cdp_session(self.page)
        channel.send("Performance.enable")
        busy, cpu_s = _busy_s(channel), self.server.cpu_s()
        seen = self.ask(prompt, look_every_ms=500)
        self.page.wait_for_timeout(400)
        busy, cpu_s = _busy_s(channel) - busy, self.server.cpu_s() - cpu_s
        channel.detach()
        return seen, busy, cpu_s

    def __enter__(self) -> "Tab":
        return self

    def __exit__(self, *error: object) -> None:
        self._context.close()


def _busy_s(channel: Any) -> float:
    metrics = channel.send("Performance.getMetrics")["metrics"]
    return next(float(m["value"]) for m in metrics if m["name"] == "TaskDuration")
