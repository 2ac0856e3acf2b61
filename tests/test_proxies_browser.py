"""The app behind real proxies, as the files in deploy/proxy/ set them up."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests import proxies
from tests.browser import App, free_port, is_up, listed
from tests.fake_oidc import FakeOidc
from tests.test_attachments_browser import ask, box, choose

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[App]:
    """The app, which trusts the proxies of this machine and may be in the portal's frame."""
    log = tmp_path_factory.mktemp("app") / "server.log"
    frames = f"https://{proxies.PORTAL}:*"
    running = App(
        log,
        TRUSTED_PROXIES="127.0.0.1",
        TRUSTED_USER_HEADER="X-Forwarded-User",
        FRAME_ANCESTORS=frames,
    )
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


# --- A websocket that does not arrive ---------------------------------------------------------


@pytest.mark.parametrize(
    ("lost", "said", "logged"),
    [
        (("Host       $http_host;",), "It must set Host to chat.localhost:", "Refused a page of"),
        (
            ("Upgrade    $http_upgrade;", "Connection $clarifai_chat_connection;"),
            "it must pass on the headers Upgrade and Connection",
            "arrived as a plain request",
        ),
    ],
)
def test_a_page_without_its_websocket_says_why(
    visit: Visit, app: App, tmp_path: Path, lost: tuple[str, ...], said: str, logged: str
) -> None:
    removed = {f"proxy_set_header {each}": "" for each in lost}
    with proxies.nginx(tmp_path, port_of(app), **removed) as url:
        page = visit("about:blank", ignore_https_errors=True)
        page.goto(url)

        expect(page.get_by_role("alert")).to_contain_text(said)
    assert logged in app.log.read_text()


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
        expect(failures(page)).to_contain_text("large.txt: more than the server")
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


# --- Below a path, and signed in --------------------------------------------------------------


def test_the_app_is_below_a_path_that_the_proxy_keeps_or_strips(
    visit: Visit, tmp_path: Path
) -> None:
    port, secrets = free_port(), tmp_path / ".streamlit" / "secrets.toml"
    secrets.parent.mkdir()
    with FakeOidc() as provider:
        secrets.write_text(provider.secrets(f"https://{proxies.HOST}:{port}/chat"), "utf-8")
        app = App(
            tmp_path / "log", HOME=str(tmp_path), TRUSTED_PROXIES="127.0.0.1", BASE_PATH="/chat"
        )
        try:
            kept = {"location / {": "location /chat/ {"}
            stripped = {**kept, f"{port_of(app)};": f"{port_of(app)}/;"}
            for changes in (kept, stripped):
                with proxies.nginx(tmp_path, port_of(app), port=port, **changes) as url:
                    walk_below_a_path(visit, f"{url}/chat")
            for path in ("/healthz", "/chat/healthz"):
                assert is_up(app.url + path)
        finally:
            app.stop()
        assert not provider.refused


def walk_below_a_path(visit: Visit, url: str) -> None:
    page = go(visit, f"{url}/")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Signed in as Ada")).to_be_visible()
    choose(page, ("notes.txt", b"Apples"))
    ask(page, "Hello")
    expect(page.get_by_test_id("stChatMessage").last).to_contain_text("Demo")
    expect(page).to_have_url(re.compile(rf"{url}/\?chat=\w+"))
    page.reload()
    expect(page.get_by_test_id("stChatMessage").first).to_contain_text("notes.txt")
    expect(listed(page).first).to_have_text("Hello")

    page.get_by_test_id("stSidebarContent").get_by_role("link", name="Models").click()

    expect(page).to_have_url(f"{url}/models")
    page.reload()
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    cookies = page.context.cookies()
    assert "__Secure-clarifai_chat_visitor" in {each["name"] for each in cookies}
    assert {each["path"] for each in cookies} == {"/chat"}, cookies
    assert all(each["secure"] for each in cookies), cookies
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page).to_have_url(f"{url}/")


def test_a_proxy_that_signs_visitors_in_names_them_and_nobody_else_does(
    visit: Visit, app: App, tmp_path: Path
) -> None:
    signs_in = {'X-Forwarded-User  "";': "X-Forwarded-User ada;"}
    with proxies.nginx(tmp_path, port_of(app), **signs_in) as url:
        page = go(visit, url)
        expect(page.get_by_text("Signed in as ada")).to_be_visible()
        ask(page, "Asked by Ada")
        expect(listed(page)).to_have_text(["Asked by Ada"])

        elsewhere = go(visit, url)

        expect(listed(elsewhere)).to_have_text(["Asked by Ada"])
    with proxies.nginx(tmp_path, port_of(app)) as url:
        stranger = visit(
            "about:blank", ignore_https_errors=True, extra_http_headers={"X-Forwarded-User": "ada"}
        )
        stranger.goto(url)
        expect(box(stranger)).to_be_visible()
        expect(stranger.get_by_test_id("stSidebarContent")).to_contain_text("Models")
        expect(listed(stranger)).to_have_count(0)
        expect(stranger.get_by_text("Signed in")).to_have_count(0)


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

        expect(listed(frame)).to_have_text(["In a frame"])
        cookies = page.context.cookies()
        assert {each["sameSite"] for each in cookies} == {"None"}
        assert all(each["secure"] and each.get("partitionKey") for each in cookies), cookies
