"""Settings of a conversation: what of them a request carries, and what does not go out."""

import pytest
from hypothesis import given as each
from hypothesis import strategies as st

from clarifai_chat.chat.settings import (
    ANY_JSON,
    ChatSettings,
    given,
    params,
    stop_lines,
    stops_in,
    system,
)
from clarifai_chat.errors import BadSchema

SCHEMA = '{"type": "object", "properties": {"answer": {"type": "string"}}}'


def test_unset_settings_are_not_sent():
    assert params({}) == {}
    assert system({}) == ""


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({"temperature": 0.3}, {"temperature": 0.3}),
        ({"temperature": 0.0}, {"temperature": 0.0}),
        ({"top_p": 0.9}, {"top_p": 0.9}),
        ({"presence_penalty": -0.5}, {"presence_penalty": -0.5}),
        ({"frequency_penalty": 0.0}, {"frequency_penalty": 0.0}),
        ({"max_tokens": 100}, {"max_completion_tokens": 100}),
        ({"stop": ["END", "\n\n"]}, {"stop": ["END", "\n\n"]}),
        ({"seed": 0}, {"seed": 0}),
        ({"reasoning_effort": "low"}, {"reasoning_effort": "low"}),
        ({"json_schema": ANY_JSON}, {"response_format": {"type": "json_object"}}),
        ({"json_schema": " { }\n"}, {"response_format": {"type": "json_object"}}),
        (
            {"json_schema": SCHEMA},
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {
                        "name": "answer",
                        "schema": {
                            "type": "object",
                            "properties": {"answer": {"type": "string"}},
                        },
                    },
                }
            },
        ),
    ],
    ids=str,
)
def test_each_setting_is_a_field_of_the_request(settings, sent):
    assert params(settings) == sent


def test_every_setting_is_sent_in_some_way():
    whole: ChatSettings = {
        "system": "Be brief.",
        "temperature": 1.0,
        "top_p": 1.0,
        "max_tokens": 1,
        "stop": ["END"],
        "seed": 1,
        "presence_penalty": -2.0,
        "frequency_penalty": 2.0,
        "reasoning_effort": "high",
        "json_schema": ANY_JSON,
    }
    assert whole.keys() == ChatSettings.__optional_keys__ - {"tools"}  # they go with each question
    assert len(params(whole)) == len(whole) - 1  # the system prompt is a message
    assert system(whole) == "Be brief."


@pytest.mark.parametrize(
    "blank", [{"system": " \n"}, {"stop": []}, {"reasoning_effort": ""}, {"temperature": None}]
)
def test_what_is_blank_is_not_set(blank):
    assert given(blank) == {}
    assert params(blank) == {}
    assert system(blank) == ""


@pytest.mark.parametrize("broken", ["", "  ", "{", '{"type": "objct"}', "[]", "true"])
def test_an_invalid_schema_is_never_left_out_silently(broken):
    assert given({"json_schema": broken}) == {"json_schema": broken}
    with pytest.raises(BadSchema) as error:
        params({"json_schema": broken, "temperature": 0.5})
    assert "nothing was sent" in error.value.problem()["what"]


def test_asking_changes_no_setting():
    settings: ChatSettings = {"stop": ["END"], "json_schema": SCHEMA, "system": " "}
    params(settings)
    assert settings == {"stop": ["END"], "json_schema": SCHEMA, "system": " "}


@pytest.mark.parametrize(
    ("lines", "stops"),
    [
        ("END", ["END"]),
        ("END\n\n###\n", ["END", "###"]),
        (r"\n\n", ["\n\n"]),
        (r"C:\new", ["C:\new"]),
        (r"C:\\new", [r"C:\new"]),
        (r"\d+", [r"\d+"]),
        (" END ", [" END "]),
        ("", []),
    ],
)
def test_stop_sequences_are_typed_one_in_a_line(lines, stops):
    assert stops_in(lines) == stops


@each(st.lists(st.text(min_size=1)))
def test_stop_sequences_are_edited_as_what_they_are(stop):
    assert stops_in(stop_lines(stop)) == stop
