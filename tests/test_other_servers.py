"""Servers beside Clarifai: what they list, how their models are named, and who gets which key."""

import pytest

from clarifai_chat import catalog, demo, llm
from clarifai_chat import errors as e
from clarifai_chat.access_token import clean, may_hold, sendable
from clarifai_chat.catalog import DEMO, Model, local, openai_server
from clarifai_chat.chat import usage
from clarifai_chat.chat.turn import new_turn
from clarifai_chat.errors import meaning
from clarifai_chat.events import Finished, ToolCallDone
from clarifai_chat.llm.endpoints import Endpoint, Sharer, endpoint_for, shared_uses_left
from clarifai_chat.llm.request import ChatRequest
from tests import fake_proxy
from tests.canary import CANARY
from tests.conftest import NOWHERE
from tests.fake_clarifai import calls, status
from tests.fake_proxy import KEY, TOY, FakeLlama, FakeProxy
from tests.patience import until

URL = "https://clarifai.com/openai/chat-completion/models/gpt-4_1"
HI = ({"role": "user", "content": "Hi"},)


@pytest.fixture
def proxy(set_up):
    with FakeProxy() as proxy:
        set_up(CLARIFAI_OPENAI_BASE=f"{proxy.api_base}/")
        yield proxy


@pytest.fixture
def llama(set_up):
    with FakeLlama() as llama:
        set_up(LOCAL_API_BASE=llama.api_base)
        yield llama


def host(server):
    return server.base.removeprefix("http://")


def listed(server, key=KEY):
    return {model.url: model for model in openai_server.list_models(key, server.api_base)}


# --- Names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "gpt-4o", "clarifai-model", "openai/gpt-4o", "clarifai/openai/chat-completion/models/o3",
        "clarifai/user.app.model", URL, "llama3.2:1b", "hf.co/unsloth/Qwen3-GGUF:Q4_K_M",
        "A name, with blanks (toy)", "groq/llama-3.1-8b", "modèle",
    ],
)  # fmt: skip
def test_any_name_is_a_model_behind_a_proxy_and_reaches_it_as_it_is(proxy, name):
    proxy.names.add(name)

    assert catalog.parse_address(f" {name}\n") == name
    assert catalog.describe((), name).url == name
    endpoint = endpoint_for(name, KEY, None)
    events = list(llm.events(ChatRequest(name, HI), endpoint))

    assert isinstance(events[-1], Finished)
    assert proxy.chats[0].body["model"] == name


@pytest.mark.parametrize(
    "name", [TOY, "llama3.2:1b", "openai/gpt-oss-20b", "meta/Llama-3/x", "local:x", "../m.gguf"]
)
def test_a_local_model_is_asked_by_its_own_name(llama, name):
    address = catalog.LOCAL + name
    assert catalog.parse_address(address) == address

    list(llm.events(ChatRequest(address, HI), endpoint_for(address, CANARY, None)))

    assert llama.chats[0].body["model"] == name
    assert llama.chats[0].headers["authorization"] == "Bearer local"


@pytest.mark.parametrize("text", ["", " ", "a\nb", "a\x00b", "x" * 257, "local:", "a\u200bb"])
def test_what_no_model_can_be_called_is_no_address(proxy, text):
    assert catalog.parse_address(text) is None


def test_clarifais_addresses_stay_what_they_are_where_no_server_is_named():
    assert catalog.parse_address("gpt-4o") is None
    assert catalog.parse_address("local:x") is None
    assert catalog.parse_address("openai/chat-completion/models/gpt-4_1") == URL
    assert catalog.server_of(URL) == "Clarifai"


def test_a_models_server_is_in_its_address(proxy):
    assert [catalog.server_of(url) for url in ("demo", "local:x", "gpt-4o", URL)] == [
        "demo", "local", "other", "other",
    ]  # fmt: skip
    typed = catalog.describe((), "gpt-4o")
    assert (typed.name, typed.provider, typed.family) == ("gpt-4o", host(proxy), host(proxy))
    assert typed.callable_hint == (
        f"Not in the list: {host(proxy)} says whether it exists when it is asked."
    )
    assert typed.page is None


# --- Keys ----------------------------------------------------------------------------------------


def test_a_key_goes_only_to_the_server_it_was_entered_for(set_up):
    set_up(
        CLARIFAI_OPENAI_BASE="http://proxy.test/v1", LOCAL_API_BASE="http://local.test/v1",
        CLARIFAI_PAT="operators-token", CLARIFAI_OPENAI_KEY="operators-key",
    )  # fmt: skip
    sharer = Sharer("a visitor")

    left = shared_uses_left(sharer)
    asked = {url: endpoint_for(url, CANARY, sharer) for url in ("gpt-4o", "local:x", DEMO.url)}

    assert asked["gpt-4o"] == Endpoint("http://proxy.test/v1", CANARY, elsewhere=True)
    assert asked["local:x"] == Endpoint("http://local.test/v1", local.KEY, elsewhere=True)
    assert asked[DEMO.url] == Endpoint(demo.start(), demo.KEY)
    # The operator's Clarifai token is not for a proxy.
    assert endpoint_for("gpt-4o", "", sharer).key == "operators-key"
    assert shared_uses_left(sharer) == left - 1


def test_without_a_key_or_a_server_nothing_is_asked(set_up):
    with pytest.raises(e.NoServer):
        endpoint_for("local:x", CANARY, None)
    set_up(CLARIFAI_OPENAI_BASE="http://proxy.test/v1")
    with pytest.raises(e.NoKey):
        endpoint_for("gpt-4o", "", None)
    with pytest.raises(e.NoKey):
        list(llm.events(ChatRequest("gpt-4o", HI), Endpoint(NOWHERE, "", elsewhere=True)))
    with pytest.raises(e.NoKey):
        openai_server.list_models("", NOWHERE)


@pytest.mark.parametrize(
    "pasted", [KEY, f"Bearer {KEY}", f"OPENAI_API_KEY={KEY}", f'export LITELLM_MASTER_KEY="{KEY}"']
)
def test_a_key_of_openais_kind_is_cleaned_and_can_be_sent(pasted):
    assert clean(pasted) == KEY
    assert sendable(KEY)
    assert may_hold(f"Look: {KEY}.")
    assert not may_hold("a task-oriented-risk-assessment, sk-short")


# --- Lists ---------------------------------------------------------------------------------------


def test_a_proxys_list_has_no_invented_names_and_the_facts_of_model_info(proxy):
    models = listed(proxy)

    assert list(models) == ["clarifai-model", "gpt-4o"]
    known, unknown = models["gpt-4o"], models["clarifai-model"]
    assert (known.context_window, known.max_output_tokens) == (128000, 16384)
    assert (known.input_price, known.output_price) == (2.5, 10.0)
    assert (known.tools, known.vision, known.reasoning) == (True, True, False)
    assert {known.source, known.price_source, known.abilities_source} == {host(proxy)}
    assert (unknown.context_window, unknown.input_price, unknown.tools) == (None, None, None)
    assert {unknown.price_source, unknown.context_source} == {"unknown"}
    assert known.callable_hint == f"Listed by {host(proxy)}."
    assert {seen.headers["authorization"] for seen in proxy.journal} == {f"Bearer {KEY}"}


def test_a_proxy_that_tells_of_the_wildcard_itself_hides_what_it_stands_for(proxy):
    rows, infos = proxy.answers["models"]["data"], proxy.answers["info"]["data"]
    proxy.answers["info"]["data"] = [*infos[:2], {"model_name": "clarifai/*"}]
    rows += [{"id": "clarifai/*"}, {"id": "another-team's"}]

    assert list(listed(proxy)) == ["clarifai-model", "gpt-4o", "another-team's"]


def test_two_deployments_of_one_name_are_one_model(proxy):
    again = {"model_name": "gpt-4o", "model_info": {"id": "another"}}
    proxy.answers["info"]["data"].append(again)

    assert list(listed(proxy)) == ["clarifai-model", "gpt-4o"]


def test_a_list_without_model_info_hides_only_the_wildcard(proxy):
    del proxy.answers["info"]
    proxy.answers["models"]["data"].append({"id": "clarifai/*"})

    assert list(listed(proxy)) == [
        "clarifai-model", "gpt-4o", "clarifai/gpt-4o-mini", "clarifai/sora-2",
    ]  # fmt: skip
    assert listed(proxy)["gpt-4o"].context_window == 128000


def test_a_price_of_nothing_is_unknown_behind_a_proxy(proxy):
    proxy.answers["info"]["data"][0]["model_info"] |= {"input_cost_per_token": 0}

    assert listed(proxy)["clarifai-model"].input_price is None


def test_strange_rows_are_skipped(proxy):
    rows = [None, 7, {}, {"id": 3}, {"id": ""}, {"id": "demo"}, {"id": "local:x"}, {"id": "good"}]
    proxy.answers |= {"models": {"data": rows}, "info": {"data": [None, {"model_name": 3}]}}

    assert list(listed(proxy)) == ["good"]


def test_a_server_without_a_list_has_no_models_and_no_failure(proxy):
    del proxy.answers["models"]

    assert listed(proxy) == {}


def test_a_wrong_key_is_named_so(proxy):
    with pytest.raises(e.WrongKey):
        listed(proxy, "sk-wrong")


def test_a_redirect_gets_no_key(proxy, llama):
    proxy.next(status(307, "", {"Location": f"{llama.base}/v1/models"}), on="models")

    with pytest.raises(e.BadReply):
        listed(proxy)

    assert llama.journal == []


def test_a_local_server_tells_of_its_model(llama):
    (model,) = openai_server.list_local(local.KEY, llama.api_base)

    assert model.url == f"local:{TOY}"
    assert (model.name, model.id, model.provider) == (TOY, TOY, "Local")
    assert model.label == f"{TOY} · Local"
    assert (model.context_window, model.tools, model.vision) == (2048, False, False)
    assert catalog.price_text(model) == "free"
    assert usage.price(new_turn("Hi", {"url": model.url, "name": TOY, **PRICES})) == "free"
    assert host(llama) in model.callable_hint


PRICES = {"input_price": 0.0, "output_price": 0.0}


@pytest.mark.parametrize(
    ("rows", "props", "found"),
    [
        ([{"id": "a", "max_model_len": 32768}], None, {"a": 32768}),  # vLLM
        ([{"id": "a"}, {"id": "b:1b"}], None, {"a": None, "b:1b": None}),  # Ollama
        ([{"id": "/models/x.gguf", "meta": {"n_ctx": 512}}], None, {"x.gguf": 512}),
        ([{"id": "a"}], {"chat_template_caps": 7}, {"a": None}),
        ([], None, {}),
    ],
)
def test_other_local_servers_tell_less(llama, rows, props, found):
    llama.answers = {"models": {"data": rows}, "props": props}

    models = openai_server.list_local(local.KEY, llama.api_base)

    assert {model.name: model.context_window for model in models} == found
    assert all(model.tools is None for model in models)


# --- A local server, asked in the background -----------------------------------------------------


def outcome():
    until(lambda: local.listing()["state"] != "running")
    return local.listing()


def test_a_local_server_is_asked_once_and_again_later(llama, monkeypatch):
    assert [model.name for model in outcome()["result"]] == [TOY]
    local.listing()
    assert [seen.path for seen in llama.journal] == ["/v1/models", "/props"]

    monkeypatch.setattr(local, "AGAIN_S", -1.0)
    asked_again = local.listing()
    assert [model.name for model in asked_again["result"]] == [TOY]  # until the answer is there
    until(lambda: len(llama.journal) >= 4)


def test_a_local_server_that_is_down_is_a_problem_and_then_comes_back(llama, monkeypatch):
    monkeypatch.setattr(local, "DOWN_AGAIN_S", 3600.0)
    llama.next(status(503, {"error": {"message": "Loading model", "code": 503}}), on="models")

    first = outcome()
    assert first["problem"]["kind"] == "Loading"
    assert local.models() == []
    assert local.listing() is first

    local.listing(now=True)
    assert outcome()["problem"] is None
    assert [model.name for model in local.models()] == [TOY]


def test_models_last_known_stay_while_their_server_is_down(llama):
    outcome()
    llama.stop()

    local.listing(now=True)

    assert outcome()["problem"]["kind"] == "RefusedConnection"
    assert [model.name for model in local.models()] == [TOY]


def test_without_a_local_server_nothing_is_asked():
    assert local.listing() is None
    assert local.models() == []


# --- Requests and failures -----------------------------------------------------------------------


def test_tools_go_to_a_proxy_and_calls_come_back(proxy):
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    proxy.next(calls("look", "{}"))
    request = ChatRequest("clarifai-model", HI, (tool,), {"temperature": 0.5})

    events = list(llm.events(request, endpoint_for(request.model, KEY, None)))

    assert [event.call["function"]["name"] for event in events if type(event) is ToolCallDone] == [
        "look"
    ]
    assert proxy.chats[0].body["tools"] == [tool]


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (fake_proxy.WRONG_KEY, e.WrongKey),
        (fake_proxy.SPENT, e.BudgetSpent),
        (fake_proxy.proxy_error(400, "Budget has been exceeded!", "None"), e.BudgetSpent),
        (fake_proxy.proxy_error(429, "ExceededBudget: over", "budget_exceeded"), e.BudgetSpent),
        (fake_proxy.NO_SUCH_MODEL, e.UnknownName),
        (fake_proxy.REFUSED_UPSTREAM, e.ProviderRefused),
        (fake_proxy.proxy_error(403, "no", "key_model_access_denied"), e.KeyMayNot),
        (fake_proxy.proxy_error(400, "No connected db.", "no_db_connection"), e.WrongKey),
        (status(402, ""), e.BudgetSpent),
        (status(400, {"error": {"message": "maximum context length is 5"}}), e.TooLong),
        (
            status(400, {"error": {"message": "exceeds the available context size"}}),
            e.TooLong,
        ),
    ],
)
def test_a_proxys_failures_have_sentences_of_their_own(proxy, behaviour, kind):
    proxy.next(behaviour)

    with pytest.raises(kind) as failed:
        list(llm.events(ChatRequest("gpt-4o", HI), endpoint_for("gpt-4o", KEY, None)))

    assert "Clarifai" not in f"{failed.value.problem()}"


@pytest.mark.parametrize("http", [401, 402, 403, 404, 408, 413, 422, 429, 500, 503, 504])
def test_no_failure_of_another_server_speaks_of_clarifai(http):
    problem = meaning(http, None, elsewhere=True).problem()

    assert "Clarifai" not in f"{problem}"
    assert "access token" not in f"{problem}"


def test_an_error_in_a_stream_of_another_server_is_its_own(proxy):
    def breaks(handler, body):
        handler.open_stream("fake-1")
        error = {"message": "Budget has been exceeded!", "type": "budget_exceeded", "code": "400"}
        handler.send_event({"error": error})
        handler.close_stream()

    proxy.next(breaks)

    with pytest.raises(e.BudgetSpent):
        list(llm.events(ChatRequest("gpt-4o", HI), endpoint_for("gpt-4o", KEY, None)))


def test_local_and_listed_models_come_before_the_demo():
    models = [Model.at(f"m{n}", tier="listed") for n in range(9)]
    models += [Model.at(f"local:{n}", tier="local") for n in range(5)]

    rows = catalog.short_list((*models, DEMO))

    assert [row.url for row in rows] == [
        "local:0", "local:1", "local:2", "m0", "m1", "m2", "m3", "demo",
    ]  # fmt: skip
