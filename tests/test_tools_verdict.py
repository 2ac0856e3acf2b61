"""Verdicts on tool calls: what is wrong with which argument, in words; and never an exception."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarifai_chat.tools.schema.describe import described
from clarifai_chat.tools.schema.formats import looks_like
from clarifai_chat.tools.schema.wording import got, path_text, shortened
from clarifai_chat.tools.verdict.arguments import read_arguments
from clarifai_chat.tools.verdict.verdict import judge_call, judge_reply
from tests import odd_schemas

WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "units": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 10},
    },
    "required": ["city"],
    "additionalProperties": False,
}
ORDER = {
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"sku": {"type": "string"}, "count": {"$ref": "#/$defs/count"}},
                "required": ["sku", "count"],
            },
        }
    },
    "$defs": {"count": {"type": "integer", "minimum": 1}},
}


def tool(parameters=WEATHER, name="weather"):
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


def call(arguments, name="weather", *quirks):
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    made = {"id": "c1", "type": "function", "function": {"name": name, "arguments": text}}
    return made | ({"quirks": list(quirks)} if quirks else {})


def judged(arguments, parameters=WEATHER, **options):
    return judge_call(call(arguments), [tool(parameters)], **options)


def rows(verdict):
    return [(row.path, row.ok, row.problem) for row in verdict.rows]


# A call as a whole


def test_a_call_that_fits_is_valid():
    verdict = judged({"days": 3, "city": "Köln"})

    assert verdict.status == "valid"
    assert verdict.arguments == {"days": 3, "city": "Köln"}
    assert verdict.summary == "Valid: 2 arguments match the schema."
    assert [(r.path, r.given, r.expected, r.ok) for r in verdict.rows] == [
        ("city", '"Köln"', "string", True),
        ("days", "3", "integer from 1 to 10", True),
    ]
    assert (verdict.call_id, verdict.name, verdict.notes) == ("c1", "weather", ())


def test_rows_are_in_the_schemas_order_and_then_what_is_invented():
    verdict = judged({"zip": 50667, "days": "3", "units": "Celsius"})

    assert verdict.status == "invalid"
    assert rows(verdict) == [
        ("city", False, "missing"),
        (
            "units",
            False,
            'expected one of "celsius", "fahrenheit", got the string "Celsius": '
            'perhaps "celsius" was meant',
        ),
        ("days", False, 'expected integer, got the string "3"'),
        ("zip", False, "invented: the schema has no such argument"),
    ]
    assert verdict.rows[0].given == ""
    assert verdict.rows[0].expected == "string"
    assert verdict.summary.startswith("Invalid: ")
    assert "city is missing" in verdict.summary


def test_problems_within_an_argument_follow_it():
    verdict = judged({"items": [{"sku": 1, "count": 0}, {"count": 2}]}, ORDER)

    assert rows(verdict) == [
        ("items", False, "3 problems inside"),
        ("items[0].count", False, "expected at least 1, got the number 0"),
        ("items[0].sku", False, "expected string, got the number 1"),
        ("items[1].sku", False, "missing"),
    ]
    assert verdict.rows[3].expected == "string"


def test_an_argument_that_the_schema_only_allows_is_a_note():
    verdict = judged({"extra": 1}, {"type": "object", "properties": {}})

    assert verdict.status == "valid"
    assert rows(verdict) == [("extra", True, "")]
    assert verdict.rows[0].expected == "not in the schema; the schema allows it"
    assert verdict.notes == ("extra is not in the schema; the schema allows it.",)


@pytest.mark.parametrize(
    ("keyword", "schema"),
    [
        ("additionalProperties", {"type": "integer", "minimum": 0, "maximum": 9}),
        ("patternProperties", {"^lamp": {"type": "integer", "minimum": 0, "maximum": 9}}),
    ],
)
def test_an_argument_of_any_name_says_what_was_expected(keyword, schema):
    verdict = judged({"lamp1": "4"}, {"type": "object", keyword: schema})

    assert rows(verdict) == [("lamp1", False, 'expected integer, got the string "4"')]
    assert verdict.rows[0].expected == "integer from 0 to 9"


def test_an_argument_of_any_name_that_fits_is_no_note():
    parameters = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}
    verdict = judged({"lamp1": 4}, parameters)

    assert (verdict.rows[0].expected, verdict.notes) == ("integer of at least 0", ())


def test_a_required_argument_without_a_schema_has_a_row_too():
    assert rows(judged({}, {"required": ["a", "a b"]})) == [
        ("a", False, "missing"),
        ('["a b"]', False, "missing"),
    ]


def test_the_whole_has_a_row_when_something_is_wrong_with_it():
    verdict = judged({"a": 1}, {"minProperties": 2})
    assert rows(verdict)[0] == (
        "",
        False,
        'expected at least 2 properties, got the object {"a": 1}',
    )
    assert rows(verdict)[1] == ("a", True, "")


@pytest.mark.parametrize("value", [12, "text", None, True, [], [1]])
def test_arguments_must_be_an_object_whatever_the_schema_says(value):
    verdict = judged(json.dumps(value), {})

    assert verdict.status == "invalid"
    assert verdict.rows[0].problem == f"expected an object with the arguments, got {got(value)}"
    assert verdict.summary == f"Invalid: the arguments are {got(value)}, not an object."


def test_properties_of_references_and_parts_are_known():
    parameters = {
        "$ref": "#/$defs/a",
        "$defs": {"a": {"properties": {"x": {"type": "string"}}, "allOf": [{"$ref": "#/$defs/b"}]}}
        | {"b": {"properties": {"y": {"type": "integer"}}}},
    }
    verdict = judged({"y": 1, "x": ""}, parameters)
    assert {row.path: row.expected for row in verdict.rows} == {"x": "string", "y": "integer"}
    assert verdict.notes == ()


def test_at_most_a_hundred_problems_are_listed_and_none_is_false():
    verdict = judged({str(n): n for n in range(5000)})

    assert verdict.notes == ("The first 100 problems are listed; there are more.",)
    assert not any(row.ok for row in verdict.rows)
    assert len(verdict.rows) <= 100
    assert verdict.summary.endswith("; and many more.")


def test_at_most_two_hundred_arguments_are_listed():
    verdict = judged({str(n): n for n in range(5000)}, {})

    assert len(verdict.rows) == 200
    assert "The first 200 rows are listed; there are more." in verdict.notes
    assert verdict.summary == "Valid: 5,000 arguments match the schema."


# What is no JSON, or not yet


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a":1}{"a":2}', "two JSON values run together; the second starts at line 1, column 8"),
        ('{"a":1} so', "there is more text after their end, at line 1, column 9"),
        ('{"a": NaN}', "NaN is not a JSON value"),
        ('{"a": -Infinity}', "-Infinity is not a JSON value"),
        ("{'a': 1}", "enclosed in double quotes, at line 1, column 2"),
        ('{"a": 1,}', "line 1, column"),
        ('{"a": tru}', "expecting value"),
        ("9" * 5000, "too many digits"),
        ("\ufeff{}", "BOM"),
        ('```json\n{"a": 1}\n```', "expecting value"),
    ],
)
def test_invalid_json_is_explained_and_not_repaired(text, words):
    for is_over in (True, False):
        verdict = judged(text, is_over=is_over)
        assert (verdict.status, verdict.arguments) == ("not_json", None)
        assert words in verdict.summary


WHOLE = r'{"a": [1.5e+3, true, false, null, "x\\\n\u00e9\ud83d\ude00", -0.5, {"b": {}}], "c": ""}'


def test_each_beginning_of_json_is_incomplete_while_it_arrives():
    for beginning in (WHOLE[:length] for length in range(1, len(WHOLE))):
        assert judged(beginning, {}, is_over=False).status == "incomplete", beginning
        over = judged(beginning, {})
        assert (over.status, over.summary) == ("not_json", "The arguments are cut off.")


def test_whole_json_is_judged_while_the_rest_arrives():
    assert judged("", is_over=False).status == "incomplete"
    assert judged({"city": "Rome"}, is_over=False).status == "valid"


@pytest.mark.parametrize("text", ["", " \n"])
def test_empty_text_counts_as_no_arguments(text):
    verdict = judged(text, {"type": "object"})
    assert (verdict.status, verdict.arguments) == ("valid", {})
    assert verdict.summary == "Valid: no arguments, and none is required."
    assert verdict.notes == ("The arguments are empty, which counts as {}.",)
    assert judged(text).summary == "Invalid: city is missing."


@pytest.mark.parametrize("text", ["[" * 101 + "]" * 101, "[" * 100_000, '{"a":' * 50_000])
def test_deeply_nested_arguments_are_not_judged(text):
    verdict = judged(text, {})
    assert verdict.status == "undecided"
    assert verdict.summary == "Not judged: The arguments are nested deeper than 100 levels."


@pytest.mark.slow
def test_ten_megabytes_are_judged():
    long = judged({"city": "x" * 10_000_000})
    assert long.status == "valid"
    assert len(long.rows[0].given) == 201
    assert judged({"city": list(range(1_000_000))}).rows[0].problem == (
        "expected string, got a list of 1,000,000 items"
    )
    assert judged('{"city": "' + "x" * 10_000_000).summary == "The arguments are cut off."


def test_arguments_that_are_not_a_string_are_written_as_json():
    made = call("")
    made["function"]["arguments"] = {"city": "Rome"}
    assert judge_call(made, [tool()]).status == "valid"


def test_a_key_that_comes_twice_is_noted():
    verdict = judged('{"city": "Rome", "city": "Oslo"}')
    assert (verdict.status, verdict.arguments) == ("valid", {"city": "Oslo"})
    assert verdict.notes == ("city is repeated in one object; the last one counts.",)


@pytest.mark.parametrize("text", [r'{"city": "\ud800"}', '{"city": "\ud800"}'])
def test_half_a_character_is_noted_and_can_be_shown(text):
    verdict = judged(text)
    assert verdict.status == "valid"
    assert "lone surrogate" in verdict.notes[0]
    assert verdict.rows[0].given == r'"\ud800"'
    assert judged(r'{"city": "\ud83d\ude00"}').notes == ()


# Tools that are unknown, or not right


def test_a_verdict_on_an_unknown_tool_suggests_a_similar_one():
    near = judge_call(call({"a": 1}, "wether"), [tool()])
    assert (near.status, near.arguments) == ("unknown_tool", {"a": 1})
    assert near.summary == "There is no tool wether. Perhaps weather was meant."
    assert judge_call(call({}, "x"), [tool()]).summary == "There is no tool x. Known: weather."
    assert judge_call(call({}, "x"), []).summary == "There is no tool x."
    assert judge_call(call({}, ""), [tool()]).summary == "The call names no tool."


@pytest.mark.parametrize("broken", [{}, {"function": None}, {"function": {"name": 3}}, None, 3])
def test_an_invalid_tool_is_skipped(broken):
    assert judge_call(call({}), [broken]).status == "unknown_tool"
    assert judge_call(call({"city": "Rome"}), [broken, tool()]).status == "valid"


def test_a_tool_without_parameters_takes_no_arguments():
    bare = {"type": "function", "function": {"name": "weather"}}
    assert judge_call(call({}), [bare]).notes == ()
    some = judge_call(call({"a": 1}), [bare])
    assert some.status == "valid"
    assert "declares no parameters" in some.notes[0]


@pytest.mark.parametrize("parameters", [3, "object", [], ["a"]])
def test_a_call_is_not_judged_if_the_parameters_are_not_a_schema(parameters):
    verdict = judged({}, parameters)
    assert verdict.status == "undecided"
    assert verdict.summary == "Not judged: the tool's parameters are not a JSON Schema."


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"type": "strin"}, "The schema itself is invalid: type"),
        ({"$ref": "#"}, "go in circles"),
        ({"$ref": "https://example.com/a.json"}, "nothing is fetched"),
        ({"properties": {"a": {"pattern": "("}}}, "The pattern ( is not a regular expression"),
    ],
)
def test_a_schema_that_cannot_be_checked_leaves_the_call_undecided(parameters, words):
    verdict = judged({"a": "1"}, parameters)
    assert (verdict.status, verdict.arguments) == ("undecided", {"a": "1"})
    assert words in verdict.summary


def test_quirks_are_explained_in_words():
    quirks = ["shared_index", "from_text", "no_id", "same_id", "object", "legacy"]
    verdict = judge_call(call({"city": "Rome"}, "weather", *quirks), [tool()])
    assert len(set(verdict.notes)) == len(quirks)
    assert "recovered" in verdict.notes[1]


# Words


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (True, "anything"),
        ({"description": "x"}, "anything"),
        (False, "nothing"),
        ({"const": "a"}, '"a"'),
        ({"enum": ["a", 1, None]}, 'one of "a", 1, null'),
        ({"enum": list(range(20))}, "one of 0, 1, 2, 3, 4, 5, 6, 7 and 12 more"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"type": "boolean"}, "true or false"),
        ({"type": "integer", "minimum": 1}, "integer of at least 1"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 9}, "number of at most 9 above 0"),
        ({"type": "number", "multipleOf": 0.5}, "number in steps of 0.5"),
        ({"type": "string", "minLength": 1, "maxLength": 5}, "string of 1 to 5 characters"),
        ({"type": "string", "minLength": 2, "maxLength": 2}, "string of 2 characters"),
        ({"type": "string", "pattern": r"^\d+$"}, r"string matching ^\d+$"),
        ({"format": "date"}, "string (date)"),
        ({"type": "array", "items": {"type": "string"}}, "list of strings"),
        ({"items": {"type": "integer"}, "maxItems": 3}, "list of at most 3 items: integers"),
        ({"items": {"enum": ["a", "b"]}}, 'list, each one of "a", "b"'),
        ({"required": ["a", "b"]}, "object with a, b"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        (
            {"allOf": [{"minimum": 1}, {"maximum": 2}]},
            "number of at least 1 and number of at most 2",
        ),
        ({"not": {}}, "a value that fits the schema"),
        ({"$ref": "#/$defs/a~1b"}, "integer"),
        ({"$ref": "#/$defs/a%7E1b"}, "integer"),
        ({"$ref": "#/allOf/0"}, "true or false"),
        ({"$ref": "#/allOf/1"}, "a value that fits the schema"),
    ],
)
def test_a_schema_is_described(schema, words):
    root = {"$defs": {"a/b": {"type": "integer"}}, "allOf": [{"type": "boolean"}]}
    assert described(schema, root) == words


INTEGER_OR_NULL = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
HIGH_OR_LOW = {"anyOf": [{"minimum": 5}, {"maximum": 1}]}


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        ({"const": 1}, 2, "expected 1, got the number 2"),
        ({"maxLength": 2}, "abc", 'expected at most 2 characters, got 3: "abc"'),
        ({"pattern": r"^\d$"}, "x", r'expected a match of ^\d$, got the string "x"'),
        ({"minItems": 2}, [1], "expected at least 2 items, got a list of 1 item"),
        ({"uniqueItems": True}, [1, 1], "the list has an item twice"),
        ({"contains": {"type": "string"}}, [], "has too few items that are string"),
        ({"not": {"type": "null"}}, None, "the schema forbids null"),
        (False, 1, "the schema allows nothing here, got the number 1"),
        (INTEGER_OR_NULL, "3", 'expected integer or null, got the string "3"'),
        (HIGH_OR_LOW, 3, "fits no alternative; nearest: expected at least 5, got the number 3"),
        ({"oneOf": [{}, {}]}, 3, "fits several alternatives, but must fit exactly one"),
        ({"enum": ["3"]}, 3, 'expected "3", got the number 3: perhaps "3" was meant'),
    ],
)
def test_a_problem_is_explained_in_words(schema, value, words):
    assert rows(judged({"a": value}, {"properties": {"a": schema}})) == [("a", False, words)]


def test_the_problem_is_that_of_the_alternative_that_was_meant():
    circle = {"properties": {"kind": {"const": "circle"}, "r": {"type": "number"}}}
    square = {"properties": {"kind": {"const": "square"}, "side": {"type": "number"}}}
    shape = {"properties": {"shape": {"oneOf": [circle, square]}}}
    verdict = judged({"shape": {"kind": "square", "side": "3"}}, shape)
    assert verdict.rows[0].problem == 'side: expected number, got the string "3"'


def test_a_forbidden_name_is_reported_at_that_name():
    verdict = judged({"Aa": 1}, {"propertyNames": {"pattern": "^[a-z]+$"}})
    assert verdict.rows[0].path == "Aa"
    assert verdict.rows[0].problem.startswith("no such name is allowed: expected a match of")


def test_a_dependent_argument_is_missing():
    verdict = judged({"a": 1}, {"dependentRequired": {"a": ["b"]}})
    assert ("b", False, "missing: required together with a") in rows(verdict)


def test_a_value_is_shortened():
    assert shortened("x" * 100) == '"' + "x" * 59 + "…"
    assert shortened({"a": [1, None]}) == '{"a": [1, null]}'
    assert shortened(10**4500) == "a number of more than 4,000 digits"


def test_a_place_is_written_as_people_write_it():
    assert path_text(()) == ""
    assert path_text(("items", 0, "sku")) == "items[0].sku"
    assert path_text(("a.b", "c d", "e-f")) == '["a.b"]["c d"].e-f'


@pytest.mark.parametrize(
    ("wanted", "good", "bad"),
    [
        ("date", "2026-02-28", "2026-02-30"),
        ("date-time", "2026-02-28T10:00:00Z", "2026-02-28 10:00"),
        ("date-time", "2016-12-31T23:59:60Z", "2026-13-01T00:00:00Z"),
        ("email", "a@b.de", "a"),
        ("ipv4", "127.0.0.1", "127.0.0.256"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123"),
        ("uri", "https://a.de/b?c#d", "not a uri"),
    ],
)
def test_a_format_that_does_not_look_like_itself_is_a_note(wanted, good, bad):
    parameters = {"properties": {"a": {"items": {"type": "string", "format": wanted}}}}
    assert judged({"a": [good]}, parameters).notes == ()
    verdict = judged({"a": [good, bad]}, parameters)
    assert verdict.status == "valid"
    assert verdict.notes[0].startswith(f"a[1] does not look like the format {wanted}: ")
    assert looks_like("something-else", bad)
    assert looks_like(wanted, bad * 2001)  # too long to look at


@pytest.mark.parametrize("word", ["anyOf", "oneOf"])
def test_a_format_beside_null_is_looked_at(word):
    parameters = {"properties": {"a": {word: [{"format": "date"}, {"type": "null"}]}}}

    assert judged({"a": None}, parameters).notes == ()
    assert judged({"a": "tomorrow"}, parameters).notes[0].startswith("a does not look like")
    either = {"properties": {"a": {word: [{"format": "date"}, {"format": "uuid"}]}}}
    assert judged({"a": "tomorrow"}, either).notes == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{'city': 'Rome', 'now': True}", "they are written in Python"),
        ('json\n{"city": "Rome"}', 'the word "json" is before them'),
        ('```json\n{"city": "Rome"}\n```', "they are in a Markdown fence"),
        ('{"city": "Rome"}<|tool_call_end|>', "a mark that the model left, <|tool_call_end|>,"),
        ('{"city": "Rome"}</tool_call>\n<|im_end|>', "</tool_call>\n<|im_end|>, follows them"),
    ],
)
def test_arguments_in_a_known_disguise_are_named(text, words):
    verdict = judged(text)

    assert verdict.status == "not_json"
    assert words in verdict.summary


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (json.dumps('{"city": "Rome"}'), "JSON within JSON: decoded once more, they match"),
        (json.dumps('{"city": 3}'), "JSON within JSON."),
        ('{"arguments": {"city": "Rome"}}', "one level too deep: within arguments they match"),
        ('{"properties": {"city": "Rome"}}', "one level too deep: within properties they match"),
        ('{"name": "weather", "parameters": {"city": "Rome"}}', "one level too deep: within"),
    ],
)
def test_arguments_encoded_twice_or_wrapped_are_named(arguments, words):
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    verdict = judge_call(call(arguments), [tool(schema)])

    assert verdict.status == "invalid"
    assert words in verdict.summary


def test_what_the_schema_wants_is_not_called_too_deep():
    schema = {"type": "object", "properties": {"input": {"type": "object"}}, "required": ["n"]}
    verdict = judge_call(call('{"input": {"n": 1}}'), [tool(schema)])

    assert verdict.summary == "Invalid: n is missing."


def test_a_mark_in_a_name_is_named():
    verdict = judge_call(call("{}", "weather<|channel|>commentary"), [tool()])

    assert verdict.status == "unknown_tool"
    assert "Without the mark that the model left in it, it is weather." in verdict.summary


@pytest.mark.parametrize("text", ["", " ", '{"city": "Ro'])
def test_a_call_that_the_token_limit_cut_off_is_incomplete(text):
    verdict = judge_call(call(text), [tool()], is_cut_off=True)

    assert verdict.status == "incomplete"
    assert "token limit" in verdict.summary


# The reply as a whole

NAMED = {"type": "function", "function": {"name": "weather"}}


def said(*called, text="", **asked):
    calls = [call("{}", name) if isinstance(name, str) else name for name in called]
    message = {"role": "assistant", "content": text} | ({"tool_calls": calls} if calls else {})
    return judge_reply(message, **{"tools": [tool()]} | asked)


@pytest.mark.parametrize(
    ("called", "asked", "words"),
    [
        ([], {"tool_choice": "required"}, "A call was required"),
        ([], {"tool_choice": NAMED}, "A call of weather was required, but the model answered"),
        (["other"], {"tool_choice": NAMED}, "but the model called other"),
        (["weather"], {"tool_choice": "none"}, "Tool choice was none"),
        (["weather"], {"tools": []}, "No tools were offered"),
        (["weather", "weather"], {"parallel": False}, "but 2 calls arrived"),
        ([], {"finish_reason": "tool_calls"}, "but has no call in it"),
        (["weather"], {"finish_reason": "stop"}, "ended with stop"),
        ([call('{"city": "Ro')], {"finish_reason": "length"}, "in the middle of a call"),
        (["weather"], {"finish_reason": "length"}, "calls may be missing"),
    ],
)
def test_an_odd_reply_gets_a_sentence(called, asked, words):
    [sentence] = said(*called, **asked)
    assert words in sentence


CALL = '<tool_call>{"name": "weather", "arguments": {}}</tool_call>'


def test_a_call_in_words_is_named():
    assert said(text=f"Write `{CALL}`.") == (
        "The answer has what looks like a call, as text (Hermes). It is not counted as one.",
    )
    recovered = call("{}") | {"quirks": ["from_text"]}
    assert said(recovered, text=CALL) == ("The server left the call in the text (Hermes).",)
    message = {"role": "assistant", "content": "No.", "reasoning_content": CALL}
    [sentence] = judge_reply(message, tools=[tool()])
    assert sentence.startswith("The thoughts have what looks like a call (Hermes).")


@pytest.mark.parametrize(
    ("called", "asked"),
    [
        ([], {}),
        ([], {"tool_choice": "auto", "finish_reason": "stop"}),
        ([], {"tool_choice": "none", "finish_reason": "length"}),
        (["weather"], {"tool_choice": NAMED, "parallel": False, "finish_reason": "tool_calls"}),
        (["weather", "weather"], {"tool_choice": "required", "parallel": True}),
        ([], {"tool_choice": {"type": "allowed_tools"}}),
    ],
)
def test_a_reply_as_requested_gets_no_remark(called, asked):
    assert said(*called, **asked) == ()


# Whatever comes

WORDS = """type enum properties required items anyOf not $ref $defs $id pattern minimum format a b
    additionalProperties $schema object string array # #/$defs/a (
    http://json-schema.org/draft-07/schema#"""
words = st.sampled_from(WORDS.split())
leaves = st.none() | st.booleans() | st.integers(-2, 9) | st.floats() | st.text(max_size=5) | words
anything = st.recursive(
    leaves, lambda one: st.lists(one, max_size=4) | st.dictionaries(words, one, max_size=5)
)
plain = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["string", "object", "array", "integer", "null"]),
        "enum": st.lists(leaves, min_size=1, max_size=3),
        "pattern": st.sampled_from(["^a", "b$", "("]),
        "$ref": st.sampled_from(["#", "#/properties/a", "#/nope"]),
        "minimum": st.integers(0, 3),
    },
)
schemas = st.recursive(
    plain,
    lambda one: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from("ab"), one, max_size=2),
            "anyOf": st.lists(one, min_size=1, max_size=3),
            "oneOf": st.lists(one, min_size=1, max_size=3),
            "items": one,
            "not": one,
            "additionalProperties": one | st.booleans(),
            "unevaluatedProperties": one | st.booleans(),
            "required": st.lists(st.sampled_from("ab"), unique=True),
        },
    ),
)
values = st.dictionaries(st.sampled_from("abc"), anything, max_size=3)


@settings(max_examples=150)
@given(st.text() | st.text(alphabet='{}[]":,\\ua1e.-tn ') | anything.map(json.dumps), st.booleans())
def test_any_text_gets_a_verdict(text, is_over):
    verdict = judged(text, is_over=is_over)
    assert verdict.summary
    is_unread = verdict.status in ("not_json", "incomplete")
    assert is_unread == bool(read_arguments(text).problem) or verdict.status == "incomplete"


@settings(max_examples=200)
@given(schemas | anything, values | anything)
def test_any_schema_gets_a_verdict_and_its_rows_agree(schema, value):
    verdict = judged(value, schema)

    paths = [row.path for row in verdict.rows]
    assert len(paths) == len(set(paths))
    assert verdict.summary.startswith(("Valid: ", "Invalid: ", "Not judged: ", "The arguments"))
    if verdict.status == "valid":
        assert all(row.ok for row in verdict.rows)
        assert set(map(path_text, ((name,) for name in verdict.arguments))) == set(paths)
    if verdict.status == "invalid":
        assert any(row.problem for row in verdict.rows)
    assert all(row.ok == (not row.problem) for row in verdict.rows)
    repr((verdict.rows, verdict.notes, verdict.summary)).encode()


@settings(max_examples=50)
@given(anything)
def test_any_schema_has_a_description(schema):
    assert described(schema, schema)


@pytest.mark.parametrize("value", odd_schemas.OF_EACH_TYPE, ids=json.dumps)
def test_a_keyword_with_a_value_of_any_type_gets_a_verdict(value):
    for schema in odd_schemas.with_each_keyword(value):
        assert judged({"x": "x"}, schema).summary
        assert described(schema, schema)
