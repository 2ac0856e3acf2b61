"""The app behind a LiteLLM Proxy and beside a local server, as a visitor meets it."""

import json

import pytest

from clarifai_chat import catalog, demo
from clarifai_chat.catalog import local
from clarifai_chat.config import settings
from tests import fake_proxy
from tests.canary import CANARY
from tests.fake_clarifai import calls, says, status
from tests.fake_proxy import KEY, SPENT_KEY, TOY, FakeLlama, FakeProxy
from tests.pages import (
    always,
    ask,
    head,
    open_access,
    open_picker,
    page,
    reply,
    search_models,
    type_token,
)
from tests.patience import until

MODELS = "pages/models.py"
LOCAL_TOY = f"local:{TOY}"


@pytest.fixture
def proxy(fake, set_up):
    with FakeProxy() as proxy:
        proxy.keys[CANARY] = "canary"
        set_up(CLARIFAI_OPENAI_BASE=proxy.api_base)
        yield proxy
    assert fake.journal == []  # nothing is ever asked of Clarifai


@pytest.fixture
def llama(set_up):
    with FakeLlama() as llama:
        set_up(LOCAL_API_BASE=llama.api_base)
        yield llama


@pytest.fixture
def open_app(fake, open_app):
    """Let no key be sent to a page, of this server's visitors either."""
    fake.users |= {KEY: "ada", SPENT_KEY: "grace"}
    return open_app


def host(server):
    return server.base.removeprefix("http://")


def offered(app):
    return [b.key.split(":", 2)[2] for b in app.main.button if (b.key or "").startswith("use:")]


# --- A key for another server --------------------------------------------------------------------


def test_the_box_asks_for_a_key_of_that_server(open_app, proxy):
    app = open_app()

    box = open_access(app).text_input(key="pat")
    assert box.label == f"Key for {host(proxy)}"
    assert proxy.api_base in box.help.replace("\\", "")
    assert not app.main.link_button
    assert "a Clarifai access token" not in page(app)
    assert proxy.journal == []


def test_verify_asks_for_the_models_and_fills_the_picker(open_app, proxy):
    app = type_token(open_app(), KEY)

    assert f"Key …cdef for **{host(proxy)}**: 2 models" in head(app)
    assert "Clarifai's tokens" not in head(app)
    assert f"charged to your key at {host(proxy)}" in head(app)
    open_picker(app)
    assert offered(app) == ["clarifai-model", "gpt-4o", "demo"]
    assert "128k context · $2.50 in · $10.00 out per 1M · tools · vision · no reasoning" in page(
        app
    )
    assert [seen.path for seen in proxy.journal] == ["/v1/models", "/v1/model/info"]


def test_the_first_of_its_models_answers_and_a_wrong_one_can_be_left(open_app, proxy):
    proxy.next(says("Hello from the proxy."), says("And from gpt-4o."))
    app = type_token(open_app(), KEY)

    ask(app, "Hi")
    assert "Hello from the proxy." in reply(app)
    open_picker(app)
    app.click("use:short:gpt-4o")
    ask(app, "Hi again")

    assert "And from gpt-4o." in reply(app)
    assert [chat.body["model"] for chat in proxy.chats] == ["clarifai-model", "gpt-4o"]
    assert {chat.headers["authorization"] for chat in proxy.chats} == {f"Bearer {KEY}"}
    # Its price came with the list: 11 tokens in, 7 out.
    assert "$0.0001" in reply(app)


@pytest.mark.parametrize("typed", [f"OPENAI_API_KEY={KEY}", f"Bearer {KEY}"])
def test_what_surrounds_a_pasted_key_is_taken_off(open_app, proxy, typed):
    assert "2 models" in head(type_token(open_app(), typed))


def test_a_wrong_key_is_named_where_it_was_typed(open_app, proxy):
    app = type_token(open_app(), "sk-wrong-1234")

    assert "Key …1234: The model's server does not accept this key." in head(app)
    assert app.button(key="verify").label == "Verify again"

    app.click("forget")
    assert "2 models" in head(type_token(app, KEY))


def test_a_server_without_a_list_takes_a_name_typed_by_hand(open_app, proxy):
    proxy.answers = {}
    proxy.next(says("Found by name."))
    app = type_token(open_app(), KEY)
    assert "It lists no models." in head(app)
    open_picker(app)
    assert "gpt-4o" in app.text_input(key="model").placeholder

    search_models(app, "typed/by-hand")
    assert app.session_state["session.chosen"] == ""  # a name that is still typed chooses nothing
    app.click("use_typed")
    ask(app, "Hi")

    assert "Found by name." in reply(app)
    assert proxy.chats[0].body["model"] == "typed/by-hand"
    assert app.session_state["session.recent"] == ["typed/by-hand"]


def test_a_search_that_finds_its_model_offers_no_second_way(open_app, proxy):
    app = open_picker(type_token(open_app(), KEY))

    search_models(app, "gpt-4o")
    assert offered(app) == ["gpt-4o"]
    assert not app.has("use_typed")

    search_models(app, "gpt")
    assert app.has("use_typed")


def test_a_link_chooses_a_plain_name(open_app, proxy):
    proxy.next(says("By link."))

    app = ask(open_app(pat=KEY, query={"model": "typed/by-hand"}), "Hi")

    assert "By link." in reply(app)
    assert proxy.chats[0].body["model"] == "typed/by-hand"


def test_a_link_with_an_unreadable_name_is_told(open_app, proxy):
    app = open_app(query={"model": "a\x00b"})

    assert "not a name that can be sent" in "".join(toast.value for toast in app.toast)


def test_a_favourite_stays_first(open_app, proxy):
    app = open_picker(type_token(open_app(), KEY))

    app.click("star:short:gpt-4o")

    assert offered(app)[0] == "gpt-4o"


def test_refresh_asks_the_proxy_again(open_app, proxy):
    app = open_picker(type_token(open_app(), KEY))
    proxy.answers["models"]["data"].append({"id": "brand-new"})

    app.click("refresh_models")

    assert "brand-new" in offered(app)
    assert f"{host(proxy)}'s list, fetched just now." in page(app)


def test_a_list_that_cannot_be_had_again_stays(open_app, proxy):
    app = open_picker(type_token(open_app(), KEY))
    proxy.next(status(500, ""), on="models")

    app.click("refresh_models")

    assert "so this is the list from before: The model's server had an error" in page(app)
    assert "gpt-4o" in offered(app)


def test_the_models_page_shows_what_the_proxy_tells(open_app, proxy):
    app = type_token(open_app(MODELS), KEY)

    rows = {row["Model"]: row for row in app.dataframe[0].value.to_dict("records")}
    assert list(rows) == ["clarifai-model", "gpt-4o", "Demo"]
    assert rows["gpt-4o"]["Status"] == "listed"
    assert rows["gpt-4o"]["Provider"] == host(proxy)
    assert rows["gpt-4o"]["Out"] == 10.0
    assert "of your own on Clarifai" not in page(app)


def test_without_a_key_the_demo_answers_and_a_model_asks_for_one(open_app, proxy):
    app = open_app()
    assert f"To talk to real models, add a key for {host(proxy)} at the top." in page(app)
    assert f"the models of {host(proxy)} are listed here" in page(open_picker(app))

    app = ask(open_app(chosen="gpt-4o"), "Hi")
    assert "This model needs a key of its server. None has been entered." in reply(app)
    assert proxy.chats == []


@pytest.mark.parametrize(
    ("model", "behaviour", "sentence"),
    [
        ("gpt-4o", fake_proxy.SPENT, "The budget of this key is used up.** Ask whoever gave you"),
        ("gpt-4o", fake_proxy.WRONG_KEY, "The model's server does not accept this key."),
        ("nosuch", None, "The server knows no model of this name."),
        ("gpt-4o", fake_proxy.REFUSED_UPSTREAM, "could not sign in to the model's provider."),
    ],
)
def test_what_a_proxy_refuses_is_a_sentence(open_app, proxy, model, behaviour, sentence):
    proxy.next(*([behaviour] if behaviour else []))

    app = ask(open_app(pat=KEY, chosen=model), "Hi")

    assert sentence in reply(app)
    assert "Clarifai" not in reply(app)


def test_a_budget_that_runs_out_is_told_and_another_key_goes_on(open_app, proxy):
    app = ask(type_token(open_app(), SPENT_KEY), "Hi")
    assert "The budget of this key is used up." in reply(app)
    assert "Cause: your key." in reply(app)
    proxy.next(says("Paid by Ada."))

    app.click("forget")
    type_token(app, KEY)
    app.click(f"retry:{app.turns[-1]['id']}")

    assert "Paid by Ada." in reply(app)


def test_the_operators_key_lists_and_asks_for_whoever_may_share(open_app, proxy, set_up):
    set_up(CLARIFAI_OPENAI_KEY=KEY, CLARIFAI_PAT="never-sent-to-a-proxy", ALLOW_SHARED_PAT=True)
    proxy.next(says("On the house."))
    app = open_app()
    assert "paid by this app's operator" in head(app)
    assert offered(open_picker(app)) == ["clarifai-model", "gpt-4o", "demo"]

    ask(app, "Hi")

    assert "On the house." in reply(app)
    assert proxy.chats[0].headers["authorization"] == f"Bearer {KEY}"
    assert "never-sent" not in proxy.wire


def test_the_playground_runs_tools_behind_a_proxy(open_app, proxy):
    proxy.next(calls("get_weather", '{"location": "Rome"}'))
    app = open_app("pages/tool_playground.py", pat=KEY, chosen="gpt-4o")

    app.click("run")

    (chat,) = proxy.chats
    assert chat.body["model"] == "gpt-4o"
    assert chat.body["tools"]
    assert "get_weather" in page(app)


# --- A local server ------------------------------------------------------------------------------


def test_without_a_key_the_local_model_answers_free(open_app, llama):
    llama.next(says("Hello from here."))
    app = open_app()
    assert f"a server of this app's operator, {host(llama)}: free" in head(app)

    ask(app, "Hi")

    assert "Hello from here." in reply(app)
    assert TOY in reply(app)
    assert "free" in reply(app)
    assert llama.chats[0].body["model"] == TOY


def test_local_models_stand_under_local_with_what_their_server_tells(open_app, llama):
    app = open_picker(open_app(pat=CANARY))

    assert "Local (1)" in page(app)
    assert LOCAL_TOY in offered(app)
    assert "2k context · free · no tools · no vision" in page(app)
    assert f"1 local model on {host(llama)}, asked just now." in page(app)


def test_a_local_model_without_tools_is_warned_of_in_the_playground(open_app, llama):
    app = open_app("pages/tool_playground.py", chosen=LOCAL_TOY)

    assert f"{TOY} is not known to call tools." in page(app)


def test_a_local_server_that_is_down_is_a_sentence_and_can_be_asked_again(open_app, llama):
    llama.next(status(503, {"error": {"message": "Loading model", "code": 503}}), on="models")
    app = open_app(MODELS)
    assert f"Local models: {host(llama)} gave no list. The model is loading." in page(app)
    assert "asked again by itself" in page(app)

    app.click("refresh_local:models_page")
    until(lambda: local.listing()["state"] == "done")
    app.run()

    rows = {row["Model"]: row for row in app.dataframe[0].value.to_dict("records")}
    assert rows[TOY]["Status"] == "local"
    assert rows[TOY]["Provider"] == "Local"


def test_no_page_waits_for_a_local_server_that_was_asked_before(open_app, llama, monkeypatch):
    app = open_app()
    monkeypatch.setattr(local, "AGAIN_S", -1.0)
    llama.next(lambda handler, body: handler.pause(3600), on="models")

    app.run()  # it ends, although the server says nothing

    assert "local model" in page(open_picker(app)) or "Asking" in page(app)
    assert LOCAL_TOY in offered(app)


def test_a_local_model_of_an_earlier_chat_says_that_its_server_is_not_there(open_app):
    app = ask(open_app(chosen=LOCAL_TOY), "Hi")

    assert "This model is on a local server, and this app has none" in reply(app)


def test_a_local_name_can_be_typed_beside_clarifai(open_app, llama):
    app = search_models(open_picker(open_app()), "local:another")
    assert app.session_state["session.chosen"] == ""

    app.click("use_typed")

    assert app.session_state["session.chosen"] == "local:another"
    assert f"{host(llama)} says whether it exists" in head(app)


# --- Three servers at once -----------------------------------------------------------------------


@pytest.mark.parametrize("behind", ["Clarifai", "a proxy"])
def test_no_key_reaches_another_server(open_app, fake, llama, set_up, monkeypatch, behind):
    """A visitor's and the operator's keys, with a local server and the Demo beside: on the wire."""
    operators = {"CLARIFAI_PAT": "operator-clarifai-1", "CLARIFAI_OPENAI_KEY": "operator-proxy-1"}
    set_up(**operators, ALLOW_SHARED_PAT=True)
    with FakeProxy() as proxy, FakeLlama() as demo_server:
        monkeypatch.setattr(demo, "_server", demo_server)
        proxy.keys |= {CANARY: "visitor", operators["CLARIFAI_OPENAI_KEY"]: "operator"}
        fake.users |= {operators["CLARIFAI_PAT"]: "operator"}
        main, name = fake, catalog.DEFAULT_URL
        if behind == "a proxy":
            set_up(CLARIFAI_OPENAI_BASE=proxy.api_base)
            main, name = proxy, "gpt-4o"

        visitor = type_token(open_app(), CANARY)  # lists are asked for, too
        sharer = open_app(MODELS).switch_page("app.py").run()
        for app in (visitor, sharer):
            for model in (LOCAL_TOY, "demo", name):
                app.session_state["session.chosen"] = model
                ask(app, f"Hi {model}")
                assert not app.turns[-1]["problem"]

        keys = [chat.headers["authorization"] for chat in main.chats]
        operators_own = operators["CLARIFAI_OPENAI_KEY" if main is proxy else "CLARIFAI_PAT"]
        assert keys == [f"Bearer {CANARY}", f"Bearer {operators_own}"]
        assert [chat.headers["authorization"] for chat in llama.chats] == ["Bearer local"] * 2
        assert [chat.headers["authorization"] for chat in demo_server.chats] == ["Bearer demo"] * 2
        for server in (fake, proxy, llama, demo_server):
            wire = "\n".join(
                json.dumps([s.path, s.query, s.headers]) + s.raw.decode() for s in server.journal
            )
            mine = (CANARY, operators_own) if server is main else ()
            for secret in (CANARY, *operators.values()):
                assert secret in mine or secret not in wire
        assert settings().shared_key == operators_own


def test_a_failed_question_to_a_local_server_can_go_to_the_demo(open_app, llama, quick_retries):
    llama.next(*always(status(500, {"error": {"message": "out of memory", "code": 500}})))

    app = ask(open_app(chosen=LOCAL_TOY), "Hi")

    assert "The model's server had an error of its own." in reply(app)
    assert "out of memory" in reply(app)
