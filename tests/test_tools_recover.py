"""Calls written as text: recovered as they were written, and never out of prose."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.tools.verdict.text_calls import MAX_OPENINGS, recover

NAMES = {"get_weather", "get_time", "srv.tool-1"}
CALL = '{"name": "get_weather", "arguments": {"city":  "Rome"}}'
TIME = '{"name": "get_time", "parameters": {}}'


def found(text, names=NAMES):
    return [(c["function"]["name"], c["function"]["arguments"]) for c in recover(text, names)]


@pytest.mark.parametrize(
    "text",
    [
        CALL,
        f"\n {CALL}\n",
        f"[{CALL}]",
        f"<tool_call>{CALL}</tool_call>",
        f"I will look.\n<tool_call>\n{CALL}\n</tool_call>\nDone.",
        f"<tool_call>{CALL}",
        f"Here:\n```json\n{CALL}\n```\nas asked",
        f"```\n[{CALL}]\n```",
        '<function=get_weather>{"city":  "Rome"}</function>',
        f"[TOOL_CALLS][{CALL}]",
        f"[TOOL_CALLS] {CALL}",
        '[TOOL_CALLS]get_weather[ARGS]{"city":  "Rome"}',
        '[TOOL_CALLS]get_weather{"city":  "Rome"}',
        f"<|python_tag|>{CALL}",
        'functions.get_weather:0{"city":  "Rome"}',
        "<|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>"
        '{"city":  "Rome"}<|tool_call_end|>',
        CALL.replace("arguments", "parameters"),
        f'{{"type": "function", "function": {CALL}}}',
        json.dumps({"name": "get_weather", "arguments": '{"city":  "Rome"}'}),
    ],
)
def test_a_call_is_recovered_as_it_was_written(text):
    assert found(text) == [("get_weather", '{"city":  "Rome"}')]


def test_a_recovered_call_says_so_and_has_no_id_yet():
    assert recover(CALL, NAMES) == [
        {
            "id": "",
            "type": "function",
            "function": {"name": "get_weather", "arguments": '{"city":  "Rome"}'},
            "quirks": ["from_text"],
        }
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"[{CALL}, {TIME}]",
        f"{CALL}\n{TIME}",
        f"{CALL}; {TIME}",
        f"<tool_call>{CALL}</tool_call> and <tool_call>{TIME}</tool_call>",
        f"<tool_call>{CALL}\n{TIME}</tool_call>",
        f"[TOOL_CALLS] [{CALL},{TIME}]",
        f"<|python_tag|>{CALL};{TIME}",
        f"```json\n{CALL}\n```\nthen\n```json\n{TIME}\n```",
        'functions.get_weather:0{"city":  "Rome"} functions.get_time:1{}',
    ],
)
def test_calls_are_recovered_in_their_order(text):
    assert found(text) == [("get_weather", '{"city":  "Rome"}'), ("get_time", "{}")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The weather in Rome is fine.",
        f"Write {CALL} to call it.",  # prose around it
        f"{CALL} is how it is called",
        '{"name": "get_weather"}',  # an answer that happens to have a name
        '{"name": "Rome", "arguments": {}}',
        "<tool_call>get_weather</tool_call>",
        '<tool_call>{"name": "other", "arguments": {}}</tool_call>',
        '<tool_call>{"name": "get_weather", "arguments": {city: Rome}}</tool_call>',
        '<tool_call>{"name": "get_weather", "arguments": {"city": "Ro',
        '<function=other>{"a": 1}</function>',
        "<function=get_weather>Rome</function>",
        f"```json\n{CALL}\nand more\n```",
        f"```json\n{CALL}",
        f"[{CALL}, 3]",
        f"[{CALL}, {TIME}",
        "functions.get_weather:0 is it",
        "functions.other:0{}",
        '{"name": ["get_weather"], "arguments": {}}',
        '{"name": "get_weather", "arguments": ' + "[" * 100_000,
        "[" * 100_000,
    ],
)
def test_text_that_is_not_a_call_stays_text(text):
    assert found(text) == []


def test_a_call_after_what_only_looks_like_one_is_found():
    text = f"Say <tool_call> like so: <tool_call>{{}}</tool_call> <tool_call>{CALL}</tool_call>"
    assert found(text) == [("get_weather", '{"city":  "Rome"}')]


def test_a_tagged_call_needs_no_arguments():
    assert found('<tool_call>{"name": "get_time"}</tool_call>') == [("get_time", "")]


def test_arguments_that_only_python_would_read_are_kept_for_the_verdict():
    assert found('{"name": "get_time", "arguments": {"a": NaN, "a": 1}}') == [
        ("get_time", '{"a": NaN, "a": 1}')
    ]


def test_names_may_have_what_servers_put_into_them():
    assert found("<function=srv.tool-1>{}</function>") == [("srv.tool-1", "{}")]
    assert found("functions.srv.tool-1:12{}") == [("srv.tool-1", "{}")]


@pytest.mark.parametrize(
    "piece",
    [
        "<tool_call>",
        '<tool_call>{"',
        '<tool_call>[{"a": ',
        "[TOOL_CALLS][",
        "functions.get_time:",
        "functions." + "a" * 200,
        '<tool_call>{"name": "get_time", "arguments": "',
        "```json\n{",
        "[TOOL_CALLS]" + " " * 50,
    ],
)
def test_thousands_of_openings_are_read_quickly(piece):
    assert found(piece * 50_000) == []


def test_the_number_of_recovered_calls_is_limited():
    assert len(found(f"<tool_call>{TIME}</tool_call>" * 1000)) == MAX_OPENINGS


PIECES = """<tool_call> </tool_call> [TOOL_CALLS] <|python_tag|> <function=get_time> ``` ```json\n
    functions.get_time:0 {"name":" get_time ", [ ] { } , ; "arguments": \\"""
pieces = st.sampled_from([*PIECES.split(" "), CALL, TIME, "\n", " ", "\ud800"])


@given(st.lists(pieces | st.text(max_size=5), max_size=25).map("".join))
def test_any_text_is_read_and_only_known_tools_are_called(text):
    calls = recover(text, NAMES)
    assert all(c["function"]["name"] in NAMES for c in calls)
    assert all(c["function"]["arguments"] in text for c in calls)
    assert recover(text, []) == []


@given(st.text() | st.text(alphabet='{}[]":,<>|`\n function='))
def test_text_without_a_tools_name_is_just_text(text):
    assert recover(text, ["get_weather"]) == []
