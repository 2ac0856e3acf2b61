"""What is typed but not sent stays with its conversation, and no key loses a word of it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import listed, settled
from tests.canary import CANARY
from tests.fake_clarifai import FakeClarifai, says
from tests.patience import until
from tests.test_attachments_browser import choose
from tests.test_history_browser import ask, sign_in

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]

STORED = "Object.values(sessionStorage).join(' ')"
PASTE = """text => {
    const box = document.querySelector('[data-testid=stChatInputTextArea]');
    box.setRangeText(text, box.selectionStart, box.selectionEnd, 'end');
    box.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertFromPaste' }));
}"""


def box(page: Page):
    return page.get_by_test_id("stChatInputTextArea")


def questions(page: Page):
    return page.locator(".clarifai-typed")


def stores(page: Page, *texts: str) -> None:
    """Assert that the tab has stored these drafts, and nothing else that was typed."""

    def drafts() -> list[str]:
        found = page.evaluate("Object.entries(sessionStorage).filter(([k]) => /draft/.test(k))")
        return sorted(re.search(r'"text":"([^"]*)', value)[1] for _, value in found)

    until(lambda: drafts() == sorted(texts))


def go_to(page: Page, name: str, heading: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("heading", name=heading).wait_for()


def come_back(page: Page) -> None:
    page.get_by_role("link", name="Chat", exact=True).click()
    box(page).wait_for()


def test_a_draft_stays_with_its_conversation_until_it_is_sent(visit: Visit) -> None:
    page = visit()
    box(page).fill("What is Clarifai")
    go_to(page, "Models", "Models")
    come_back(page)
    expect(box(page)).to_have_value("What is Clarifai")
    page.reload()
    expect(box(page)).to_have_value("What is Clarifai")
    expect(questions(page)).to_have_count(0)  # only the visitor sends

    box(page).press("End")
    page.keyboard.type("?")
    page.keyboard.press("Enter")
    expect(listed(page)).to_have_text(["What is Clarifai?"])
    stores(page)
    expect(box(page)).to_have_value("")

    box(page).fill("And where")
    page.get_by_role("button", name="New chat").click()
    expect(box(page)).to_have_value("")
    box(page).fill("Something else")
    listed(page).click()
    expect(box(page)).to_have_value("And where")
    stores(page, "And where", "Something else")

    other = page.context.new_page()  # another tab with the same conversation
    other.goto(page.url)
    expect(questions(other)).to_have_count(1)
    box(other).fill("Elsewhere")
    stores(other, "Elsewhere")
    other.close()
    expect(box(page)).to_have_value("And where")
    page.reload()
    expect(box(page)).to_have_value("And where")
    page.get_by_role("button", name="New chat").click()
    expect(box(page)).to_have_value("Something else")


def test_a_draft_goes_where_the_visitor_wants_none_kept(visit: Visit) -> None:
    page = visit()
    sidebar = page.get_by_test_id("stSidebarContent")
    ask(page, "What is Clarifai?")
    expect(listed(page)).to_have_count(1)
    box(page).fill("And where")
    stores(page, "And where")
    page.get_by_role("button", name="New chat").click()
    expect(box(page)).to_have_value("")

    box(page).fill("A secret")
    stores(page, "And where", "A secret")
    sidebar.get_by_text("Manage chats").click()
    sidebar.get_by_text("Temporary chat", exact=True).click()
    stores(page, "And where")
    expect(box(page)).to_have_value("A secret")
    choose(page, ("notes.txt", b"Apples"))
    go_to(page, "Models", "Models")
    come_back(page)
    expect(box(page)).to_have_value("A secret")  # in the memory of the tab
    expect(page.get_by_text("This file is no longer attached: notes.txt.")).to_be_visible()
    stores(page, "And where")
    assert "notes" not in page.evaluate(STORED)
    listed(page).click()
    expect(box(page)).to_have_value("And where")
    expect(page.get_by_text("This file is no longer attached")).to_have_count(0)
    page.get_by_role("button", name="New chat").click()
    expect(box(page)).to_have_value("")

    sign_in(page)
    box(page).fill(f"My token is {CANARY[:9]}\u200b{CANARY[9:].upper()}")
    expect(page.get_by_text("A reload will not keep this text")).to_be_visible()
    assert CANARY[-8:] not in page.evaluate(STORED).lower()
    box(page).fill("My token is secret")
    expect(page.get_by_text("A reload will not keep this text")).to_have_count(0)
    stores(page, "And where", "My token is secret")
    go_to(page, "Help", "Help")
    page.locator(".st-key-access button").first.click()
    page.get_by_role("button", name="Forget").click()
    page.keyboard.press("Escape")
    stores(page)
    come_back(page)
    expect(box(page)).to_have_value("")

    box(page).fill("The last one")
    stores(page, "The last one")
    settled(page)  # a menu that is opened while the page is drawn may be folded again by it
    sidebar.get_by_text("Manage chats").click()
    sidebar.get_by_text("All conversations", exact=True).click()
    sidebar.get_by_text("Yes, delete all of them").click()
    page.get_by_role("button", name="Delete everything").click()
    expect(box(page)).to_have_value("")
    stores(page)


def test_what_did_not_arrive_comes_back(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit("about:blank")
    sockets, is_lost = [], []

    def pass_through(socket) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda message: is_lost or server.send(message))
        sockets.append(socket)

    page.route_web_socket(re.compile("_stcore/stream"), pass_through)
    page.goto(visit.url)
    sign_in(page)
    is_lost.append("in a tunnel")
    ask(page, "Does this arrive?")
    expect(box(page)).to_have_value("")
    is_lost.clear()
    sockets[-1].close(code=1012)
    expect(box(page)).to_have_value("Does this arrive?")

    clarifai.next(says("Now it does."))
    box(page).press("Enter")
    expect(page.get_by_test_id("stChatMessage").last).to_contain_text("Now it does.")
    expect(questions(page)).to_have_text(["Does this arrive?"])
    expect(box(page)).to_have_value("")
    stores(page)

    choose(page, ("notes.txt", b"Apples"))
    box(page).fill("Read this")
    stores(page, "Read this")
    page.reload()
    expect(page.get_by_text("This file is no longer attached: notes.txt.")).to_be_visible()
    expect(box(page)).to_have_value("Read this")


def test_no_key_and_no_paste_loses_a_word(visit: Visit) -> None:
    page = visit()
    devtools = page.context.new_cdp_session(page)
    box(page).press("x")
    stores(page, "x")  # the page's half is at work
    box(page).fill("")

    devtools.send(
        "Input.imeSetComposition", {"text": "にほ", "selectionStart": 2, "selectionEnd": 2}
    )
    box(page).dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "isComposing": True})
    devtools.send("Input.insertText", {"text": "日本"})
    box(page).dispatch_event("compositionend", {"data": "日本"})  # Safari's order
    box(page).dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "isComposing": False})
    box(page).press("Shift+Enter")
    page.keyboard.type("Line")
    expect(box(page)).to_have_value("日本\nLine")
    expect(questions(page)).to_have_count(0)
    box(page).press("Enter")
    expect(questions(page)).to_have_text(["日本\nLine"])

    page.evaluate(PASTE, "half ")
    page.evaluate("() => (" + PASTE + ")('\\ud83d and a half')")
    expect(box(page)).to_have_value("half \ufffd and a half")
    box(page).dispatch_event("keydown", {"key": "Unidentified", "keyCode": 13})  # some phones
    expect(questions(page)).to_have_text(["日本\nLine", "half \ufffd and a half"])
    stores(page)

    long = "word " * 200_000
    page.evaluate(PASTE, long)
    page.keyboard.type("end")
    page.reload()
    expect(box(page)).to_have_value(long + "end")
