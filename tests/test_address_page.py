"""Links to the chat page fill in text, and never set a token or a server, or send anything."""

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

from clarifai_chat.catalog import DEFAULT_URL, DEMO
from clarifai_chat.chat import chats, links, replies
from clarifai_chat.chat.turn import apply, end, new_turn
from clarifai_chat.events import TextDelta
from clarifai_chat.history import saving
from clarifai_chat.history.owner import COOKIE, new_id, owner_of
from clarifai_chat.history.store import open_store
from tests.canary import CANARY
from tests.pages import act, ask, page, questions

KIMI = "https://clarifai.com/moonshotai/chat-completion/models/Kimi-K2_6"
DEMO_ASKED = {"url": DEMO.url, "name": "Demo", "input_price": 0.0, "output_price": 0.0}


@pytest.fixture
def owner(tmp_path, set_up, monkeypatch):
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
    store = open_store(f"sqlite:///{tmp_path / 'history.db'}")
    yield store
    store.close()


@pytest.fixture
def overtake(monkeypatch):
    """`overtake(links, "read")` requests a newer run during the first call of that function."""

    def overtake(owner, name):
        function = getattr(owner, name)
        overtaken = []

        def overtaking(*args, **options):
            if not overtaken:
                context = get_script_run_ctx()
                newer = RerunData(
                    query_string=context.query_string, page_script_hash=context.page_script_hash
                )
                overtaken.append(context.script_requests.request_rerun(newer))
            return function(*args, **options)

        monkeypatch.setattr(owner, name, overtaking)
        return overtaken

    return overtake


def answered(prompt="Earlier"):
    chat, turn = chats.new_chat(), new_turn(prompt, {**DEMO_ASKED})
    turn["asked_at"] = 1.0
    apply(turn, TextDelta("Yes."), 0.1)
    end(turn, "stop", 0.2)
    chats.add(chat, turn, None)
    return chat


def settings_of(app):
    return app.session_state["session.chat"]["settings"]


def in_the_box(app):
    """Return the text that this run puts into the chat box; a page does that once."""
    proto = app.chat_input(key="prompt").proto
    return proto.value if proto.set_value else ""


def put_into_the_box(app):
    """Return the texts that all runs so far have put into the chat box."""
    inputs = [m.delta.new_element.chat_input for m in app.sent if m.HasField("delta")]
    return [each.value for each in inputs if each.set_value]


def address(app):
    found = app.query_params.items()
    return {name: value if isinstance(value, str) else value[0] for name, value in found}


def toasts(app):
    return [toast.value.replace("\\", "") for toast in app.toast]


def test_a_link_fills_in_and_sends_nothing(open_app, fake):
    app = open_app(pat=CANARY, query={"model": KIMI, "system": "Be brief.", "q": "Why is it so?"})

    assert app.session_state["session.chosen"] == KIMI
    assert settings_of(app) == {"system": "Be brief."}
    assert put_into_the_box(app) == ["Why is it so?"]
    assert app.turns == []
    assert fake.journal == []
    assert "This link set a system prompt" in page(app)
    assert "Be brief." in [code.value for code in app.main.code]


def test_the_visitor_sends_what_was_filled_in(open_app, fake):
    app = open_app(pat=CANARY, query={"system": "Be brief.", "q": "Why?"})

    ask(app, "Why?")

    (chat,) = fake.chats
    assert [m["content"] for m in chat.body["messages"]] == ["Be brief.", "Why?"]
    assert "This link set a system prompt" not in page(app)


def test_a_link_fills_in_only_once(open_app):
    app = open_app(query={"system": "Be brief.", "q": "Why?"})
    app.open("chat_settings")
    app.text_area(key="set_system").set_value("Be long.").run()

    app.run()

    assert settings_of(app) == {"system": "Be long."}
    assert put_into_the_box(app) == ["Why?"]
    assert "This link set a system prompt" not in page(app)


def test_the_visitor_can_ask_without_its_system_prompt(open_app, fake):
    app = open_app(pat=CANARY, query={"system": "Be brief."})

    app.click("drop_system")

    assert settings_of(app) == {}
    assert "This link set a system prompt" not in page(app)
    ask(app, "Hi")
    assert [m["role"] for m in fake.chats[0].body["messages"]] == ["user"]
    app.open("chat_settings")
    app.click("undo_settings")
    assert settings_of(app) == {"system": "Be brief."}


def test_a_reload_shows_the_conversation_once_it_has_turns(open_app, store, owner):
    query = {"model": "demo", "system": "Be brief.", "q": "Hello"}
    app = open_app(query=query)
    assert address(app).keys() == {"model", "system", "q"}

    ask(app, "Hello")

    kept = app.query_params["chat"]
    assert address(app).keys() == {"model", "chat"}
    again = open_app(query=address(app))
    assert questions(again) == ["Hello"]
    assert settings_of(again) == {"system": "Be brief."}
    assert put_into_the_box(again) == []
    assert len(store.listing(owner)) == 1
    assert kept


def test_without_history_a_reload_starts_empty(open_app):
    app = open_app(query={"system": "Be brief.", "q": "Hello"})

    ask(app, "Hello")

    assert address(app) == {}


def test_a_link_does_not_change_an_existing_conversation(open_app, store, owner):
    chat = answered()
    chat["settings"] = {"system": "Mine."}
    store.save_chat(owner, chat)

    app = open_app(query={"chat": chat["id"], "system": "Theirs.", "model": KIMI})

    assert settings_of(app) == {"system": "Theirs."}
    assert app.turns == []
    assert app.session_state["session.chosen"] == KIMI
    assert "chat" not in address(app)
    app.run()
    assert app.turns == []
    act(app, "open", chat["id"])
    assert questions(app) == ["Earlier"]
    assert settings_of(app) == {"system": "Mine."}
    assert address(app).keys() == {"model", "chat"}
    assert store.load(owner, chat["id"])["settings"] == {"system": "Mine."}


def test_a_question_alone_goes_into_the_box_of_the_conversation(open_app, store, owner):
    chat = answered()
    store.save_chat(owner, chat)

    app = open_app(query={"chat": chat["id"], "q": "And then?"})

    assert questions(app) == ["Earlier"]
    assert put_into_the_box(app) == ["And then?"]


def test_a_system_prompt_starts_a_new_conversation(open_app):
    app = open_app(chat=answered(), query={"system": "Theirs."})

    assert app.turns == []
    assert settings_of(app) == {"system": "Theirs."}


@pytest.mark.parametrize("name", ["system", "q"])
def test_text_that_is_too_long_is_refused_with_a_message(open_app, name):
    app = open_app(query={name: "x" * 4001})

    assert settings_of(app) == {}
    assert put_into_the_box(app) == []
    (toast,) = toasts(app)
    assert "was not used: it has 4,001 characters" in toast


@pytest.mark.parametrize(("name", "other"), [("system", "q"), ("q", "system")])
def test_text_that_looks_like_a_token_is_refused_and_the_rest_is_used(open_app, name, other):
    token = "0123456789abcdef" * 2

    app = open_app(query={name: f"my key is {token}", other: "Hello"})

    (toast,) = toasts(app)
    assert "looks like an access token" in toast
    assert token not in page(app)
    assert settings_of(app) == ({"system": "Hello"} if other == "system" else {})
    assert put_into_the_box(app) == (["Hello"] if other == "q" else [])


def test_a_token_in_an_address_is_removed_with_a_message(open_app):
    token = "0123456789abcdef" * 2

    app = open_app(query={"pat": token, "model": KIMI})

    assert address(app) == {"model": KIMI}
    (toast,) = toasts(app)
    assert "out of the address now" in toast
    assert app.session_state["session.access"]["pat"] == ""


def test_a_model_version_is_not_a_token(open_app):
    version = f"{DEFAULT_URL}/versions/{'0123456789abcdef' * 2}"

    app = open_app(query={"model": version})

    assert app.session_state["session.chosen"] == version
    assert address(app) == {"model": version}
    assert toasts(app) == []


@pytest.mark.parametrize(
    ("model", "pat"),
    [
        (f"{DEFAULT_URL}?pat={'0123456789abcdef' * 2}", ""),
        (f"{DEFAULT_URL}/versions/{CANARY}", CANARY),
        ("0123456789abcdef" * 2, ""),
    ],
    ids=["after the address", "the visitor's own", "no address"],
)
def test_a_token_in_a_model_address_is_removed(open_app, model, pat):
    app = open_app(pat=pat, query={"model": model})

    assert "model" not in address(app)
    assert any("out of the address now" in toast for toast in toasts(app))


def test_an_overtaken_run_loses_nothing_of_a_link(open_app, overtake):
    overtaken = overtake(links, "read")

    app = open_app(query={"q": "Hello?", "system": "Be brief."})

    assert overtaken == [True]
    assert settings_of(app) == {"system": "Be brief."}
    assert put_into_the_box(app) == ["Hello?"]


def test_an_overtaken_run_uses_the_rest_of_a_link_that_is_partly_refused(open_app, overtake):
    overtaken = overtake(links, "read")

    app = open_app(query={"q": "x" * 4001, "system": "Be brief."})

    assert overtaken == [True]
    assert settings_of(app) == {"system": "Be brief."}


def test_an_overtaken_run_opens_the_conversation(open_app, overtake, store, owner):
    chat = answered()
    store.save_chat(owner, chat)
    overtaken = overtake(saving, "load")

    app = open_app(query={"chat": chat["id"]})

    assert overtaken == [True]
    assert questions(app) == ["Earlier"]
    assert address(app) == {"chat": chat["id"]}


def test_invisible_characters_are_removed(open_app):
    hidden = "".join(chr(0xE0000 + ord(sign)) for sign in "obey")

    app = open_app(query={"system": f"Be\0 brief.{hidden}", "q": "Why\x1b?\nSo."})

    assert settings_of(app) == {"system": "Be brief."}
    assert put_into_the_box(app) == ["Why?\nSo."]


def test_a_link_sets_nothing_else(open_app, fake):
    names = ("temperature", "pat", "token", "api_base", "json_schema", "send", "submit")

    app = open_app(query={**dict.fromkeys(names, "1"), "system": "Be brief."})

    assert settings_of(app) == {"system": "Be brief."}
    assert app.session_state["session.access"]["pat"] == ""
    assert fake.journal == []


def test_markup_in_a_link_stays_text(open_app):
    system = "![x](http://evil.example/x.png) :red[hi] <b>"

    app = open_app(query={"system": system})

    assert system in [code.value for code in app.main.code]
    assert not any("evil" in each.value for each in app.main.markdown)


@pytest.mark.parametrize("system", ["", "   ", "\0"])
def test_an_empty_system_prompt_is_ignored(open_app, system):
    app = open_app(query={"system": system})

    assert settings_of(app) == {}
    assert "This link set" not in page(app)


def test_a_link_chooses_its_model_whatever_was_used_before(open_app):
    app = open_app(query={"model": DEFAULT_URL, "system": "Be brief."}, chat=answered())

    assert app.session_state["session.chosen"] == DEFAULT_URL
