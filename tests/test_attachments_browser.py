"""Files in a browser: chosen, pasted, shown, and refused without losing the question."""

import base64
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, PngImagePlugin
from playwright.sync_api import Page, expect

from tests.browser import enter_token
from tests.canary import CANARY
from tests.fake_clarifai import FakeClarifai, says
from tests.test_attachments import bomb

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]


def picture() -> bytes:
    """Return a red image whose metadata says where it was made."""
    made, notes = io.BytesIO(), PngImagePlugin.PngInfo()
    notes.add_text("Location", "at home")
    Image.new("RGB", (640, 320), "red").save(made, "PNG", pnginfo=notes)
    return made.getvalue()


def sign_in(page: Page) -> None:
    enter_token(page, CANARY, "ada")


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    """Choose files in the box, and wait until they are uploaded."""
    chosen = [{"name": name, "mimeType": "", "buffer": data} for name, data in files]
    page.get_by_test_id("stChatInput").locator("input[type=file]").first.set_input_files(chosen)
    expect(page.get_by_test_id("stFileChip")).to_have_count(len(files))


def box(page: Page):
    return page.get_by_test_id("stChatInputTextArea")


def ask(page: Page, prompt: str) -> None:
    box(page).fill(prompt)
    expect(page.get_by_test_id("stChatInputSubmitButton")).to_be_enabled()
    box(page).press("Enter")


def violations(page: Page) -> list[str]:
    """Return accessibility problems for people who do not see well or use no mouse."""
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]}).response["violations"]
    return [each["help"] for each in found]


def thumbnail(page: Page):
    return page.get_by_test_id("stChatMessage").first.get_by_test_id("stImage").locator("img")


def is_drawn(image) -> None:
    """Assert that the browser has loaded the image: the content policy allows it."""
    expect(image).to_be_visible()
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate("image => image.naturalWidth") == 200


def test_files_are_sent_and_shown_and_survive_a_reload(
    visit: Visit, clarifai: FakeClarifai, tmp_path: Path
) -> None:
    page = visit()
    sign_in(page)
    clarifai.next(says("A red square, and apples."))
    choose(page, ("photo.png", picture()), ("notes.txt", b"Apples & pears"))
    ask(page, "What is this?")

    expect(page.get_by_test_id("stChatMessage").last).to_contain_text("and apples.")
    text, image = clarifai.chats[0].body["messages"][0]["content"]
    assert text["text"].startswith("File: notes.txt (")
    assert text["text"].endswith("```txt\nApples & pears\n```\n\nWhat is this?")
    sent = base64.b64decode(image["image_url"]["url"].partition(",")[2])
    assert b"at home" not in sent
    assert Image.open(io.BytesIO(sent)).size == (640, 320)

    is_drawn(thumbnail(page))
    question = page.get_by_test_id("stChatMessage").first
    question.get_by_text("notes.txt").click()
    expect(question.get_by_text("Apples & pears")).to_be_visible()
    assert not violations(page)

    page.reload()

    is_drawn(thumbnail(page))
    expect(page.get_by_test_id("stChatMessage").first).to_contain_text("notes.txt")
    assert len(clarifai.chats) == 1


def test_a_refused_file_leaves_the_question_in_the_box(
    visit: Visit, clarifai: FakeClarifai
) -> None:
    page = visit()
    sign_in(page)
    for name, data, said in (
        (
            "report.doc",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            "Save it as DOCX, PPTX or PDF",
        ),
        ("long.txt", b"word " * 300_000, "a text may have"),
        ("large.bmp", b"BM" + bytes(12) + b"\x28" + bytes(17_000_000), "a picture may have"),
        ("bomb.png", bomb(30_000, 30_000), "has too many pixels"),
    ):
        choose(page, (name, data), ("fine.txt", b"Apples"))
        ask(page, f"What about {name}?")
        expect(page.get_by_test_id("stAlert").filter(has_text=said)).to_contain_text(name)
        expect(box(page)).to_have_value(f"What about {name}?")
        expect(page.get_by_test_id("stFileChip")).to_have_count(0)
    assert not violations(page)

    ask(page, "What about bomb.png?")  # the same question is put back a second time
    expect(page.get_by_test_id("stChatMessage").first).to_contain_text("What about bomb.png?")
    expect(box(page)).to_have_value("")
    (request,) = clarifai.chats
    assert request.body["messages"][0]["content"].count("File: fine.txt") == 4


def test_a_picture_can_be_pasted(visit: Visit, clarifai: FakeClarifai) -> None:
    page = visit()
    sign_in(page)
    box(page).focus()
    page.evaluate(
        """data => {
            const bytes = Uint8Array.from(atob(data), sign => sign.charCodeAt(0));
            const clipboard = new DataTransfer();
            clipboard.items.add(new File([bytes], "image.png", {type: "image/png"}));
            const paste = new ClipboardEvent("paste", {clipboardData: clipboard, bubbles: true});
            document.activeElement.dispatchEvent(paste);
        }""",
        base64.b64encode(picture()).decode(),
    )
    expect(page.get_by_test_id("stFileChip")).to_have_count(1)
    ask(page, "What is this?")

    is_drawn(thumbnail(page))
    kinds = [part["type"] for part in clarifai.chats[0].body["messages"][0]["content"]]
    assert kinds == ["text", "image_url"]
