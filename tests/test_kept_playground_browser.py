"""The playground's work in a browser: a reload, another page, a killed server, two tabs."""

import re
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from tests.browser import App, problems, settled
from tests.canary import CANARY, assert_no_canary
from tests.fake_clarifai import FakeClarifai, says
from tests.pages import Talker
from tests.patience import until
from tests.test_history_browser import sign_in
from tests.test_tool_playground_browser import (
    PATH,
    Visit,
    keyed,
    line,
    over,
    run,
    type_into_line,
)

pytestmark = pytest.mark.browser


def prompt(page: Page):
    return page.get_by_role("textbox", name="Prompt", exact=True)


def type_prompt(page: Page, text: str) -> None:
    prompt(page).fill(text)
    prompt(page).press("Tab")


def is_open(page: Page, name: str):
    """Expect the line that names the open set."""
    expect(page.get_by_test_id("stCaptionContainer").filter(has_text=name).first).to_be_visible()


def is_saved(app: App, about: str) -> bool:
    """Return whether a set with this prompt is in the database."""
    with closing(sqlite3.connect(app.log.parent / "history.db")) as there:
        return bool(there.execute("SELECT 1 FROM playground WHERE about = ?", [about]).fetchone())


def save_as(page: Page, name: str) -> None:
    keyed(page, "sets").get_by_role("button").first.click()
    page.get_by_role("textbox", name="Save tools, prompt and settings as").fill(name)
    page.get_by_role("button", name="Save as", exact=True).click()
    expect(page.get_by_text(f"Saved “{name}”").first).to_be_visible()
    page.keyboard.press("Escape")


def test_a_reload_and_another_page_keep_the_work(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit(PATH)
    sign_in(page)
    clarifai.next(says("It rains."))
    run(page, "Does it rain?")
    over(page, "It rains.")
    type_into_line(page, 5, " Typed.")
    expect(keyed(page, "undo_tools")).to_be_visible()
    save_as(page, "Rain")
    prompt(page).fill("And tomorrow?")
    page.get_by_role("link", name="Help").click()
    expect(page.get_by_role("heading", name="Help").first).to_be_visible()

    page.goto(page.url.replace("/help", PATH))

    expect(page.get_by_text("It rains.").first).to_be_visible()
    expect(prompt(page)).to_have_value("And tomorrow?")
    expect(line(page, 5)).to_contain_text(" Typed.")
    is_open(page, "Rain")
    assert len(clarifai.chats) == 1


def test_a_killed_server_loses_no_work(
    visit: Visit, clarifai: FakeClarifai, mortal_app: App
) -> None:
    page = visit("about:blank")
    page.goto(mortal_app.url + PATH)
    sign_in(page)
    clarifai.next(Talker())
    run(page, "Tell me words")
    expect(page.get_by_text(re.compile("word60")).first).to_be_visible()

    mortal_app.kill()
    mortal_app.start()
    page.goto(mortal_app.url + PATH)

    expect(page.get_by_text(re.compile("word3 ")).first).to_be_visible()
    expect(page.get_by_text(re.compile("Interrupted")).first).to_be_visible()
    expect(prompt(page)).to_have_value("Tell me words")
    assert len(clarifai.chats) == 1
    for file in mortal_app.log.parent.glob("history.db*"):
        assert_no_canary(file.name, file.read_bytes().decode("latin-1"))
    assert CANARY not in mortal_app.log.read_text()


def test_two_tabs_make_two_sets(visit: Visit, app: App) -> None:
    one = visit(PATH)
    save_as(one, "Shared")
    two = one.context.new_page()
    two.goto(one.url)
    is_open(two, "Shared")
    type_prompt(one, "From one")
    until(lambda: is_saved(app, "From one"))

    type_prompt(two, "From two")

    expect(two.get_by_text("Another tab changed or deleted “Shared” too")).to_be_visible()
    until(lambda: is_saved(app, "From two"))
    one.reload()
    expect(one.get_by_role("textbox", name="Prompt", exact=True)).to_have_value("From two")
    keyed(one, "sets").get_by_role("button").first.click()
    one.get_by_role("combobox", name="Your sets").click()
    one.get_by_role("option", name="Shared", exact=True).click()
    one.locator(".st-key-open_set").get_by_role("button").click()
    expect(prompt(one)).to_have_value("From one")


def test_the_sets_fit_a_phone_and_have_no_accessibility_problem(visit: Visit) -> None:
    page = visit(PATH, viewport={"width": 390, "height": 844})
    save_as(page, "Mine")
    keyed(page, "sets").get_by_role("button").first.click()
    expect(page.get_by_role("combobox", name="Your sets")).to_be_visible()
    settled(page)

    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    expect(page.get_by_test_id("stToast")).to_have_count(0)  # Streamlit's own, without a name
    assert problems(page) == []
