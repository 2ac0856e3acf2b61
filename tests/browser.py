"""A real server, a loopback Clarifai and real Chromium, for the few things only they can show."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect, sync_playwright

from tests.canary import CANARY
from tests.fake_clarifai import FakeClarifai
from tests.patience import PATIENCE_S, until

ROOT = Path(__file__).parent.parent
FLAGS = (
    "--no-sandbox",  # containers have no user namespaces for it; every page here is our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = PATIENCE_S * 1000
# For loopback. `httpx.get` reads all certificates each time, for longer than most answers take.
PLAIN = httpx.Client(
    verify=False,  # noqa: S501
    trust_env=False,
    timeout=PATIENCE_S,
    limits=httpx.Limits(max_keepalive_connections=0),
)
expect.set_options(timeout=PATIENCE_MS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_up(url: str) -> bool:
    try:
        return PLAIN.get(url).status_code == 200
    except httpx.TransportError:
        return False


class App:
    """The app as a stranger runs it: a process of its own, with an environment of its own."""

    mcp_port = 0  # of the MCP server that it may ask

    def __init__(self, log: Path, *, port: int = 0, **environ: str) -> None:
        port = port or free_port()
        self.url = f"http://localhost:{port}"
        self.log = log
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR")}
        self._environ = {
            **kept,
            "PORT": str(port),
            "DRAIN_S": "1",  # what a test leaves running ends with the app
            "DATABASE_URL": f"sqlite:///{log.parent / 'history.db'}",
            **environ,
        }
        self.start()

    def start(self) -> None:
        """Start it, or start it again: at the same port, with the same database."""
        with self.log.open("a") as out:
            self.process = subprocess.Popen(
                [sys.executable, "server.py"], cwd=ROOT, env=self._environ, stdout=out, stderr=out
            )
        until(lambda: self.process.poll() is not None or is_up(f"{self.url}/healthz"))
        if self.process.poll() is not None:
            pytest.fail(f"The server ended: {self.log.read_text()}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def listed(page: Page | FrameLocator) -> Locator:
    """Return the conversations in the list."""
    return page.get_by_role("navigation", name="Conversations").locator("button.open")


def enter_token(page: Page, pat: str, name: str) -> None:
    """Enter a token, wait until it is known whose it is, and close the popover."""
    page.locator(".st-key-access button").first.click()
    opened = page.get_by_test_id("stPopoverBody")
    opened.get_by_role("textbox", name="Clarifai access token (PAT)").fill(pat)
    opened.get_by_role("button", name="Verify").click()
    expect(opened.get_by_text(f"of {name}").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(opened).to_have_count(0)


def settled(page: Page) -> None:
    """Wait until no run is under way and nothing fades any more."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_function("document.getAnimations().every(a => a.playState !== 'running')")


BACKGROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
# Off unless asked for: clickable things are at least 24 px high and wide, or apart from others.
# What passes is not described: that takes as long as the search.
ALL_RULES = {"rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}
# All that a theme changes.
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]}
# Streamlit's own: what floats is outside of the landmarks, and its place for files has two roles.
# The editor's text is editable, so it can take the focus; axe does not count that.
NOT_OURS = ("stFloatingOverlayPortal", "stFileUploaderDropzone", "cm-scroller")


def problems(page: Page, *widths: int) -> list[tuple[str, int, str, str, str]]:
    """Return the accessibility problems of a page at rest, in both themes, at each width in px."""
    found = []
    white, night = "rgb(255, 255, 255)", "rgb(16, 19, 31)"
    for scheme, background, rules in (("light", white, ALL_RULES), ("dark", night, COLOURS)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_function(f"{BACKGROUND} === '{background}'")
        for width in widths or (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            settled(page)
            page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")  # nothing covered
            found += [
                (scheme, width, fault["id"], node["html"][:200], node["failureSummary"])
                for fault in Axe().run(page, options=rules).response["violations"]
                for node in fault["nodes"]
                if not any(name in node["html"] for name in NOT_OURS)
            ]
    return found


def find_chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    mac = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    return found or (str(mac) if mac.exists() else None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip("Chromium is not installed (any of chromium, google-chrome)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Regular:
    """The window of a visitor who comes again: the browser keeps the files that it has loaded.

    That saves a second a visit. Nothing else is kept: cookies and storage are empty each time.
    """

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.context = browser.browser_type.launch_persistent_context(
            folder, executable_path=find_chromium(), args=list(FLAGS)
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self._blank = self.context.pages[0]
        self._origins: set[str] = set()
        self.is_free = True

    def open(self, *, viewport: Any = None, color_scheme: Any = "light") -> Page:
        self.is_free = False
        page = self.context.new_page()
        page.on("framenavigated", lambda frame: self._origins.add(origin_of(frame.url)))
        page.set_viewport_size(viewport or {"width": 1280, "height": 800})
        page.emulate_media(color_scheme=color_scheme)
        return page

    def leave(self) -> None:
        """Close all pages and forget all but the files."""
        for page in self.context.pages:
            if page is not self._blank:
                page.close()
        self.context.unroute_all()
        self.context.clear_cookies()
        self.context.clear_permissions()
        session = self.context.new_cdp_session(self._blank)
        while self._origins:
            origin = {"origin": self._origins.pop(), "storageTypes": "all"}
            session.send("Storage.clearDataForOrigin", origin)
        session.detach()
        self.is_free = True


@pytest.fixture(scope="session")
def a_window(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Regular]:
    regular = Regular(chromium, tmp_path_factory.mktemp("browser"))
    yield regular
    regular.context.close()


@pytest.fixture
def regular(a_window: Regular) -> Iterator[Regular]:
    yield a_window
    a_window.leave()


@pytest.fixture(scope="session")
def one_clarifai() -> Iterator[FakeClarifai]:
    with FakeClarifai(pause_s=1 / 100) as fake:
        fake.users[CANARY] = "ada"
        yield fake


@pytest.fixture
def clarifai(one_clarifai: FakeClarifai) -> FakeClarifai:
    """The Clarifai of all browser tests, with nothing left in it that an earlier one had queued."""
    one_clarifai.clear()
    return one_clarifai


@pytest.fixture(scope="session")
def app(
    one_clarifai: FakeClarifai, tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> Iterator[App]:
    log = tmp_path_factory.mktemp("app") / "server.log"
    running = App(log, CLARIFAI_API_BASE=one_clarifai.base, REPLY_LEASE_S="4", SHARING="true")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def mortal_app(
    one_clarifai: FakeClarifai, tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> Iterator[App]:
    """Run an app for tests that kill it and start it again. It may ask one MCP server."""
    log, port = tmp_path_factory.mktemp("mortal") / "server.log", free_port()
    host = f"127.0.0.1:{port}"
    running = App(log, CLARIFAI_API_BASE=one_clarifai.base, MCP_HOSTS=host)
    running.mcp_port = port
    yield running
    running.stop()


@pytest.fixture
def visit(chromium: Browser, regular: Regular, app: App) -> Iterator[Callable[..., Page]]:
    """Open a page as another visitor. Fails on a script error.

    The first visitor of a test has the regular window, unless options need a window of its own.
    """
    contexts = []
    faults: list[str] = []

    def open_page(path: str = "/", **options: Any) -> Page:
        if regular.is_free and options.keys() <= {"viewport", "color_scheme"}:
            page = regular.open(**options)
        else:
            size = {"viewport": {"width": 1280, "height": 800}}
            context = chromium.new_context(**{**size, **options})
            context.set_default_timeout(PATIENCE_MS)
            contexts.append(context)
            page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        if path.startswith("/"):
            page.goto(app.url + path)
            page.get_by_test_id("stSidebarContent").wait_for(state="attached")
        return page

    open_page.url = app.url  # type: ignore[attr-defined]  # for a test that goes there itself
    yield open_page
    for context in contexts:
        context.close()
    assert not faults
