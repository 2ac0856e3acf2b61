"""Settings and links in a browser: filling in the box, typing while the page is drawn again."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import problems, settled
from tests.fake_clarifai import FakeClarifai, says
from tests.patience import until
from tests.test_history_browser import answer, ask, sign_in

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]


def box(page: Page):
    return page.get_by_test_id("stChatInputTextArea")


def open_settings(page: Page) -> None:
    page.get_by_test_id("stSidebarContent").get_by_text("Settings", exact=True).click()
    expect(page.get_by_label("System prompt")).to_be_visible()


def test_a_link_fills_the_box_and_only_the_visitor_sends(
    visit: Visit, clarifai: FakeClarifai
) -> None:
    page = visit("/?model=openai/chat-completion/models/gpt-4o&system=Be%20brief.&q=Why%20so%3F")
    expect(box(page)).to_have_value("Why so?")
    expect(page.get_by_text("This link set a system prompt")).to_be_visible()
    sign_in(page)
    expect(box(page)).to_have_value("Why so?")
    assert clarifai.chats == []

    clarifai.next(says("Because."))
    box(page).press("Enter")

    expect(answer(page)).to_contain_text("Because.")
    (chat,) = clarifai.chats
    assert [m["content"] for m in chat.body["messages"]] == ["Be brief.", "Why so?"]
    expect(box(page)).to_have_value("")
    page.reload()
    expect(answer(page)).to_contain_text("Because.")
    expect(box(page)).to_have_value("")
    assert len(clarifai.chats) == 1


def test_a_visitors_edit_of_a_links_question_stays(visit: Visit) -> None:
    page = visit("/?q=Why%20so%3F")
    expect(box(page)).to_have_value("Why so?")

    box(page).fill("Why not?")
    page.get_by_test_id("stPopover").locator("button").first.click()  # the page is drawn again
    page.get_by_label("Search, or paste a model's address").wait_for()

    expect(box(page)).to_have_value("Why not?")


def test_a_links_question_that_was_sent_but_not_received_comes_back_once(visit: Visit) -> None:
    page = visit("/")
    kept = "sessionStorage['clarifai-chat.draft.new'] = JSON.stringify({ text: 'Why so?' })"
    page.add_init_script(kept)
    page.goto(f"{page.url}?q=Why%20so%3F")

    expect(box(page)).to_have_value("Why so?")
    settled(page)
    expect(box(page)).to_have_value("Why so?")


def test_an_edit_made_before_the_page_keeps_drafts_stays_too(visit: Visit) -> None:
    page, waiting = visit("about:blank"), []
    page.route(re.compile("/drafts[./-][^/]*js"), lambda route: waiting.append(route))
    page.goto(f"{visit.url}/?q=Why%20so%3F")
    expect(box(page)).to_have_value("Why so?")
    box(page).fill("Why not?")

    until(lambda: page.wait_for_timeout(20) or waiting)
    for route in waiting:
        route.continue_()
    page.wait_for_function("sessionStorage['clarifai-chat.draft.new']")

    expect(box(page)).to_have_value("Why not?")


def test_typing_from_field_to_field_loses_nothing(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit()
    sign_in(page)
    open_settings(page)
    page.get_by_label("System prompt").fill("Be brief.")
    page.get_by_label("Temperature").click()
    expect(page.get_by_text("1 set: system prompt")).to_be_visible()
    page.keyboard.type("0.3")
    page.keyboard.press("Tab")
    expect(page.get_by_text("2 set: system prompt, temperature")).to_be_visible()
    page.keyboard.type("50")
    page.get_by_role("textbox", name="Stop sequences").fill("END")
    clarifai.next(says("Yes."))

    ask(page, "Hi")  # at once: what was typed last goes along

    expect(answer(page)).to_contain_text("Yes.")
    (chat,) = clarifai.chats
    assert chat.body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert chat.body["temperature"] == 0.3
    assert chat.body["max_completion_tokens"] == 50
    assert chat.body["stop"] == ["END"]
    expect(page.get_by_label("Temperature")).to_have_value("0.30")


def test_open_settings_have_no_accessibility_problem(visit: Visit) -> None:
    page = visit("/?system=Be%20brief.")
    open_settings(page)
    settled(page)
    page.get_by_role("combobox", name="JSON answers").click()
    page.keyboard.type("By a schema")
    page.keyboard.press("Enter")
    page.get_by_label("JSON schema").fill("{")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Questions are not sent")).to_be_visible()
    page.get_by_role("button", name="Presets").click()
    page.get_by_label("Save these settings").wait_for()
    settled(page)

    assert problems(page) == []


def test_a_phone_shows_settings_without_scrolling_sideways(visit: Visit) -> None:
    page = visit(f"/?system={'x' * 300}", viewport={"width": 390, "height": 844})
    expect(page.get_by_text("This link set a system prompt")).to_be_visible()
    settled(page)
    widest = "Math.max(...[...document.querySelectorAll('section')].map(e => e.scrollWidth))"
    assert page.evaluate(widest) <= 390

    page.get_by_test_id("stExpandSidebarButton").click()
    open_settings(page)
    settled(page)

    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    assert page.evaluate(widest) <= 390


def test_a_click_on_a_link_keeps_words_typed_just_before_and_opens_the_page(
    visit: Visit,
) -> None:
    page = visit()
    open_settings(page)
    page.get_by_label("System prompt").fill("Be brief.")

    page.get_by_role("link", name="Models", exact=True).click()

    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    settled(page)
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    page.get_by_role("link", name="Chat").click()
    expect(page.get_by_text("1 set: system prompt")).to_be_visible()
    expect(box(page)).to_be_visible()
