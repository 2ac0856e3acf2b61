"""Cases as tests for promptfoo: its judge beside our checker; and such tests as cases."""

import json
import shutil
import subprocess

import pytest

from clarifai_chat.evidence import cases, rules
from clarifai_chat.evidence.cases import BadCases
from clarifai_chat.evidence.promptfoo_file import JUDGE, as_promptfoo
from clarifai_chat.tools.formats import yaml_text
from tests.canary import CANARY
from tests.conftest import MODEL
from tests.test_runs import WEATHER

CALL = {"tool": "get_weather", "arguments": {"location": "Paris"}}


def case(expect, **fields):
    found = {"id": "a", "prompt": "Weather in Paris?", "tools": [WEATHER], "expect": expect}
    return cases.read(json.dumps([{**found, **fields}]))[0]


def written(*found, strings="loose", system=""):
    asked = [(each, cases.tools_of(each), system) for each in found]
    return as_promptfoo(asked, MODEL, strings)


def judged(pairs, strings="loose"):
    """What the judge says to each (expect, output), run as promptfoo runs a function's body."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    script = (
        f"const judge = new Function('output', 'context', {json.dumps(JUDGE)});"
        "const pairs = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));"
        "console.log(JSON.stringify(pairs.map(([expect, output, strings]) =>"
        " judge(output, { vars: { expect: JSON.stringify(expect), strings } }))));"
    )
    rows = json.dumps([[expect, output, strings] for expect, output in pairs])
    done = subprocess.run([node, "-e", script], input=rows, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def called(arguments, tool="get_weather"):
    return {"type": "function", "function": {"name": tool, "arguments": json.dumps(arguments)}}


VALUES = ["Paris", "paris ", "P.aris", "Rome", "", 1, 1.0, 1.5, "1", True, None, [], [1, 2],
          [2, 1], {}, {"a": 1}, {"a": 1, "b": 2}, {"b": "x"}]  # fmt: skip
RULES = [
    *VALUES,
    {"$one_of": ["Rome", 1]},
    *({"$type": name} for name in rules.TYPES),
    {"$pattern": "^P"},
    {"$near": 1.2, "$within": 0.3},
    {"$contains": ["ar", "IS"]},
    {"$unordered": [1, {"$type": "integer"}]},
    {"$any": True},
    {"$equals": {"a": 1}},
    {"a": {"$optional": 1}, "$others": True},
    {"a": 1, "b": {"$optional": 3}},
]


@pytest.mark.parametrize("strings", ["loose", "strict"])
def test_promptfoos_judge_agrees_with_our_rules_on_each_pair_of_rule_and_value(strings):
    pairs = [(rule, value) for rule in RULES for value in VALUES]
    rows = [
        ({"calls": [{"tool": "t", "arguments": {"x": rule}}]}, [called({"x": value}, "t")])
        for rule, value in pairs
    ]

    theirs = judged(rows, strings)

    ours = [rules.mismatch(rule, value, strings) is None for rule, value in pairs]
    apart = [pair for pair, a, b in zip(pairs, ours, theirs, strict=True) if a != b]
    assert apart == []
    assert 0 < sum(ours) < len(ours)


def test_promptfoos_judge_counts_and_orders_calls_and_reads_words():
    paris, rome = CALL, {**CALL, "arguments": {"location": "Rome"}}
    p, r = called({"location": "Paris"}), called({"location": "Rome"})
    rows = [
        ({"calls": [paris]}, [p], True),
        ({"calls": [paris]}, {"content": "Let me see.", "tool_calls": [p]}, True),
        ({"calls": [paris]}, "It is sunny.", False),
        ({"calls": [paris]}, [p, p], False),
        ({"calls": [paris, rome]}, [r, p], True),
        ({"calls": [paris, rome], "order": "given"}, [r, p], False),
        ({"calls": [paris, rome]}, [p, p], False),
        ({"calls": [paris]}, [called({"location": "Paris"}, "other")], False),
        ({"calls": []}, "I cannot.", True),
        ({"calls": []}, "", False),
        ({"calls": []}, [p], False),
        ({"asks": ["city"]}, "Which city?", True),
        ({"asks": ["city"]}, "Which country?", False),
        ({"asks": ["city"]}, [p], False),
        ({"calls": [], "says": ["18"], "never": ["locked"]}, "It is 18.", True),
        ({"calls": [], "says": ["18"], "never": ["locked"]}, "18, and locked.", False),
    ]

    assert judged([row[:2] for row in rows]) == [row[2] for row in rows]


def test_a_case_goes_to_promptfoo_and_back_with_its_tools_and_words():
    first = case({"calls": [CALL]}, system="Be brief.", messages=[
        {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}])  # fmt: skip

    text = written(first, system="Use tools.")

    [back] = cases.read(text)
    assert back == {**first, "system": "Be brief.\n\nUse tools."}
    [document] = yaml_text.read(text)
    assert document["providers"][0]["id"] == f"openai:chat:{MODEL}"
    assert document["providers"][0]["config"]["apiKeyEnvar"] == "CLARIFAI_PAT"
    assert document["tests"][0]["options"]["tools"] == [WEATHER]
    assert CANARY not in text


def test_what_a_tools_ref_means_is_written_out_for_promptfoo_looks_elsewhere():
    city = {"type": "string", "minLength": 1}
    schema = {
        "type": "object",
        "properties": {"location": {"$ref": "#/$defs/city", "description": "Where"}},
        "$defs": {"city": city},
    }
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": schema}}

    [document] = yaml_text.read(written(case({"calls": [CALL]}, tools=[tool])))

    [sent] = document["tests"][0]["options"]["tools"]
    assert sent["function"]["parameters"] == {
        "type": "object",
        "properties": {"location": {**city, "description": "Where"}},
    }


def test_what_promptfoo_cannot_judge_is_named_and_left_out():
    more = case({"calls": [CALL]}, id="more", steps=2)
    instant = {**CALL, "arguments": {"location": {"$instant": "2026-11-03T14:00:00Z"}}}

    circle = {**WEATHER["function"], "parameters": {"$defs": {"a": {"$ref": "#/$defs/a"}},
        "properties": {"location": {"$ref": "#/$defs/a"}}}}  # fmt: skip
    round_ = case({"calls": [CALL]}, id="round", tools=[{"type": "function", "function": circle}])

    text = written(case({"calls": [CALL]}), more, case({"calls": [instant]}, id="when"), round_)

    assert "# Left out: more needs several requests" in text
    assert "# Left out: when has the rule $instant" in text
    assert "# Left out: round has a tool whose $ref cannot be written out" in text
    assert [each["id"] for each in cases.read(text)] == ["a"]


THEIRS = """
prompts: ['What is the weather in {{city}}?']
providers:
  - id: openai:chat:gpt
    config:
      tools:
        - type: function
          function: {name: get_weather, parameters: {type: object}}
tests:
  - vars: {city: Boston}
    assert:
      - type: is-valid-openai-tools-call
      - type: javascript
        value: JSON.parse(output[0].function.arguments).location === 'Boston, MA'
  - vars: {city: Paris}
    options: {transform: 'output[0].function.name'}
    assert: [{type: equals, value: get_weather}]
"""


def test_tests_of_promptfoo_are_opened_as_cases():
    first, second = cases.read(THEIRS)

    assert first["prompt"] == "What is the weather in Boston?"
    assert first["expect"] == {
        "calls": [{"tool": "get_weather", "arguments": {"location": "Boston, MA", "$others": True}}]
    }
    assert second["expect"] == {"calls": [{"tool": "get_weather", "arguments": {"$others": True}}]}
    assert cases.tools_of(second)[0]["function"]["name"] == "get_weather"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("type: is-valid-openai-tools-call", "type: llm-rubric", "Test 1 asserts what cannot"),
        ("{city: Boston}", "{town: Boston}", "Test 1: its variable city has no single value"),
        ("'What is the weather in {{city}}?'", "'file://p.json'", "its prompt is not in the file"),
        ("{transform: 'output[0].function.name'}", "{}", "Test 2 asserts what cannot"),
    ],
)
def test_a_test_that_says_nothing_of_calls_is_refused_by_its_number(old, new, said):
    assert old in THEIRS
    with pytest.raises(BadCases, match=said):
        cases.read(THEIRS.replace(old, new))
