"""Clarifai's own API, answered by a stub: every shape it may send, and every way it may fail."""

import json
import logging
import traceback

import httpx
import pytest

from clarifai_chat.catalog import clarifai_api, json_api
from clarifai_chat.catalog.clarifai_api import Account, list_models, who_am_i
from clarifai_chat.errors import (
    BadReply,
    ChatError,
    MissingScope,
    NoPat,
    OddPat,
    RateLimited,
    ServerError,
    TimedOut,
    Unreachable,
    WrongPat,
)

BASE = "https://api.clarifai.test"
TOKEN = "0123456789abcdef0123456789abcdef"
OK = {"code": 10000, "description": "Ok"}
TRANSPORTS = [
    {"name": "openai_transport", "method_type": "UNARY_UNARY"},
    {"name": "openai_stream_transport", "method_type": "UNARY_STREAMING"},
]


class Server:
    """Answers from `pages` and `prices`, or with `answer`; remembers what it was asked."""

    def __init__(self):
        self.pages = []
        self.prices = {"status": OK, "model_prices": []}
        self.answer = None
        self.requests = []
        self.client = httpx.Client(transport=httpx.MockTransport(self), follow_redirects=True)

    def __call__(self, request):
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            return self.answer
        if request.url.path == "/v2/resource_prices/searches":
            prices = (
                self.prices(json.loads(request.content)) if callable(self.prices) else self.prices
            )
            return (
                prices if isinstance(prices, httpx.Response) else httpx.Response(200, json=prices)
            )
        page = int(request.url.params["page"])
        rows = self.pages[page - 1] if page <= len(self.pages) else []
        return httpx.Response(200, json={"status": OK} | ({"models": rows} if rows else {}))

    def says(self, status, body):
        self.answer = httpx.Response(status, json=body)

    def who_am_i(self):
        return who_am_i(TOKEN, api_base=BASE, client=self.client)

    def list_models(self, *rows):
        if rows:
            self.pages = [list(rows)]
        return list_models(TOKEN, api_base=BASE, client=self.client)


@pytest.fixture
def server():
    return Server()


def row(model_id="m", **facts):
    version = {"status": {"code": 21100}, "method_signatures": TRANSPORTS}
    return {"id": model_id, "user_id": "u", "app_id": "a", "model_version": version} | facts


def signed(*fields):
    signatures = [TRANSPORTS[0], TRANSPORTS[1] | {"input_fields": list(fields)}]
    return {"status": {"code": 21100}, "method_signatures": signatures}


def price(model_id="m", paid_in=0.009, paid_out=0.036, **more):
    named = {"model": {"id": model_id, "user_id": "u", "app_id": "a"}}
    return (
        named | {"price_per_prompt_token": paid_in, "price_per_completion_token": paid_out} | more
    )


# Who am I?


def test_a_token_is_known_by_its_account(server):
    server.says(200, {"status": OK, "user": {"id": "ada"}})
    assert server.who_am_i() == Account("ada", restricted=False)
    (request,) = server.requests
    assert str(request.url) == f"{BASE}/v2/users/me"
    assert request.headers["authorization"] == f"Key {TOKEN}"


@pytest.mark.parametrize("code", [11007, "CONN_INSUFFICIENT_SCOPES"])
@pytest.mark.parametrize("status", [200, 403])
def test_a_restricted_token_is_valid(server, code, status):
    server.says(status, {"status": {"code": code}})
    assert server.who_am_i() == Account("", restricted=True)


def test_a_bare_403_proves_nothing_about_the_token(server):
    server.answer = httpx.Response(403, text="<html>blocked</html>")
    with pytest.raises(MissingScope):
        server.who_am_i()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"status": {"code": 11008, "description": "Invalid API key"}}, WrongPat),
        (200, {"status": {"code": 11009}}, WrongPat),
        (401, {}, WrongPat),
        (429, {"status": {"code": 11005}}, RateLimited),
        (500, "no JSON", ServerError),
        (200, {"status": {"code": 10020}}, ServerError),
        (200, {"status": OK}, BadReply),
        (200, {"status": OK, "user": {"id": ""}}, BadReply),
        (200, {"status": OK, "user": "ada"}, BadReply),
        (200, {"hello": "world"}, BadReply),
        (200, [1], BadReply),
        (200, None, BadReply),
    ],
)
def test_a_failure_is_told_in_our_words(server, status, body, kind):
    server.says(status, body)
    with pytest.raises(kind):
        server.who_am_i()


def test_a_page_of_html_is_a_bad_reply(server):
    server.answer = httpx.Response(200, text="<html>Welcome to the hotel</html>")
    with pytest.raises(BadReply):
        server.who_am_i()


def test_the_servers_details_are_kept(server):
    status = {"code": 11005, "description": "slow down", "req_id": "abc"}
    server.answer = httpx.Response(429, json={"status": status}, headers={"Retry-After": "7"})
    with pytest.raises(RateLimited) as caught:
        server.who_am_i()
    assert caught.value.detail == "slow down"
    assert caught.value.request_id == "abc"
    assert caught.value.retry_after_s == 7


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (httpx.ConnectError("refused"), Unreachable),
        (httpx.ConnectTimeout("no route"), Unreachable),
        (httpx.RemoteProtocolError("cut"), Unreachable),
        (httpx.ReadTimeout("slow"), TimedOut),
        (httpx.DecodingError("not gzip"), BadReply),
    ],
)
def test_a_broken_connection_is_told_in_our_words(server, failure, kind):
    server.answer = failure
    with pytest.raises(kind):
        server.who_am_i()


def test_an_address_that_is_none_is_unreachable(server):
    with pytest.raises(Unreachable):
        who_am_i(TOKEN, api_base="https://nowhere:port", client=server.client)


@pytest.mark.parametrize(
    ("token", "kind"), [("", NoPat), ("a b", OddPat), ("p\u00e4t\r\n", OddPat)]
)
def test_a_token_that_cannot_be_sent_never_leaves(server, token, kind):
    with pytest.raises(kind):
        who_am_i(token, api_base=BASE, client=server.client)
    with pytest.raises(kind):
        list_models(token, api_base=BASE, client=server.client)
    assert server.requests == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_never_gets_the_token(server, status):
    server.answer = httpx.Response(status, headers={"Location": "https://evil.test/"})
    with pytest.raises(BadReply):
        server.who_am_i()
    assert [request.url.host for request in server.requests] == ["api.clarifai.test"]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, json={"status": {"code": 11008, "details": f"Key {TOKEN} is bad"}}),
        httpx.Response(500, text=f"Authorization: Key {TOKEN}"),
        httpx.ConnectError(f"cannot send {TOKEN}"),
    ],
)
def test_the_token_is_in_no_error_and_no_log(server, answer, caplog):
    caplog.set_level(logging.DEBUG)
    server.answer = answer
    with pytest.raises(ChatError) as caught:
        server.who_am_i()
    error = caught.value
    told = [*traceback.format_exception(error), repr(error), str(error.problem()), caplog.text]
    assert not any(TOKEN in text for text in told)
    assert error.__cause__ is None
    assert error.__context__ is None


def test_without_a_client_one_is_made_and_closed(server, monkeypatch):
    monkeypatch.setattr(json_api, "new_client", lambda timeout_s: server.client)
    server.says(200, {"status": OK, "user": {"id": "ada"}})
    assert who_am_i(TOKEN, api_base=BASE).user_id == "ada"
    assert server.client.is_closed


def test_our_own_client_gives_up_soon_and_follows_nothing():
    with json_api.new_client() as client:
        assert client.timeout == httpx.Timeout(json_api.TIMEOUT_S)
        assert not client.follow_redirects


# Which models are featured?


def test_a_row_becomes_a_model(server):
    facts = {"model_type_id": "text-to-text", "use_cases": ["llm", "function-calling"]}
    (model,) = server.list_models(row("gpt-4_1", **facts))
    assert model.url == "https://clarifai.com/u/a/models/gpt-4_1"
    assert (model.owner, model.app, model.id, model.name) == ("u", "a", "gpt-4_1", "gpt-4.1")
    assert (model.tier, model.source) == ("live", "Clarifai, live")
    assert (model.tools, model.vision, model.reasoning) == (True, False, None)
    assert model.abilities_source == "Clarifai, live"
    assert model.context_window is model.input_price is None
    assert model.context_source == model.price_source == "unknown"


def test_the_list_is_asked_for_what_is_featured(server):
    server.list_models(row())
    request = server.requests[0]
    assert request.url.path == "/v2/models"
    assert request.url.params["featured_only"] == "true"
    assert request.url.params["per_page"] == "100"
    assert request.headers["authorization"] == f"Key {TOKEN}"


def test_pages_are_turned_until_one_is_empty(server):
    server.pages = [[row("m1"), row("m2")], [row("m3")]]
    assert [model.id for model in server.list_models()] == ["m1", "m2", "m3"]
    assert [r.url.params.get("page") for r in server.requests] == ["1", "2", "3", None]


def test_a_page_that_repeats_itself_ends_the_list(server):
    server.pages = [[row("m1")]] * 50
    assert len(server.list_models()) == 1
    assert len(server.requests) == 3  # two pages, one price


def test_a_list_without_end_is_cut(server):
    server.pages = [[row(f"m{page}")] for page in range(50)]
    assert len(server.list_models()) == clarifai_api.MAX_PAGES


def test_the_order_is_clarifais(server):
    ranks = [{"value": 1}, {"value": "30"}, 20, None, {"value": "high"}]
    rows = [row(f"m{i}", featured_order=rank) for i, rank in enumerate(ranks)]
    assert [model.id for model in server.list_models(*rows)] == ["m1", "m2", "m0", "m3", "m4"]


@pytest.mark.parametrize(
    "strange",
    [
        None,
        7,
        "m",
        [],
        {},
        {"id": "m"},
        row("../m"),
        row(""),
        row(7.5),
        row("m", user_id=None),
        row("m", app_id={"x": 1}),
        row("m", model_version=None),
        row("m", model_version=[]),
        row("m", model_version={"method_signatures": TRANSPORTS}),
        row("m", model_version={"status": {"code": 21101}, "method_signatures": TRANSPORTS}),
        row("m", model_version={"status": {"code": []}, "method_signatures": TRANSPORTS}),
        row("m", model_version={"status": {"code": 21100}, "method_signatures": TRANSPORTS[:1]}),
        row(
            "m",
            model_version={"status": {"code": 21100}, "method_signatures": [None, {"name": []}]},
        ),
    ],
)
def test_a_strange_row_is_skipped(server, strange):
    assert [model.id for model in server.list_models(strange, row("good"))] == ["good"]


@pytest.mark.parametrize("code", [21100, "21100", "MODEL_TRAINED"])
def test_a_status_may_be_a_number_or_a_name(server, code):
    version = {"status": {"code": code}, "method_signatures": TRANSPORTS}
    assert len(server.list_models(row(model_version=version))) == 1


@pytest.mark.parametrize(
    ("facts", "tools", "vision"),
    [
        ({}, None, None),
        ({"use_cases": []}, None, None),
        ({"use_cases": "function-calling"}, None, None),
        ({"use_cases": ["llm"]}, False, None),
        ({"model_type_id": "text-to-text"}, None, False),
        ({"model_type_id": "multimodal-to-text"}, None, True),
        ({"model_type_id": "any-to-any"}, None, None),
        ({"model_version": signed({"name": "images"})}, None, True),
        ({"model_version": signed({"name": "picture", "type": 9}, None)}, None, True),
        ({"model_version": signed({"name": "prompt", "type": 1})}, None, None),
    ],
)
def test_an_ability_not_told_is_unknown(server, facts, tools, vision):
    (model,) = server.list_models(row(**facts))
    assert (model.tools, model.vision) == (tools, vision)
    assert (model.abilities_source == "unknown") == (tools is vision is None)


@pytest.mark.parametrize(
    ("params", "context", "most", "reasoning"),
    [
        (None, None, None, None),
        ("x", None, None, None),
        ({"context_length": 131072.0, "max_output_length": "4096"}, 131072, 4096, None),
        ({"context_window": "262144"}, 262144, None, None),
        ({"context_length": True, "max_context_length": 8192}, 8192, None, None),
        ({"context_length": 0, "context_window": "lots"}, None, None, None),
        ({"context_length": 1e400}, None, None, None),
        ({"context_length": 10**400}, None, None, None),
        ({"supported_features": ["tools", "reasoning"]}, None, None, True),
        ({"supported_parameters": ["include_reasoning"]}, None, None, True),
        ({"supported_parameters": ["tools"]}, None, None, None),
        ({"reasoning": False}, None, None, False),
    ],
)
def test_what_is_told_to_open_router_is_read_with_care(server, params, context, most, reasoning):
    facts = row(open_router_info={"params": params})
    body = json.dumps({"status": OK, "models": [facts]})  # httpx refuses to write Infinity
    server.answer = httpx.Response(200, text=body)
    (model,) = server.list_models()
    assert (model.context_window, model.max_output_tokens) == (context, most)
    assert model.reasoning is reasoning
    assert (model.context_source == "unknown") == (context is None)


@pytest.mark.parametrize("body", [{}, {"hello": 1}, {"status": {}}, {"error": "no"}, [], "x", None])
def test_a_list_that_is_none_is_a_bad_reply(server, body):
    server.says(200, body)
    with pytest.raises(BadReply):
        server.list_models()


def test_half_a_list_is_no_list(server):
    def answer(request):
        page = int(request.url.params["page"])
        body = {"status": OK, "models": [row()]} if page == 1 else {"status": {"code": 11005}}
        return httpx.Response(200, json=body)

    with httpx.Client(transport=httpx.MockTransport(answer)) as client, pytest.raises(RateLimited):
        list_models(TOKEN, api_base=BASE, client=client)


# What do they cost?


def test_millicents_per_token_become_dollars_per_million(server):
    server.prices = {"status": OK, "model_prices": [price()]}
    (model,) = server.list_models(row())
    assert (model.input_price, model.output_price) == (0.09, 0.36)
    assert model.price_source == "Clarifai, live"
    assert json.loads(server.requests[-1].content) == {
        "models": [{"id": "m", "user_id": "u", "app_id": "a"}]
    }


@pytest.mark.parametrize(
    "naming",
    [
        {"model": {"id": "m", "user_id": "u", "app_id": "a"}, "id": "price-1"},
        {"model": {"id": "m"}},
        {"model": {"id": "m"}, "user_app_id": {"user_id": "u", "app_id": "a"}},
        {"model": {"id": "m", "user_app_id": {"user_id": "u", "app_id": "a"}}},
        {"model_id": "m", "user_id": "u", "app_id": "a", "id": "price-1"},
        {"id": "m"},
    ],
)
def test_a_price_may_name_its_model_nested_or_flat(server, naming):
    server.prices = {
        "status": OK,
        "model_prices": [{"model": None} | price() | {"model": None} | naming],
    }
    first, second = server.list_models(row("m"), row("n"))
    assert first.input_price == 0.09
    assert second.input_price is None


def test_a_price_is_not_given_to_a_namesake(server):
    namesakes = row("m"), row("m", user_id="other")
    server.prices = {"status": OK, "model_prices": [price()]}
    assert [m.input_price for m in server.list_models(*namesakes)] == [0.09, None]

    server.prices = {"status": OK, "model_prices": [price(model={"id": "m"})]}
    assert [m.input_price for m in server.list_models(*namesakes)] == [None, None]


@pytest.mark.parametrize(
    ("paid_in", "paid_out", "prices"),
    [
        (0, 0, (None, None)),
        (None, "free", (None, None)),
        (-1, True, (None, None)),
        ("0.0045", 0, (0.045, None)),
        ([], 0.4, (None, 4.0)),
    ],
)
def test_a_price_of_nothing_is_unknown(server, paid_in, paid_out, prices):
    server.prices = {
        "status": OK,
        "model_prices": [None, 3, price("x"), price("m", paid_in, paid_out)],
    }
    (model,) = server.list_models(row())
    assert (model.input_price, model.output_price) == prices
    assert (model.price_source == "unknown") == (prices == (None, None))


def test_prices_are_asked_for_in_batches(server):
    server.prices = lambda asked: {"model_prices": [price(m["id"]) for m in asked["models"]]}
    models = server.list_models(*(row(f"m{number}") for number in range(120)))
    assert [model.id for model in models] == [f"m{number}" for number in range(120)]
    assert {model.input_price for model in models} == {0.09}
    batches = [json.loads(r.content)["models"] for r in server.requests if r.method == "POST"]
    assert [len(batch) for batch in batches] == [50, 50, 20]


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(500),
        httpx.Response(403, json={"status": {"code": 11007}}),
        {"status": OK},
        [],
    ],
)
def test_models_without_prices_are_still_models(server, failure):
    server.prices = failure
    models = server.list_models(*(row(f"m{number}") for number in range(60)))
    assert len(models) == 60
    assert {model.input_price for model in models} == {None}


def test_prices_had_before_a_failure_are_kept(server):
    def prices(asked):
        models = asked["models"]
        full = len(models) == clarifai_api.PRICES_PER_REQUEST
        return {"model_prices": [price(m["id"]) for m in models]} if full else httpx.Response(500)

    server.prices = prices
    models = server.list_models(*(row(f"m{number}") for number in range(60)))
    assert [model.input_price for model in models] == [0.09] * 50 + [None] * 10
