"""Messages before the prompt: each mistake gets a sentence at its line."""

import json

import pytest

from clarifai_chat.playground import earlier, variables
from clarifai_chat.tools.lint.answer_schema import check_answer_schema
from clarifai_chat.tools.verdict.answer import judge_answer

pytestmark = pytest.mark.quick
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string"}},
            "required": ["location"],
        },
    },
}


def user(content="Hi"):
    return {"role": "user", "content": content}


def call(id="call_1", name="get_weather", arguments='{"location": "Rome"}'):
    function = {"name": name, "arguments": arguments}
    return {"id": id, "type": "function", "function": function}


def calling(*calls, **more):
    return {"role": "assistant", "content": None, "tool_calls": list(calls), **more}


def result(id="call_1", content="31 °C"):
    return {"role": "tool", "tool_call_id": id, "content": content}


ANSWER = {"role": "assistant", "content": "Hot."}


def said(messages, **options):
    """Return each finding as (level, code, line); one message is on each line."""
    text = "[\n" + ",\n".join(json.dumps(each) for each in messages) + "\n]"
    checked = earlier.check(text, [TOOL], **options)
    return [(f.level, f.code.removeprefix("message."), f.line - 1) for f in checked.findings]


@pytest.mark.parametrize(
    "messages",
    [
        [user(), ANSWER],
        [{"role": "system", "content": "Be kind."}, user(), calling(call()), result(), ANSWER],
        [user(), calling(call(), call("b")), result("b"), result(), ANSWER],
        [user([{"type": "text", "text": "Hi"}]), calling(call()), result(content="")],
        [user(), calling(call()), result(), calling(call()), result()],  # ids used again
        [],
    ],
)
def test_good_messages_have_no_findings(messages):
    assert said(messages) == []


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([user(), ANSWER, result()], ("error", "orphan", 3)),
        ([user(), calling(call()), result("call_2")], ("error", "result", 3)),
        ([user(), calling(call()), {"role": "tool", "content": "x"}], ("error", "result", 3)),
        ([user(), calling(call()), result(), result()], ("warning", "result", 4)),
        ([user(), calling(call()), user(), ANSWER], ("error", "open", 2)),
        ([user(), calling(call())], ("error", "open", 2)),
        ([user(), calling(call(), call()), result()], ("error", "id", 2)),
        ([user(), calling(call(id="")), ANSWER], ("error", "id", 2)),
        ([user(), calling(call(arguments="{Rome}")), result()], ("error", "arguments", 2)),
        ([user(), calling(call(arguments={"a": 1})), result()], ("error", "arguments", 2)),
        ([user(), calling(call(arguments="{}")), result()], ("warning", "arguments", 2)),
        ([user(), calling(call(name="get_wether")), result()], ("warning", "name", 2)),
        ([user(), calling(), ANSWER], ("error", "calls", 2)),
        ([{**user(), "tool_calls": [call()]}, ANSWER], ("error", "calls", 1)),
        ([user(), {"role": "assistant"}], ("error", "empty", 2)),
        ([user(" "), ANSWER], ("warning", "empty", 1)),
        ([user(7), ANSWER], ("error", "content", 1)),
        ([user(["Hi"]), ANSWER], ("error", "part", 1)),
        ([{"role": "model", "content": "Hi"}], ("error", "role", 1)),
        ([{"content": "Hi"}], ("error", "role", 1)),
        ([user(), ANSWER, ANSWER], ("hint", "order", 3)),
        ([user(), user(), ANSWER], ("hint", "order", 2)),
        ([ANSWER], ("hint", "order", 1)),
        ([user(), ANSWER, {"role": "system", "content": "No."}], ("hint", "order", 3)),
        ([user()], ("hint", "order", 1)),  # the prompt follows
    ],
)
def test_a_mistake_is_named_at_its_line(messages, expected):
    assert expected in said(messages)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "Messages are a list"),
        ("[7]", "A message is an object, not a number"),
        ('[{"role": "user",}]', "Line 1"),
        ('[{"role": "user"}] []', "Line 1"),
    ],
)
def test_what_cannot_be_sent_is_broken(text, words):
    checked = earlier.check(text)

    assert (checked.is_broken, checked.messages) == (True, ())
    assert words in checked.findings[0].message
    assert "tools" not in checked.findings[0].message


def test_a_role_of_another_api_is_named_with_ours():
    (first, *_) = earlier.check('[{"role": "model", "content": "x"}]').findings

    assert first.message.endswith("Perhaps assistant was meant.")


def test_values_count_where_messages_are_checked():
    text = json.dumps([user(), calling(call(arguments='{"location": "{{city}}"}')), result()])

    assert earlier.check(text, [TOOL], {"city": '"'}, asks=False).findings[0].level == "error"
    assert earlier.check(text, [TOOL], {"city": "Rome"}, asks=False).findings == ()
    assert earlier.check(text).messages[1]["tool_calls"][0]["function"]["arguments"].count("{{")


def test_pairs_are_added_in_the_style_of_the_text_and_removed():
    text = '[\n    {"role": "system", "content": "x"}\n]'
    more = earlier.added(text)

    assert more.startswith(text[:-2])
    assert [m["role"] for m in json.loads(more)] == ["system", "user", "assistant"]
    assert json.loads(earlier.without_last(more)) == json.loads(text)
    assert earlier.without_last(earlier.without_last(more)) == ""
    assert earlier.added("[{") == "[{"


# --- Variables ------------------------------------------------------------------------------------


def test_variables_are_found_and_filled_in_texts_and_data():
    data = [{"role": "user", "content": [{"type": "text", "text": "{{ a }} and {{b}}"}]}]

    assert variables.names("{{b}} {{1}} {{#x}} {{}}", data) == ["b", "a"]
    filled = variables.filled(data, {"a": "{{b}}", "b": "2"})
    assert filled[0]["content"][0]["text"] == "{{b}} and 2"  # a value is not filled again
    assert variables.filled("{{c}} {x}", {"c": ""}) == "{{c}} {x}"


def test_a_variable_without_a_value_is_a_sentence():
    assert variables.problem({"a": "1"}, "{{a}}") == ""
    assert variables.problem({}, "{{a}} {{b}}").startswith("{{a}}, {{b}} have no value")


# --- The answer -----------------------------------------------------------------------------------

SCHEMA = {"type": "json_schema", "json_schema": {"name": "a", "schema": {
    "type": "object", "properties": {"n": {"type": "array", "items": {"type": "integer"}}},
    "required": ["n"], "additionalProperties": False,
}}}  # fmt: skip
ANY = {"type": "json_object"}


@pytest.mark.parametrize(
    ("text", "form", "status", "words"),
    [
        ('{"n": [1]}', SCHEMA, "valid", "matches the schema"),
        ('{"n": [1, "2"]}', SCHEMA, "invalid", "n[1]: expected integer"),
        ("{}", SCHEMA, "invalid", "n is missing"),
        ("[1]", SCHEMA, "invalid", "expected object"),
        ("Sure! {}", SCHEMA, "not_json", "The answer is not JSON"),
        ("", SCHEMA, "not_json", "empty"),
        ("{}", ANY, "valid", "a JSON object"),
        ("3", ANY, "invalid", "not the number 3"),
        ("{}", {"type": "json_schema"}, "undecided", "no schema"),
    ],
)
def test_an_answer_is_judged_by_its_format(text, form, status, words):
    verdict = judge_answer(text, form)

    assert (verdict.status, words in verdict.summary) == (status, True), verdict.summary


def test_an_answer_is_not_judged_if_no_json_was_asked_for():
    assert judge_answer("Hi", None) is None
    assert judge_answer("Hi", {"type": "text"}) is None


def test_a_fence_and_the_token_limit_are_named():
    assert judge_answer("```json\n{}\n```", ANY).notes
    assert judge_answer('{"n": [', ANY, is_cut_off=True).status == "incomplete"


@pytest.mark.parametrize(
    ("schema", "code", "level"),
    [
        ({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
         "strict.additional", "error"),
        ({"type": "array", "items": {}}, "schema.root", "error"),
        ({"type": "object", "properties": {"a": {"type": "text"}}}, "schema.keyword", "error"),
        ([], "schema.root", "error"),
    ],
)  # fmt: skip
def test_a_schema_of_answers_is_checked_as_a_tools_is(schema, code, level):
    found = check_answer_schema(json.dumps(schema), is_strict=True).findings

    assert (code, level) in [(each.code, each.level) for each in found]


def test_strict_rules_need_strict():
    text = '{"type": "object", "properties": {"a": {"type": "string"}}}'

    assert check_answer_schema(text).findings == ()
