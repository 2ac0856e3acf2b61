"""The app behind real proxies, as the files in deploy/proxy/ set them up."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests import proxies
from tests.browser import App
from tests.test_attachments_browser import ask, box, choose

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[App]:
    """The app, which trusts the proxies of this machine and may be in the portal's frame."""
    log = tmp_path_factory.mktemp("app") / "server.log"
    frames = f"https://{proxies.PORTAL}:*"
    running = App(log, TRUSTED_PROXIES="127.0.0.1", FRAME_ANCESTORS=frames)
    yield running
    running.stop()


def port_of(app: App) -> int:
    port = urlsplit(app.url).port
    assert port
    return port


def go(visit: Visit, url: str) -> Page:
    page = visit("about:blank", ignore_https_errors=True)
    page.goto(url)
    expect(box(page)).to_be_visible()
    return page


@pytest.mark.parametrize("run", [proxies.nginx, proxies.caddy, proxies.haproxy])
def test_the_demo_answers_and_takes_a_file_behind(
    run: Callable[..., object], visit: Visit, app: App, tmp_path: Path
) -> None:
    with run(tmp_path, port_of(app)) as url:
        page = go(visit, url)
        choose(page, ("notes.txt", b"Apples & pears " * 200_000))  # 3 MB
        ask(page, "Hello")

        expect(page.get_by_test_id("stAlert")).to_contain_text("a text may have")
        expect(box(page)).to_have_value("Hello")
        choose(page, ("notes.txt", b"Apples & pears"))
        ask(page, "Hello")

        expect(page.get_by_test_id("stChatMessage").last).to_contain_text("Demo")
        expect(page.get_by_test_id("stChatMessage").first).to_contain_text("notes.txt")
        cookies = page.context.cookies()
        assert {each["name"] for each in cookies} >= {"_streamlit_xsrf"}
        assert all(each["secure"] for each in cookies), cookies


# --- Files that do not arrive -----------------------------------------------------------------

NO_LIMIT = "    client_max_body_size  60m;"  # without it nginx takes 1 MB
UPLOADS = "**/_stcore/upload_file/**"


def failures(page: Page) -> Locator:
    return page.get_by_role("alert").filter(has_text="Nothing is sent without it")


def test_a_question_waits_while_its_file_is_not_uploaded(
    visit: Visit, app: App, tmp_path: Path
) -> None:
    with proxies.nginx(tmp_path, port_of(app), **{NO_LIMIT: ""}) as url:
        page = go(visit, url)
        choose(page, ("large.txt", b"Apples " * 200_000), ("small.txt", b"Pears"))
        expect(failures(page)).to_contain_text("large.txt: larger than the server")
        box(page).fill("What is in my files?")
        box(page).press("Enter")
        page.get_by_test_id("stChatInputSubmitButton").click()
        expect(box(page)).to_have_value("What is in my files?")
        expect(page.get_by_test_id("stFileChip")).to_have_count(2)

        page.get_by_role("button", name="Remove large.txt").click()
        expect(failures(page)).to_have_count(0)
        box(page).press("Enter")
        expect(page.get_by_test_id("stChatMessage").first).to_contain_text("small.txt")

        for answer, said in (
            (lambda route: route.fulfill(status=403), "late.txt: the upload was refused"),
            (lambda route: route.fulfill(status=400), "does not know the page any more"),
            (lambda route: route.fulfill(status=502), "answered with HTTP 502"),
            (lambda route: route.abort(), "the connection failed"),
        ):
            page.route(UPLOADS, answer)
            choose(page, ("late.txt", b"Plums"))
            expect(failures(page)).to_contain_text(said)
            page.unroute(UPLOADS)
            if "connection" not in said:
                page.get_by_role("button", name="Remove late.txt").click()
        box(page).fill("And now?")
        box(page).press("Enter")
        expect(box(page)).to_have_value("And now?")
        page.get_by_title("Click to retry upload").click()
        expect(failures(page)).to_have_count(0)
        expect(page.get_by_test_id("stChatInputSubmitButton")).to_be_enabled()
        box(page).press("Enter")
        expect(page.get_by_test_id("stChatMessage").nth(2)).to_contain_text("late.txt")


# --- In a frame of another site ---------------------------------------------------------------


def test_a_frame_of_an_allowed_site_takes_files_and_keeps_conversations(
    visit: Visit, app: App, tmp_path: Path
) -> None:
    portal = (
        f'<iframe src="https://{proxies.HOST}:$server_port" width="1000" height="700"></iframe>'
    )
    with proxies.nginx(tmp_path, port_of(app), portal=portal) as url:
        page = visit("about:blank", ignore_https_errors=True)
        page.goto(url.replace(proxies.HOST, proxies.PORTAL))
        frame = page.frame_locator("iframe")
        file = {"name": "notes.txt", "mimeType": "", "buffer": b"Apples"}
        frame.locator("input[type=file]").first.set_input_files([file])
        expect(frame.get_by_test_id("stFileChip")).to_have_count(1)
        frame.get_by_test_id("stChatInputTextArea").fill("In a frame")
        expect(frame.get_by_test_id("stChatInputSubmitButton")).to_be_enabled()
        frame.get_by_test_id("stChatInputTextArea").press("Enter")
        expect(frame.get_by_test_id("stChatMessage").first).to_contain_text("notes.txt")

        page.reload()

        kept = frame.get_by_test_id("stSidebarContent").get_by_test_id("stRadioOption")
        expect(kept).to_have_text(["In a frame"])
        cookies = page.context.cookies()
        assert {each["sameSite"] for each in cookies} == {"None"}
        assert all(each["secure"] and each.get("partitionKey") for each in cookies), cookies
