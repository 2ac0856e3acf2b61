"""Take the screenshots in docs/screenshots: `make screenshots`."""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import FLAGS, PATIENCE_MS, ROOT, App, enter_token, find_chromium
from tests.fake_clarifai import PAT, FakeClarifai, cut

WHERE = ROOT / "docs" / "screenshots"
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


def main() -> None:
    with FakeClarifai(pause_s=1 / 200) as fake, tempfile.TemporaryDirectory() as folder:
        app = App(Path(folder) / "log", CLARIFAI_API_BASE=fake.base)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=find_chromium(), args=list(FLAGS)
                )
                for scheme in ("light", "dark"):
                    take(browser, app, fake, scheme)
                browser.close()
        finally:
            app.stop()


def take(browser: Browser, app: App, fake: FakeClarifai, scheme: str) -> None:
    page = visit(browser, app.url, scheme, DESK)
    page.get_by_role("button", name="Compare prices").click()
    expect(page.get_by_text("tokens in")).to_be_visible()
    shoot(page, f"chat-{scheme}")
    page.get_by_test_id("stPopover").locator("button").first.click()
    page.get_by_label("Search, or paste a model's address").wait_for()
    shoot(page, f"picker-{scheme}")
    page.keyboard.press("Escape")
    enter_token(page, PAT, "ada")
    fake.next(cut("The harbour waits for the morning, and the night train "))
    ask(page, "Tell me about the harbour")
    expect(page.get_by_text("The connection was lost")).to_be_visible()
    shoot(page, f"failure-{scheme}")
    page.get_by_role("link", name="Models").click()
    page.get_by_test_id("stDataFrame").wait_for()
    shoot(page, f"models-{scheme}")
    page.context.close()
    page = visit(browser, f"{app.url}/tool_playground", scheme, {"width": 1440, "height": 1000})
    page.locator(".cm-content").wait_for()
    page.get_by_role("button", name="Run").click()
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_text("an answer in words")).to_be_visible()
    page.mouse.move(1000, 600)
    page.mouse.wheel(0, -5000)
    shoot(page, f"playground-{scheme}")
    page.get_by_role("button", name="Get code").first.click()
    expect(page.get_by_role("tab", name="LiteLLM Proxy")).to_be_visible()
    shoot(page, f"code-{scheme}")
    page.context.close()
    take_stage(browser, app, scheme)
    phone = visit(browser, app.url, scheme, PHONE)
    phone.get_by_role("button", name="Think before answering").click()
    expect(phone.get_by_text("tokens in")).to_be_visible()
    shoot(phone, f"phone-{scheme}")
    phone.context.close()


def take_stage(browser: Browser, app: App, scheme: str) -> None:
    page = visit(browser, f"{app.url}/?demo=first-look", scheme, DESK)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Play again")).to_be_visible()
    shoot(page, f"presenter-{scheme}")
    page.context.close()
    page = visit(browser, f"{app.url}/stage", scheme, DESK)
    page.locator("input[type=file]").set_input_files(
        ROOT / "clarifai_chat" / "data" / "demos" / "recordings" / "side-by-side.json"
    )
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_role("button", name="Play again")).to_be_visible()
    shoot(page, f"replay-{scheme}")
    page.context.close()


def visit(browser: Browser, url: str, scheme: str, size: dict) -> Page:
    context = browser.new_context(color_scheme=scheme, viewport=size)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(url)
    page.get_by_test_id("stSidebarContent").wait_for(state="attached")
    return page


def ask(page: Page, prompt: str) -> None:
    page.get_by_test_id("stChatInputTextArea").fill(prompt)
    page.keyboard.press("Enter")


def shoot(page: Page, name: str) -> None:
    page.mouse.move(0, 0)
    page.wait_for_timeout(1500)  # for fonts, formulas and fading
    page.screenshot(path=WHERE / f"{name}.png")


if __name__ == "__main__":
    main()
