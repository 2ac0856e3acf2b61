"""A playground's set-up in an address and in a file: there and back, and with bad input."""

import base64
import json
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.llm import sent_back
from clarifai_chat.playground import runs, toolset
from clarifai_chat.playground.clarifai_servers import READY
from clarifai_chat.playground.server_calls import MAX_CALLS
from clarifai_chat.playground.toolset import MAX_FILE_BYTES, MAX_LINK_CHARS, BadToolSet
from clarifai_chat.tools.mocks import KINDS
from tests.canary import CANARY, assert_no_canary

MODEL = "https://clarifai.com/openai/chat-completion/models/gpt-4_1"
EMPTY = {"tools": "", "prompt": "", "model": "", "settings": runs.default_settings()}


def set_of(**fields):
    return {**EMPTY, **fields}


def parameter_of(content):
    """Return a parameter as anybody could write it."""
    text = content if isinstance(content, str) else json.dumps(content)
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


TEXT = st.text(max_size=9)
SETTINGS = st.fixed_dictionaries(
    {
        "system": st.text(max_size=40),
        "tool_choice": st.sampled_from(["auto", "required", "none", "get_weather"]),
        "parallel": st.sampled_from([None, True, False]),
        "strict": st.sampled_from([None, True, False]),
        "temperature": st.none() | st.floats(0, 2),
        "max_tokens": st.none() | st.integers(1, 1_000_000),
        "stream": st.booleans(),
        "answers": st.sampled_from(runs.ANSWERS),
        "max_steps": st.integers(1, runs.MAX_STEPS),
        "sent_back": st.sampled_from(sent_back.CHOICES),
        "messages": st.lists(
            st.fixed_dictionaries(
                {"role": st.sampled_from(["user", "tool", "odd"]), "content": TEXT},
                optional={"name": TEXT},
            ),
            max_size=2,
        ),
        "variables": st.dictionaries(TEXT, TEXT),
        "extra": st.dictionaries(st.sampled_from(["seed", "top_p", "x"]), st.integers() | TEXT),
        "max_calls": st.integers(1, MAX_CALLS),
        "mcp_servers": st.lists(st.sampled_from(list(READY)), unique=True),
    }
)
MOCKS = st.fixed_dictionaries(
    {"kind": st.sampled_from(KINDS)},
    optional={
        "answer": st.text(max_size=20),
        "answers": st.lists(st.text(max_size=9), max_size=3),
        "rows": st.just([{"when": {"place": "Oslo"}, "answer": "{{place}}: 12"}]),
        "share": st.floats(0, 1),
        "seed": st.integers(0, 99),
    },
)
SETS = st.fixed_dictionaries(
    {
        "tools": st.text(max_size=200)
        | st.sampled_from(['[{"a": 1.0, "a": 1e5}]', "[\n  {}\n]", '["\\ud83d"]', "[1e999, NaN]"]),
        "prompt": st.text(max_size=40),
        "model": st.sampled_from(["", "demo", MODEL, f"{MODEL}/versions/0123abcd"]),
        "settings": SETTINGS,
    },
    optional={"mocks": st.dictionaries(st.text(max_size=9), MOCKS, min_size=1, max_size=3)},
)


@given(SETS)
def test_a_set_survives_an_address_unchanged(given_set):
    assert toolset.from_parameter(toolset.to_parameter(given_set)) == given_set


@given(SETS)
def test_a_set_survives_a_file_unchanged(given_set):
    assert toolset.from_json(toolset.to_json(given_set)) == given_set


def test_a_set_can_hold_every_setting():
    assert set(toolset.from_json(toolset.to_json(EMPTY))["settings"]) == set(
        runs.RunSettings.__annotations__
    )


def test_a_set_too_long_for_an_address_has_none():
    short = toolset.to_parameter(set_of(tools="a" * 50_000))
    assert short is not None
    assert len(short) <= MAX_LINK_CHARS
    assert set(short) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert toolset.to_parameter(set_of(tools=" ".join(map(str, range(5_000))))) is None


def test_bare_tools_in_a_file_are_opened_as_they_are_written():
    text = '[ {"type": "function"} ]'

    assert toolset.from_json(text) == set_of(tools=text)
    assert toolset.from_json('{"tools": [1]}') == set_of(tools='{"tools": [1]}')


def test_half_a_surrogate_pair_does_not_reach_a_page():
    text = '{"tools": "a\\ud83d", "prompt": "\\udc00b", "settings": {"system": "\\ud83d"}}'
    found = toolset.from_json(text)

    assert (found["tools"], found["prompt"], found["settings"]["system"]) == ("a?", "?b", "?")
    assert toolset.from_parameter(toolset.to_parameter(set_of(prompt="\ud83d")))["prompt"] == "?"


# --- Never a server, a token, or a reason to send ----------------------------------------------


def test_neither_a_server_nor_a_token_is_taken_from_an_address():
    hostile = {
        "tools": "[]",
        "pat": CANARY,
        "key": CANARY,
        "api_base": "https://elsewhere.example",
        "model": "https://elsewhere.example/openai/chat-completion/models/gpt-4_1",
        "run": True,
        "settings": {"api_base": "https://elsewhere.example", "pat": CANARY, "send": True},
    }
    found = toolset.from_parameter(parameter_of(hostile))

    assert found == set_of(tools="[]")
    assert_no_canary("the set", repr(found))
    assert "elsewhere" not in repr(found)


@pytest.mark.parametrize(
    "model",
    [
        "https://clarifai.com@elsewhere.example/a/b/models/c",
        "//elsewhere.example/a/b/models/c",
        "javascript:alert(1)",
        ["demo"],
        7,
        None,
    ],
)
def test_a_model_that_is_none_of_clarifais_is_the_readers_own_choice(model):
    assert toolset.from_json(json.dumps({"tools": "", "model": model}))["model"] == ""


# --- Hostile and broken ------------------------------------------------------------------------

GOOD = toolset.to_parameter(set_of(tools="[]", prompt="Weather in Paris? " * 3))
NESTED = "[" * 10_000 + "]" * 10_000


@pytest.mark.parametrize(
    "parameter",
    [
        "!!!!",
        "a",
        "é",
        "a\x00b",
        "A" * MAX_LINK_CHARS,
        GOOD[: len(GOOD) // 2],
        GOOD[:-4],
        GOOD[4:],
        base64.urlsafe_b64encode(b"not packed").decode(),
        base64.urlsafe_b64encode(zlib.compress(b"\xff\xfe")).decode(),
        parameter_of("no JSON"),
        parameter_of(""),
        parameter_of("9" * 5000),
        parameter_of(NESTED),
        parameter_of(f'{{"tools": "", "settings": {NESTED}}}'),
        parameter_of(" " * (MAX_FILE_BYTES + 1)),
        parameter_of(" " * 2 * MAX_FILE_BYTES),
    ],
)
def test_an_unreadable_address_is_explained(parameter):
    with pytest.raises(BadToolSet, match=r"^The tools in this page's address cannot be read\."):
        toolset.from_parameter(parameter)


def test_an_address_that_is_too_long_is_not_read():
    with pytest.raises(BadToolSet, match="too long"):
        toolset.from_parameter(GOOD + "A" * MAX_LINK_CHARS)


@given(st.text() | st.binary().map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_no_address_does_harm(parameter):
    with suppress(BadToolSet):
        assert set(toolset.from_parameter(parameter)) == set(EMPTY)


@pytest.mark.parametrize("text", ["no JSON", "", NESTED, "9" * 5000])
def test_a_file_that_is_not_json_is_explained(text):
    with pytest.raises(BadToolSet, match="not JSON"):
        toolset.from_json(text)


def test_a_file_that_is_too_large_is_explained():
    with pytest.raises(BadToolSet, match="too large"):
        toolset.from_json(" " * (MAX_FILE_BYTES + 1))


def test_deeply_nested_tools_are_for_the_editor_to_judge():
    found = toolset.from_parameter(parameter_of({"tools": NESTED}))

    assert found["tools"] == NESTED


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)


@given(st.fixed_dictionaries(dict.fromkeys(runs.default_settings(), JSON_VALUES)))
def test_settings_of_any_type_give_settings_that_make_sense(settings):
    found = toolset.from_json(json.dumps({"tools": "", "settings": settings}))["settings"]

    assert isinstance(found["system"], str)
    assert 0 < len(found["tool_choice"]) <= toolset.MAX_NAME_CHARS
    assert found["parallel"] in (None, True, False)
    assert found["strict"] in (None, True, False)
    assert isinstance(found["stream"], bool)
    assert found["answers"] in runs.ANSWERS
    assert found["temperature"] is None or 0 <= found["temperature"] <= 2
    assert found["temperature"] is None or type(found["temperature"]) is float
    assert found["max_tokens"] is None or type(found["max_tokens"]) is int
    assert found["max_tokens"] is None or 1 <= found["max_tokens"] <= 1_000_000
    assert found["sent_back"] in sent_back.CHOICES
    assert type(found["max_steps"]) is int
    assert 1 <= found["max_steps"] <= runs.MAX_STEPS


@pytest.mark.parametrize(
    ("number", "temperature"),
    [("1", 1.0), ("9" * 400, 2.0), (f"-{'9' * 400}", 0.0), ("1e999", 2.0), ("NaN", None),
     ("true", None), ('"1"', None)],
)  # fmt: skip
def test_numbers_are_moved_into_their_bounds(number, temperature):
    found = toolset.from_json(f'{{"tools": "", "settings": {{"temperature": {number}}}}}')

    assert found["settings"]["temperature"] == temperature


@pytest.mark.parametrize("settings", [[], "no", 7, None])
def test_invalid_settings_become_the_defaults(settings):
    found = toolset.from_json(json.dumps({"tools": "x", "settings": settings}))

    assert found == set_of(tools="x")
