"""The fake itself: what the other tests take for granted about it."""

import json
import re

import httpx
import pytest

from clarifai_chat.demo import API_PATH
from tests import fake_clarifai
from tests.fake_clarifai import BEHAVIOURS, PAT, RESTRICTED_PAT, FakeClarifai, make_models
from tests.patience import PATIENCE_S

CHAT = f"{API_PATH}/chat/completions"
ASKED = {"messages": [{"role": "user", "content": "Hi"}], "stream": True}
KEY = {"Authorization": f"Key {PAT}"}
BEARER = {"Authorization": f"Bearer {PAT}"}


@pytest.fixture
def fake():
    with FakeClarifai() as fake:
        yield fake


@pytest.fixture(scope="module")
def wire():
    with httpx.Client(timeout=PATIENCE_S) as wire:
        yield wire


@pytest.fixture
def client(wire, fake):
    wire.base_url = fake.base
    return wire


def chat(client, **options):
    return client.post(CHAT, json={**ASKED, **options}, headers=BEARER)


def events(text):
    return [json.loads(e) for e in re.findall(r"^data: ({.*)$", text, re.MULTILINE)]


def content(text):
    deltas = [choice["delta"] for event in events(text) for choice in event["choices"] or ()]
    return "".join(delta.get("content") or "" for delta in deltas)


@pytest.mark.parametrize(
    ("header", "http", "code"),
    [
        (f"Key {PAT}", 200, 10000),
        (f"Key {RESTRICTED_PAT}", 403, 11007),
        ("Key unknown", 401, 11008),
        (f"Bearer {PAT}", 401, 11008),
    ],
)
def test_a_token_is_known_restricted_or_wrong(client, header, http, code):
    response = client.get("/v2/users/me", headers={"Authorization": header})

    assert (response.status_code, response.json()["status"]["code"]) == (http, code)


def test_a_chat_needs_a_known_bearer(client):
    refused = client.post(CHAT, json=ASKED, headers={"Authorization": "Bearer x"})

    assert refused.json()["status"]["code"] == 11008
    assert "Demo model" in content(chat(client).text)


def test_models_come_in_pages_and_the_page_past_the_end_is_empty(fake, client):
    fake.models = make_models(250)
    listed = [
        client.get("/v2/models", params={"page": page, "per_page": 100}, headers=KEY).json()
        for page in (1, 2, 3, 4)
    ]

    assert [len(page.get("models", ())) for page in listed] == [100, 100, 50, 0]
    assert "models" not in listed[3]


def test_the_default_catalog_has_what_a_reader_must_tell_apart(fake, client):
    fake.codes_as_names = True
    listed = client.get("/v2/models?featured_only=true", headers=KEY).json()
    methods = [
        {signature["name"] for signature in model["model_version"]["method_signatures"]}
        for model in listed["models"]
    ]

    assert listed["status"]["code"] == "SUCCESS"
    assert sum("openai_transport" in each for each in methods) == 12
    assert len(methods) == 14
    assert {"openai", "anthropic", "xai", "gcp"} < {m["user_id"] for m in listed["models"]}


def test_prices_are_in_millicents_for_at_most_a_hundred(fake, client):
    asked = [{k: m[k] for k in ("id", "user_id", "app_id")} for m in fake.models]
    address = "/v2/resource_prices/searches"
    prices = client.post(address, json={"models": asked}, headers=KEY).json()["model_prices"]

    assert 0 < len(prices) < len(asked)
    assert prices[0]["price_per_prompt_token"] * 10 == pytest.approx(0.09)
    assert client.post(address, json={"models": asked * 9}, headers=KEY).status_code == 400


ANSWERS = (
    "says usage_inline usage_on_every_chunk no_usage null_choices crlf comments_and_empty_deltas "
    "no_done no_finish"
)


@pytest.mark.parametrize("name", ANSWERS.split())
def test_quirks_of_form_leave_the_answer_whole(fake, client, name):
    fake.next(BEHAVIOURS[name]("Hel", "lo"))

    assert content(chat(client).text.replace("\r\n", "\n")) == "Hello"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("split_utf8", "né 日本語 🙂"),
        ("unicode_separators", "one\u2028twothree\u0085four"),
        ("think_tags", "<think>Let me think.</think>\n\nHello"),
    ],
)
def test_odd_characters_arrive(fake, client, name, expected):
    fake.next(BEHAVIOURS[name]())

    assert content(chat(client).text) == expected


@pytest.mark.parametrize(
    ("behaviour", "count"),
    [
        (fake_clarifai.calls(), 1),
        (fake_clarifai.calls(fragments=0), 1),
        (fake_clarifai.calls(id=None, index=None), 1),
        (fake_clarifai.whole_call(), 1),
        (fake_clarifai.two_calls_on_one_index(), 2),
        (fake_clarifai.two_calls_without_index(), 2),
        (fake_clarifai.three_interleaved(), 3),
        (fake_clarifai.call_in_fragments(delay_s=0), 1),
        (fake_clarifai.parallel_calls(), 2),
        (fake_clarifai.parallel_calls(["a", "{}"], ["b", "{}"], ["c", "{}"]), 3),
        (fake_clarifai.malformed_arguments(), 1),
        (fake_clarifai.arguments_as_object(), 1),
        (fake_clarifai.call_without_id(), 1),
        (fake_clarifai.call_that_ends_with_stop(), 1),
        (fake_clarifai.call_then_usage(), 1),
    ],
)
def test_tool_calls_open_once_each(fake, client, behaviour, count):
    fake.next(behaviour, behaviour)
    deltas = [c["delta"] for e in events(chat(client).text) for c in e["choices"]]
    pieces = [piece for delta in deltas for piece in delta.get("tool_calls", ())]
    whole = chat(client, stream=False).json()["choices"][0]["message"]["tool_calls"]

    assert sum("name" in piece["function"] for piece in pieces) == len(whole) == count


def called(fake, client, behaviour):
    """The arguments of a behaviour's one call, streamed and whole, and the two finish reasons."""
    fake.next(behaviour, behaviour)
    choices = [c for e in events(chat(client).text) for c in e["choices"]]
    pieces = [p["function"] for c in choices for p in c["delta"].get("tool_calls", ())]
    whole = chat(client, stream=False).json()["choices"][0]
    streamed = [piece["arguments"] for piece in pieces if "arguments" in piece]
    said = whole["message"]["tool_calls"][0]["function"]["arguments"]
    return streamed, said, {choices[-1]["finish_reason"], whole["finish_reason"]}


@pytest.mark.parametrize("size", [1, 4, 100])
def test_arguments_come_so_many_characters_at_a_time(fake, client, size):
    arguments = '{"location": "São Paulo"}'
    behaviour = fake_clarifai.call_in_fragments(arguments=arguments, size=size, delay_s=0)

    streamed, whole, _ = called(fake, client, behaviour)

    assert max(map(len, streamed)) == min(size, len(arguments))
    assert "".join(streamed) == whole == arguments


def test_malformed_arguments_are_no_json(fake, client):
    streamed, whole, _ = called(fake, client, fake_clarifai.malformed_arguments())

    assert "".join(streamed) == whole
    with pytest.raises(ValueError, match="Expecting property name"):
        json.loads(whole)


def test_arguments_can_be_an_object(fake, client):
    streamed, whole, _ = called(fake, client, fake_clarifai.arguments_as_object(city="Oslo"))

    assert streamed == [whole] == [{"city": "Oslo"}]


def test_a_call_can_end_with_stop(fake, client):
    behaviour = fake_clarifai.call_that_ends_with_stop()

    assert called(fake, client, behaviour)[2] == {"stop"}


def test_a_call_can_lack_its_id(fake, client):
    fake.next(*[fake_clarifai.call_without_id()] * 2)
    deltas = [c["delta"] for e in events(chat(client).text) for c in e["choices"]]
    pieces = [piece for delta in deltas for piece in delta.get("tool_calls", ())]
    whole = chat(client, stream=False).json()["choices"][0]["message"]["tool_calls"]

    assert pieces
    assert not any("id" in piece for piece in (*pieces, *whole))


def test_usage_can_follow_a_call_unasked(fake, client):
    fake.next(fake_clarifai.call_then_usage())

    last = events(chat(client).text)[-1]

    assert last["choices"] == []
    assert last["usage"] == fake_clarifai.FIGURES


@pytest.mark.parametrize("form", ["tags", "fence", "bare", "function"])
def test_a_call_can_be_text(fake, client, form):
    fake.next(*[fake_clarifai.call_as_text(form=form)] * 2)
    streamed = content(chat(client, tool_choice="required").text)
    whole = chat(client, stream=False).json()["choices"][0]["message"]

    assert streamed == whole["content"]
    assert '{"location": "Paris"}' in streamed
    assert "tool_calls" not in whole


def test_words_can_come_where_a_call_is_required(fake, client):
    fake.next(fake_clarifai.words_instead_of_a_call())

    assert content(chat(client, tool_choice="required").text) == "I would rather talk."


def test_a_call_can_have_the_older_form(fake, client):
    fake.next(*[fake_clarifai.legacy_function_call()] * 2)
    deltas = [c["delta"] for e in events(chat(client).text) for c in e["choices"]]
    parts = [delta["function_call"] for delta in deltas if "function_call" in delta]
    whole = chat(client, stream=False).json()["choices"][0]["message"]["function_call"]

    assert [part["name"] for part in parts if "name" in part] == ["get_weather"]
    assert "".join(part["arguments"] for part in parts) == whole["arguments"]


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (fake_clarifai.call_in_fragments_then_cut(), httpx.RemoteProtocolError),
        (fake_clarifai.cut("Hel"), httpx.RemoteProtocolError),
        (fake_clarifai.cut("Hel", how="reset"), httpx.ReadError),
        (fake_clarifai.stall("Hel", seconds=0), httpx.RemoteProtocolError),
        (fake_clarifai.silent_before_headers(0), httpx.RemoteProtocolError),
    ],
)
def test_connections_end_as_asked(fake, client, behaviour, error):
    fake.next(behaviour)

    with pytest.raises(error):
        chat(client)


def test_failures_look_as_asked(fake, client):
    fake.next(
        fake_clarifai.status(429, 11005, {"Retry-After": "7"}),
        fake_clarifai.error_in_200("error"),
        fake_clarifai.error_in_stream("status", event=True),
        fake_clarifai.echo_token(),
        fake_clarifai.junk_after_done(),
        fake_clarifai.malformed_json(),
        fake_clarifai.bad_utf8(),
        fake_clarifai.html_200(),
        fake_clarifai.empty_200(),
    )

    limited = chat(client)
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
    assert chat(client).json()["error"]["message"]
    assert 'event: error\ndata: {"status"' in chat(client).text
    assert PAT in chat(client).text
    assert "JUNK" in chat(client).text.split("[DONE]")[1]
    assert chat(client).text.endswith('"delta": \n\n')
    assert b"\xff\xfe" in chat(client).content
    assert "<h1>" in chat(client).text
    assert chat(client).text == ""


def test_the_journal_knows_who_left_early(fake):
    fake.next(fake_clarifai.stall("Hel"))

    with (
        httpx.Client(base_url=fake.base, timeout=PATIENCE_S) as client,
        client.stream("POST", CHAT, json=ASKED, headers=BEARER) as response,
    ):
        next(response.iter_raw())
        assert fake.chats[0].alive
        assert not fake.chats[0].left.is_set()

    assert fake.was_left()
    assert fake.chats[0].body == ASKED
    assert fake.chats[0].headers["authorization"] == f"Bearer {PAT}"
    assert fake.chats[0].answered_at is None


def test_another_process_can_queue_a_behaviour_and_read_the_journal(client):
    order = {"behaviour": "says", "args": ["Hel", "lo"], "options": {"usage": False}}

    assert client.post("/_fake/next", json=order).json() == {"queued": "says"}
    assert content(chat(client).text) == "Hello"
    assert [seen["path"] for seen in client.get("/_fake/journal").json()] == [CHAT]
    assert client.post("/_fake/next", json={"behaviour": "no such"}).status_code == 404
