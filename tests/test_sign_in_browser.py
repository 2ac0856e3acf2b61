"""Signing in with a provider: every browser shows the account's conversations."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import App, free_port, listed
from tests.fake_oidc import FakeOidc
from tests.patience import until
from tests.test_drafts_browser import STORED

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]


@pytest.fixture
def provider() -> Iterator[FakeOidc]:
    with FakeOidc() as fake:
        yield fake


@pytest.fixture
def signed_app(provider: FakeOidc, tmp_path: Path) -> Iterator[App]:
    port = free_port()
    secrets = tmp_path / ".streamlit" / "secrets.toml"
    secrets.parent.mkdir()
    secrets.write_text(provider.secrets(f"http://localhost:{port}"), "utf-8")
    app = App(tmp_path / "server.log", port=port, HOME=str(tmp_path))
    yield app
    app.stop()


def sign_in(page: Page, app: App, name: str) -> None:
    page.goto(app.url)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(f"Signed in as {name}")).to_be_visible()


def test_an_account_has_its_conversations_in_every_browser(
    visit: Visit, signed_app: App, provider: FakeOidc
) -> None:
    page = visit("about:blank")
    page.goto(signed_app.url)
    page.get_by_test_id("stChatInputTextArea").fill("Before I signed in")
    page.keyboard.press("Enter")
    expect(listed(page)).to_have_text(["Before I signed in"])
    sign_in(page, signed_app, "Ada")
    expect(listed(page)).to_have_count(0)  # the browser's own conversations stay separate
    page.get_by_test_id("stChatInputTextArea").fill("Asked by Ada")
    page.keyboard.press("Enter")
    expect(listed(page)).to_have_text(["Asked by Ada"])

    elsewhere = visit("about:blank")
    sign_in(elsewhere, signed_app, "Ada")
    expect(listed(elsewhere)).to_have_text(["Asked by Ada"])

    provider.name = "Grace"
    stranger = visit("about:blank")
    sign_in(stranger, signed_app, "Grace")
    stranger.get_by_test_id("stChatInputTextArea").fill("Asked by Grace")
    stranger.keyboard.press("Enter")
    expect(listed(stranger)).to_have_text(["Asked by Grace"])

    page.get_by_test_id("stChatInputTextArea").fill("Typed by Ada")
    until(lambda: "Typed by Ada" in page.evaluate(STORED))
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(listed(page)).to_have_text(["Before I signed in"])
    until(lambda: "Typed by Ada" not in page.evaluate(STORED))
    expect(page.get_by_test_id("stChatInputTextArea")).to_have_value("")
    assert not provider.refused


def test_without_a_provider_the_page_does_not_mention_accounts(visit: Visit) -> None:
    page = visit()

    expect(page.get_by_test_id("stChatInputTextArea")).to_be_visible()
    expect(page.get_by_text("Sign in")).to_have_count(0)
