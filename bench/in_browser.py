"""The same questions in real Chromium: what a person waits for, and what the browser pays.

Each measurement is one page of one app, so that a run can take the apps in turn. Times are taken
inside the page: from its own Enter key to a change of its own document.
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

# Notes when Enter was pressed, and when the first and the last word of an answer were on the page.
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
    """One answer as it came to the page, in seconds after Enter."""

    first_s: float
    whole_s: float
    lag_s: float  # from the provider's last word to its being on the page


@contextmanager
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        raise RuntimeError("The bench needs Chromium or Chrome on this machine.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


class Tab:
    """One visitor's page of one app. Use it in a `with`."""

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
        """Let the page finish what it does while nobody asks."""
        self.page.wait_for_timeout(1000)

    def _enter(self, prompt: str) -> answers.Wanted:
        wanted = answers.read(prompt)
        # A Streamlit chat takes the next question once its script has ended.
        self.page.wait_for_selector(f"{self.app.box}:enabled")
        self.page.fill(self.app.box, prompt)
        self.page.evaluate(
            "([begin, end]) => { window.bench = {begin, end}; }", [wanted.begin, wanted.end]
        )
        self.page.press(self.app.box, "Enter")
        return wanted

    def first_s(self, prompt: str) -> float:
        """Enter → first text, of a page that asks no provider."""
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
        """The same, and the bytes that came: of messages or of a body, before compression.

        Parts of the app that the browser loads on first use are not among them.
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
        self.page.wait_for_timeout(400)  # what follows the last word: its figures, the run's end
        channel.detach()
        return seen, float(received)

    def ask_paced(self, prompt: str) -> tuple[Seen, float, float]:
        """The same, and the seconds that the page's main thread and the server were busy."""
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
