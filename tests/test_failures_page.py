"""Every failure, served through real litellm, is a sentence on the page."""

import pytest

from clarifai_chat import errors as e
from clarifai_chat import llm
from clarifai_chat.demo import clarifai_status
from tests import fake_clarifai as f
from tests.canary import CANARY
from tests.conftest import NOWHERE
from tests.fake_clarifai import says, status
from tests.pages import Gate, always, ask, questions, reply
from tests.patience import until

pytestmark = pytest.mark.usefixtures("quick_retries")

OPENAI_TOO_LONG = {
    "error": {
        "message": "This model's maximum context length is 8192 tokens. However, your messages"
        " resulted in 9000 tokens.",
        "type": "invalid_request_error",
        "param": "messages",
        "code": "context_length_exceeded",
    }
}
VLLM_TOO_LONG = {
    "code": 21313,
    "description": "Model prediction failed",
    "details": "ValueError: The decoder prompt (length 9000) is longer than the maximum model"
    " length of 8192. Make sure that `max_model_len` is no smaller than the number of tokens.",
}
VLLM_400 = {"object": "error", "message": "the prompt is too long", "type": "Bad", "code": 400}
EMPTY = {"message": "Assistant message must have either content or tool_calls, but not none."}
NGINX = "<html><head><title>502</title></head><body><center>nginx</center></body></html>"
JSON_IN_WORDS = {"error": {"message": 'backend said {"trace": ["line 1", {"key": 2}]} and died'}}

HALF = "Half an ans"
BROKE = {"error": {"code": 502, "message": "Upstream provider disconnected"}}
SILENCE = f.stall("Half an ", "ans")
AGAIN = "Retry"

# What the server sends → what it means. Rows of `errors.CODES` and `errors.STATUSES` follow below.
FAULTS = {
    # The account and its permissions
    "wrong token": (status(401, 11008), e.WrongPat),
    "wrong token, as OpenAI says it": (
        status(401, {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}),
        e.WrongPat,
    ),
    "missing scope": (status(403, 11007), e.MissingScope),
    "no credit": (status(402, 11006), e.NoCredit),
    "rate limit": (status(429, 11005), e.RateLimited),
    # The model
    "model unknown": (status(404, 21200), e.UnknownModel),
    "not on serverless": (status(400, 21353), e.NotServerless),
    "deploying": (status(503, 21351), e.Deploying),
    "loading": (status(503, 21355), e.Loading),
    "busy": (status(503, 21354), e.Busy),
    "a code by its name": (status(503, {"status": {"code": "MODEL_LOADING"}}), e.Loading),
    "too long, OpenAI's words": (status(400, OPENAI_TOO_LONG), e.TooLong),
    "too long, vLLM's words under 21313": (status(500, VLLM_TOO_LONG), e.TooLong),
    "too long, vLLM's words": (status(400, VLLM_400), e.TooLong),
    "too long for a proxy": (status(413, "<h1>Too large</h1>"), e.TooLong),
    "our messages in an odd order": (
        status(
            400, {"error": {"message": 'messages: roles must alternate between "user" and others'}}
        ),
        e.BadRequest,
    ),
    "an empty message of ours": (status(400, EMPTY), e.BadRequest),
    # The service
    "maintenance": (status(503, 39997), e.Maintenance),
    "a gateway's web page": (status(502, NGINX), e.ServerError),
    "a failure without words": (status(500, ""), e.ServerError),
    "JSON within words": (status(500, JSON_IN_WORDS), e.ServerError),
    "an error in a list": (lambda h, _: h.send_json(503, [f.SHAPES["status"]]), e.Busy),
    # A success in name only
    "error in a 200": (f.error_in_200("error"), e.ModelFailed),
    "status in a 200": (f.error_in_200("status"), e.Busy),
    "flat error in a 200": (f.error_in_200("flat"), e.ModelFailed),
    "web page in a 200": (f.html_200(), e.BadReply),
    "nothing in a 200": (f.empty_200(), e.BadReply),
    "no answer in a 200": (lambda h, _: h.send_json(200, {"choices": []}), e.BadReply),
    "a redirect": (status(302, "", {"Location": "http://127.0.0.1:9/"}), e.BadReply),
    "a list for a chunk": (f.chunks(["Hello"]), e.BadReply),
    "words for a choice": (f.chunks({"choices": "Hello"}), e.BadReply),
    # The connection
    "gone before the first word": (f.cut(), e.CutOff),
    "echo of the token": (f.echo_token(401), e.WrongPat),
}
# After "Half an ans": what had arrived stays.
FAULTS_AFTER_TEXT = {
    "cut off": (f.cut("Half an ", "ans"), e.CutOff),
    "connection reset": (f.cut("Half an ", "ans", how="reset"), e.CutOff),
    "silence": (SILENCE, e.CutOff),
    "an end without a reason": (f.no_finish(done=False), e.CutOff),
    "error in the stream": (f.error_in_stream("error"), e.ModelFailed),
    "status in the stream": (f.error_in_stream("status"), e.Busy),
    "flat error in the stream": (f.error_in_stream("flat"), e.ModelFailed),
    "error event in the stream": (f.error_in_stream("error", event=True), e.ModelFailed),
    "error beside words": (
        f.chunks({"choices": [{"delta": {"content": HALF}, "finish_reason": "error"}], **BROKE}),
        e.ModelFailed,
    ),
    "error inside a choice": (
        f.chunks({"choices": [{"delta": {"content": HALF}, **BROKE}]}),
        e.ModelFailed,
    ),
    "a number for a chunk": (f.chunks({"choices": [{"delta": {"content": HALF}}]}, 7), e.BadReply),
    "a list for a delta": (
        f.chunks({"choices": [{"delta": {"content": HALF}}]}, {"choices": [{"delta": ["x"]}]}),
        e.BadReply,
    ),
    "half a JSON": (f.malformed_json(), e.BadReply),
    "no UTF-8, and then an end": (f.bad_utf8(), e.CutOff),
    "echo of the token in the stream": (f.echo_token(200), e.ModelFailed),
}
# Failures without a server's answer, each tested in this file or the one named.
ELSEWHERE = {
    e.NoPat,  # test_chat_page.py
    *e.OTHERS.values(),  # test_behind_proxy_page.py, and so the next three
    e.NoKey,
    e.ProviderRefused,
    e.NoServer,
    e.AppStopping,  # test_replies.py
    e.BadSchema,  # test_settings_page.py
    e.Runaway,  # test_chat_page.py
    e.ChatFull,  # test_chat_page.py
    e.AppFull,  # test_chat_page.py
    e.SharedPatSpent,  # test_token_box_page.py
    e.SharedPatElsewhere,  # test_token_box_page.py
    e.FileGone,  # test_attachments_page.py
    e.FileOutOfReach,  # test_attachments_page.py
    e.TooManyFiles,  # test_attachments_page.py
    e.OddPat,
    e.TimedOut,
    *(e.Unreachable, *e.Unreachable.__subclasses__()),  # test_real_network.py
    e.AppBusy,
    e.AppFault,
}


def rows(table):
    return [pytest.param(*row, id=name) for name, row in table.items()]


def assert_says(app, kind):
    """Assert that the answer explains this failure in plain words, and shows nothing raw."""
    text = reply(app)
    assert f"**{kind.what}** {kind.advice}" in text
    assert f"Cause: {e.CAUSES[kind.side]}." in text
    assert (AGAIN in text) == kind.can_retry
    for raw in ("{", "}", "Traceback", "litellm", "Exception", "<h", "access_token", "Bearer"):
        assert raw not in text
    return text


@pytest.fixture
def app(open_app):
    return open_app(pat=CANARY)


@pytest.mark.parametrize(("fault", "kind"), rows(FAULTS))
def test_a_refusal_is_a_sentence(app, fake, fault, kind):
    fake.next(*always(fault))

    ask(app, "Hi")

    assert_says(app, kind)
    assert questions(app) == ["Hi"]
    # Before the first word, a lost connection is the same as no connection.
    waits = (e.Unreachable if kind is e.CutOff else kind).waits
    assert len(fake.chats) == 1 + len(waits)


@pytest.mark.parametrize(("fault", "kind"), rows(FAULTS_AFTER_TEXT))
def test_a_failure_during_an_answer_keeps_what_had_arrived(app, fake, set_up, fault, kind):
    if fault is SILENCE:
        set_up(REPLY_TIMEOUT_S=2)  # long enough on any machine for the words before it
    fake.next(fault)

    ask(app, "Hi")

    text = assert_says(app, kind)
    assert text.startswith(HALF)
    assert len(fake.chats) == 1  # no automatic retry after the first word


@pytest.mark.parametrize("kind", sorted(set(e.CODES.values()), key=lambda k: k.__name__))
def test_each_code_of_clarifai_is_a_sentence(app, fake, kind):
    code = next(code for code, meant in e.CODES.items() if meant is kind)
    fake.next(*always(status(400, code)))

    ask(app, "Hi")

    text = assert_says(app, kind)
    assert f"Clarifai code {code}." in text
    assert "As the test asked." in text
    request_id = clarifai_status(code, "As the test asked.", fake.chats[0].path)["req_id"]
    assert f"Request id for support: {request_id}" in text


@pytest.mark.parametrize(
    ("http", "kind"),
    [(402, e.NoCredit), (418, e.Rejected), (429, e.RateLimited), (520, e.ServerError)],
)
def test_an_http_status_is_a_sentence(app, fake, http, kind):
    body = {"error": {"message": "Something happened."}}
    fake.next(*always(status(http, body, {"x-request-id": "req-1234"})))

    ask(app, "Hi")

    text = assert_says(app, kind)
    assert "The server said: “Something happened.”" in text
    assert "Request id for support: req-1234" in text


def test_every_kind_of_failure_is_in_these_tests():
    served = {kind for _, kind in (FAULTS | FAULTS_AFTER_TEXT).values()}
    known = {k for k in vars(e).values() if isinstance(k, type) and issubclass(k, e.ChatError)}

    assert served | set(e.CODES.values()) | ELSEWHERE == known - {e.ChatError}


def test_a_rate_limit_says_how_long_to_wait(app, fake):
    fake.next(status(429, 11005, {"Retry-After": "120"}))

    ask(app, "Hi")

    text = assert_says(app, e.RateLimited)
    assert "The server asks to wait 120 s." in text
    assert len(fake.chats) == 1  # the reader decides about such a long wait


def test_an_echo_of_the_token_is_shown_without_it(app, fake):
    fake.next(f.echo_token(400))

    ask(app, "Hi")

    assert "Invalid request with key [access token]" in assert_says(app, e.Rejected)


def test_silence_is_a_timeout(app, fake, set_up):
    set_up(REPLY_TIMEOUT_S=0.3)
    fake.next(f.silent_before_headers())

    ask(app, "Hi")

    assert_says(app, e.TimedOut)
    assert len(fake.chats) == 1


def test_without_a_network_the_page_says_so_and_offers_the_demo(app, set_up, fake):
    set_up(CLARIFAI_API_BASE=NOWHERE)
    ask(app, "Hello")
    assert_says(app, e.RefusedConnection)

    app.click(f"use_demo:{app.turns[0]['id']}")

    assert "Demo: scripted, not an LLM" in reply(app)
    assert not app.error
    assert fake.journal == []


def test_a_token_that_no_request_can_carry_is_a_sentence(open_app, fake):
    app = ask(open_app(pat="naïve token"), "Hi")

    assert_says(app, e.OddPat)
    assert fake.journal == []


@pytest.mark.usefixtures("at_a_glance")
def test_an_app_at_its_limit_says_so_and_keeps_the_question(open_app, set_up, fake):
    set_up(MAX_REPLIES=1)
    gate = Gate()
    fake.next(gate, says("Now."))
    other = ask(open_app(pat=CANARY), "Hi")
    app = ask(open_app(pat=CANARY), "Me too")
    assert_says(app, e.AppBusy)
    gate.open()
    until(lambda: other.turns[0]["ended_at"])

    app.click(f"retry:{app.turns[0]['id']}")
    until(lambda: app.turns[0]["ended_at"])

    assert "Now." in reply(app.run())


def test_a_bug_of_ours_is_a_sentence_too(app, monkeypatch):
    def broken(request, endpoint, in_flight):
        raise RuntimeError(f"It broke with {endpoint.key}")

    monkeypatch.setattr(llm, "events", broken)

    ask(app, "Hi")

    assert "It broke" not in assert_says(app, e.AppFault)


def test_a_retry_after_a_failure_gets_the_answer(app, fake):
    fake.next(status(400, 11102), says("Here I am."))
    ask(app, "Hi")

    app.click(f"retry:{app.turns[0]['id']}")

    assert "Here I am." in reply(app)
    assert not app.error
    assert questions(app) == ["Hi"]
