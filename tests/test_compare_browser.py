"""Models side by side, as a person's hands compare them, without a token."""

from playwright.sync_api import expect


def ask(page, text):
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(text)
    box.press("Enter")


def test_two_demos_are_asked_voted_on_and_found_again_after_a_reload(visit):
    page = visit("/compare")
    page.get_by_text("Hide the names until I have voted").click()
    ask(page, "What can this app do?")

    expect(page.get_by_role("heading", name="Model A")).to_be_visible()
    page.get_by_role("button", name="B is the best answer").click()

    expect(page.get_by_role("heading", name="Model A")).to_have_count(0)
    expect(page.get_by_text("1 vote in this tab")).to_be_visible()
    assert "chats=" in page.url
    page.reload()
    expect(page.get_by_role("heading", name="Demo, in brief")).to_be_visible()
    expect(page.get_by_text("What can this app do?", exact=True)).to_have_count(2)

    page.get_by_role("button", name="Continue as a chat").first.click()

    expect(page.get_by_text("What can this app do?", exact=True)).to_have_count(1)
    expect(page.get_by_placeholder("Message Demo")).to_be_visible()


def test_on_a_phone_there_is_one_column_and_a_switch(visit):
    page = visit("/compare", viewport={"width": 390, "height": 844})
    ask(page, "What can this app do?")
    page.get_by_text("They are equally good").wait_for()
    first, second = (page.locator(f".st-key-column_{letter}") for letter in "AB")
    expect(first).to_be_visible()
    expect(second).to_be_hidden()

    page.get_by_role("radio", name="B · Demo, in brief").click()

    expect(second).to_be_visible()
    expect(first).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
