"""Two replicas on one PostgreSQL behind one HAProxy: a rolling restart and a crash, as seen."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import proxies
from tests.browser import PATIENCE_MS, PLAIN, App, free_port
from tests.canary import CANARY
from tests.fake_clarifai import FakeClarifai, says
from tests.pages import Talker
from tests.patience import until

if TYPE_CHECKING:
    from tests.postgres import Postgres

pytest_plugins = ["tests.postgres"]
pytestmark = pytest.mark.browser
COOKIE = "clarifai_chat_replica"


class Replicas:
    """Two processes, by the name that the proxy has for each."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self._folder, self._environ = folder, environ
        self.ports = {"one": free_port(), "two": free_port()}
        with ThreadPoolExecutor(2) as pool:
            self.apps = dict(zip(self.ports, pool.map(self._start, self.ports), strict=True))

    def _start(self, name: str) -> App:
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        return App(folder / "server.log", port=self.ports[name], **self._environ)

    def start(self, name: str) -> None:
        self.apps[name] = self._start(name)

    def ask_to_end(self, name: str) -> None:
        self.apps[name].process.send_signal(signal.SIGTERM)

    def has_ended(self, name: str) -> bool:
        return self.apps[name].process.poll() is not None

    def is_ready(self, name: str) -> bool:
        return PLAIN.get(f"{self.apps[name].url}/readyz").status_code == 200


@pytest.fixture
def replicas(tmp_path: Path, clarifai: FakeClarifai, postgres: "Postgres") -> Iterator[Replicas]:
    running = Replicas(
        tmp_path,
        CLARIFAI_API_BASE=clarifai.base,
        CLARIFAI_PAT=CANARY,
        ALLOW_SHARED_PAT="true",
        DATABASE_URL=postgres.database(),
        DRAIN_S="600",
    )
    yield running
    for app in running.apps.values():
        app.kill()


@pytest.fixture
def site(replicas: Replicas, tmp_path: Path) -> Iterator[str]:
    with proxies.sharing(tmp_path, *replicas.ports.values()) as url:
        for name in replicas.ports:
            until(lambda name=name: replicas.is_ready(name))
        yield url


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


def ask(page: Page, prompt: str) -> None:
    page.get_by_test_id("stChatInputTextArea").fill(prompt)
    page.keyboard.press("Enter")


def answer(page: Page):
    return page.get_by_test_id("stChatMessage").last


def replica_of(visitor: BrowserContext) -> str:
    """Return to which replica the proxy sends this browser."""
    return next(each["value"] for each in visitor.cookies() if each["name"] == COOKIE)


def test_a_rolling_restart_loses_no_word_and_asks_nothing_twice(
    replicas: Replicas, site: str, visitor: BrowserContext, clarifai: FakeClarifai
) -> None:
    page = visitor.new_page()
    page.goto(site)
    talker = Talker("First ", " last.")
    clarifai.next(talker, says("Second answer."), Talker("Third "), says("and the rest."))
    ask(page, "Tell me words")
    expect(answer(page)).to_contain_text("word5")
    here = replica_of(visitor)
    there = next(name for name in replicas.ports if name != here)

    # Another replica shows the reply while it arrives, as one that is under way.
    other = visitor.new_page()
    path = page.url.removeprefix(site)
    other.goto(replicas.apps[there].url + path)
    expect(answer(other)).to_contain_text("word5")
    before = answer(other).inner_text()
    expect(answer(other)).not_to_have_text(before)
    expect(other.get_by_role("button", name="Stop")).to_be_visible()

    # The first one ends: it takes no question, its reply goes on.
    replicas.ask_to_end(here)
    until(lambda: not replicas.is_ready(here))
    before = answer(page).inner_text()
    expect(answer(page)).not_to_have_text(before)
    assert not replicas.has_ended(here)
    talker.open()
    until(lambda: replicas.has_ended(here))
    for each in (page, other):
        expect(answer(each)).to_contain_text("last.")
        expect(answer(each)).to_contain_text("First word0 word1 word2 ")
        expect(each.get_by_text("Interrupted")).to_have_count(0)

    # Its visitor goes on with the other one.
    until(lambda: replica_of(visitor) == there)
    ask(page, "And then?")
    expect(answer(page)).to_contain_text("Second answer.")
    replicas.start(here)
    until(lambda: replicas.is_ready(here))

    # The other one crashes in the middle of a reply, which can be continued.
    ask(page, "Words again")
    expect(answer(page)).to_contain_text("Third")
    expect(answer(page)).to_contain_text("word30")
    replicas.apps[there].process.kill()
    expect(answer(page)).to_contain_text("Interrupted")
    expect(answer(page)).to_contain_text("Third word0 word1 ")
    page.get_by_role("button", name="Continue").click()
    expect(answer(page)).to_contain_text("and the rest.")
    assert replica_of(visitor) == here
    assert len(clarifai.chats) == 4
