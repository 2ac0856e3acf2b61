"""Uploads beyond the limit in a browser: the page says why, and room comes back."""

import pytest
from playwright.sync_api import expect

from tests.browser import App

FILE = {"mimeType": "text/plain", "buffer": ("🎉" * 180_000).encode()}  # 0.7 MB


@pytest.fixture
def bounded(one_clarifai, tmp_path, chromium):
    running = App(
        tmp_path / "server.log",
        CLARIFAI_API_BASE=one_clarifai.base,
        MAX_SESSION_UPLOADS_MB="1",
        MAX_UPLOADS_MB="1",
    )
    yield running
    running.stop()


def test_a_file_beyond_the_limit_is_refused_in_a_sentence_until_there_is_room(bounded, chromium):
    def opened():
        page = chromium.new_context().new_page()
        page.goto(bounded.url)
        box = page.get_by_test_id("stChatInput")
        return page, box, box.get_by_test_id("stChatInputTextArea")

    def attach(box, name):
        box.locator("input[type=file]").first.set_input_files({"name": name, **FILE})

    ada, box, typed = opened()
    bob, other_box, other_typed = opened()
    attach(box, "one.txt")
    expect(box.get_by_test_id("stFileChip")).to_have_count(1)
    typed.fill("What is in it?")
    attach(box, "two.txt")
    expect(ada.get_by_role("alert").first).to_contain_text("100 files or 1 MB wait to be sent")
    typed.press("Enter")
    expect(typed).to_have_value("What is in it?")
    attach(other_box, "three.txt")
    expect(bob.get_by_role("alert").first).to_contain_text("as many files as it can")

    ada.close()  # frees what it had
    bob.reload()
    attach(other_box, "three.txt")
    other_typed.fill("Here it is")
    other_typed.press("Enter")

    expect(bob.get_by_test_id("stChatMessage").first).to_contain_text("three.txt")
