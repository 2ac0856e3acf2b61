"""Cautions before a run: said where they hold, and only there."""

import pytest

from clarifai_chat.catalog import DEMO, Model
from clarifai_chat.playground.compatibility import cautions, chat_cautions
from clarifai_chat.playground.runs import default_settings

URL = "https://clarifai.com/openai/chat-completion/models"
WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": {}}}
CALCULATE = {
    "type": "function",
    "function": {
        "name": "calculate",
        "parameters": {"type": "object", "properties": {"expression": {"type": "string"}}},
    },
}


def model(id="gpt-4_1", **facts):
    return Model.at(f"{URL}/{id}", **{"tools": True, **facts})


def said(model, tools=(WEATHER,), added_tokens=None, answerers=(), **settings):
    return cautions(model, {**default_settings(), **settings}, tools, answerers, added_tokens)


def test_an_ordinary_request_has_no_cautions():
    known = model(context_window=100_000, max_output_tokens=10_000)

    assert said(known, added_tokens=50_000, max_tokens=10_000, temperature=0.5) == []
    assert said(known, tools=(), temperature=None) == []


def test_a_model_without_tool_calls_is_reported_if_tools_are_sent():
    (sentence,) = said(model(tools=False))
    assert sentence == "gpt-4.1 is not known to call tools. It may answer in words, or refuse."
    (sentence,) = said(model(tools=None))
    assert sentence == "It is not known whether gpt-4.1 calls tools."

    assert said(model(tools=False), tools=()) == []
    assert said(model(tools=None), tools=()) == []


@pytest.mark.parametrize("id", ["o3", "o4-mini", "gpt-5", "gpt-5-mini", "GPT-5_1"])
def test_a_temperature_that_a_reasoning_model_refuses_is_reported(id):
    (sentence,) = said(model(id), temperature=0.0)
    assert sentence.endswith("refuses a temperature other than 1: leave it empty.")

    assert said(model(id), temperature=1.0) == []
    assert said(model(id)) == []


@pytest.mark.parametrize("id", ["gpt-4_1", "gpt-oss-120b", "olmo-2", "my-gpt-5"])
def test_other_models_take_any_temperature(id):
    assert said(model(id), temperature=0.0) == []


def test_a_limit_above_the_models_own_is_reported():
    known = model(max_output_tokens=8_192)

    (sentence,) = said(known, max_tokens=10_000)
    assert "at most 8,192 tokens: the limit of 10,000" in sentence
    assert said(known, max_tokens=8_192) == []
    assert said(model(), max_tokens=10_000) == []


def test_tools_that_take_more_than_half_of_the_context_are_reported():
    known = model(context_window=8_000)

    (sentence,) = said(known, added_tokens=4_001)
    assert "about 4,001 of gpt-4.1's 8,000 tokens" in sentence
    assert said(known, added_tokens=4_000) == []
    assert said(model(), added_tokens=4_001) == []


def test_the_demo_says_that_it_is_scripted():
    assert said(DEMO) == [
        "The Demo is scripted: it shows how a run works, not how a model decides."
    ]
    assert said(DEMO, tools=()) == []


@pytest.mark.parametrize("choice", ["required", "none", "get_weather"])
def test_a_tool_choice_without_tools_is_reported(choice):
    (sentence,) = said(model(), tools=(), tool_choice=choice)

    assert sentence == f"No tools are sent, so tool choice “{choice}” is not sent either."
    assert said(model(), tool_choice=choice) == []


def test_a_tool_choice_that_names_no_tool_is_reported():
    (sentence,) = said(model(), tool_choice="calculate")

    assert sentence == "Tool choice names calculate, which is not among the tools that are sent."


@pytest.mark.parametrize("parallel", [True, False])
def test_undocumented_parallel_calls_are_reported(parallel):
    (sentence,) = said(model(), parallel=parallel)

    assert "does not document parallel tool calls" in sentence
    assert said(model(), tools=(), parallel=parallel) == []


def test_tools_without_an_automatic_answer_are_named_in_automatic_runs():
    both = [WEATHER, CALCULATE]

    (sentence,) = said(model(), both, answerers=["calculate"], answers="automatic")
    assert sentence.startswith("No automatic answer for get_weather")
    assert said(model(), both, answerers=["calculate", "get_weather"], answers="automatic") == []
    assert said(model(), both, answers="approve") == []
    assert said(model(), tools=(), answers="automatic") == []


# --- Of a conversation's settings -----------------------------------------------------------------


def test_ordinary_settings_have_no_cautions():
    known = model(max_output_tokens=1_000, reasoning=True)
    settings = {"temperature": 0.2, "top_p": 0.5, "max_tokens": 1_000, "stop": ["a"], "seed": 1}

    assert chat_cautions(known, settings | {"reasoning_effort": "low"}) == []
    assert chat_cautions(known, {}) == []
    assert chat_cautions(DEMO, {}) == []


@pytest.mark.parametrize(
    ("id", "settings", "said"),
    [
        ("o3", {"temperature": 0.5}, "o3 refuses a temperature other than 1"),
        ("gpt-5", {"top_p": 0.5}, "gpt-5 refuses a top p other than 1"),
        ("o3", {"presence_penalty": 0.5}, "o3 refuses a presence penalty: leave it empty."),
        ("gpt-5", {"frequency_penalty": -1.0}, "gpt-5 refuses a frequency penalty"),
        ("grok-4-fast", {"frequency_penalty": 1.0}, "grok-4-fast refuses a frequency penalty"),
        ("gpt-4_1", {"max_tokens": 2_000}, "at most 1,000 tokens: the limit of 2,000"),
        ("o4-mini", {"stop": ["END"]}, "o4-mini refuses stop sequences"),
        ("gpt-4_1", {"stop": ["1", "2", "3", "4", "5"]}, "up to 4 stop sequences; these are 5"),
        ("gpt-4_1", {"reasoning_effort": "low"}, "gpt-4.1 is not known to reason"),
        ("gpt-4_1", {"json_schema": "{}"}, "unless the word JSON is in it"),
        ("gpt-4_1", {"json_schema": "{}", "system": "Be brief."}, "unless the word JSON is in it"),
    ],
)
def test_a_setting_that_may_not_work_is_reported(id, settings, said):
    (sentence,) = chat_cautions(model(id, max_output_tokens=1_000, reasoning=False), settings)

    assert said in sentence


@pytest.mark.parametrize(
    ("id", "settings"),
    [
        ("o3", {"temperature": 1.0}),
        ("gpt-5", {"top_p": 1}),
        ("gpt-4_1", {"temperature": 0.0, "top_p": 0.1}),
        ("gpt-4_1", {"presence_penalty": 2.0, "frequency_penalty": -2.0}),
        ("grok-3", {"frequency_penalty": 1.0}),
        ("grok-4-fast", {"presence_penalty": 1.0}),
        ("o1", {"stop": ["END"]}),
        ("gpt-4_1", {"stop": ["1", "2", "3", "4"]}),
        ("gpt-4_1", {"json_schema": "{}", "system": "Answer in json."}),
        ("gpt-4_1", {"json_schema": '{"type": "object"}'}),
        ("gpt-4_1", {"system": " ", "stop": []}),
    ],
)
def test_other_settings_are_not(id, settings):
    assert chat_cautions(model(id), settings) == []


def test_an_unknown_ability_to_reason_is_reported():
    (sentence,) = chat_cautions(model(), {"reasoning_effort": "low"})

    assert sentence == "It is not known whether gpt-4.1 takes a reasoning effort."


def test_settings_do_not_change_the_demo():
    (sentence,) = chat_cautions(DEMO, {"temperature": 0.2, "stop": ["a"], "json_schema": "{}"})

    assert "settings do not change its answers" in sentence
