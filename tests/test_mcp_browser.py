"""A real MCP server in a real browser: its tools are listed, converted and called; it answers."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser import App, problems
from tests.test_mcp import started
from tests.test_tool_playground_browser import PATH, Visit, keyed, over, run

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def at(mortal_app: App) -> Iterator[tuple[str, str]]:
    """Return the playground of an app that allows a server, and the server's address."""
    process, host = started(mortal_app.mcp_port)
    yield mortal_app.url + PATH, f"http://{host}/mcp"
    process.kill()
    process.wait()


def test_a_server_lists_its_tools_and_answers_an_approved_call(
    visit: Visit, at: tuple[str, str]
) -> None:
    playground, address = at
    page = visit("about:blank")
    page.goto(playground)
    keyed(page, "import_tools").get_by_role("button").click()
    page.get_by_role("textbox", name="Or ask an MCP server").fill(address)
    page.keyboard.press("Tab")
    assert problems(page, 390) == []

    keyed(page, "mcp_list").get_by_role("button").click()
    expect(page.get_by_text("This is 12 tools in MCP's form.")).to_be_visible()
    keyed(page, "use_import").get_by_role("button").click()
    expect(page.get_by_text("12 tools · 1 error")).to_be_visible()
    run(page, "What is the weather in Paris?")
    over(page, "called get_weather: valid")
    expect(page.get_by_role("checkbox", name="Send this call to 127.0.0.1")).to_be_checked()
    assert problems(page, 390) == []
    keyed(page, "send_answers").get_by_role("button").click()

    over(page, "2 requests")
    expect(page.get_by_text("Rain in Paris").first).to_be_visible()
    expect(page.get_by_text("The MCP server 127.0.0.1")).to_be_visible()
