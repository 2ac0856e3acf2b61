"""Saved conversations in a browser: a reload, a second visit, a killed server."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser import App, enter_token, listed
from tests.canary import CANARY, assert_no_canary
from tests.fake_clarifai import FakeClarifai, says
from tests.pages import Talker

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]


def ask(page: Page, prompt: str) -> None:
    page.get_by_test_id("stChatInputTextArea").fill(prompt)
    page.keyboard.press("Enter")


def answer(page: Page):
    return page.get_by_test_id("stChatMessage").last


def sign_in(page: Page) -> None:
    enter_token(page, CANARY, "ada")


def asked_and_answered(page: Page, clarifai: FakeClarifai) -> None:
    sign_in(page)
    clarifai.next(says("In Paris, of course."))
    ask(page, "Where is the Louvre?")
    expect(answer(page)).to_contain_text("In Paris, of course.")
    expect(listed(page)).to_have_text(["Where is the Louvre?"])


def test_a_reload_shows_the_conversation(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit()
    asked_and_answered(page, clarifai)
    expect(page).to_have_url(re.compile(r"\?chat=[0-9a-f]{32}$"))

    page.reload()

    expect(answer(page)).to_contain_text("In Paris, of course.")
    expect(listed(page)).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_test_id("stChatMessage")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("chat="))
    listed(page).click()
    expect(answer(page)).to_contain_text("In Paris, of course.")
    assert len(clarifai.chats) == 1
    assert_no_canary("address", page.url)


def test_only_a_returning_visitor_finds_the_conversation(
    visit: Visit, clarifai: FakeClarifai
) -> None:
    page = visit()
    asked_and_answered(page, clarifai)
    address, cookies = page.url, page.context.storage_state()
    page.close()

    back = visit(storage_state=cookies)
    listed(back).click()
    expect(answer(back)).to_contain_text("In Paris, of course.")
    assert back.url == address

    stranger = visit("about:blank")
    stranger.goto(address)
    expect(stranger.get_by_text("is not one of yours, or was deleted")).to_be_visible()
    expect(listed(stranger)).to_have_count(0)
    expect(stranger.get_by_text("Louvre")).to_have_count(0)


def test_a_shared_page_is_read_continued_and_revoked(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit()
    asked_and_answered(page, clarifai)
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Make a link").click()
    expect(dialog.get_by_role("img", name="QR code of the shared page")).to_be_visible()
    address = dialog.locator("code").inner_text()
    assert Axe().run(page, {"include": "[role=dialog]"}).response["violations"] == []

    reader = visit("about:blank", color_scheme="dark", viewport={"width": 390, "height": 844})
    reader.goto(address)
    expect(reader.get_by_text("In Paris, of course.")).to_be_visible()
    assert reader.context.cookies() == []
    assert Axe().run(reader).response["violations"] == []
    reader.get_by_role("link", name="Continue as my copy").click()
    expect(answer(reader)).to_contain_text("In Paris, of course.")
    expect(reader).to_have_url(re.compile(r"\?chat=[0-9a-f]{32}$"))

    dialog.get_by_role("button", name="Revoke").click()
    expect(dialog.get_by_role("button", name="Revoke")).to_have_count(0)
    reader.goto(address)
    expect(reader.get_by_role("heading", name="There is no shared page here")).to_be_visible()
    assert len(clarifai.chats) == 1


def test_a_killed_server_loses_no_answer(
    visit: Visit, clarifai: FakeClarifai, mortal_app: App
) -> None:
    page = visit("about:blank")
    page.goto(mortal_app.url)
    sign_in(page)
    clarifai.next(Talker(), says("and the rest."))
    ask(page, "Tell me words")
    expect(answer(page)).to_contain_text("word40")  # saved about once a second

    mortal_app.kill()
    mortal_app.start()
    page.goto(page.url)

    expect(answer(page)).to_contain_text("word3 ")
    expect(answer(page)).to_contain_text("Interrupted")
    assert len(clarifai.chats) == 1
    sign_in(page)
    page.get_by_role("button", name="Continue").click()
    expect(answer(page)).to_contain_text("and the rest.")
    expect(answer(page)).to_contain_text("word3 ")
    assert len(clarifai.chats) == 2
