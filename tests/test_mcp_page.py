"""MCP servers in the playground: list, import, run, approve; what is not sent, what is kept."""

import json
from types import SimpleNamespace

import pytest

from clarifai_chat.chat.turn import apply
from clarifai_chat.llm.transport import InFlight
from clarifai_chat.mcp import client
from clarifai_chat.playground import door, run_file, runs
from components.state import widget_values
from tests.canary import CANARY, assert_no_canary
from tests.fake_clarifai import calls, parallel_calls, says
from tests.hostile_mcp import HostileServer
from tests.pages import page
from tests.test_mcp import real as real  # a fixture
from tests.test_mcp import started
from tests.test_tool_playground_page import PAGE, kept_runs, turn_id, with_prompt, with_settings

PARIS = '{"location": "Paris"}'


@pytest.fixture
def at(real, set_up):
    set_up(MCP_HOSTS=real)
    return f"http://{real}/mcp"


def listed(app, address, token=""):
    """Open the import, ask the server, and wait for what it says."""
    app.click("import_tools")
    app.text_input(key="mcp_address").set_value(address)
    if token:
        app.text_input(key="mcp_token").set_value(token)
    app.click("mcp_list")
    return app


def imported(open_app, address, **settings):
    app = open_app(PAGE, pat=CANARY, **with_prompt(run_settings=with_settings(**settings)))
    listed(app, address).click("use_import")
    return app


def text_of(app):
    return page(app).replace("\\", "")


def test_without_hosts_one_sentence_says_how(open_app):
    app = open_app(PAGE)
    app.click("import_tools")

    assert not app.has("mcp_address")
    assert "this app's operator names its host in the setting `MCP_HOSTS`" in page(app)


def test_a_server_lists_tools_and_answers_an_approved_call(open_app, fake, at, monkeypatch):
    browser = SimpleNamespace()
    monkeypatch.setattr(widget_values, "session_of_this_run", lambda: browser)
    app = open_app(PAGE, pat=CANARY, **with_prompt())
    listed(app, at)
    assert "get_weather" in page(app)
    app.run()
    shown = app._tree.get_widget_states()
    app.click("use_import")
    assert app.session_state["session.tool_servers"]["get_weather"] == at
    assert app.session_state["session.run_settings"]["answers"] == "approve"

    fake.next(calls("get_weather", PARIS), says("It rains."))
    shown.widgets.add(id=app.button(key="run").proto.id, trigger_value=True)
    app._run(shown)  # Run is clicked while the browser still shows "I type them"
    box = f"approve:{turn_id(app)}:0:call_1"
    assert app.checkbox(key=box).value
    assert app.checkbox(key=box).label.startswith("Send this call to 127.0.0.1:")
    answer = app.text_area(key=box.replace("approve", "answer"))
    assert answer.label == "Answer from get_weather"
    assert len(fake.chats) == 1
    app.click(f"send_answers:{turn_id(app)}")

    assert fake.chats[1].body["messages"][-1] == {
        "role": "tool",
        "tool_call_id": "call_1",
        "content": "Rain in Paris.",
    }
    assert "It rains." in page(app)
    assert "answered: " in text_of(app)
    (record,) = kept_runs(app)[0]["server_calls"].values()
    assert (record["server"], record["outcome"], record["chars"]) == (at, "answered", 14)
    saved = door.opened(run_file.as_json(kept_runs(app)[0], CANARY)).run
    assert saved["server_calls"] == kept_runs(app)[0]["server_calls"]
    assert at not in saved["answerers"].values()


def test_a_call_that_is_not_approved_is_not_sent(open_app, fake, at):
    app = imported(open_app, at)
    fake.next(calls("get_weather", PARIS), says("So be it."))
    app.click("run")
    app.checkbox(key=f"approve:{turn_id(app)}:0:call_1").set_value(False)
    app.click(f"send_answers:{turn_id(app)}")

    assert "did not approve" in fake.chats[1].body["messages"][-1]["content"]
    assert not kept_runs(app)[0].get("server_calls")


def test_an_invalid_call_is_sent_only_if_the_reader_says_so(open_app, fake, at):
    app = imported(open_app, at, answers="automatic")
    fake.next(calls("get_weather", '{"location": 7}'), says("Well."))
    app.click("run")
    assert len(fake.chats) == 1
    assert "A call is not valid, so it was not sent to its server." in page(app)
    box = app.checkbox(key=f"approve:{turn_id(app)}:0:call_1")
    assert (box.value, "although it is not valid" in box.label) == (False, True)

    box.set_value(True)
    app.click(f"send_answers:{turn_id(app)}")

    assert fake.chats[1].body["messages"][-1]["content"] == "Rain in 7."


def test_valid_calls_go_automatically_up_to_the_limit(open_app, fake, at):
    app = imported(open_app, at, answers="automatic", max_calls=2)
    both = parallel_calls(("get_weather", PARIS), ("fail", "{}"))
    fake.next(both, calls("get_weather", PARIS))
    app.click("run")

    assert [m["content"] for m in fake.chats[1].body["messages"][-2:]] == [
        "Rain in Paris.",
        "Error: It does not work.",
    ]
    assert "answered with an error" in page(app)
    assert len(fake.chats) == 2
    assert "The limit of calls to servers is reached" in page(app)


def test_a_typed_answer_takes_the_servers_place(open_app, fake, at):
    app = imported(open_app, at)
    fake.next(calls("get_weather", PARIS), says("Sun."))
    app.click("run")
    app.text_area(key=f"answer:{turn_id(app)}:0:call_1").set_value("Sunny")
    app.click(f"send_answers:{turn_id(app)}")

    assert fake.chats[1].body["messages"][-1]["content"] == "Sunny"
    assert not kept_runs(app)[0].get("server_calls")


def test_a_server_that_is_gone_is_an_answer_that_says_so(open_app, fake, set_up):
    process, host = started()
    set_up(MCP_HOSTS=host)
    app = imported(open_app, f"http://{host}/mcp", answers="automatic")
    process.kill()
    process.wait()
    fake.next(calls("get_weather", PARIS), says("Sorry."))
    app.click("run")

    assert "cannot be reached" in fake.chats[1].body["messages"][-1]["content"]
    assert "was asked, and failed" in page(app)


def test_a_stopped_call_waits_for_the_reader(open_app, fake, at):
    app = imported(open_app, at)
    fake.next(calls("get_weather", PARIS), says("It rains."))
    app.click("run")

    def stopped(*args):
        raise client.Stopped("Stopped.")

    run, in_flight = kept_runs(app)[0], InFlight()
    runs.answer(run, {}, ["call_1"])
    in_flight.cut()
    for event in runs.events(run, None, in_flight, ask_server=stopped):
        apply(run["turn"], event, 1.0)
    app.run()

    assert len(fake.chats) == 1
    app.click(f"send_answers:{turn_id(app)}")
    assert len(fake.chats) == 2
    assert "It rains." in page(app)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("html", "a web page and not in MCP"),
        ("redirect", "redirects to inside.example:9"),
        ("unauthorized", "does not accept this token"),
    ],
)
def test_what_is_wrong_with_a_server_is_said(open_app, set_up, act, said):
    with HostileServer() as server:
        set_up(MCP_HOSTS=server.host)
        app = listed(open_app(PAGE), f"http://{server.host}/{act}", CANARY)

        assert any(said in each.value.replace("\\", "") for each in app.error)
        assert server.asked[0][2]["Authorization"] == f"Bearer {CANARY}"


def test_a_host_that_is_not_listed_is_not_asked(open_app, at):
    app = listed(open_app(PAGE), "http://169.254.169.254/latest")

    assert "is not among the hosts" in app.error[0].value


def test_a_token_stays_in_the_session_until_it_is_forgotten(open_app, set_up, fake):
    process, host = started(TOKEN=CANARY)
    try:
        set_up(MCP_HOSTS=host)
        address = f"http://{host}/mcp"
        app = open_app(PAGE, pat=CANARY, **with_prompt())
        listed(app, address, CANARY).click("use_import")
        fake.next(calls("get_weather", PARIS), says("It rains."))
        app.click("run").click(f"send_answers:{turn_id(app)}")

        assert fake.chats[1].body["messages"][-1]["content"] == "Rain in Paris."
        assert app.session_state["session.server_tokens"] == {address: CANARY}
        assert_no_canary("the run", json.dumps(kept_runs(app)))
        assert_no_canary("the exported run", run_file.as_json(kept_runs(app)[0]))
        app.click("import_tools").click("mcp_forget")
        assert app.session_state["session.server_tokens"] == {}
    finally:
        process.kill()
        process.wait()


def test_names_and_descriptions_are_shown_as_text(open_app, at):
    app = listed(open_app(PAGE), at)

    assert "<script>" not in "".join(each.value for each in app.markdown)
