"""A demo given in a real browser: by keys, offline, with the notes in a second window."""

from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

Visit = Callable[..., Page]


def test_a_shipped_demo_is_given_by_keys_with_its_notes_in_step(visit: Visit) -> None:
    page = visit("/?demo=first-look")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Speaker's notes").click()
    notes = opened.value
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", name="Watch a model think")).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).not_to_be_visible()
    expect(notes.get_by_text("about half of the people")).to_be_visible()

    page.keyboard.press("a")
    expect(page.get_by_text("tokens in")).to_be_visible()
    expect(page.get_by_text("Nothing is sent.")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Play again")).to_be_visible()
    assert found_in(page) == []

    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="A table, as it arrives")).to_be_visible()
    expect(page.get_by_text("Nothing is sent.")).to_have_count(0)
    expect(notes.get_by_role("heading", name="A table, as it arrives")).to_be_visible()
    assert found_in(notes) == []
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("tokens in")).to_be_visible()  # as it was left


def found_in(page: Page) -> list[str]:
    return [each["id"] for each in Axe().run(page).response["violations"]]
