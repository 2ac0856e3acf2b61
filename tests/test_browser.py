"""What only a real browser shows: a visitor's whole walk, two visitors, keys, colours, sizes."""

import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bench.processes import Process
from tests.browser import (
    FLAGS,
    PATIENCE_MS,
    ROOT,
    App,
    enter_token,
    find_chromium,
    listed,
    problems,
    settled,
)
from tests.canary import CANARY, assert_no_canary
from tests.fake_clarifai import OTHER_PAT, FakeClarifai, cut, says, silent_before_headers
from tests.pages import Gate, Talker
from tests.patience import until

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]


def ask(page: Page, prompt: str) -> None:
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(prompt)
    expect(page.get_by_test_id("stChatInputSubmitButton")).to_be_enabled()  # the box has the words
    box.press("Enter")


def answer(page: Page, number: int = -1):
    return page.get_by_test_id("stChatMessage").nth(number)


def done(page: Page, answers: int = 1) -> None:
    expect(page.get_by_text("tokens in").or_(page.get_by_text("tokens not"))).to_have_count(answers)


def sign_in(page: Page, pat: str, name: str) -> None:
    enter_token(page, pat, name)


def choose(page: Page, search: str, name: str) -> None:
    page.get_by_test_id("stPopover").locator("button").first.click()
    page.get_by_label("Search, or paste a model's address").fill(search)
    page.get_by_test_id("stPopoverBody").get_by_role("button", name=name).first.click()
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


def test_the_first_answer_needs_no_token_and_streams(visit: Visit) -> None:
    page = visit()
    page.get_by_role("button", name="Think before answering").click()
    expect(answer(page).get_by_text("Thinking")).to_be_visible()
    done(page)
    expect(answer(page)).to_contain_text("Demo: scripted, not an LLM")
    expect(answer(page).get_by_text(re.compile(r"Thought for \d"))).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)

    ask(page, "/long 2000")  # long enough to be seen on a busy machine
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)


def test_a_visitors_whole_walk(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit()
    sign_in(page, CANARY, "ada")
    choose(page, "claude sonnet", "Claude")
    clarifai.next(says(*(f"word{n} " for n in range(60)), delay_s=0.05))
    ask(page, "Tell me words")
    expect(answer(page)).to_contain_text("word5")

    page.get_by_role("link", name="Models").click()  # away in mid-answer, and back
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    page.get_by_role("link", name="Chat").click()
    expect(answer(page)).to_contain_text("word59")
    done(page)

    clarifai.next(Talker("first words "))
    ask(page, "A long one")
    expect(answer(page)).to_contain_text("first words")
    page.get_by_role("button", name="Stop").click()
    expect(answer(page)).to_contain_text("Stopped. The text up to here is kept.")
    expect(answer(page)).to_contain_text("first words")
    assert clarifai.was_left()

    clarifai.next(cut("Half an ans"), says("The whole answer."))
    ask(page, "Something that fails")
    expect(answer(page)).to_contain_text("The connection was lost in the middle of the answer.")
    expect(answer(page)).to_contain_text("Half an ans")
    answer(page).get_by_role("button", name="Retry").click()
    expect(answer(page)).to_contain_text("The whole answer.")

    body = clarifai.chats[-1].body
    assert "claude" in body["model"]
    assert body["messages"][-1] == {"role": "user", "content": "Something that fails"}
    assert_no_canary("page", page.content())
    assert_no_canary("address", page.url)


def test_stop_acts_while_the_server_is_silent(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit()
    sign_in(page, CANARY, "ada")
    clarifai.next(silent_before_headers())
    ask(page, "Hello?")
    expect(answer(page)).to_contain_text("Asking")
    page.get_by_role("button", name="Stop").click()
    expect(answer(page)).to_contain_text("Stopped")
    assert clarifai.was_left()


def test_two_visitors_two_tokens(visit: Visit, clarifai: FakeClarifai) -> None:
    ada, grace = visit(), visit()
    sign_in(ada, CANARY, "ada")
    sign_in(grace, OTHER_PAT, "grace")
    clarifai.next(says(*"slowly " * 5, delay_s=0.02), says(*"slowly " * 5, delay_s=0.02))
    ask(ada, "I am Ada")
    ask(grace, "I am Grace")
    done(ada)
    done(grace)
    sent = {
        seen.body["messages"][-1]["content"]: seen.headers["authorization"]
        for seen in clarifai.chats[-2:]
    }
    assert sent == {"I am Ada": f"Bearer {CANARY}", "I am Grace": f"Bearer {OTHER_PAT}"}


def test_everything_works_while_a_reply_streams(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit()
    sign_in(page, CANARY, "ada")
    talker = Talker(after="That is all.")
    clarifai.next(talker, says("Second answer."))
    ask(page, "First question")
    expect(answer(page)).to_contain_text("word3")
    ask(page, "Second question")  # appears at once, and waits
    expect(answer(page)).to_contain_text("Waiting for the answer above")
    ask(page, "Third question")
    expect(page.get_by_text("Waiting for the answer above")).to_have_count(2)
    answer(page).get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Third question")).to_have_count(0)
    choose(page, "gpt-4_1", "4.1")  # the picker, too
    expect(answer(page, 1)).not_to_contain_text("That is all.")
    talker.open()
    done(page, 2)
    expect(answer(page, 1)).to_contain_text("That is all.")
    expect(answer(page)).to_contain_text("Second answer.")


# A click on the page's link to Models, so soon after Enter that no hand could do it.
LEAVE_AT_ONCE = """delay => document.addEventListener("keydown", () => setTimeout(
    () => [...document.links].find(a => a.pathname == "/models").click(), delay), {once: true})"""


def test_a_question_that_a_click_overtakes_is_asked_all_the_same(
    visit: Visit, clarifai: FakeClarifai
) -> None:
    page = visit()
    sign_in(page, CANARY, "ada")
    prompts = [f"Question {number}" for number in range(8)]
    for number, prompt in enumerate(prompts):
        page.evaluate(LEAVE_AT_ONCE, number + 1)  # ms
        ask(page, prompt)
        expect(page.get_by_role("heading", name="Models")).to_be_visible()
        page.get_by_role("link", name="Chat", exact=True).click()
        done(page, number + 1)
        expect(page.locator(".clarifai-typed").get_by_text(prompt, exact=True)).to_be_visible()
    assert [chat.body["messages"][-1]["content"] for chat in clarifai.chats] == prompts


def test_a_lost_connection_loses_no_word(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit("about:blank")
    sockets = []

    def pass_through(socket):
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket(re.compile("_stcore/stream"), pass_through)
    page.goto(visit.url)
    sign_in(page, CANARY, "ada")
    clarifai.next(says(*(f"word{n} " for n in range(60)), delay_s=0.05))
    ask(page, "Tell me words")
    expect(answer(page)).to_contain_text("word5")
    sockets[-1].close(code=1012)  # as when a train enters a tunnel
    done(page)
    for word in ("word0 ", "word5 ", "word30 ", "word59"):
        expect(answer(page)).to_contain_text(word)
    assert len(sockets) > 1
    assert len(clarifai.chats) == 1  # watched again, not asked again


class Sleeper:
    """A browser of its own that can fall asleep, as a phone does: all of its processes stop."""

    def __init__(self, browser: Browser) -> None:
        self.page = browser.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self._devtools = browser.new_browser_cdp_session()
        self._processes: list[int] = []

    def sleep(self) -> None:
        told = self._devtools.send("SystemInfo.getProcessInfo")["processInfo"]
        self._processes = [process["id"] for process in told]
        self._send(signal.SIGSTOP)

    def wake(self) -> None:
        self._send(signal.SIGCONT)

    def _send(self, number: int) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError):  # it was about to end
                os.kill(process, number)


@pytest.fixture
def sleeper(chromium: Browser) -> Iterator[Sleeper]:
    browser = chromium.browser_type.launch(executable_path=find_chromium(), args=[*FLAGS])
    sleeper = Sleeper(browser)
    yield sleeper
    sleeper.wake()
    browser.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal that stops a process")
def test_a_browser_that_was_frozen_in_mid_reply_gets_the_whole_answer(
    sleeper: Sleeper, clarifai: FakeClarifai
) -> None:
    page = sleeper.page
    sockets: list[object] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    # Given up after 2 s without an answer to a ping, where server.py waits for 20.
    command = ("-m", "uvicorn", "server:app", "--port", "{port}")
    pings = ("--ws-ping-interval", "1", "--ws-ping-timeout", "1")
    environ = {"CLARIFAI_API_BASE": clarifai.base, "REPLY_LEASE_S": "600"}
    with Process((*command, *pings), "/healthz", environ=environ) as server:
        page.goto(server.url)
        sign_in(page, CANARY, "ada")
        clarifai.next(says(*(f"word{n} " for n in range(120)), delay_s=0.05))
        ask(page, "Tell me words")
        expect(answer(page)).to_contain_text("word5")
        before = len(sockets)
        sleeper.sleep()
        until(lambda: clarifai.chats[0].answered_at)  # 6 s: three times what the server waits
        sleeper.wake()
        done(page)
        for word in ("word0 ", "word5 ", "word60 ", "word119"):
            expect(answer(page)).to_contain_text(word)
    assert len(sockets) > before  # the server had given it up
    assert len(clarifai.chats) == 1  # watched again, not asked again


def test_an_edited_module_in_mid_reply_loses_nothing(
    visit: Visit, clarifai: FakeClarifai, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    folders = (".streamlit", "assets", "clarifai_chat", "components", "migrations", "pages")
    for name in folders:
        shutil.copytree(ROOT / name, project / name)
    shutil.copytree(ROOT / "frontend" / "built", project / "frontend" / "built")
    for path in ("app.py", "server.py"):
        shutil.copy(ROOT / path, project)
    command = ("-m", "streamlit", "run", "app.py", "--server.port", "{port}")
    watching = ("--server.fileWatcherType", "poll", "--server.runOnSave", "true")
    environ = {"CLARIFAI_API_BASE": clarifai.base, "PYTHONPATH": str(project)}
    with Process((*command, *watching), "/_stcore/health", cwd=project, environ=environ) as server:
        page = visit("about:blank")
        page.goto(server.url)
        sign_in(page, CANARY, "ada")
        gate = Gate("Half an ", "answer.")
        clarifai.next(gate, says("Second."))
        ask(page, "First question")
        expect(answer(page)).to_contain_text("Half an")
        ask(page, "Second question")
        expect(answer(page)).to_contain_text("Waiting for the answer above")
        for name in ("components/chat/transcript.py", "clarifai_chat/chat/usage.py"):
            source = (project / name).read_text("utf-8")
            edited = source.replace("Waiting for the answer above.", "Waiting its turn.")
            (project / name).write_text(edited + "\n# edited\n", "utf-8")
        expect(answer(page)).to_contain_text("Waiting its turn.")  # the page is the new one
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        gate.open()
        done(page, 2)
        expect(answer(page, 1)).to_contain_text("Half an answer.")
        expect(answer(page)).to_contain_text("Second.")
    asked = [chat.body["messages"][-1]["content"] for chat in clarifai.chats]
    assert asked == ["First question", "Second question"]


def test_a_reply_that_nobody_watches_any_more_is_ended(
    visit: Visit, clarifai: FakeClarifai
) -> None:
    page = visit()
    sign_in(page, CANARY, "ada")
    clarifai.next(Talker())
    ask(page, "Tell me words")
    expect(answer(page)).to_contain_text("word5")
    page.get_by_role("link", name="Models").click()  # still here: longer than the lease
    page.wait_for_timeout(6000)
    page.get_by_role("link", name="Chat").click()
    expect(answer(page)).not_to_contain_text("Stopped because")
    page.close()
    assert clarifai.was_left()


def test_an_answer_that_was_stopped_can_be_continued(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit()
    sign_in(page, CANARY, "ada")
    clarifai.next(Talker("The first half "), says("and the rest."))
    ask(page, "Tell me all")
    expect(answer(page)).to_contain_text("The first half")
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Continue").click()
    expect(answer(page)).to_contain_text("and the rest.")
    expect(answer(page)).to_contain_text("The first half")
    sent = clarifai.chats[-1].body["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "user"]


def test_a_reply_calls_no_stranger(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit()
    sign_in(page, CANARY, "ada")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    clarifai.next(
        says(
            "![pixel](http://127.0.0.1:9/pixel.png?q=1) and ![ref][r] and [a link](http://127.0.0.1:9/)",
            "\n\n<img src='http://127.0.0.1:9/html.png'>\n\n[r]: http://127.0.0.1:9/ref.png\n",
        )
    )
    ask(page, "Show me a picture")
    done(page)
    expect(answer(page).get_by_role("link", name="pixel")).to_be_visible()
    assert not [url for url in asked if "127.0.0.1:9" in url]
    assert "img-src 'self'" in page.request.get(page.url).headers["content-security-policy"]


def test_the_keyboard_alone_goes_from_token_to_stop(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit()
    tab_to(page, "Access")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Clarifai access token (PAT)")).to_be_visible()
    tab_to(page, "Clarifai access token (PAT)")
    page.keyboard.type(CANARY)
    page.keyboard.press("Enter")
    expect(page.get_by_text("of ada").first).to_be_visible()
    page.keyboard.press("Escape")
    clarifai.next(Talker())
    tab_to(page, "Message")
    page.keyboard.type("Hello")
    page.keyboard.press("Enter")
    expect(answer(page)).to_contain_text("word3")
    tab_to(page, "Stop")
    page.keyboard.press("Enter")
    expect(answer(page)).to_contain_text("Stopped.")


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on what is called so."""
    described = "(e => e.ariaLabel || e.placeholder || e.innerText || '')(document.activeElement)"
    for _ in range(60):
        if (
            page.evaluate(described)
            .strip()
            .removeprefix("stop_circle")
            .removeprefix("key")
            .strip()
            .startswith(name)
        ):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab never reaches {name!r}")


PAGES = {
    "/": "",
    "/models": "Models",
    "/tool_playground": "Tool playground",
    "/compare": "Compare",
    "/evaluate": "Evaluate",
    "/stage": "Stage",
    "/help": "Help",
}


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_an_accessibility_problem(visit: Visit, path: str) -> None:
    page = visit(path)
    if path == "/":
        page.get_by_role("button", name="Think before answering").click()
        done(page)
        expect(listed(page)).to_have_count(1)
    elif path == "/models":
        page.get_by_test_id("stDataFrame").wait_for()
    elif path == "/help":
        page.get_by_role("link", name="Clarifai documentation").wait_for()
    expect(page.get_by_role("heading", level=1, name=PAGES[path])).to_have_count(1)

    assert problems(page, 390, 1280, 1920) == []


def test_failures_and_the_open_picker_have_no_accessibility_problem(visit: Visit) -> None:
    page = visit()
    page.get_by_role("button", name="Compare prices").click()
    done(page)
    ask(page, "/midstream")
    expect(answer(page)).to_contain_text("The model failed while working on the answer.")
    sign_in(page, CANARY, "ada")
    page.get_by_test_id("stPopover").locator("button").first.click()
    page.get_by_label("Search, or paste a model's address").wait_for()

    assert problems(page, 1280) == []


@pytest.mark.parametrize("path", ["/", "/models", "/help"])
def test_a_phone_shows_it_without_scrolling_sideways(visit: Visit, path: str) -> None:
    page = visit(path, viewport={"width": 390, "height": 844})
    if path == "/":
        ask(page, "Compare three models in a table")
        done(page)
    width = "document.scrollingElement.scrollWidth"
    widest = "Math.max(...[...document.querySelectorAll('section')].map(e => e.scrollWidth))"
    settled(page)
    assert page.evaluate(width) <= 390
    assert page.evaluate(widest) <= 390


def test_the_servers_log_holds_no_token(app: App) -> None:
    assert_no_canary("server log", app.log.read_text())
