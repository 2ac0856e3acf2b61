"""What can go wrong, in the reader's words: the classes, and the table that decides."""

import logging
import sys
from typing import get_args

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat import errors
from clarifai_chat.errors import (
    CAUSES,
    CODES,
    MAX_DETAIL_CHARS,
    AppFault,
    BadImage,
    BadRequest,
    ChatError,
    MissingScope,
    ModelFailed,
    NoCredit,
    RateLimited,
    Rejected,
    ServerError,
    Side,
    TooLong,
    Unreachable,
    WrongPat,
    is_error,
    meaning,
    parse,
    plain,
    read_error,
)
from clarifai_chat.llm import client
from clarifai_chat.llm.endpoints import Endpoint
from clarifai_chat.llm.transport import InFlight
from tests.canary import CANARY, leaks_in
from tests.conftest import NOWHERE, kinds

CLARIFAI = Endpoint(NOWHERE, CANARY)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_error_says_what_happened_who_caused_it_and_what_to_do(kind):
    problem = kind().problem()

    assert "what" in vars(kind)
    assert problem["what"].endswith(".")
    assert problem["side"] in get_args(Side)
    assert problem["advice"].endswith(".")
    assert str(kind()).startswith(problem["what"])
    assert problem["kind"] == kind.__name__
    assert kind.__doc__


def test_no_two_errors_say_the_same():
    assert len({kind.what for kind in kinds()}) == len(kinds())


def test_a_problem_keeps_what_the_server_said():
    error = RateLimited("Slow down.", code=11005, request_id="abc", retry_after_s=90.4)
    problem = error.problem()

    assert (problem["detail"], problem["code"], problem["request_id"]) == (
        "Slow down.",
        11005,
        "abc",
    )
    assert problem["advice"] == f"{RateLimited.advice} The server asks to wait 90 s."


def litellms_exceptions():
    client._imported()
    return sys.modules["litellm"].LITELLM_EXCEPTION_TYPES


def made(kind):
    """An exception of litellm's without knowing what its constructor wants."""
    error = kind.__new__(kind)
    Exception.__init__(error, f"It failed for {CANARY}")
    return error


@pytest.mark.slow
def test_every_exception_of_litellm_has_a_meaning(caplog):
    exceptions = litellms_exceptions()
    assert len(exceptions) > 10
    for kind in exceptions:
        error = made(kind)
        for status in (None, 400):
            error.status_code = status
            meant = client._meaning_of(error, CLARIFAI, InFlight(), begun=False)

            assert isinstance(meant, ChatError), kind
            assert not leaks_in(str(meant.problem()))


@pytest.mark.parametrize("begun", [True, False])
def test_the_cause_of_a_litellm_exception_decides(begun):
    for kind in litellms_exceptions():
        error = made(kind)
        error.__context__ = ValueError("on the way")
        error.__context__.__cause__ = httpx.ConnectError("refused")

        assert type(client._meaning_of(error, CLARIFAI, InFlight(), begun)) is Unreachable


def test_every_cause_has_words():
    assert set(CAUSES) == set(get_args(Side))


def test_a_bug_of_ours_is_logged_by_type_only(caplog):
    meant = client._meaning_of(KeyError(CANARY), CLARIFAI, InFlight(), begun=False)

    assert type(meant) is AppFault
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == [
        "KeyError while asking a model"
    ]


# --- The table --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("http", "body", "kind"),
    [
        (403, {"status": {"code": 11007}}, MissingScope),
        (403, {"status": {"code": 11004}}, NoCredit),  # the code knows more than the status
        (400, {"code": "CONN_THROTTLED"}, RateLimited),
        (400, {"code": "11005"}, RateLimited),
        (400, [{"error": {"code": 11005, "message": "in a list"}}], RateLimited),
        (404, {"error": {"code": "model_not_found"}}, errors.UnknownModel),
        (400, {"error": {"code": 404}}, Rejected),  # not one of Clarifai's
        (400, {"error": {"code": True}}, Rejected),
        (503, {"status": {"code": 99009}}, ServerError),
        (418, None, Rejected),
        (599, None, ServerError),
        (None, {"error": "It failed."}, ModelFailed),
        (200, {"error": "It failed."}, ModelFailed),
        (400, {"error": {"message": "Requested 9 tokens, maximum context length is 8"}}, TooLong),
        (400, {"detail": "the input is too long, so there"}, TooLong),
        (500, "maximum context length", ServerError),
        (401, {"error": {"message": "context window"}}, WrongPat),
        *(
            (400, {"error": {"message": words}}, BadRequest)
            for words in (
                'messages: roles must alternate between "user" and "assistant"',
                "Conversation roles must alternate user/assistant/user/assistant/...",
                "After the optional system message, roles must alternate user and assistant.",
                "Assistant message must have either content or tool_calls, but not none.",
                "messages.1: all messages must have non-empty content except for the final one",
                "messages: text content blocks must be non-empty",
                "The content field must not be empty for an assistant message.",
                "An assistant message with 'tool_calls' must be followed by tool messages",
                "Expected last role User or Tool (or Assistant with prefix True) but got assistant",
            )
        ),
        (400, {"error": {"message": "temperature must not be negative"}}, Rejected),
        (400, {"error": {"message": "The system role is not supported"}}, Rejected),
        (400, {"error": {"message": "tools must not be empty"}}, Rejected),
        (None, {"code": 30101, "details": "prompt is too long"}, BadImage),
    ],
)
def test_a_status_and_a_body_have_a_meaning(http, body, kind):
    assert type(meaning(http, body)) is kind


def test_every_code_means_something_that_can_be_shown():
    assert len(CODES) > 40
    assert set(CODES.values()) <= set(kinds())
    assert set(errors._NAMES.values()) - {10000} <= set(CODES)


@pytest.mark.parametrize(
    ("body", "code", "sentence", "request_id"),
    [
        ({"error": {"message": "m", "code": "x"}}, None, "m", ""),
        (
            {"status": {"code": 21355, "description": "d", "details": "e", "req_id": "r"}},
            21355,
            "d: e",
            "r",
        ),
        ({"code": 21313, "description": "d", "details": "d"}, 21313, "d", ""),
        ({"error": "only words"}, None, "only words", ""),
        ({"detail": [{"loc": "body"}]}, None, "", ""),
        ("text", None, "text", ""),
        (None, None, "", ""),
        ([], None, "", ""),
        (17, None, "", ""),
    ],
)
def test_an_error_body_is_read_in_all_its_shapes(body, code, sentence, request_id):
    assert read_error(body) == (code, sentence, request_id)


@pytest.mark.parametrize(
    ("body", "so"),
    [
        ({"error": {"message": "m"}}, True),
        ({"error": None}, False),
        ({"error": {"message": "m"}, "choices": [{}]}, False),
        ({"status": {"code": 21354}}, True),
        ({"status": {"code": "MODEL_LOADING"}}, True),
        ({"status": {"code": 10000}}, False),
        ({"status": {"code": "SUCCESS"}}, False),
        ({"code": 21313}, True),
        ({"code": 200}, False),
        ({"choices": []}, False),
        ("text", False),
        (None, False),
    ],
)
def test_an_error_is_distinguished_from_an_answer(body, so):
    assert is_error(body) is so


# --- Words of a server ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param(f"Key {CANARY} is bad", "Key [access token] is bad", id="token"),
        pytest.param(f"Key {CANARY.upper()}!", "Key [access token]!", id="token in upper case"),
        ("two\n  lines", "two lines"),
        ("<html><body>Sorry</body></html>", ""),
        ('Failed with {"a": {"b": 1}} inside', "Failed with … inside"),
        ("x" * 1000, "x" * (MAX_DETAIL_CHARS - 1) + "…"),
        ("", ""),
    ],
)
def test_a_servers_words_are_made_fit_to_show(text, shown):
    assert plain(text, CANARY) == shown


def test_without_a_token_nothing_is_scrubbed():
    assert plain("abc", "") == "abc"


@given(st.text(), st.text(), st.integers(0, 400))
def test_the_token_is_never_shown_wherever_it_stands(before, after, repeated):
    shown = plain(f"{before}{CANARY}{after}{'x' * repeated}{CANARY}", CANARY)

    assert not leaks_in(shown)
    assert len(shown) <= MAX_DETAIL_CHARS
    assert "\n" not in shown


def test_the_token_is_removed_from_a_request_id_too():
    error = meaning(500, {"status": {"code": 1, "req_id": f"r-{CANARY}"}}, pat=CANARY)

    assert error.request_id == "r-[access token]"


def test_text_that_is_not_json_stays_text():
    assert parse('{"a": 1}') == {"a": 1}
    assert parse("<html>") == "<html>"
