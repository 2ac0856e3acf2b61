"""What went over the wire: whole, in order, bounded, and without the token."""

import json
import threading
from base64 import b64encode
from itertools import pairwise

import httpx
import pytest

from clarifai_chat.llm import exchange
from clarifai_chat.llm.exchange import TOKEN, Recorder
from clarifai_chat.llm.transport import InFlight
from tests import fake_clarifai as quirk
from tests.canary import CANARY, assert_no_canary
from tests.fake_clarifai import says
from tests.patience import PATIENCE_S, until


def recorder(secret=CANARY, step=0):
    exchanges = []
    made = Recorder(exchanges, step)
    made.hide(secret)
    return made, exchanges


def request(text="{}", **headers):
    return httpx.Request("POST", "http://127.0.0.1/v1", content=text, headers=headers)


@pytest.fixture
def recorded(ask):
    """Ask the fake, and return the exchanges that were written down."""

    def recorded(*behaviours, **options):
        exchanges, in_flight = [], InFlight()
        in_flight.recorder = Recorder(exchanges, step=3)
        ask(*behaviours, in_flight=in_flight, **options)
        return exchanges

    return recorded


def times(exchange):
    """All times of an exchange, in the order in which they happened."""
    told = [exchange["responded_s"], *(at for at, _ in exchange["chunks"]), exchange["ended_s"]]
    return [0.0, *(at for at in told if at is not None)]


# --- Through litellm ---------------------------------------------------------------------------


def test_a_stream_is_kept_event_by_event(fake, recorded):
    (exchange,) = recorded(says("Hel", "lo"), prompt="Grüße")

    assert (exchange["step"], exchange["method"], exchange["status"]) == (3, "POST", 200)
    assert exchange["url"] == f"{fake.api_base}/chat/completions"
    assert json.loads(exchange["request"]) == fake.chats[0].body
    assert exchange["headers"]["authorization"] == f"Bearer {TOKEN}"
    assert exchange["response_headers"]["x-request-id"] == "fake-1"
    data = [text for _, text in exchange["chunks"]]
    said = [json.loads(text)["choices"] for text in data[:-1]]
    assert [c[0]["delta"].get("content") for c in said if c] == ["", "Hel", "lo", None]
    assert data[-1] == "[DONE]"
    assert (exchange["body"], exchange["left_out"]) == ("", 0)


def test_a_whole_answer_is_kept_as_its_body(recorded):
    (exchange,) = recorded(says("Hello"), stream=False)

    assert json.loads(exchange["body"])["choices"][0]["message"]["content"] == "Hello"
    assert exchange["chunks"] == []
    assert exchange["ended_s"] is not None


@pytest.mark.parametrize("stream", [True, False])
def test_times_go_up(recorded, stream):
    (exchange,) = recorded(says("a", "b", "c", delay_s=0.01), stream=stream)

    assert len(times(exchange)) == (10 if stream else 3)
    assert all(one <= other for one, other in pairwise(times(exchange)))


def test_each_attempt_is_an_exchange_of_the_same_step(recorded, waits):
    waits(0.001)
    exchanges = recorded(quirk.status(429), quirk.cut(), says("Hello"))

    assert [exchange["status"] for exchange in exchanges] == [429, 200, 200]
    assert [exchange["step"] for exchange in exchanges] == [3, 3, 3]
    assert "As the test asked." in exchanges[0]["body"]
    assert exchanges[0]["request"] == exchanges[2]["request"]
    assert [exchange["sent_at"] for exchange in exchanges] == sorted(
        exchange["sent_at"] for exchange in exchanges
    )
    assert all(exchange["ended_s"] is not None for exchange in exchanges)


def test_a_request_without_a_response_is_kept_too(recorded, waits):
    waits(None)
    (exchange,) = recorded(quirk.silent_before_headers(0.01))

    assert (exchange["status"], exchange["responded_s"]) == (None, None)
    assert exchange["ended_s"] is not None


def test_the_headers_of_an_answer_are_kept_when_its_body_breaks_off(recorded, waits):
    waits(None)

    def act(handler, body):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.send_raw(b'{"choices"')
        handler.drop()

    (exchange,) = recorded(act, stream=False)

    assert (exchange["status"], exchange["body"]) == (200, "")
    assert exchange["response_headers"]["content-length"] == "1000"
    assert exchange["ended_s"] is not None


def test_a_chunk_that_is_not_json_is_kept_as_it_came(recorded):
    (exchange,) = recorded(quirk.malformed_json("Half"))

    assert exchange["chunks"][-1][1] == '{"choices": [{"delta": '


def test_a_call_that_is_cut_keeps_what_had_come(fake, ask):
    exchanges, in_flight = [], InFlight()
    in_flight.recorder = Recorder(exchanges, step=0)
    worker = threading.Thread(
        target=ask, args=(quirk.stall("Half"),), kwargs={"in_flight": in_flight}
    )
    worker.start()
    until(lambda: exchanges and len(exchanges[0]["chunks"]) == 2)
    assert exchanges[0]["ended_s"] is None
    in_flight.cut()
    worker.join(PATIENCE_S)

    assert "Half" in exchanges[0]["chunks"][-1][1]
    assert exchanges[0]["ended_s"] is not None


def test_a_call_without_a_recorder_is_answered_all_the_same(ask):
    assert ask(says("Hello"), in_flight=InFlight()).text == "Hello"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("http", [200, 400])
def test_the_token_is_in_no_exchange(recorded, stream, http):
    (exchange,) = recorded(quirk.echo_token(http), prompt=f"Is it {CANARY}?", stream=stream)

    assert_no_canary("an exchange", json.dumps(exchange))
    assert TOKEN in exchange["request"]
    assert TOKEN in exchange["body"] + "".join(data for _, data in exchange["chunks"])


# --- By itself ---------------------------------------------------------------------------------


def test_cookies_are_left_out_and_keys_are_hidden():
    made, exchanges = recorder(secret="")
    made.request(request(authorization="Bearer abc", cookie="a=b", accept="text/plain"))
    made.response(httpx.Response(200, headers={"Set-Cookie": "a=b", "X-Other": "c"}))
    (exchange,) = exchanges

    assert exchange["headers"]["authorization"] == f"Bearer {TOKEN}"
    assert exchange["headers"]["accept"] == "text/plain"
    assert "cookie" not in exchange["headers"]
    assert exchange["response_headers"] == {"x-other": "c"}


def test_characters_beyond_the_limit_are_counted_but_not_kept(monkeypatch):
    monkeypatch.setattr(exchange, "MAX_CHARS", 10)
    made, exchanges = recorder()
    made.request(request())
    made.response(httpx.Response(200))
    for data in ("12345678", "abcd", "efgh"):
        made.chunk(data)
    made.end()
    made.request(request())
    made.response(httpx.Response(200))
    made.body("0123456789ab")

    first, second = exchanges
    assert [data for _, data in first["chunks"]] == ["12345678", "ab"]
    assert first["left_out"] == 6
    assert (second["body"], second["left_out"]) == ("0123456789", 2)


def test_a_cut_does_not_leave_half_a_token(monkeypatch):
    monkeypatch.setattr(exchange, "MAX_CHARS", 20)
    made, exchanges = recorder()
    made.request(request())
    made.response(httpx.Response(200))
    made.body(f"0123456789{CANARY}")

    assert CANARY[:4] not in exchanges[0]["body"]


def test_the_end_is_recorded_once():
    made, exchanges = recorder()
    made.end()
    assert exchanges == []
    made.request(request())
    made.end()
    ended_s = exchanges[0]["ended_s"]
    exchanges[0]["ended_s"] = -1.0
    made.end()

    assert ended_s >= 0
    assert exchanges[0]["ended_s"] == -1.0


def test_a_recorder_writes_into_its_own_exchanges_only():
    exchanges = []
    first, second = Recorder(exchanges, 0), Recorder(exchanges, 1)
    first.request(request())
    second.request(request())
    first.chunk("late")
    first.end()

    assert [data for _, data in exchanges[0]["chunks"]] == ["late"]
    assert (exchanges[1]["chunks"], exchanges[1]["ended_s"]) == ([], None)


@pytest.mark.parametrize("code", [str.upper, lambda token: b64encode(token.encode()).decode()])
def test_a_token_that_comes_back_in_another_form_is_replaced(code):
    made, exchanges = recorder()
    made.request(request())
    made.chunk(f"a {code(CANARY)} b")

    assert [data[:16] for _, data in exchanges[0]["chunks"]] == [f"a {TOKEN}"]
    assert_no_canary("a chunk", json.dumps(exchanges))


@pytest.mark.parametrize("secret", ["", "demo"])
def test_a_word_that_is_not_a_secret_stays(secret):
    made, exchanges = recorder(secret)
    made.request(request('{"model": "demo"}'))
    made.chunk("a demo")

    assert exchanges[0]["request"] == '{"model": "demo"}'
    assert [data for _, data in exchanges[0]["chunks"]] == ["a demo"]
