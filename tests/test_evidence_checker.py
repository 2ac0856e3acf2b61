"""Rules 14 to 25 of docs/EVIDENCE.md, on runs that a fake model's replies make."""

import json

import pytest

from clarifai_chat.chat.turn import STOPPED, apply, end
from clarifai_chat.errors import RateLimited
from clarifai_chat.events import Finished, StepEnded, TextDelta, ToolCallDone, ToolResult
from clarifai_chat.evidence import cases
from clarifai_chat.evidence.cases import BadCases
from clarifai_chat.evidence.checker import check
from clarifai_chat.tools import mocks

MODEL = {"url": "m", "name": "M", "input_price": None, "output_price": None}
PARIS = {"tool": "get_weather", "arguments": {"location": "Paris"}}
TOKYO = {"tool": "get_weather", "arguments": {"location": "Tokyo"}}


def case(expect, **more):
    found = {"id": "c", "prompt": "Hi", "template": "several", "expect": expect, **more}
    return cases.read(json.dumps([found]))[0]


def run(case, *events, finish="stop", problem=None, ending=""):
    made = cases.run_of(case, MODEL, cases.tools_of(case))
    made["turn"]["asked_at"] = 1.0
    for event in events:
        apply(made["turn"], event, 1.0)
    if problem or ending:
        end(made["turn"], ending, 1.0, problem)
    else:
        apply(made["turn"], Finished(finish), 1.0)
    return made


def called(name="get_weather", arguments='{"location": "Paris"}', number=0, **more):
    function = {"name": name, "arguments": arguments}
    return ToolCallDone(
        {"id": f"c{number}", "type": "function", "function": function, **more}, number
    )


def outcome(expect, *events, strings="loose", more=None, **options):
    asked = case(expect, **(more or {}))
    options = {
        "finish": "tool_calls" if events and isinstance(events[-1], ToolCallDone) else "stop"
    } | options
    return check(run(asked, *events, **options), asked, strings)


def cause(*args, **options):
    found = outcome(*args, **options)
    assert (found.status == "pass") == (found.cause == "")
    return found.cause


def test_rule_14_a_providers_failure_is_not_the_models():
    found = outcome({"calls": [PARIS]}, problem=RateLimited("slow down").problem())

    assert found.status == "provider"
    assert found.cause == (
        "Too many requests with this access token just now (your Clarifai account)"
    )
    assert outcome({"calls": []}, TextDelta("x"), ending="error").status == "provider"


def test_rule_15_a_stopped_run_is_not_judged():
    assert outcome({"calls": [PARIS]}, called(), ending=STOPPED).status == "unjudged"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"location": 5}', "number in place of text"),
        ('{"location": "Paris", "mood": 1}', "invented argument"),
        ('{"unit": "celsius"}', "missing argument"),
        ('{"location": "Paris", "unit": "kelvin"}', "not one of the allowed values"),
        ('{"location": "Par', "arguments are not JSON"),
        ('["Paris"]', "arguments are not an object"),
        ('{"location": "Paris"}', ""),
    ],
)
def test_rule_16_a_call_is_first_judged_by_its_schema(arguments, expected):
    assert cause({"calls": [PARIS]}, called(arguments=arguments)) == expected


def test_rule_16_a_tool_that_does_not_exist_has_its_own_cause():
    assert cause({"calls": [PARIS]}, called("get_wether")) == "tool that does not exist"


def test_rule_17_all_calls_come_and_no_others():
    sum_ = called("calculate", '{"expression": "1"}', 1)
    assert cause({"calls": [PARIS]}, TextDelta("Sunny.")) == "no call"
    assert cause({"calls": [PARIS]}, called("calculate", '{"expression": "1"}')) == "wrong tool"
    assert cause({"calls": [PARIS]}, called(), sum_) == "call beyond those expected"
    assert cause({"calls": [PARIS]}, called(), called(number=1)) == "call beyond those expected"
    assert cause({"calls": [PARIS, TOKYO]}, called()) == "too few calls"
    assert cause({"calls": [PARIS, TOKYO]}, called(), called(number=1)) == "wrong text"


def test_rule_18_the_order_matters_where_the_case_says_so():
    swapped = (called(arguments='{"location": "Tokyo"}'), called(number=1))
    assert cause({"calls": [PARIS, TOKYO]}, *swapped) == ""
    assert cause({"calls": [PARIS, TOKYO], "order": "given"}, *swapped) == "wrong order"
    assert cause({"calls": [TOKYO, PARIS], "order": "given"}, *swapped) == ""


def test_rule_19_no_call_needs_words():
    assert cause({"calls": []}, TextDelta("A joke.")) == ""
    assert cause({"calls": []}, called()) == "called where no tool fits"
    assert cause({"calls": []}) == "no answer"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Which city do you mean?", ""),
        ("Please provide the city.", ""),
        ("It is sunny in every city.", "answered without asking"),
        ("Do you want celsius?", "asked about something else"),
        ("", "no answer"),
    ],
)
def test_rule_20_asking_back_is_a_question_about_what_is_missing(answer, expected):
    assert cause({"asks": ["city", "where"]}, *([TextDelta(answer)] if answer else [])) == expected


def test_rule_20_a_guess_is_not_a_question():
    assert cause({"asks": ["city"]}, called()) == "called instead of asking back"


def test_rule_21_a_run_comes_to_an_end():
    steps = {"steps": 2, "mocks": {"get_weather": "18"}}
    round_ = (called(), StepEnded("tool_calls"), ToolResult("c0", "18"))
    assert cause({"calls": [PARIS]}, *round_, TextDelta("18."), more=steps) == ""
    twice = {"calls": [PARIS, PARIS]}
    assert cause(twice, *round_, called(), more=steps) == "too many steps"


def test_rule_22_says_and_never_are_compared_like_texts():
    expect = {"calls": [], "says": ["49.35"]}
    assert cause(expect, TextDelta("It is **49.35**.")) == ""
    assert cause(expect, TextDelta("About fifty.")) == "answer lacks a fact"
    never = {"calls": [], "never": ["Locked"]}
    assert cause(never, TextDelta("It is locked.")) == "says what it must not"
    assert cause(never, TextDelta("It is locked."), strings="strict") == ""


def test_rule_23_a_recovered_call_counts_and_is_shown_apart():
    found = outcome({"calls": [PARIS]}, called(quirks=["from_text", "no_id"]))

    assert (found.status, found.is_recovered) == ("pass", True)
    assert found.quirks == ("from_text", "no_id")


def test_rule_24_a_call_left_in_the_text_is_a_failure_of_its_own():
    text = (
        'I will use ```json\n{"name": "get_weather", "arguments": {"location": "Paris"}}\n``` now.'
    )
    assert cause({"calls": [PARIS]}, TextDelta(text)) == "call written as text"
    assert cause({"asks": ["city"]}, TextDelta(text)) == "call written as text"


def test_rule_25_the_token_limit_is_named():
    cut = called(arguments='{"location": "Par')
    assert cause({"calls": [PARIS]}, cut, finish="length") == "cut off by the token limit"


def test_different_calls_are_different_argument_sets():
    one = outcome({"calls": [PARIS]}, called(arguments='{"unit": "celsius", "location": "Paris"}'))
    same = outcome({"calls": [PARIS]}, called(arguments='{"location":"Paris","unit":"celsius"}'))
    other = outcome({"calls": [PARIS]}, called())

    assert one.arguments == same.arguments != other.arguments


# --- The shipped cases ---------------------------------------------------------------------------


def test_forty_cases_ship_each_with_the_line_why_it_is_unambiguous():
    found = cases.shipped()

    assert len(found) == 40
    assert len({each["topic"] for each in found}) == 11
    for each in found:
        assert len(each["about"]) > 20, each["id"]
        assert cases.tools_of(each), each["id"]


def wanted(rule, schema):
    """A value that a rule accepts, as the person who wrote the case would write it."""
    if isinstance(rule, dict) and (name := next((k for k in rule if k.startswith("$")), "")):
        inner = rule[name]
        match name:
            case "$one_of":
                return inner[0]
            case "$contains":
                return " ".join([inner] if isinstance(inner, str) else inner)
            case "$result":
                return str(inner)
            case "$type":
                return {"string": "text"}[inner]
            case "$unordered":
                return [wanted(each, {}) for each in inner]
            case "$optional":
                return wanted(inner, {})
            case _:
                return inner
    if isinstance(rule, dict):
        return {name: wanted(each, {}) for name, each in rule.items() if not is_left_out(each)}
    return [wanted(each, {}) for each in rule] if isinstance(rule, list) else rule


def is_left_out(rule):
    return isinstance(rule, dict) and "$optional" in rule


@pytest.mark.parametrize("one", cases.shipped(), ids=lambda c: c["id"])
def test_a_model_that_does_as_asked_passes_a_shipped_case_and_silence_does_not(one):
    expect = one["expect"]
    said = TextDelta(" ".join(["May I ask?", *expect.get("asks", [])[:1], *expect.get("says", [])]))
    if not expect.get("calls"):
        made = run(one, said)
    else:
        calls = [
            called(c["tool"], json.dumps(wanted(c["arguments"], {})), number)
            for number, c in enumerate(expect["calls"])
        ]
        rest = []
        if one.get("steps", 1) > 1:
            answers = [ToolResult(f"c{n}", "x") for n in range(len(calls))]
            rest = [StepEnded("tool_calls"), *answers, said]
        made = run(one, *calls, *rest, finish="stop" if rest else "tool_calls")

    assert check(made, one, "strict").said == ""
    assert check(made, one).status == "pass"
    assert check(run(one), one).status == "fail"


# --- Reading -------------------------------------------------------------------------------------


def test_cases_go_into_a_file_and_come_back():
    assert cases.read(cases.to_json(cases.shipped())) == list(cases.shipped())


GOOD = {"id": "a", "prompt": "Hi", "expect": {"calls": []}}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("{", "not JSON"),
        ("[]", "no list of cases"),
        ([1], "Case 1 is not an object"),
        ([{**GOOD, "id": ""}], "Case 1 has no id"),
        ([GOOD, GOOD], "Two cases have the id a"),
        ([{**GOOD, "prompt": ""}], "neither a prompt nor messages"),
        ([{**GOOD, "expect": {}}], "either calls or asks"),
        ([{**GOOD, "template": "x"}], "there is no template x"),
        ([{**GOOD, "steps": 0}], "steps is a number from 1 to 20"),
        ([{**GOOD, "mocks": {"a": {"kind": "b"}}}], "a mock is a text"),
        ([{**GOOD, "colour": 1}], "unknown field: colour"),
        ([{**GOOD, "template": "weather", "expect": {"calls": [{"tool": "x"}]}}], "not among its"),
        (
            [{**GOOD, "expect": {"calls": [{"tool": "x", "arguments": {"a": {"$b": 1}}}]}}],
            "no rule",
        ),
        ([{**GOOD, "expect": {"calls": [], "says": [1]}}], "says is a list of texts"),
        ([{**GOOD, "tools": [{}]}], "a tool needs a function with a name"),
        ([GOOD] * 201, "at most 200"),
    ],
)
def test_a_file_that_cannot_be_read_gets_a_sentence(found, said):
    with pytest.raises(BadCases, match=said.replace("$", r"\$")):
        cases.read(found if isinstance(found, str) else json.dumps(found))


# --- Mocks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mock", "number", "answer"),
    [
        ("{{a}} is {{n}}, {{b}}", 0, "x is 2, {{b}}"),
        (["one", "two"], 0, "one"),
        (["one", "two"], 5, "two"),
        ({"kind": "error", "answer": "No {{a}}."}, 0, '{"error": "No x."}'),
        ({"kind": "wrong_type"}, 0, "[null, 0, true]"),
        ({"kind": "table", "rows": [{"when": {"a": " X"}, "answer": "r"}], "answer": "o"}, 0, "r"),
        ({"kind": "table", "rows": [{"when": {"n": 3}, "answer": "r"}], "answer": "o"}, 0, "o"),
    ],
)
def test_a_mock_answers_by_its_kind(mock, number, answer):
    assert mocks.answer(mocks.mock_of(mock), '{"a": "x", "n": 2}', number) == answer


def test_a_mock_can_be_huge_and_can_try_to_give_orders():
    huge = mocks.answer({"kind": "huge", "answer": "ab", "chars": 1000}, "{}")
    assert len(huge) == 1000
    assert "ignore your earlier instructions" in mocks.answer(
        mocks.mock_of({"kind": "injection"}), ""
    )
    assert mocks.delay_s({"kind": "fixed", "delay_s": 99}) == 30.0
    assert mocks.answer({"kind": "fixed", "answer": "{{a}}"}, "not JSON") == "{{a}}"


@pytest.mark.parametrize(
    "mock",
    [
        7,
        [],
        [1],
        {"kind": "fixed", "answer": 1},
        {"kind": "fixed", "x": 1},
        {"kind": "table", "rows": [1]},
    ],
)
def test_a_mock_that_cannot_be_used_is_refused(mock):
    with pytest.raises(ValueError, match=r"mock|sequence"):
        mocks.mock_of(mock)
