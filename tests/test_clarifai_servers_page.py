"""MCP servers on Clarifai: offered for agentic models, sent with the run, and never judged."""

import json

import pytest

from clarifai_chat import catalog
from clarifai_chat.llm.code import KINDS
from clarifai_chat.playground import clarifai_servers, door, run_file, runs
from tests.canary import CANARY
from tests.fake_clarifai import calls, calls_of_its_own
from tests.pages import page
from tests.test_tool_playground_page import PAGE, kept_runs, tool, with_prompt, with_settings

AGENTIC = "https://clarifai.com/clarifai/agentic-model/models/gpt-5_1"
WEATHER, _, TIME = clarifai_servers.READY
OWN = "https://clarifai.com/ada/tools/models/my-server"


def opened(open_app, *servers, chosen=AGENTIC):
    session = with_prompt("What time is it?", run_settings=with_settings(mcp_servers=[*servers]))
    return open_app(PAGE, pat=CANARY, **session, chosen=chosen)


def test_only_agentic_models_have_the_field(open_app):
    app = opened(open_app)
    assert (
        app.multiselect(key="mcp_servers").options[0] == "mcp-server-weather: weather information"
    )
    assert "no verdict is possible" not in page(app)

    assert not opened(open_app, chosen=catalog.DEFAULT_URL).has("mcp_servers")
    assert not opened(open_app, chosen=catalog.DEMO.url).has("mcp_servers")


def test_the_servers_go_with_the_run_and_its_calls_get_no_verdict(open_app, fake):
    app = opened(open_app)
    app.toggle(key="run_stream").set_value(False).run()
    app.multiselect(key="mcp_servers").set_value([TIME]).run()
    assert "The server runs the tools: no verdict is possible." in page(app)
    assert "Each of these rounds costs tokens" in page(app)

    fake.next(calls_of_its_own("It is ", "noon."))
    app.click("run")

    body = fake.chats[0].body
    assert body["mcp_servers"] == [TIME]
    assert body["stream"] is True
    assert "tools" not in body
    assert "tool_choice" not in body
    shown = page(app)
    assert "with 1 MCP server on Clarifai" in shown
    assert "Call `get_time` :orange-badge[not decided]" in shown
    assert "The server runs the tools: no verdict is possible. Clarifai made this call" in shown
    assert "It is noon." in shown
    assert not app.has(f"send_answers:{kept_runs(app)[0]['turn']['id']}")
    assert TIME in json.dumps(run_file.loaded(kept_runs(app)[0]["exchanges"][0]["request"]))


def test_a_saved_run_opens_with_its_servers(open_app, fake):
    app = opened(open_app, WEATHER, TIME)
    fake.next(calls_of_its_own())
    app.click("run")

    saved = door.opened(run_file.as_json(kept_runs(app)[0], CANARY))

    assert saved.run["settings"]["mcp_servers"] == [WEATHER, TIME]
    assert saved.toolset["settings"]["mcp_servers"] == [WEATHER, TIME]
    assert [verdict.status for _, verdict in runs.steps(saved.run)[0].judged] == ["undecided"]
    assert not runs.open_calls(saved.run)


def test_the_code_to_copy_has_the_servers(open_app):
    app = opened(open_app, TIME)

    app.click("run_code")

    assert sum(TIME in each.value for each in app.code) >= len(KINDS) - 1  # the proxy's: beside it


def test_an_address_elsewhere_is_named_and_not_sent(open_app, fake):
    app = opened(open_app)
    app.multiselect(key="mcp_servers").set_value(
        ["http://evil.example/mcp", "ada/tools/models/my-server"]
    )
    app.run()

    assert "Not sent: http://evil.example/mcp." in page(app).replace("\\", "")
    app.click("run")
    assert fake.chats[0].body["mcp_servers"] == [OWN]


def test_another_model_gets_the_tools_and_no_servers(open_app, fake):
    app = opened(open_app, TIME, chosen=catalog.DEFAULT_URL)
    fake.next(calls())
    app.click("run")

    assert "mcp_servers" not in fake.chats[0].body
    assert [each["function"]["name"] for each in fake.chats[0].body["tools"]] == ["get_weather"]


@pytest.mark.parametrize("found", [None, "x", {"a": 1}, [1, None, "http://[", ["x"]], [""]])
def test_only_addresses_on_clarifai_are_taken_from_a_file(found):
    assert clarifai_servers.known(found) == []


def test_a_live_list_does_not_hide_that_a_model_is_agentic():
    listed = catalog.Model.at(AGENTIC, tier="live")

    (model, *_) = catalog.merge(catalog.shipped(), [listed])

    assert model.agentic
    assert catalog.describe([model], f"{AGENTIC}/versions/0123abcd").agentic
    assert clarifai_servers.asked(model, with_settings(mcp_servers=[]), [tool()])[1] == (tool(),)
