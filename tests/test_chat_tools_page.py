"""Tools in a conversation: chosen in its settings, called, judged, approved or refused."""

import json

import pytest
from streamlit.runtime.context import ContextProxy

from clarifai_chat.chat import replies
from clarifai_chat.chat.chats import new_chat
from clarifai_chat.history import saving
from clarifai_chat.history.owner import COOKIE, new_id, owner_of
from clarifai_chat.playground import chat_tools, keeping, kept
from clarifai_chat.playground.kept_data import new_set
from tests.canary import CANARY
from tests.fake_clarifai import calls, cut, parallel_calls, says, status
from tests.pages import ask, page, reply, sidebar

SUM = "What is 15% of 80?"
CALL = calls("calculate", '{"expression": "15 / 100 * 80"}')
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"location": {"type": "string"}}},
    },
}


@pytest.fixture
def owner(tmp_path, set_up, monkeypatch):
    """Return a visitor with a cookie, whose conversations and sets are saved."""
    visitor = new_id()
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda context: {COOKIE: visitor}))
    set_up(DATABASE_URL=f"sqlite:///{tmp_path / 'history.db'}")
    saving.forget_store()
    yield owner_of(visitor)
    for handle in list(replies._replies.values()):
        handle.stop()
    saving.forget_store()


def chat_with(offered, **changed):
    chat = new_chat()
    chat["settings"]["tools"] = {**offered, **changed}
    return chat


def by_hand():
    """Tools that nothing answers but the reader."""
    return {**chat_tools.built_in(), "source": "1", "name": "Weather", "specs": [WEATHER]} | {
        "answerers": {}
    }


def sent(fake):
    return fake.chats[-1].body


def press(app, action):
    app.click(f"{action}:{app.turns[-1]['id']}")


def save_set(owner, name, slots):
    state = new_set(name)
    keeping.note(owner, state, slots)
    keeping.flush(owner)
    return state["id"]


# --- Chosen --------------------------------------------------------------------------------------


def test_the_built_in_tools_are_chosen_in_the_settings_and_sent(open_app, fake):
    app = open_app(pat=CANARY).open("chat_settings")
    app.selectbox(key="set_tools").set_value("built-in").run()
    fake.next(says("Hello"))

    ask(app, "Hi")

    names = [tool["function"]["name"] for tool in sent(fake)["tools"]]
    assert names == ["calculate", "get_current_time", "convert_units", "search_products"]
    assert "1 set: tools" in sidebar(app)


def test_some_of_the_built_ins_can_be_left_out(open_app, fake):
    app = open_app(pat=CANARY, chat=chat_with(chat_tools.built_in())).open("chat_settings")
    app.multiselect(key="set_builtins").set_value(["time"]).run()
    fake.next(says("Hello"))

    ask(app, "Hi")

    assert [tool["function"]["name"] for tool in sent(fake)["tools"]] == ["get_current_time"]


def test_without_tools_nothing_is_sent_of_them(open_app, fake):
    app = open_app(pat=CANARY, chat=chat_with(chat_tools.built_in())).open("chat_settings")
    app.selectbox(key="set_tools").set_value("").run()
    fake.next(says("Hello"))

    ask(app, "Hi")

    assert "tools" not in sent(fake)
    assert "tools" not in app.turns[-1]


def test_a_saved_set_is_offered_and_what_changes_in_it_counts_in_the_chat(open_app, fake, owner):
    slots = {"tools": {"text": json.dumps([WEATHER]), "gen": 1}}
    id = save_set(owner, "Travel", slots)
    app = open_app(pat=CANARY).open("chat_settings")
    app.selectbox(key="set_tools").set_value(id).run()
    assert "1 tool: get_weather" in sidebar(app)
    fake.next(says("Hello"), says("Hello"))
    ask(app, "Hi")
    assert sent(fake)["tools"] == [WEATHER]

    kept.delete(owner, id)
    ask(app, "And now?")

    assert sent(fake)["tools"] == [WEATHER]
    app.open("chat_settings")
    assert app.selectbox(key="set_tools").value == id


def test_a_set_without_tools_is_refused_with_a_reason(open_app, owner):
    id = save_set(owner, "Empty", {"tools": {"text": "[]", "gen": 1}})
    app = open_app(pat=CANARY).open("chat_settings")

    app.selectbox(key="set_tools").set_value(id).run()

    assert "The set “Empty” has no tools" in app.toast[0].value
    assert "tools" not in app.session_state["session.chat"]["settings"]


# --- Approved ------------------------------------------------------------------------------------


def test_a_call_waits_for_approval_with_its_verdict_and_the_model_gets_the_result(open_app, fake):
    fake.next(CALL, says("It is 12."))
    app = open_app(pat=CANARY, chat=chat_with(chat_tools.built_in()))
    ask(app, SUM)
    assert "Call `calculate` :green-badge[valid]" in reply(app)
    assert "the built-in calculator answers" in reply(app)
    assert len(fake.chats) == 1

    press(app, "approve")

    *_, called, result = sent(fake)["messages"]
    assert called["tool_calls"][0]["function"]["name"] == "calculate"
    assert json.loads(result["content"])["result"] == 12
    assert "Answered by the built-in calculator" in reply(app)
    assert "It is 12." in reply(app)
    assert not app.has(f"approve:{app.turns[-1]['id']}")


def test_a_refused_call_is_told_to_the_model(open_app, fake):
    fake.next(CALL, says("Then not."))
    app = open_app(pat=CANARY, chat=chat_with(chat_tools.built_in()))
    ask(app, SUM)

    press(app, "refuse")

    assert "did not approve" in sent(fake)["messages"][-1]["content"]
    assert "Refused. The model was told:" in reply(app)
    assert "Then not." in reply(app)


def test_the_reader_writes_the_answer_of_a_tool_that_is_not_built_in(open_app, fake):
    fake.next(calls("get_weather", '{"location": 5}'), says("Sunny."))
    app = open_app(pat=CANARY, chat=chat_with(by_hand()))
    ask(app, "Weather?")
    assert ":red-badge[invalid]" in reply(app)
    assert "location" in reply(app)
    [box] = app.main.text_area
    box.set_value("sunny").run()

    press(app, "approve")

    assert sent(fake)["messages"][-1]["content"] == "sunny"
    assert "Answered by hand" in reply(app)


def test_of_several_calls_one_can_be_refused(open_app, fake):
    both = parallel_calls(("calculate", '{"expression": "1+1"}'), ("get_current_time", "{}"))
    fake.next(both, says("Done."))
    app = open_app(pat=CANARY, chat=chat_with(chat_tools.built_in()))
    ask(app, SUM)
    app.main.checkbox[1].uncheck().run()

    press(app, "approve")

    first, second = sent(fake)["messages"][-2:]
    assert json.loads(first["content"])["result"] == 2
    assert "did not approve" in second["content"]


def test_a_call_is_no_longer_answered_once_there_is_another_question(open_app, fake):
    fake.next(CALL, says("Hello"))
    app = open_app(pat=CANARY, chat=chat_with(chat_tools.built_in()))
    ask(app, SUM)
    asked = app.turns[-1]["id"]

    ask(app, "Hi")

    assert not app.has(f"approve:{asked}")
    assert "Not answered." in reply(app, 0)
    assert [m["role"] for m in sent(fake)["messages"]] == ["user", "assistant", "tool", "user"]


# --- Automatic -----------------------------------------------------------------------------------


def test_calls_are_answered_automatically_up_to_a_number_of_requests(open_app, fake):
    fake.next(CALL, CALL, CALL)
    app = open_app(
        pat=CANARY, chat=chat_with(chat_tools.built_in(), automatic=True, max_requests=2)
    )

    ask(app, SUM)

    assert len(fake.chats) == 2
    assert "The limit of requests is reached" in reply(app)
    assert app.has(f"approve:{app.turns[-1]['id']}")


def test_the_demo_calls_a_tool_and_answers_with_its_result(open_app):
    app = open_app(chat=chat_with(chat_tools.built_in(), automatic=True))

    ask(app, "What is 15% of 249 plus 12?")

    assert "Call `calculate` :green-badge[valid]" in reply(app)
    assert "49.35" in reply(app)
    assert "According to" in reply(app)


@pytest.mark.parametrize(
    ("quirk", "verdict"), [("malformed", "not JSON"), ("unknown", "unknown tool")]
)
def test_the_demo_gets_a_call_wrong_on_request(open_app, quirk, verdict):
    app = open_app(chat=chat_with(chat_tools.built_in()))

    ask(app, f"/call {quirk}")

    assert f"badge[{verdict}]" in reply(app)


# --- Broken off ----------------------------------------------------------------------------------


def test_a_request_that_fails_between_calls_goes_on_from_there(open_app, fake):
    fake.next(CALL, status(400), says("It is 12."))
    app = open_app(pat=CANARY, chat=chat_with(chat_tools.built_in(), automatic=True))
    ask(app, SUM)

    press(app, "resume")

    assert [m["role"] for m in sent(fake)["messages"]] == ["user", "assistant", "tool"]
    assert "It is 12." in reply(app)
    assert len(app.turns) == 1


def test_an_answer_that_is_cut_after_the_calls_is_continued_with_them(open_app, fake):
    fake.next(CALL, cut("It is "), says("12."))
    app = open_app(pat=CANARY, chat=chat_with(chat_tools.built_in(), automatic=True))
    ask(app, SUM)

    press(app, "resume")

    roles = [m["role"] for m in sent(fake)["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant", "user"]
    assert "It is 12." in reply(app)


def test_open_calls_are_found_again_after_a_reload(open_app, fake, owner):
    fake.next(calls("get_weather", '{"location": "Oslo"}'), says("Sunny."))
    app = open_app(pat=CANARY, chat=chat_with(by_hand()))
    ask(app, "Weather?")
    app.main.text_area[0].set_value("half typ").run()
    chat = app.session_state["session.chat"]["id"]

    again = open_app(pat=CANARY, query={"chat": chat})

    assert "Call `get_weather` :green-badge[valid]" in reply(again)
    assert again.main.text_area[0].value == "half typ"
    press(again, "approve")
    assert sent(fake)["messages"][-1]["content"] == "half typ"
    assert "Sunny." in reply(again)


def test_the_meter_counts_tools_and_calls(open_app, fake):
    fake.next(says("Hello"))
    bare = open_app(pat=CANARY)
    ask(bare, "Hi")
    fake.next(says("Hello"))
    app = open_app(pat=CANARY, chat=chat_with(chat_tools.built_in()))
    ask(app, "Hi")

    assert "the tools" in page(app)
    assert _meter(app) > _meter(bare) + 100


def _meter(app):
    line = next(c.value for c in app.caption if "tokens" in c.value and "about" in c.value.lower())
    return int(line.split(" of ")[0].split()[-1].replace(",", ""))


# --- To the playground and back ------------------------------------------------------------------


def choose(app, turn, entry):
    app.main.menu_button(key=f"turn:{turn['id']}").click(entry).run()


def test_a_turn_is_opened_in_the_playground_with_all_that_went_with_it(open_app, fake):
    fake.next(says("Hello"), CALL, says("It is 12."))
    chat = chat_with(chat_tools.built_in(["calculator"]), automatic=True)
    chat["settings"] |= {"system": "Be brief.", "temperature": 0.5, "top_p": 0.9}
    app = open_app(pat=CANARY, chat=chat)
    ask(app, "Hi")
    ask(app, SUM)

    choose(app, app.turns[-1], "Open in the playground")

    assert app.text_area(key="run_prompt").value == SUM
    settings = app.session_state["session.run_settings"]
    assert [m["content"] for m in settings["messages"]] == ["Hi", "Hello"]
    assert (settings["system"], settings["temperature"]) == ("Be brief.", 0.5)
    assert settings["extra"] == {"top_p": 0.9}
    assert json.loads(app.session_state["session.tools"]["text"]) == sent(fake)["tools"]
    assert "Call `calculate` :green-badge[valid]" in page(app)
    assert "Answered by the built-in calculator" in page(app)
    assert "2 requests" in page(app)


def test_the_playground_sends_what_the_chat_sent(open_app, fake):
    fake.next(says("Hello"), CALL, CALL)
    chat = chat_with(chat_tools.built_in())
    chat["settings"] |= {"system": "Be brief.", "temperature": 0.5, "top_p": 0.9}
    app = open_app(pat=CANARY, chat=chat)
    ask(app, "Hi")
    ask(app, SUM)
    asked = sent(fake)
    choose(app, app.turns[-1], "Open in the playground")

    app.click("run")

    assert sent(fake) == {**asked, "tool_choice": "auto"}


def test_the_playground_leads_back_to_the_chat(open_app, fake):
    fake.next(CALL)
    app = open_app(pat=CANARY, chat=chat_with(chat_tools.built_in()))
    ask(app, SUM)
    asked = app.turns[-1]["id"]
    choose(app, app.turns[-1], "Open in the playground")

    app.click("back_to_chat")

    assert app.turns[-1]["id"] == asked
    assert app.has(f"approve:{asked}")


def test_a_turn_without_tools_leaves_the_tools_of_the_playground(open_app, fake):
    fake.next(says("Hello"))
    app = open_app(pat=CANARY, tools={"text": json.dumps([WEATHER]), "gen": 1})
    ask(app, "Hi")

    choose(app, app.turns[-1], "Open in the playground")

    assert app.text_area(key="run_prompt").value == "Hi"
    assert json.loads(app.session_state["session.tools"]["text"]) == [WEATHER]


def test_a_token_that_is_typed_as_an_answer_is_not_saved(open_app, fake, owner, tmp_path):
    fake.next(calls("get_weather", '{"location": "Oslo"}'), says("Sunny."))
    app = open_app(pat=CANARY, chat=chat_with(by_hand()))
    ask(app, "Weather?")

    app.main.text_area[0].set_value("a key").run()
    app.main.text_area[0].set_value(f"the key is {CANARY}").run()

    assert app.session_state["session.is_temporary"]
    saving.forget_store()
    for file in tmp_path.iterdir():
        assert CANARY.encode() not in file.read_bytes()


def test_a_call_that_a_server_would_get_says_where_it_goes_and_whether_it_is_valid(open_app, fake):
    fake.next(calls("get_weather", '{"location": 5}'))
    offered = {**by_hand(), "answerers": {"get_weather": "https://mcp.example.com/mcp"}}
    app = open_app(pat=CANARY, chat=chat_with(offered, automatic=True))

    ask(app, "Weather?")

    assert "the MCP server mcp.example.com answers, although the call is not valid" in reply(app)
    assert "A call is not valid, so it was not sent to its server." in reply(app)
