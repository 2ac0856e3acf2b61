"""Slips in schemas: each is named in plain words, and its fix makes the schema right."""

import json

import pytest

from clarifai_chat.tools.lint import refusals
from clarifai_chat.tools.lint.check import check
from clarifai_chat.tools.lint.edits import all_fixed
from clarifai_chat.tools.text.diagnostics import apply


def text_of(parameters, **keys):
    function = {"name": "water", "description": "Water one bed of the greenhouse.", **keys}
    return json.dumps(
        [{"type": "function", "function": {**function, "parameters": parameters}}], indent=2
    )


def root(properties, required=(), **more):
    return {"type": "object", "properties": properties, "required": list(required), **more}


def found(parameters, code):
    return [finding for finding in check(text_of(parameters)).findings if finding.code == code]


def fixed(parameters, code):
    """Return the parameters after each fix of one code, and what was said first."""
    said = found(parameters, code)[0].message
    [tool] = json.loads(all_fixed(text_of(parameters), code))
    return tool["function"]["parameters"], said


BED = {"type": "string", "description": "Which bed."}


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("properites", "properties"),
        ("requried", "required"),
        ("maxLenght", "maxLength"),
        ("minumum", "minimum"),
        ("desciption", "description"),
        ("Required", "required"),
        ("maxlength", "maxLength"),
        ("additionalproperties", "additionalProperties"),
        ("anyof", "anyOf"),
        ("patern", "pattern"),
    ],
)
def test_a_misspelt_keyword_is_renamed(wrong, right):
    [finding] = found({"type": "object", wrong: {}}, "slip.keyword")

    assert "has no effect" in finding.message
    assert f"Perhaps {right} was meant" in finding.message
    new = json.loads(apply(text_of({"type": "object", wrong: {}}), finding.fix))
    assert right in new[0]["function"]["parameters"]


def test_a_misspelt_keyword_deep_inside_is_found_and_a_propertys_name_is_not_one():
    inner = {"type": "object", "properties": {"requried": BED}, "requried": ["requried"]}
    findings = found(root({"x": {"type": "array", "items": inner}}), "slip.keyword")

    assert [finding.path[-3:] for finding in findings] == [("x", "items", "requried")]


@pytest.mark.parametrize("key", ["optional", "example", "choices", "min", "flavour"])
def test_a_keyword_of_no_draft_gets_a_remark(key):
    [finding] = found(root({"x": {**BED, key: 1}}), "slip.unknown")

    assert finding.level == "hint"
    assert "not a keyword of JSON Schema" in finding.message


def test_extensions_get_no_remark():
    assert not found(root({"x": {**BED, "x-order": 1}}), "slip.unknown")


@pytest.mark.parametrize(
    ("word", "right"),
    [
        ("float", "number"), ("int", "integer"), ("str", "string"), ("dict", "object"),
        ("list", "array"), ("bool", "boolean"), ("STRING", "string"), ("Object", "object"),
        ("None", "null"),
    ],
)  # fmt: skip
def test_the_types_of_other_languages_are_translated(word, right):
    new, said = fixed(root({"x": {**BED, "type": word}}), "schema.keyword")

    assert new["properties"]["x"]["type"] == right
    assert f"It is called {right}" in said


def test_any_is_no_type():
    new, _ = fixed(root({"x": {**BED, "type": "any"}}), "schema.keyword")

    assert new["properties"]["x"] == {"description": "Which bed."}


def test_types_in_a_list_are_translated():
    new, _ = fixed(root({"x": {**BED, "type": ["str", "None"]}}), "schema.keyword")

    assert new["properties"]["x"]["type"] == ["string", "null"]


@pytest.mark.parametrize(
    ("before", "code", "after"),
    [
        (
            root({"x": {"type": "string", "nullable": True}}),
            "slip.nullable",
            root({"x": {"type": ["string", "null"]}}),
        ),
        (
            root({"x": {"type": "string", "nullable": False}}),
            "slip.nullable",
            root({"x": {"type": "string"}}),
        ),
        (
            root({"x": {"type": "integer", "minimum": 0, "exclusiveMinimum": True}}),
            "schema.keyword",
            root({"x": {"type": "integer", "exclusiveMinimum": 0}}),
        ),
        (
            root({"x": {"type": "integer", "exclusiveMaximum": True, "maximum": 9.5}}),
            "schema.keyword",
            root({"x": {"type": "integer", "exclusiveMaximum": 9.5}}),
        ),
        (
            root({"x": {"type": "integer", "maximum": 9, "exclusiveMaximum": False}}),
            "schema.keyword",
            root({"x": {"type": "integer", "maximum": 9}}),
        ),
        (
            root({"x": {"type": "string", "required": True}}, ["y"]),
            "schema.keyword",
            root({"x": {"type": "string"}}, ["y", "x"]),
        ),
        (
            {
                "type": "object",
                "properties": {"x": {"required": True}, "y": {"required": True}, "z": {}},
            },
            "schema.keyword",
            {"type": "object", "properties": {"x": {}, "y": {}, "z": {}}, "required": ["x", "y"]},
        ),
        (
            root({"x": {"type": "string", "required": False}}),
            "schema.keyword",
            root({"x": {"type": "string"}}),
        ),
        (
            {"type": "object", "properties": {"x": BED, "required": ["x"]}},
            "schema.keyword",
            {"type": "object", "properties": {"x": BED}, "required": ["x"]},
        ),
        (root({"x": "string"}), "schema.keyword", root({"x": {"type": "string"}})),
        (root({"x": "int"}), "schema.keyword", root({"x": {"type": "integer"}})),
        (
            root({"x": {"type": "array", "items": [{"type": "string"}]}}),
            "schema.keyword",
            root({"x": {"type": "array", "prefixItems": [{"type": "string"}]}}),
        ),
        (
            root({"x": {"$ref": "#/$defs/Task"}, "y": {"$defs": {"Task": {"type": "string"}}}}),
            "schema.keyword",
            root(
                {
                    "x": {"$ref": "#/properties/y/$defs/Task"},
                    "y": {"$defs": {"Task": {"type": "string"}}},
                }
            ),
        ),
        (
            root({"x": {"type": "array", "prefixItems": [{"type": "string"}]}}),
            "slip.tuple",
            root({"x": {"type": "array", "prefixItems": [{"type": "string"}], "items": {}}}),
        ),
        (
            {"$ref": "#/$defs/Water", "$defs": {"Water": root({"x": BED}, ["x"])}},
            "schema.root",
            root({"x": BED}, ["x"]) | {"$defs": {"Water": root({"x": BED}, ["x"])}},
        ),
        ({"type": "object"}, "refused.openai.properties", {"type": "object", "properties": {}}),
    ],
)
def test_a_well_known_slip_is_put_right(before, code, after):
    assert fixed(before, code)[0] == after


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (root({"x": BED}, anyOf=[{"required": ["x"]}]), "OpenAI and Claude refuse anyOf"),
        (root({"filter[species]": BED}), "Claude refuses the parameter"),
        (root({"x" * 65: BED}), "Claude refuses the parameter"),
        (root({"x": {"const": "a"}}, additionalProperties=False), "Gemini refuses or ignores"),
        (root({"x": {**BED, "type": ["string", "null"]}}), "a list of types"),
        (root({"x": {**BED, "pattern": "^(?=.*a)b$"}}), "lookahead"),
    ],
)
def test_what_a_family_of_models_refuses_is_said_before(parameters, words):
    assert any(words in finding.message for finding in check(text_of(parameters)).findings)


def test_required_beside_the_parameters_is_moved_into_them():
    text = text_of({"type": "object", "properties": {"x": BED}}, required=["x"])

    [finding] = [each for each in check(text).findings if each.code == "slip.required"]
    function = json.loads(apply(text, finding.fix))[0]["function"]
    assert function["parameters"] == root({"x": BED}, ["x"])
    assert "required" not in function

    twice = check(text_of(root({"x": BED}, ["x"]), required=["x"])).findings
    assert [each.fix for each in twice if each.code == "slip.required"] == [None]


def test_a_draft_that_is_not_known_is_named():
    [finding] = found(root({"x": BED}, **{"$schema": "https://example.com/mine"}), "slip.draft")
    assert finding.message.endswith("is judged as 2020-12.")

    for named in (
        "https://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-07/schema",
    ):
        tuples = root({"x": {"type": "array", "items": [BED]}}, **{"$schema": named})
        assert not found(tuples, "slip.draft") + found(tuples, "schema.keyword")


def test_a_flag_in_a_pattern_is_no_ecma_262():
    [finding] = found(root({"x": {**BED, "pattern": "(?i)^b$"}}), "slip.flags")

    assert "are not in the patterns of JSON Schema" in finding.message


def test_a_rule_concerns_the_models_of_its_family():
    findings = check(text_of({"type": "object"}, name="2nd")).findings
    told = {finding.code: finding for finding in findings}
    openai, gemini = told["refused.openai.properties"], told["refused.gemini.first_letter"]

    assert refusals.concerns(openai, "OpenAI GPT-4.1 https://clarifai.com/openai/…/gpt-4_1")
    assert not refusals.concerns(openai, "OpenAI gpt-oss-120b")
    assert not refusals.concerns(openai, "Google Gemini 2.5")
    assert refusals.concerns(gemini, "Google Gemini 2.5")
    assert all(refusals.concerns(f, "") for f in findings if not f.code.startswith("refused."))


def test_too_many_tools_are_said_first():
    tools = [
        {"type": "function", "function": {"name": f"t{n}", "parameters": {"type": "float"}}}
        for n in range(130)
    ]

    assert check(json.dumps(tools)).findings[0].code == "lint.count"


def test_a_fix_of_many_keeps_what_else_is_typed():
    text = text_of(root({"x": {**BED, "desciption": "a"}, "y": {"type": "str"}, "z": BED}))

    assert all_fixed(text, "slip.keyword") == text  # description is there already
    assert all_fixed(text, "schema.keyword") == text.replace('"str"', '"string"')
