"""Tools in a conversation in a browser: through a reload, a killed server, and Stop."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import App
from tests.fake_clarifai import FakeClarifai, calls, says
from tests.pages import Talker
from tests.test_history_browser import Visit, answer, ask, sign_in

pytestmark = pytest.mark.browser
CALL = calls("calculate", '{"expression": "6 * 7"}')


def switch_on(page: Page) -> None:
    """Choose the built-in tools, answered automatically."""
    page.get_by_test_id("stExpander").filter(has_text="Settings").locator("summary").click()
    page.locator(".st-key-set_tools input").click()
    page.get_by_role("option", name="Built-in tools").click()
    page.get_by_text("Answer calls automatically").click()
    expect(page.locator(".st-key-set_requests")).to_be_visible()


def call(page: Page):
    return answer(page).get_by_text(re.compile(r"Call calculate\s*valid"))


def test_calls_and_results_survive_a_reload_a_killed_server_and_stop(
    visit: Visit, clarifai: FakeClarifai, mortal_app: App
) -> None:
    page = visit("about:blank")
    page.goto(mortal_app.url)
    sign_in(page)
    switch_on(page)
    clarifai.next(CALL, Talker("It is "), says("42."), CALL, Talker("Once more "))
    ask(page, "What is 6 times 7?")
    expect(answer(page)).to_contain_text("word5")

    page.reload()
    expect(call(page)).to_be_visible()
    expect(answer(page)).to_contain_text("word40")  # saved about once a second

    mortal_app.kill()
    mortal_app.start()
    page.goto(page.url)
    expect(call(page)).to_be_visible()
    expect(answer(page)).to_contain_text("Interrupted")
    assert len(clarifai.chats) == 2  # nothing is asked again by itself

    sign_in(page)
    page.get_by_role("button", name="Continue").click()
    expect(answer(page)).to_contain_text("42.")
    roles = [message["role"] for message in clarifai.chats[-1].body["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant", "user"]

    ask(page, "Again")
    expect(answer(page)).to_contain_text("Once more")
    page.get_by_role("button", name="Stop").click()
    expect(answer(page)).to_contain_text("Stopped. The text up to here is kept.")
    expect(call(page)).to_be_visible()
    assert clarifai.was_left()
