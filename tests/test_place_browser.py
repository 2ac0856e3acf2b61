"""A reader in a browser: followed at the end of a conversation, left alone elsewhere."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.canary import CANARY
from tests.fake_clarifai import FakeClarifai
from tests.pages import Talker
from tests.patience import until
from tests.test_browser import answer, ask, sign_in

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]

TURNS = 20  # five of which are hidden at first
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 800},
    "has_touch": True,
    "is_mobile": True,
}
LEFT = "(main => main.scrollHeight - main.clientHeight - main.scrollTop)"
MAIN = "document.querySelector('.stMain')"


def open_long_chat(page: Page) -> None:
    said = [
        {"role": role, "content": f"{who} {number}. " + "Some words. " * 30}
        for number in range(TURNS)
        for role, who in (("user", "Question"), ("assistant", "Answer"))
    ]
    page.get_by_text("Manage chats").click()
    file = {"name": "chat.json", "mimeType": "", "buffer": json.dumps({"messages": said}).encode()}
    page.locator(".st-key-chat_menu input[type=file]").set_input_files(file)
    expect(text(page, f"Answer {TURNS - 1}.")).to_be_visible()


def text(page: Page, words: str) -> Locator:
    return page.get_by_test_id("stChatMessage").get_by_text(words)


def is_at_end(page: Page) -> bool:
    return bool(page.evaluate(f"{LEFT}({MAIN})") <= 1)


def place(of: Locator) -> float:
    """Return how far below the top of the window it begins."""
    return float(of.evaluate("element => element.getBoundingClientRect().top"))


def grows(page: Page) -> None:
    """Wait until the answer has grown by some lines."""
    before = len(answer(page).inner_text())
    until(lambda: len(answer(page).inner_text()) > before + 400)


def wheel(page: Page) -> None:
    for _ in range(3):
        page.mouse.wheel(0, -40)


def page_up(page: Page) -> None:
    page.locator(".stMain").focus()
    page.keyboard.press("PageUp")


def swipe(page: Page) -> None:
    channel = page.context.new_cdp_session(page)

    def touch(kind: str, *ys: int) -> None:
        points = [{"x": 200, "y": y} for y in ys]
        channel.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 300)
    for y in range(320, 460, 20):
        touch("touchMove", y)
    touch("touchEnd")
    channel.detach()


@pytest.mark.parametrize(
    ("options", "ways"),
    [({}, (wheel, page_up)), (PHONE, (swipe,))],
    ids=["desktop", "phone"],
)
def test_a_reader_is_followed_at_the_end_and_stays_everywhere_else(
    visit: Visit, clarifai: FakeClarifai, options: dict[str, Any], ways: tuple[Callable[..., None]]
) -> None:
    page = visit(**options)
    sign_in(page, CANARY, "ada")
    if options:
        page.get_by_test_id("stExpandSidebarButton").click()
    open_long_chat(page)
    if options:
        page.get_by_test_id("stSidebarCollapseButton").locator("button").click()
    until(lambda: is_at_end(page))

    # What is read first stays where it is when more is shown above it.
    page.evaluate(f"{MAIN}.scrollTop = 0")
    before = place(text(page, "Question 5."))
    page.get_by_role("button", name="Show earlier messages (5)").click()
    expect(text(page, "Question 0.")).to_have_count(1)
    until(lambda: abs(place(text(page, "Question 5.")) - before) <= 2)

    talker = Talker(before="It begins. ")
    clarifai.next(talker)
    ask(page, "Go on?")  # who asks goes to the end
    expect(text(page, "It begins.")).to_be_visible()
    until(lambda: is_at_end(page))
    for way in ways:
        grows(page)
        until(lambda: is_at_end(page))
        way(page)
        until(lambda: page.evaluate(f"{LEFT}({MAIN})") > 100)
        page.wait_for_function(  # the browser scrolls smoothly
            f"window.last === (window.last = {MAIN}.scrollTop)", polling=200
        )
        read = text(page, "Go on?")
        before = place(read)
        grows(page)
        assert abs(place(read) - before) <= 2
        page.evaluate(f"{MAIN}.scrollTop = {MAIN}.scrollHeight")
    grows(page)
    until(lambda: is_at_end(page))
    talker.open()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)

    # Other pages begin at their top, and the conversation is found at its end.
    if not options:
        page.get_by_role("link", name="Help").click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_test_id("stChatInput")).to_have_count(0)
        until(lambda: page.evaluate(f"{MAIN}.scrollTop") == 0)
        page.get_by_role("link", name="Chat", exact=True).click()
        expect(text(page, "It begins.")).to_be_visible()
        until(lambda: is_at_end(page))
