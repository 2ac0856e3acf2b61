"""The schema of answers: where it is wrong is said with line and column; what is sent is it."""

import pytest

from clarifai_chat.chat.json_schema import EXAMPLE, MAX_CHARS, problem, response_format
from clarifai_chat.errors import BadSchema


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is no schema yet."),
        (" \n", "There is no schema yet."),
        ('{"a": 1', "Line 1, column 8: the { of line 1 is never closed"),
        ('{\n  "type": "object",\n}', "Line 2, column 19: expected another value after this comma"),
        ("{'type': 1}", "Line 1, column 2: expected a key in double quotes, found a single quote"),
        ('{\n "a": 1 "b": 2}', "Line 2, column 9: expected a comma or } after this value"),
        ('{"type": "object"} {}', "Line 1, column 20: expected the end of the text, found {."),
        ('{"type": "object",\n "type": "array"}', 'Line 2, column 2: The key "type" appears a'),
        ("[]", "Line 1, column 1: a schema is an object, {…}, not a list."),
        ("true", "Line 1, column 1: a schema is an object, {…}, not true."),
        ('"object"', "Line 1, column 1: a schema is an object, {…}, not a string."),
        ('{\n  "type": "objct"\n}', "Line 2, column 11: type: "),
        ('{"properties":\n {"n": {"minimum": "1"}}}', "Line 2, column 20: properties.n.minimum: "),
        ('{"properties": []}', "Line 1, column 2: properties: "),
        ('{"$ref": "#/$defs/gone"}', "points nowhere"),
        ('{"pattern": "("}', "Line 1, column 13: pattern: The pattern "),
    ],
)
def test_problems_are_reported_with_their_place(text, said):
    assert said in problem(text)
    assert " tool" not in problem(text)  # no word of tools, whose reader this is
    with pytest.raises(BadSchema) as error:
        response_format(text)
    assert problem(text) in error.value.problem()["what"]


@pytest.mark.parametrize(
    "text",
    [
        EXAMPLE,
        '{"type": "object"}',
        '{"type": "array", "items": {"type": "integer"}}',
        '{"name": "n", "description": "d", "parameters": {}}',
        '{"tools": 1}',
        '\ufeff{"type": "object"}',
        '{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}',
        '{"properties": {"größe": {"enum": ["klein", "groß"]}}}',
    ],
)
def test_a_sound_schema_has_no_problem(text):
    assert problem(text) == ""
    sent = response_format(text)
    assert sent["type"] == "json_schema"
    assert sent["json_schema"]["name"] == "answer"
    assert "strict" not in sent["json_schema"]


def test_the_schema_goes_out_as_it_was_typed():
    text = '{"type": "object", "properties": {"z": {}, "a": {"const": 12345678901234567890}}}'

    schema = response_format(text)["json_schema"]["schema"]

    assert [*schema["properties"]] == ["z", "a"]
    assert schema["properties"]["a"]["const"] == 12345678901234567890


def test_several_problems_are_counted():
    text = '{"type": "objct", "minLength": "1", "maxLength": "2"}'

    assert problem(text).endswith("(And 2 more.)")


def test_a_schema_that_is_too_large_is_reported():
    text = '{"description": "' + "x" * MAX_CHARS + '"}'

    assert "up to 100,000 are sent" in problem(text)


@pytest.mark.parametrize(
    "text", ["[" * 50_000, '{"a":' * 50_000, '{"not": ' * 90 + "{}" + "}" * 90]
)
def test_deep_nesting_is_reported_too(text):
    assert problem(text)
