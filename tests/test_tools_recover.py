"""Calls written as text: recovered as they were written, and never out of prose."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.tools.verdict.text_calls import MAX_OPENINGS, recover, written_form

CITY = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
NAMES = {"get_weather": CITY, "get_time": None, "srv.tool-1": {}}
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
        f"```json\n{CALL}\n```\n",
        f"```\n<tool_call>{CALL}</tool_call>\n```",
        f"{CALL}<|im_end|>",
        f"<|tool_call|>[{CALL}]<|/tool_call|>",
        f"<tool_calls>[{CALL}]</tool_calls>",
        f"<functioncall> {CALL}",
        '<|START_ACTION|>[{"tool_name": "get_weather", "parameters": {"city":  "Rome"}}]',
        f"<|action_start|><|plugin|>\n{CALL}<|action_end|>",
        "<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>"
        '{"city":  "Rome"}<|call|>',
        "<|start|>assistant to=functions.get_weather<|channel|>commentary json<|message|>"
        '{"city":  "Rome"}',
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n"
        '{"city":  "Rome"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
        '<｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city":  "Rome"}<｜tool▁call▁end｜>',
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
    ("text", "form"),
    [
        (
            "<tool_call>\n<function=get_weather>\n<parameter=city>\nRome\n</parameter>\n"
            "<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>",
            "Qwen XML",
        ),
        (
            "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Rome</arg_value>\n"
            "<arg_key>days</arg_key>\n<arg_value>2</arg_value>\n</tool_call>",
            "GLM",
        ),
        (
            '<｜DSML｜tool_calls>\n<｜DSML｜invoke name="get_weather">\n'
            '<｜DSML｜parameter name="city" string="true">Rome</｜DSML｜parameter>\n'
            '<｜DSML｜parameter name="days" string="false">2</｜DSML｜parameter>\n'
            "</｜DSML｜invoke>\n</｜DSML｜tool_calls>",
            "invoke XML",
        ),
        (
            '<minimax:tool_call>\n<invoke name="get_weather">\n<parameter name="city">Rome'
            '</parameter>\n<parameter name="days">2</parameter>\n</invoke>\n</minimax:tool_call>',
            "invoke XML",
        ),
        ("<tool_call>{'name': 'get_weather', 'arguments': {'city': 'Rome', 'days': 2}}", "Hermes"),
        ("[get_weather(city='Rome', days=2)]", "Python"),
        ('<|python_start|>[get_weather(city="Rome", days=2)]<|python_end|>', "Llama"),
        ('```tool_code\nget_weather(city="Rome", days=2)\n```', "Python"),
    ],
)
def test_a_call_in_another_form_is_converted_and_says_so(text, form):
    [call] = recover(text, NAMES)

    assert call["function"]["name"] == "get_weather"
    assert json.loads(call["function"]["arguments"]) == {"city": "Rome", "days": 2}
    assert call["quirks"] == ["from_text", "converted"]
    assert written_form(text, NAMES) == form


def test_text_stays_text_where_the_schema_wants_text():
    body = "<function=get_weather><parameter=city>\n12\n</parameter></function>"

    assert found(body) == [("get_weather", '{"city": "12"}')]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (f"Here:\n```json\n{CALL}\n```\nI have not done it.", "JSON"),
        (f"Sure:\n\n{CALL}", "JSON"),
        (f"Write `<tool_call>{CALL}</tool_call>`.", "Hermes"),
        ("<tool_call>get_weather\n<arg_key>city</arg_key>", "GLM"),
        ('[TOOL_CALLS]get_weather{"city": ', "Mistral"),
        ("<function=get_weather>{city}", "Llama"),
        ("The weather in Rome is fine.", ""),
        ("get_weather tells the weather.", ""),
        ("<tool_call>other</tool_call>", ""),
        ('{"name": "Ada", "arguments": []}', ""),
    ],
)
def test_what_looks_like_a_call_is_named(text, form):
    assert recover(text, NAMES) == []
    assert written_form(text, NAMES) == form


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
        f"```json\n{CALL}\n```\n\n```json\n{TIME}\n```",
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
        f"Here:\n```json\n{CALL}\n```\nI have not done it.",  # an example
        f"Here:\n```\n<tool_call>{CALL}</tool_call>\n```\nlike this.",
        f"Write `<tool_call>{CALL}</tool_call>` to call it.",
        f"Sure:\n\n{CALL}",
        'Use get_weather(city="Rome") for that.',
        '[get_weather("Rome")]',  # which argument?
        '[get_weather(city=__import__("os").getcwd())]',
        '[get_weather(city="Rome"), launch(n=1)]',
        "<function=get_weather><parameter=city>Rome",
        '<invoke name="other"><parameter name="city">Rome</parameter></invoke>',
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
    as_written = [c for c in calls if "converted" not in c["quirks"]]
    assert all(c["function"]["arguments"] in text for c in as_written)
    assert all(
        isinstance(json.loads(c["function"]["arguments"]), dict)
        for c in calls
        if c not in as_written
    )
    assert recover(text, {}) == []


@given(st.text() | st.text(alphabet='{}[]":,<>|`\n function='))
def test_text_without_a_tools_name_is_just_text(text):
    assert recover(text, {"get_weather": CITY}) == []
