"""An answer's buttons in a browser: the clipboard, thumbs, accessible names, layout."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import problems, settled
from tests.canary import CANARY
from tests.fake_clarifai import FakeClarifai, says
from tests.pages import Talker
from tests.test_browser import answer, ask, done, sign_in

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]
READ = "navigator.clipboard.readText()"
READ_HTML = """navigator.clipboard.read().then(async ([item]) =>
    (await item.getType("text/html")).text())"""
ANSWER = "**Paris**, _of course_:\n\n```python\nprint('à', 1 < 2)\n```\n\n| a |\n|---|\n| 1 |"
NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', {value: undefined})"  # http on a LAN
NO_COMMAND = "document.execCommand = () => false"


def allow(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])


def asked(page: Page, clarifai: FakeClarifai, text: str = ANSWER) -> None:
    sign_in(page, CANARY, "ada")
    clarifai.next(says(text))
    ask(page, "Which town?")
    done(page)


def copy(page: Page, number: int = -1) -> Locator:
    return answer(page, number).get_by_role("button", name="Copy as Markdown", exact=True)


def copied(page: Page) -> Locator:
    return page.get_by_role("status").get_by_text("Copied", exact=True)


def loaded(page: Page) -> dict[str, int]:
    """Return our files that the page has loaded, and how many bytes the server sent for each."""
    sizes = """() => Object.fromEntries(performance.getEntriesByType("resource")
        .filter(({ name }) => name.includes("/bidi-components/"))
        .map(({ name, transferSize }) => [name, transferSize]))"""
    page.wait_for_function(f"Object.keys(({sizes})()).length > 1")
    found: dict[str, int] = page.evaluate(sizes)
    return found


def test_the_clipboard_holds_the_markdown_that_the_model_wrote(
    visit: Visit, clarifai: FakeClarifai
) -> None:
    page = visit()
    allow(page)
    asked(page, clarifai)
    box = page.get_by_test_id("stChatInput").bounding_box()

    copy(page).click()

    expect(copied(page)).to_be_visible()
    assert page.evaluate(READ) == ANSWER
    html = page.evaluate(READ_HTML)  # what a word processor pastes
    assert "<strong>Paris</strong>" in html
    assert "<table" in html
    assert page.get_by_test_id("stChatInput").bounding_box() == box  # nothing has moved
    expect(copied(page)).to_have_count(0)  # the bubble disappears


def test_an_answer_is_copied_once_and_not_again_with_the_next_click_or_page(
    visit: Visit, clarifai: FakeClarifai
) -> None:
    page = visit()
    allow(page)
    asked(page, clarifai)
    copy(page).click()
    expect(copied(page)).to_be_visible()
    page.evaluate("navigator.clipboard.writeText('something else')")

    answer(page).get_by_role("radio", name="Thumbs up").click()
    expect(answer(page).get_by_role("radio", name="Thumbs up")).to_be_checked()
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    page.get_by_role("link", name="Chat", exact=True).click()
    expect(copy(page)).to_be_visible()
    settled(page)

    assert page.evaluate(READ) == "something else"
    copy(page).click()  # another click copies it again
    expect(copied(page)).to_be_visible()
    assert page.evaluate(READ) == ANSWER


def test_an_answer_is_copied_while_another_streams(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit()
    allow(page)
    asked(page, clarifai)
    clarifai.next(Talker())
    ask(page, "And the others?")
    expect(answer(page)).to_contain_text("word5")

    copy(page, 1).click()

    expect(copied(page)).to_be_visible()
    assert page.evaluate(READ) == ANSWER
    answer(page, 1).get_by_role("radio", name="Thumbs down").click()
    expect(answer(page, 1).get_by_role("radio", name="Thumbs down")).to_be_checked()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(answer(page)).to_contain_text("Stopped.")


def test_an_insecure_page_copies_the_old_way(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit("about:blank")
    allow(page)
    page.add_init_script(NO_CLIPBOARD)
    page.goto(visit.url)
    asked(page, clarifai)

    copy(page).click()

    expect(copied(page)).to_be_visible()
    other = page.context.new_page()  # this page may read the clipboard
    other.goto(visit.url)
    assert other.evaluate(READ) == ANSWER


def test_the_markdown_is_shown_if_the_browser_refuses_to_copy(
    visit: Visit, clarifai: FakeClarifai
) -> None:
    page = visit("about:blank")
    page.add_init_script(f"{NO_CLIPBOARD}; {NO_COMMAND}")
    page.goto(visit.url)
    asked(page, clarifai)

    copy(page).click()

    expect(answer(page)).to_contain_text("does not let the page copy")
    expect(answer(page).get_by_test_id("stCode").last).to_contain_text("**Paris**, _of course_:")
    expect(copied(page)).to_have_count(0)


def test_a_thumb_survives_a_reload(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit()
    asked(page, clarifai)
    up = answer(page).get_by_role("radio", name="Thumbs up")
    up.click()
    expect(up).to_be_checked()
    settled(page)

    page.reload()
    expect(up).to_be_checked()

    up.click()
    expect(up).not_to_be_checked()
    settled(page)
    page.reload()
    expect(copy(page)).to_be_visible()
    expect(up).not_to_be_checked()


def test_control_and_enter_send_an_edited_question(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit()
    asked(page, clarifai)
    clarifai.next(says("Lyon."))
    answer(page).get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Edit question").click()
    box = page.get_by_role("textbox", name="Question")
    box.fill("Which other town?")

    box.press("Control+Enter")

    expect(answer(page)).to_contain_text("Lyon.")
    assert clarifai.chats[-1].body["messages"][-1]["content"] == "Which other town?"


def test_each_button_has_a_name_and_the_row_keeps_within_the_page(
    visit: Visit, clarifai: FakeClarifai
) -> None:
    page = visit(viewport={"width": 390, "height": 844})
    asked(page, clarifai)
    clarifai.next(says("Lyon."))
    answer(page).get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Retry").click()
    expect(answer(page)).to_contain_text("Lyon.")
    done(page)
    settled(page)

    for name in ("Earlier version", "Later version", "Copy as Markdown", "More"):
        expect(answer(page).get_by_role("button", name=name, exact=True)).to_have_count(1)
    answer(page).get_by_role("radio", name="Thumbs up").click()
    settled(page)
    widest = "Math.max(...[...document.querySelectorAll('section')].map(e => e.scrollWidth))"
    assert page.evaluate(widest) <= 390
    assert problems(page) == []


def test_a_reload_fetches_none_of_our_files_again(visit: Visit) -> None:
    page = visit()
    loaded(page)
    page.reload()
    assert set(loaded(page).values()) == {0}
