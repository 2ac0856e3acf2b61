"""Everything that can go wrong on the way to a model, through the real litellm, and stopping it."""

import email.utils
import json
import socket
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from clarifai_chat import llm
from clarifai_chat.errors import (
    CODES,
    BadReply,
    Busy,
    CutOff,
    Loading,
    MissingScope,
    ModelFailed,
    NoCredit,
    RateLimited,
    Rejected,
    ServerError,
    TimedOut,
    TooLong,
    UnknownModel,
    Unreachable,
    WrongPat,
)
from clarifai_chat.events import Finished, Retrying, TextDelta, Usage
from clarifai_chat.llm import transport
from clarifai_chat.llm.transport import InFlight
from tests import fake_clarifai as quirk
from tests.canary import CANARY, assert_no_canary
from tests.conftest import NOWHERE, Heard, send
from tests.fake_clarifai import OTHER_PAT, cut, says, silent_before_headers, stall, status
from tests.patience import PATIENCE_S, until

HALF = ("Half an ", "ans")


def raw(http, kind, body):
    """Any body under any status and content type."""
    return lambda handler, asked: handler.send_whole(http, kind, body)


def cut_in_body(handler, asked):
    """A JSON answer that ends before its length."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": ')
    handler.drop()


# --- Every fault has a meaning ----------------------------------------------------------------

MIDSTREAM = {
    "end": (cut(*HALF), CutOff),
    "reset": (cut(*HALF, how="reset"), CutOff),
    "silence": (stall(*HALF), CutOff),
    "no JSON": (quirk.malformed_json(*HALF), BadReply),
    "no finish, no [DONE]": (quirk.no_finish(*HALF, done=False), CutOff),
    "error object": (quirk.error_in_stream("error", *HALF), ModelFailed),
    "status object": (quirk.error_in_stream("status", *HALF), Busy),
    "flat object": (quirk.error_in_stream("flat", *HALF), ModelFailed),
    "event: error, error object": (quirk.error_in_stream("error", *HALF, event=True), ModelFailed),
    "event: error, status object": (quirk.error_in_stream("status", *HALF, event=True), Busy),
    "event: error, flat object": (quirk.error_in_stream("flat", *HALF, event=True), ModelFailed),
}


@pytest.mark.parametrize("name", MIDSTREAM)
def test_a_failure_in_mid_answer_keeps_what_had_arrived(fake, ask, set_up, name):
    fault, kind = MIDSTREAM[name]
    if name == "silence":
        set_up(REPLY_TIMEOUT_S=2)  # the words before it take as long on no machine
    heard = ask(fault)

    assert type(heard.error) is kind
    assert heard.text == "Half an ans"
    assert heard.error.request_id == "fake-1"
    assert not heard.of(Finished)
    assert not heard.of(Retrying)  # what was begun is never asked again by itself
    assert len(fake.chats) == 1


@pytest.mark.parametrize(
    ("pieces", "thoughts", "text"),
    [(["<thi"], "", "<thi"), (["<think>Hm", ".</th"], "Hm.</th", "")],
)
def test_what_could_have_become_a_tag_is_kept_too(ask, waits, pieces, thoughts, text):
    waits(None)
    heard = ask(cut(*pieces))

    assert (heard.thoughts, heard.text) == (thoughts, text)
    assert type(heard.error) is CutOff


FAULTS = {
    "end before the first token": (cut(), CutOff),
    "reset before the first token": (cut(how="reset"), CutOff),
    "silence before the first token": (stall(), TimedOut),
    "silence before headers": (silent_before_headers(), TimedOut),
    "end before headers": (silent_before_headers(0), Unreachable),
    "end in the body": (cut_in_body, CutOff),
    "error object in a 200": (quirk.error_in_200("error"), ModelFailed),
    "status object in a 200": (quirk.error_in_200("status"), Busy),
    "flat object in a 200": (quirk.error_in_200("flat"), ModelFailed),
    "web page in a 200": (quirk.html_200(), BadReply),
    "empty 200": (quirk.empty_200(), BadReply),
    "empty JSON in a 200": (raw(200, "application/json", b"{}"), BadReply),
    "no choice in a 200": (raw(200, "application/json", b'{"choices": []}'), BadReply),
    "null choices in a 200": (raw(200, "application/json", b'{"choices": null}'), BadReply),
    "list in a 200": (raw(200, "application/json", b"[]"), BadReply),
    "stream of nonsense": (raw(200, "text/event-stream", b"<h1>Sign in</h1>\n\n"), BadReply),
    "failure typed as a stream": (raw(401, "text/event-stream", b"{}"), WrongPat),
    "redirect": (status(302, "", {"Location": NOWHERE}), BadReply),
    "too long": (status(400, {"error": {"message": "maximum context length is 8"}}), TooLong),
    "too long, said by a runner": (
        status(500, {"code": 21313, "description": "failed", "details": "prompt is too long"}),
        TooLong,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("stream", [True, False])
def test_a_failure_before_the_first_token_has_a_meaning(ask, waits, set_up, name, stream):
    waits(None)
    fault, kind = FAULTS[name]
    if "silence" in name:
        set_up(REPLY_TIMEOUT_S=0.3)
    heard = ask(fault, stream=stream)

    assert type(heard.error) is kind
    assert heard == []


STATUSES = {
    400: Rejected,
    401: WrongPat,
    402: NoCredit,
    403: MissingScope,
    404: UnknownModel,
    408: TimedOut,
    409: Rejected,
    413: TooLong,
    422: Rejected,
    429: RateLimited,
    500: ServerError,
    502: ServerError,
    503: ServerError,
    504: TimedOut,
    529: ServerError,
}
BODIES = {
    "Clarifai's": (None, "As the test asked."),
    "OpenAI's": ({"error": {"message": "It failed.", "type": "bad", "code": "no"}}, "It failed."),
    "FastAPI's": ({"detail": "It failed."}, "It failed."),
    "a web page": ("<html><h1>It failed.</h1></html>", ""),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("http", STATUSES)
def test_an_http_status_has_a_meaning(ask, waits, http):
    waits(None)

    assert type(ask(status(http, "")).error) is STATUSES[http]


@pytest.mark.parametrize(("body", "detail"), BODIES.values(), ids=BODIES)
def test_the_words_of_a_failure_are_quoted(ask, waits, body, detail):
    waits(None)
    for http in (401, 503):
        error = ask(status(http, body)).error

        assert type(error) is STATUSES[http]
        assert error.detail.endswith(detail) if detail else error.detail == ""


@pytest.mark.parametrize("place", ["a 400", "a 200", "a stream"])
def test_a_code_of_clarifais_has_a_meaning_wherever_it_comes(ask, waits, place):
    waits(None)
    for code in {kind: code for code, kind in CODES.items()}.values():  # tests/test_errors has all
        details = {"code": code, "description": "It failed.", "details": "As the test asked."}
        wrapped = {"status": {**details, "req_id": "its-own-id"}}
        in_stream = raw(200, "text/event-stream", f"data: {json.dumps(wrapped)}\n\n".encode())
        fault = {
            "a 400": status(400, wrapped),
            "a 200": status(200, details),
            "a stream": in_stream,
        }

        error = ask(fault[place]).error

        assert type(error) is CODES[code]
        assert error.code == code
        assert error.detail == "It failed.: As the test asked."
        if place != "a 200":
            assert error.request_id == "its-own-id"


def test_a_server_that_announces_an_error_in_words_is_quoted(ask):
    for data in (b"GPU on fire", b'{"message": "GPU on fire"}', b'"GPU on fire"'):
        error = ask(raw(200, "text/event-stream", b"event: error\ndata: " + data + b"\n\n")).error

        assert type(error) is ModelFailed
        assert error.detail == "GPU on fire"


def test_invalid_bytes_do_not_end_an_answer(ask):
    assert ask(quirk.bad_utf8(*HALF)).text == "Half an ans\ufffd\ufffd"


def test_an_address_where_nothing_listens_is_unreachable(ask, waits):
    waits(0.001)
    heard = ask(api_base=NOWHERE)

    assert isinstance(heard.error, Unreachable)
    assert [event.attempt for event in heard.of(Retrying)] == [2, 3]


def test_a_dead_address_is_given_up_long_before_a_slow_model(asking, set_up, waits, monkeypatch):
    waits(None)
    set_up(REPLY_TIMEOUT_S=quirk.SILENT_S)
    monkeypatch.setattr(transport, "CONNECT_TIMEOUT_S", 0.05)
    with socket.socket() as full, ExitStack() as queue:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):  # more than its queue takes: whoever comes next is not even refused
            knocking = queue.enter_context(socket.socket())
            knocking.setblocking(False)
            knocking.connect_ex(full.getsockname())
        _, _, reply = asking(api_base=f"http://127.0.0.1:{full.getsockname()[1]}")

        assert isinstance(reply.result(PATIENCE_S).error, Unreachable)


@pytest.mark.parametrize("http", [400, 401, 403, 500, 200])
def test_a_token_that_the_server_repeats_is_not_shown(ask, waits, http):
    waits(None)
    error = ask(quirk.echo_token(http)).error

    assert error.detail == "Invalid request with key [access token]"
    told = [repr(error), str(vars(error)), *error.problem().values()]
    assert_no_canary("the error", " ".join(map(str, told)))
    assert_no_canary("the traceback", "".join(traceback.format_exception(error)))
    assert error.__cause__ is None


# --- Trying again -----------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [True, False])
def test_a_failure_that_may_pass_is_announced_and_tried_again(fake, ask, waits, stream):
    waits(0.001)
    heard = ask(status(503, 21355), status(429), says("Hello"), stream=stream)

    assert heard[:3] == [
        Retrying(Loading.what, 0.001, attempt=2, attempts=4),
        Retrying(RateLimited.what, 0.001, attempt=3, attempts=3),
        TextDelta("Hello"),
    ]
    assert heard[-1].reason == "stop"
    assert len(fake.chats) == 3


@pytest.mark.parametrize(
    "fault",
    [cut(), cut(how="reset"), silent_before_headers(0), status(500), status(503, 21354)],
    ids=["end", "reset", "no headers", "HTTP 500", "busy"],
)
def test_what_broke_before_the_first_token_is_tried_again(fake, ask, waits, fault):
    waits(0.001)
    heard = ask(fault, says("Hello"))

    assert (heard.text, heard.error) == ("Hello", None)
    assert len(fake.chats) == 2


LASTING = {kind: status(503, code) for code, kind in CODES.items()} | {ServerError: status(500)}


@pytest.mark.parametrize(("kind", "fault"), LASTING.items(), ids=lambda each: each.__name__)
def test_no_failure_is_tried_more_often_than_its_waits_say(fake, ask, waits, kind, fault):
    waits(0.001)
    heard = ask(*[fault] * 9)

    assert type(heard.error) is kind
    assert len(fake.chats) == len(kind.waits) + 1 <= llm.MAX_ATTEMPTS
    assert len(heard.of(Retrying)) == len(kind.waits)


def test_failures_of_many_kinds_are_tried_no_more_often_than_those_of_one(fake, ask, waits):
    waits(0.001)
    heard = ask(*[status(503, code) for code in (21355, 21354, 21351, 21355, 21354, 21351)])

    assert len(fake.chats) == llm.MAX_ATTEMPTS
    assert heard.error is not None


@pytest.mark.parametrize("http", [400, 401, 402, 403, 404, 413, 422])
def test_what_would_fail_again_is_asked_once(fake, ask, http):
    heard = ask(status(http, headers={"Retry-After": "0"}))

    assert len(heard.of(Retrying)) == 0
    assert len(fake.chats) == 1


def test_a_server_may_ask_for_another_wait(fake, ask, waits):
    waits(60)
    in_the_past = email.utils.formatdate(time.time() - 60, usegmt=True)
    heard = ask(
        status(429, headers={"Retry-After": "0.003"}),
        status(429, headers={"Retry-After": in_the_past}),
        says("Hello"),
    )

    assert [event.wait_s for event in heard.of(Retrying)] == [0.003, 0.0]
    assert heard.text == "Hello"


def test_an_invalid_wait_is_ignored(ask, waits):
    waits(0.001)
    heard = ask(status(429, headers={"Retry-After": "soon"}), says("Hello"))

    assert heard[0].wait_s == 0.001


@pytest.mark.parametrize(
    "asked", ["31", "90", lambda: email.utils.formatdate(time.time() + 900, usegmt=True)]
)
def test_a_long_wait_is_left_to_the_reader(fake, ask, asked):
    asked = asked() if callable(asked) else asked
    heard = ask(status(429, headers={"Retry-After": asked}))

    assert heard == []
    assert len(fake.chats) == 1
    assert "The server asks to wait" in heard.error.problem()["advice"]


def test_a_retry_asks_exactly_the_same_again(fake, ask, waits):
    waits(0.001)
    ask(status(503, 21354), says("Hello"), prompt="Hi there", params={"temperature": 0.5})

    first, second = fake.chats
    assert first.body == second.body
    assert first.headers == second.headers


# --- Nothing goes from one request into another --------------------------------------------------


def test_no_cookie_is_carried_from_one_call_to_the_next(fake, ask):
    def act(handler, body):
        choice = {"message": {"content": "Hello"}, "finish_reason": "stop"}
        handler.send_json(200, {"choices": [choice]}, {"Set-Cookie": "visitor=ada; Path=/"})

    assert ask(act).text == "Hello"
    ask(says("Hello"), pat=OTHER_PAT)

    assert "cookie" not in fake.chats[1].headers


@pytest.mark.parametrize("http", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(fake, ask, http):
    heard = ask(status(http, "", {"Location": f"{fake.api_base}/elsewhere"}))

    assert isinstance(heard.error, BadReply)
    assert len(fake.journal) == 1


def test_two_visitors_answers_never_mix(fake, ask):
    fake.users[OTHER_PAT] = "grace"

    def whose(handler, body):
        pat = handler.headers["Authorization"].removeprefix("Bearer ")
        says(f"{fake.users[pat]}: ", body["messages"][0]["content"])(handler, body)

    def ask_often(number):
        pat, name = ((CANARY, "ada"), (OTHER_PAT, "grace"))[number % 2]
        for n in range(5):
            prompt = f"{number}-{n}"
            assert ask(pat=pat, prompt=prompt).text == f"{name}: {prompt}"
        return number

    fake.next(*[whose] * 80)
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask_often, range(16))) == list(range(16))
    assert len(fake.chats) == 80


# --- Stopping ---------------------------------------------------------------------------------


@pytest.fixture
def asking(ask):
    """`asking(…)` asks in another thread: (what is heard so far, the request, what will be)."""
    with ThreadPoolExecutor() as pool:

        def asking(*behaviours, **options):
            heard, in_flight = Heard(), InFlight()
            return (
                heard,
                in_flight,
                pool.submit(ask, *behaviours, heard=heard, in_flight=in_flight, **options),
            )

        yield asking


@pytest.mark.parametrize("stream", [True, False])
def test_a_call_that_waits_for_headers_can_be_cut(fake, asking, stream):
    _, in_flight, reply = asking(silent_before_headers(), stream=stream)
    until(lambda: fake.chats)

    in_flight.cut()

    assert reply.result(PATIENCE_S) == [Finished("stopped")]
    assert fake.was_left()


@pytest.mark.parametrize("stream", [True, False])
def test_a_call_that_waits_for_its_first_token_can_be_cut(fake, asking, stream):
    _, in_flight, reply = asking(stall(), stream=stream)
    until(lambda: in_flight.response)

    in_flight.cut()
    in_flight.cut()  # a second click

    assert reply.result(PATIENCE_S) == [Finished("stopped")]
    assert fake.was_left()


def test_a_call_cut_in_mid_answer_keeps_what_had_arrived(fake, asking):
    heard, in_flight, reply = asking(stall("<think>Hm.</think>", "Half an ", "ans"))
    until(lambda: heard.text == "Half an ans")

    in_flight.cut()

    assert reply.result(PATIENCE_S)[-1] == Finished("stopped")
    assert (heard.thoughts, heard.text, heard.error) == ("Hm.", "Half an ans", None)
    assert fake.was_left()


def test_a_call_that_waits_for_its_next_try_can_be_cut(fake, asking, waits):
    waits(60)
    heard, in_flight, reply = asking(status(503, 21355))
    until(lambda: heard)

    in_flight.cut()

    assert [type(event) for event in reply.result(PATIENCE_S)] == [Retrying, Finished]
    assert len(fake.chats) == 1


def test_a_call_cut_before_it_began_sends_nothing(fake, ask):
    in_flight = InFlight()
    in_flight.cut()

    assert ask(says("Hello"), in_flight=in_flight) == [Finished("stopped")]
    assert fake.journal == []


def test_a_reader_who_leaves_ends_the_request(fake):
    fake.next(stall("Half"))
    asked = [{"role": "user", "content": "Hi"}]
    reply = send("https://clarifai.com/a/b/models/c", asked)
    assert next(reply) == TextDelta("Half")

    reply.close()

    assert fake.was_left()


@pytest.mark.parametrize("stream", [True, False])
def test_a_request_that_is_over_cannot_cut_the_next_on_its_connection(
    fake, ask, asking, monkeypatch, stream
):
    monkeypatch.setattr(transport, "LAST_READ_S", PATIENCE_S)  # a busy server ends an answer late
    over = InFlight()
    ask(says("Hello"), stream=stream, in_flight=over)
    _, _, reply = asking(says("World", first_delay_s=0.05))
    until(lambda: len(fake.chats) == 2)

    over.cut()

    heard = reply.result(PATIENCE_S)
    assert (heard.text, heard[-1].reason) == ("World", "stop")
    assert fake.chats[0].connection == fake.chats[1].connection


def test_a_whole_answer_that_is_still_being_read_cannot_cut_the_next_either(fake, asking):
    fake.next(says("Hello"))
    asked = [{"role": "user", "content": "Hi"}]
    in_flight = InFlight()
    reading = send("https://clarifai.com/a/b/models/c", asked, stream=False, in_flight=in_flight)
    assert next(reading) == TextDelta("Hello")  # its connection is free again
    _, _, reply = asking(says("World", first_delay_s=0.05))
    until(lambda: len(fake.chats) == 2)

    in_flight.cut()

    heard = reply.result(PATIENCE_S)
    assert (heard.text, heard[-1].reason) == ("World", "stop")
    assert fake.chats[0].connection == fake.chats[1].connection
    assert list(map(type, reading)) == [Usage, Finished]


def test_an_answer_that_says_it_is_over_is_not_waited_for(fake, asking):
    ended = threading.Event()

    def act(handler, body):
        handler.open_stream()
        handler.send_event(quirk.chunk(body, {"content": "Hello"}))
        handler.send_event(quirk.chunk(body, {}, "stop"))
        handler.send_event("[DONE]")
        while not ended.wait(0.05):
            handler.send_raw(b": still here\n\n")

    _, _, reply = asking(act)

    try:
        assert reply.result(PATIENCE_S)[-1] == Finished("stop")
    finally:
        ended.set()
