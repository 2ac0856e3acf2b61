"""A form from a tool's schema, and what is read of a pasted call."""

import json

import pytest
from hypothesis import given, settings

from clarifai_chat.tools.form.arguments import calls_in, field, initial, names_in, part, typed
from clarifai_chat.tools.schema.validator import errors_in
from clarifai_chat.tools.templates import TEMPLATES
from clarifai_chat.tools.text.parse import read
from tests.test_tools_form import SCHEMAS

NODE = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "required": ["next"]}


def shown(value, schema, root=None, chosen=None):
    text = json.dumps(value)
    root = schema if root is None else root
    return field(read(text).root, text, (), schema, root, chosen or {})


@pytest.mark.parametrize(
    ("value", "schema", "control", "text"),
    [
        ("Rome", {"type": "string"}, "text", "Rome"),
        (5, {"type": "integer"}, "number", "5"),
        ("five", {"type": "number"}, "number", "five"),
        ("5", {"type": "number"}, "json", '"5"'),  # a box would make it the number
        (True, {"type": "number"}, "json", "true"),
        (True, {"type": "boolean"}, "choice", "true"),
        ("b", {"enum": ["a", "b", 1]}, "choice", '"b"'),
        ("c", {"enum": ["a", "b"]}, "json", '"c"'),
        (1, {"const": 1}, "choice", "1"),
        (None, {"type": "null"}, "choice", "null"),
        ({}, {"properties": {}}, "object", ""),
        ([1], {"type": "array"}, "list", ""),
        ([1] * 51, {"type": "array"}, "json", json.dumps([1] * 51)),
        ([1], {"type": "object"}, "json", "[1]"),
        ({"a": 1}, True, "json", '{"a": 1}'),
        (3, {"allOf": [{"type": "string"}, {"minLength": 1}]}, "json", "3"),
    ],
)
def test_each_value_has_the_control_that_can_type_it(value, schema, control, text):
    found = shown(value, schema)

    assert (found.control, found.text) == (control, text)


def test_references_and_a_single_all_of_are_followed():
    root = {"$defs": {"unit": {"enum": ["C", "F"]}}}

    assert shown("C", {"$ref": "#/$defs/unit"}, root).options == ('"C"', '"F"')
    assert shown("C", {"allOf": [{"$ref": "#/$defs/unit"}]}, root).options == ('"C"', '"F"')


@pytest.mark.parametrize("word", ["anyOf", "oneOf"])
def test_a_branch_is_the_one_that_fits_until_another_is_chosen(word):
    root = {"$defs": {"place": {"type": "object", "required": ["city"]}}}
    schema = {word: [{"type": "string", "minLength": 3}, {"$ref": "#/$defs/place"}]}

    assert shown("Rome", schema, root).branch == 0
    assert shown({"city": "Rome"}, schema, root).branch == 1
    assert shown({}, schema, root).branch == 1  # fits neither, but is of its type
    assert shown("Rome", schema, root, {(): 1}).branch == 1
    assert shown("Rome", schema, root, {(): 1}).control == "json"
    assert shown("Rome", schema, root, {(): 7}).branch == 0


def test_several_types_are_branches():
    found = shown(None, {"type": ["string", "null"]})

    assert [branch["type"] for branch in found.branches] == ["string", "null"]
    assert (found.branch, found.control) == (1, "choice")


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, ""),
        ({"type": "string", "default": "Rome"}, "Rome"),
        ({"enum": ["a", "b"]}, "a"),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "boolean"}, False),
        ({"type": "array", "items": {}}, []),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, None),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {"type": "number"}},
                "required": ["a", "c"],
            },
            {"a": ""},
        ),
    ],
)
def test_a_form_begins_with_what_is_required(schema, value):
    assert initial(schema, schema) == value


def test_a_schema_that_requires_itself_comes_to_an_end():
    root = {"$defs": {"node": NODE}, **NODE}

    assert '"next": {"next"' in json.dumps(initial(root, root))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_the_shipped_tools_begin_with_their_required_arguments(template):
    for tool in template.tools:
        schema = tool["function"]["parameters"]
        value = initial(schema, schema)

        assert set(value) == set(schema.get("required", []))
        assert not [error for error in errors_in(value, schema) if error.validator == "required"]


@settings(max_examples=100)
@given(SCHEMAS, SCHEMAS)
def test_no_schema_and_no_value_is_too_odd(schema, value):
    text = json.dumps(value)
    node = read(text).root

    found = field(node, text, (), schema, schema, {})

    json.dumps(initial(schema, schema))
    if found.control in ("text", "number"):
        assert json.loads(typed(found.control, found.text)) == value
    elif found.control in ("choice", "json"):
        assert json.loads(found.text) == value
    elif found.control == "object":
        for name in names_in(found.schema, value):
            part(found.schema, name)


def test_what_is_no_number_stays_text():
    assert typed("number", " 1.50 ") == "1.50"
    assert typed("number", "many") == '"many"'
    assert typed("text", "5") == '"5"'


CITY = {"type": "object", "properties": {"city": {"type": "string"}}}


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ('{"city": "Rome"}', [("a", '{"city": "Rome"}')]),
        ('{"town": 1}', [("a", '{"town": 1}')]),
        ("{}", [("a", "{}")]),
        ("{", [("a", "{")]),
        ("5", [("a", "5")]),
        ('{"name": "b", "arguments": "{\\"x\\": 1}"}', [("b", '{"x": 1}')]),
        ('{"name": "b", "arguments": { "x":1.50 }}', [("b", '{ "x":1.50 }')]),
        ('{"type": "tool_use", "id": "t", "name": "b", "input": {}}', [("b", "{}")]),
        (
            '{"id": "c", "type": "function", "function": {"name": "b", "arguments": "{}"}}',
            [("b", "{}")],
        ),
        (
            '{"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "b",'
            ' "arguments": "{}"}}, {"function": {"name": "c", "arguments": ""}}]}',
            [("b", "{}"), ("c", "")],
        ),
        ('{"name": "b", "surname": "c"}', [("a", '{"name": "b", "surname": "c"}')]),
    ],
)
def test_a_pasted_call_is_told_from_arguments(text, calls):
    assert calls_in(text, "a", CITY) == calls


def test_arguments_named_like_a_call_are_arguments():
    schema = {"properties": {"name": {}, "arguments": {}}}
    text = '{"name": "b", "arguments": {}}'

    assert calls_in(text, "a", schema) == [("a", text)]
