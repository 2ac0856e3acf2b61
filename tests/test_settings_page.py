"""A conversation's settings, what of them is sent, and presets."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
import streamlit
from streamlit.runtime.context import ContextProxy

from clarifai_chat import catalog
from clarifai_chat.catalog import DEFAULT_URL, DEMO
from clarifai_chat.chat import chats, json_schema, replies
from clarifai_chat.chat.turn import apply, end, new_turn
from clarifai_chat.events import TextDelta
from clarifai_chat.history import saving
from clarifai_chat.history.owner import COOKIE, new_id, owner_of
from clarifai_chat.history.store import open_store
from clarifai_chat.transfer import presets
from tests.canary import CANARY, assert_no_canary
from tests.fake_clarifai import says
from tests.pages import act, ask, page, questions, reply, sidebar

O4_MINI = "https://clarifai.com/openai/chat-completion/models/o4-mini"
SCHEMA = '{"type": "object", "properties": {"city": {"type": "string"}}}'
SET = {"system": "Be brief.", "temperature": 0.2}


@pytest.fixture
def owner(tmp_path, set_up, monkeypatch):
    """Return a visitor with a cookie, whose conversations and presets are saved."""
    visitor = new_id()
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda context: {COOKIE: visitor}))
    set_up(DATABASE_URL=f"sqlite:///{tmp_path / 'history.db'}")
    saving.forget_store()
    yield owner_of(visitor)
    for handle in list(replies._replies.values()):
        handle.stop()
    saving.forget_store()


@pytest.fixture
def store(owner, tmp_path):
    """Return the database, read as another process would."""
    store = open_store(f"sqlite:///{tmp_path / 'history.db'}")
    yield store
    store.close()


def settings_of(app):
    return app.session_state["session.chat"]["settings"]


def open_settings(app):
    return app.open("chat_settings")


def told(app):
    """Return what the line under the closed Settings says."""
    return next((c.value for c in app.sidebar.caption if " set: " in c.value), "")


def write(app, key, text):
    app.text_area(key=key).set_value(text).run()


def number(app, key, value):
    app.number_input(key=key).set_value(value).run()


def choose_json(app, mode):
    app.selectbox(key="set_json").set_value(mode).run()


def from_menu(app, turn, entry):
    app.main.menu_button(key=f"turn:{turn['id']}").click(entry).run()


def toasts(app):
    return [toast.value.replace("\\", "") for toast in app.toast]


def chat_with(settings, prompt="Earlier"):
    chat, turn = chats.new_chat(), new_turn(prompt, {**asked_of(), "url": DEMO.url})
    turn["asked_at"] = 1.0
    apply(turn, TextDelta("Yes."), 0.1)
    end(turn, "stop", 0.2)
    chats.add(chat, turn, None)
    chat["settings"] = settings
    return chat


def asked_of(url=DEFAULT_URL):
    model = catalog.describe(catalog.shipped(), url)
    return {"url": url, "name": model.name, "input_price": None, "output_price": None}


def sent(fake):
    return fake.chats[-1].body


# --- What is sent ---------------------------------------------------------------------------------


def test_nothing_is_set_at_first_and_nothing_more_is_sent(open_app, fake):
    app = open_app(pat=CANARY)
    assert told(app) == ""
    assert not app.has("set_system")

    ask(app, "Hi")

    assert sent(fake).keys() == {"model", "messages", "stream", "stream_options"}
    assert [message["role"] for message in sent(fake)["messages"]] == ["user"]


@pytest.mark.parametrize(
    ("key", "change", "field", "value"),
    [
        ("set_temperature", number, "temperature", 0.0),
        ("set_top_p", number, "top_p", 0.5),
        ("set_max_tokens", number, "max_completion_tokens", 100),
        ("set_seed", number, "seed", 0),
        ("set_presence_penalty", number, "presence_penalty", -2.0),
        ("set_frequency_penalty", number, "frequency_penalty", 1.5),
    ],
)
def test_a_number_is_sent_until_it_is_cleared(open_app, fake, key, change, field, value):
    app = open_settings(open_app(pat=CANARY))

    change(app, key, value)
    assert told(app) == f"1 set: {key.removeprefix('set_').replace('_', ' ')}"
    ask(app, "Hi")
    assert sent(fake)[field] == value

    open_settings(app)
    assert app.number_input(key=key).value == value
    change(app, key, None)
    ask(app, "Again")
    assert field not in sent(fake)
    assert told(app) == ""


def test_a_system_prompt_is_the_first_message(open_app, fake):
    app = open_settings(open_app(pat=CANARY))

    write(app, "set_system", "Answer in French.\nAlways.")
    ask(app, "Hi")
    ask(app, "Again")

    for chat in fake.chats:
        assert chat.body["messages"][0] == {
            "role": "system",
            "content": "Answer in French.\nAlways.",
        }
    write(app, "set_system", "  ")
    ask(app, "And now?")
    assert sent(fake)["messages"][0]["role"] == "user"


def test_stop_sequences_are_sent_as_a_list(open_app, fake):
    app = open_settings(open_app(pat=CANARY))

    write(app, "set_stop", "END\n\n\\n\\n")
    ask(app, "Hi")

    assert sent(fake)["stop"] == ["END", "\n\n"]
    assert app.text_area(key="set_stop").value == "END\n\\n\\n"
    write(app, "set_stop", "")
    ask(app, "Again")
    assert "stop" not in sent(fake)


def test_a_reasoning_effort_is_sent_until_it_is_not(open_app, fake):
    app = open_settings(open_app(pat=CANARY))
    assert app.selectbox(key="set_effort").value == "Not sent"

    app.selectbox(key="set_effort").set_value("low").run()
    ask(app, "Hi")
    assert sent(fake)["reasoning_effort"] == "low"

    app.selectbox(key="set_effort").set_value("Not sent").run()
    ask(app, "Again")
    assert "reasoning_effort" not in sent(fake)


def test_answers_can_be_any_json(open_app, fake):
    app = open_settings(open_app(pat=CANARY))

    choose_json(app, "Any JSON")
    assert "unless the word JSON is in it" in sidebar(app)
    ask(app, "Hi")

    assert sent(fake)["response_format"] == {"type": "json_object"}
    write(app, "set_system", "Answer in json.")
    assert "unless the word JSON is in it" not in sidebar(app)
    choose_json(app, "Off")
    ask(app, "Again")
    assert "response_format" not in sent(fake)


def test_answers_can_follow_a_schema(open_app, fake):
    app = open_settings(open_app(pat=CANARY))

    choose_json(app, "By a schema")
    assert json.loads(app.text_area(key="set_schema").value)["type"] == "object"
    write(app, "set_schema", SCHEMA)
    ask(app, "Hi")

    assert sent(fake)["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": json.loads(SCHEMA)},
    }


def test_a_schema_that_was_typed_is_there_again_when_it_is_switched_on_again(open_app):
    app = open_settings(open_app())
    choose_json(app, "By a schema")
    write(app, "set_schema", SCHEMA)

    for mode in ("Any JSON", "Off"):
        choose_json(app, mode)
        assert not app.has("set_schema")
    choose_json(app, "By a schema")

    assert app.text_area(key="set_schema").value == SCHEMA


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ('{\n "type": "object",\n}', "Line 2, column 18"),
        ('{"type": "objct"}', "Line 1, column 10"),
        ("", "There is no schema yet"),
    ],
)
def test_with_a_broken_schema_nothing_is_sent_and_nothing_is_lost(open_app, fake, typed, said):
    app = open_settings(open_app(pat=CANARY))
    choose_json(app, "By a schema")
    write(app, "set_schema", typed)
    assert "Questions are not sent" in sidebar(app)
    assert said in sidebar(app)

    ask(app, "A long question")

    assert fake.chats == []
    assert questions(app) == ["A long question"]
    assert "so nothing was sent" in reply(app)
    assert said in reply(app)
    assert app.text_area(key="set_schema").value == typed

    write(app, "set_schema", SCHEMA)
    assert "Questions are not sent" not in sidebar(app)
    app.click(f"retry:{app.turns[0]['id']}")
    assert sent(fake)["messages"][-1]["content"] == "A long question"
    assert "response_format" in sent(fake)
    assert len(app.turns) == 1


def test_a_schema_is_checked_when_it_changes_and_forgotten_with_its_conversation(
    open_app, monkeypatch
):
    checked = []
    problem = json_schema.problem
    monkeypatch.setattr(
        json_schema, "problem", lambda text: (checked.append(text), problem(text))[1]
    )
    app = open_app(chat=chat_with({"json_schema": "{"}))
    app.run()
    assert checked == ["{"]
    assert "Questions are not sent" in sidebar(app)

    app.session_state["session.chat"]["settings"]["json_schema"] = SCHEMA
    app.run()
    assert checked == ["{", SCHEMA]
    assert "Questions are not sent" not in sidebar(app)

    ask(app, "Hi")
    app.click("new_chat")
    assert app.session_state["session.checked_schema"] == {}


def test_a_broken_schema_of_a_strangers_file_draws_nothing_in_the_error(open_app, fake):
    app = open_app(pat=CANARY, chat=chat_with({"json_schema": '{"type": "![x](http://a.test/)"}'}))

    ask(app, "Hi")

    drawn = [error.value for error in app.main.error] + [each.value for each in app.sidebar.caption]
    assert len([text for text in drawn if "a\\.test" in text]) == 2
    assert not [text for text in drawn if "![" in text]


def test_what_is_typed_and_a_question_that_come_at_once_go_out_together(open_app, fake):
    app = open_settings(open_app(pat=CANARY))

    app.text_area(key="set_system").set_value("Be brief.")
    app.number_input(key="set_temperature").set_value(0.3)
    ask(app, "Hi")

    assert sent(fake)["messages"][0]["content"] == "Be brief."
    assert sent(fake)["temperature"] == 0.3


def test_every_way_to_ask_sends_what_is_set(open_app, fake):
    fake.next(says("One."), says("Two."), says("Three."))
    app = open_settings(open_app(pat=CANARY))
    number(app, "set_seed", 7)
    app.click("starter:0")
    turn = app.turns[0]
    from_menu(app, turn, "Retry")

    assert [chat.body["seed"] for chat in fake.chats] == [7, 7]


# --- Kept with the conversation -------------------------------------------------------------------


def test_settings_are_kept_with_the_first_question_and_changed_with_the_next(
    open_app, fake, store, owner
):
    app = open_settings(open_app(pat=CANARY))
    write(app, "set_system", "Be brief.")
    assert store.listing(owner) == []

    ask(app, "Hi")
    (chat,) = store.chats(owner)
    assert chat["settings"] == {"system": "Be brief."}

    number(app, "set_temperature", 0.5)
    (chat,) = store.chats(owner)
    assert chat["settings"] == {"system": "Be brief.", "temperature": 0.5}


def test_each_conversation_shows_its_own_settings(open_app, store, owner):
    brief, long = chat_with({**SET}, "Brief"), chat_with({"system": "Be long.", "seed": 3}, "Long")
    store.save_chat(owner, brief)
    store.save_chat(owner, long)
    app = open_settings(open_app(query={"chat": brief["id"]}))
    assert app.text_area(key="set_system").value == "Be brief."
    assert app.number_input(key="set_temperature").value == 0.2

    act(app, "open", long["id"])
    open_settings(app)
    assert app.text_area(key="set_system").value == "Be long."
    assert app.number_input(key="set_temperature").value is None
    assert app.number_input(key="set_seed").value == 3

    app.click("new_chat")
    open_settings(app)
    assert app.text_area(key="set_system").value == ""
    assert told(app) == ""
    assert settings_of(app) == {}


def test_what_is_typed_while_another_conversation_is_opened_stays_with_its_own(
    open_app, store, owner
):
    mine, other = chat_with({**SET}, "Mine"), chat_with({"system": "Other."}, "Other")
    store.save_chat(owner, mine)
    store.save_chat(owner, other)
    app = open_settings(open_app(query={"chat": mine["id"]}))

    app.text_area(key="set_system").set_value("Typed last.")
    act(app, "open", other["id"])

    assert settings_of(app) == {"system": "Other."}
    assert store.load(owner, other["id"])["settings"] == {"system": "Other."}
    assert store.load(owner, mine["id"])["settings"]["system"] == "Typed last."


def test_a_fork_keeps_the_settings(open_app):
    app = open_app(chat=chat_with({**SET, "stop": ["END"]}))

    from_menu(app, app.turns[0], "Continue in a new chat")

    assert settings_of(app) == {**SET, "stop": ["END"]}


def test_a_change_in_another_tab_is_shown(open_app, store, owner):
    chat = chat_with({"system": "Old."})
    store.save_chat(owner, chat)
    app = open_settings(open_app(query={"chat": chat["id"]}))
    settings_of(app)["system"] = "New."

    app.run()

    assert app.text_area(key="set_system").value == "New."


def two_tabs(open_app, store, owner, settings):
    """Open a conversation with these settings in two tabs."""
    chat = chat_with(settings)
    store.save_chat(owner, chat)
    tabs = [open_settings(open_app(pat=CANARY, query={"chat": chat["id"]})) for _ in range(2)]
    return chat["id"], *tabs


def test_settings_from_two_tabs_are_merged(open_app, store, owner):
    id, here, there = two_tabs(open_app, store, owner, {"top_p": 0.5})

    number(there, "set_temperature", 0.9)
    number(there, "set_top_p", None)
    write(here, "set_system", "A long text.")

    assert settings_of(here) == {"system": "A long text.", "temperature": 0.9}
    assert store.load(owner, id)["settings"] == settings_of(here)
    assert here.number_input(key="set_temperature").value == 0.9


def test_the_last_change_wins_if_two_tabs_change_the_same_setting(open_app, store, owner):
    id, here, there = two_tabs(open_app, store, owner, {"system": "Old."})

    write(there, "set_system", "First.")
    write(here, "set_system", "Last.")

    assert settings_of(here) == store.load(owner, id)["settings"] == {"system": "Last."}


def test_a_question_is_asked_with_what_its_own_tab_showed(open_app, fake, store, owner):
    id, here, there = two_tabs(open_app, store, owner, {"temperature": 0.2})

    number(there, "set_temperature", 0.9)
    ask(here, "Hi")

    assert fake.chats[-1].body["temperature"] == 0.2
    assert here.number_input(key="set_temperature").value == 0.9
    assert store.load(owner, id)["settings"] == {"temperature": 0.9}


@pytest.mark.parametrize(
    "settings",
    [{"stop": [f"x{CANARY}"]}, {"system": CANARY}, {"json_schema": f'{{"title": "{CANARY}"}}'}],
    ids=lambda settings: next(iter(settings)),
)
def test_a_token_in_the_settings_is_not_saved(open_app, fake, store, owner, settings):
    app = open_app(pat=CANARY, chat=chat_with(settings))

    ask(app, "Hi")

    assert store.listing(owner) == []
    assert app.session_state["session.is_temporary"]


# --- Cautions, clearing ---------------------------------------------------------------------------


def test_a_setting_that_the_model_refuses_has_a_caution(open_app):
    app = open_settings(open_app(pat=CANARY, chosen=O4_MINI))

    number(app, "set_temperature", 0.2)

    assert "refuses a temperature other than 1" in sidebar(app)
    number(app, "set_temperature", 1.0)
    assert "refuses" not in sidebar(app)


def test_a_caution_is_seen_while_the_settings_are_closed(open_app):
    app = open_app(pat=CANARY, chosen=O4_MINI, chat=chat_with({"temperature": 0.2}))
    app.session_state["session.chosen"] = O4_MINI

    assert "refuses a temperature other than 1" in sidebar(app.run())


def test_the_demo_says_that_settings_change_nothing(open_app):
    app = open_settings(open_app())
    assert "settings do not change its answers" not in sidebar(app)

    number(app, "set_temperature", 0.2)

    assert "settings do not change its answers" in sidebar(app)


def test_all_settings_can_be_cleared_and_restored(open_app, store, owner):
    chat = chat_with({**SET, "json_schema": SCHEMA})
    store.save_chat(owner, chat)
    app = open_settings(open_app(query={"chat": chat["id"]}))
    assert told(app) == "3 set: system prompt, temperature, JSON answers"

    app.click("clear_settings")
    assert settings_of(app) == {}
    assert app.text_area(key="set_system").value == ""
    assert store.load(owner, chat["id"])["settings"] == {}

    app.click("undo_settings")
    assert settings_of(app) == {**SET, "json_schema": SCHEMA}
    assert app.text_area(key="set_schema").value == SCHEMA
    assert store.load(owner, chat["id"])["settings"]["system"] == "Be brief."


def test_odd_settings_from_a_file_can_be_shown(open_app):
    odd = {"temperature": 1, "reasoning_effort": "xhigh", "stop": ["\n"], "seed": -5, "top_p": 1}
    app = open_settings(open_app(chat=chat_with({**odd})))

    assert app.selectbox(key="set_effort").value == "xhigh"
    assert app.text_area(key="set_stop").value == "\\n"
    assert settings_of(app) == odd


# --- Presets --------------------------------------------------------------------------------------


def open_presets(app):
    open_settings(app)
    return app.open("presets")


def save_as(app, name):
    app.text_input(key="preset_name").set_value(name).run()
    return app.click("save_preset")


def choose_preset(app, name):
    app.selectbox(key="chosen_preset").set_value(name).run()
    return app


@pytest.mark.parametrize("keeps", [True, False])
def test_a_preset_is_saved_used_and_deleted(open_app, keeps, request):
    if keeps:
        request.getfixturevalue("owner")
    app = open_presets(open_app(chat=chat_with({**SET}), chosen=DEFAULT_URL))
    assert ("Presets are not saved here" in sidebar(app)) is not keeps

    save_as(app, "Terse")
    assert toasts(app) == ["Saved “Terse”."]
    app.click("new_chat")
    app.session_state["session.chosen"] = DEMO.url
    open_presets(app)
    choose_preset(app, "Terse").click("use_preset")

    assert settings_of(app) == SET
    assert app.session_state["session.chosen"] == DEFAULT_URL
    assert app.text_area(key="set_system").value == "Be brief."
    app.click("delete_preset")
    assert not app.has("chosen_preset")
    assert settings_of(app) == SET
    app.click("undo_preset")
    assert app.selectbox(key="chosen_preset").options == ["Terse"]


def test_presets_are_the_visitors_in_every_tab(open_app, owner):
    save_as(open_presets(open_app(chat=chat_with({**SET}))), "Terse")

    other = open_presets(open_app())

    assert other.selectbox(key="chosen_preset").options == ["Terse"]
    assert presets.listing(owner)[0]["Terse"]["system"] == "Be brief."


def test_a_preset_with_the_same_name_is_replaced_and_can_be_restored(open_app, owner):
    presets.save(owner, {"Terse": {"seed": 1}})
    app = open_presets(open_app(chat=chat_with({**SET})))

    save_as(app, " Terse ")
    assert presets.listing(owner)[0] == {"Terse": SET}
    assert toasts(app) == ["Replaced “Terse”."]

    app.click("undo_preset")
    assert presets.listing(owner)[0] == {"Terse": {"seed": 1}}


def test_using_a_preset_over_other_settings_can_be_undone(open_app, owner):
    presets.save(owner, {"Seeded": {"seed": 1}})
    app = open_presets(open_app(chat=chat_with({**SET})))

    choose_preset(app, "Seeded").click("use_preset")
    assert settings_of(app) == {"seed": 1}
    app.click("undo_settings")

    assert settings_of(app) == SET


def test_a_preset_needs_a_name(open_app, owner):
    app = open_presets(open_app(chat=chat_with({**SET})))

    save_as(app, "  ")

    assert toasts(app) == ["Give the preset a name first."]
    assert presets.listing(owner)[0] == {}


def test_a_preset_with_the_token_is_not_saved(open_app, owner):
    app = open_presets(open_app(pat=CANARY))
    write(app, "set_stop", f"x{CANARY}")

    save_as(app, "Mine")

    assert presets.listing(owner)[0] == {}
    assert any("These settings contain your access token" in toast for toast in toasts(app))


def test_the_number_of_presets_is_limited(open_app, owner, monkeypatch):
    monkeypatch.setattr(presets, "MAX_PRESETS", 1)
    presets.save(owner, {"One": {"seed": 1}})
    app = open_presets(open_app(chat=chat_with({**SET})))

    save_as(app, "Two")
    assert [*presets.listing(owner)[0]] == ["One"]
    assert "presets already" in toasts(app)[0]
    save_as(app, "One")
    assert presets.listing(owner)[0] == {"One": SET}


def test_presets_are_exported_and_imported(open_app, owner, monkeypatch):
    presets.save(owner, {"Terse": SET, "Seeded": {"seed": 1}})
    files = {}
    draw = streamlit.download_button

    def download_button(label, data, **options):
        files[options["key"]] = data
        return draw(label, data, **options)

    monkeypatch.setattr(streamlit, "download_button", download_button)
    app = open_presets(open_app(pat=CANARY))
    text = files["export_presets"]()
    assert_no_canary("a file of presets", text)
    presets.delete(owner, "Terse")
    presets.save(owner, {"Seeded": {"seed": 2}})

    import_file(app, text.encode())

    assert presets.listing(owner)[0] == {
        "Terse": SET,
        "Seeded": {"seed": 2},
        "Seeded (2)": {"seed": 1},
    }
    assert "Imported 2 new presets." in toasts(app)


def import_file(app, data):
    app.sidebar.get("file_uploader")[0].upload("presets.json", data, "application/json")
    return app.run()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"nonsense", "not JSON"),
        (b"{}", "holds no presets"),
        (
            b'{"format": "clarifai-chat-presets", "version": 1, "presets": {"P": {"seed": "x"}}}',
            "Left out of “P”: seed.",
        ),
    ],
)
def test_a_message_says_what_is_wrong_with_a_file(open_app, owner, data, said):
    app = open_presets(open_app())

    import_file(app, data)

    assert any(said in toast for toast in toasts(app))


def test_a_file_that_contains_the_token_is_refused(open_app, owner):
    app = open_presets(open_app(pat=CANARY))
    rows = {"Bad": {"system": CANARY}, "Good": {"seed": 1}}
    file = {"format": "clarifai-chat-presets", "version": 1, "presets": rows}

    import_file(app, json.dumps(file).encode())

    assert presets.listing(owner)[0] == {"Good": {"seed": 1}}


def test_a_database_failure_is_reported_and_the_preset_name_stays_typed(
    open_app, owner, tmp_path, set_up
):
    app = open_presets(open_app(chat=chat_with({**SET})))
    (tmp_path / "a file").touch()
    set_up(DATABASE_URL=f"sqlite:///{tmp_path / 'a file' / 'history.db'}")
    saving.forget_store()

    save_as(app, "Terse")

    assert "was not saved" in toasts(app)[0]
    assert app.text_input(key="preset_name").value == "Terse"
    assert page(app)


# --- The link -------------------------------------------------------------------------------------


def open_link(app):
    open_settings(app)
    return app.open("chat_link")


def test_a_link_carries_the_model_and_the_system_prompt(open_app):
    chat = chat_with({"system": "Be brief & kind.", "seed": 1})
    app = open_link(open_app(chosen=O4_MINI, chat=chat))

    (code,) = app.sidebar.code
    assert parse_qs(urlsplit(code.value).query) == {
        "model": [O4_MINI],
        "system": ["Be brief & kind."],
    }


def test_there_is_no_link_with_a_token_in_it(open_app):
    app = open_link(open_app(chat=chat_with({"system": f"use {CANARY[::-1]}"})))

    assert not app.sidebar.code
    assert "looks like an access token" in sidebar(app)


def test_there_is_no_link_that_is_too_long_or_empty(open_app):
    app = open_link(open_app(chat=chat_with({"system": "x" * 4001})))
    assert not app.sidebar.code
    assert "too long for a link" in sidebar(app)

    app = open_link(open_app())
    assert not app.sidebar.code
    assert "Choose a model or write a system prompt first" in sidebar(app)
