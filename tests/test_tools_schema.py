"""Validation by schemas: drafts, patterns, references, and limits on all of them."""

import socket

import pytest

from clarifai_chat.tools.schema.patterns import BadPattern, compiled, is_found
from clarifai_chat.tools.schema.validator import (
    SchemaTrouble,
    errors_in,
    schema_problems,
    validator_for,
)

DRAFT_7 = "http://json-schema.org/draft-07/schema#"
WITHIN = ("additionalItems", "$ref")
DRAFT_4 = "http://json-schema.org/draft-04/schema#"
DRAFT_3 = "http://json-schema.org/draft-03/schema#"
DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"
DRAFT_2019 = "https://json-schema.org/draft/2019-09/schema"


def fits(value, schema):
    return not errors_in(value, schema)


def where(value, schema):
    return [tuple(error.absolute_path) for error in errors_in(value, schema)]


# Patterns


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\p{L}", "é"),
        (r"^[\p{Lu}\d-]+$", "É-3"),
        (r"^\p{Script=Greek}+$", "αβ"),
        ("a{e}", "a{e}"),  # the regex package would search fuzzily
        ("a{,2}b", "a{,2}b"),
        ("^[^]$", "\n"),
        ("^[[]$", "["),
        ("^[[^]]$", "^]"),
        (r"^[\]]$", "]"),
        ("^[a&&b]+$", "&"),
        ("^[+--]$", ","),
        ("^[--/]$", "/"),
        ("^[a-]$", "-"),
        (r"\cC", "\x03"),
        (r"\x41\u0042\0", "AB\0"),
        (r"\W", "é"),
        (r"^[\D]$", "\u0663"),
        (r"^(?<y>a)\k<y>$", "aa"),
        (r"^\u{1F600}[\uD83D\uDE00]$", "😀😀"),
        (r"^\$\.\/\-$", "$./-"),
        (r"\bfoo\b", "a foo b"),
        (r"é\bfoo", "éfoo"),
        (r"^a\Ba$", "aa"),
        (r"^[\b]$", "\b"),
        (r"^[\w.+-]+@[\w-]+\.\w{2,}$", "a.b+c@d-e.fr"),
    ],
)
def test_a_pattern_is_found_as_in_ecma_262(pattern, text):
    assert is_found(pattern, text, 1)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^a$", "a\n"),
        (r"^\d$", "\u0663"),
        (r"^\w$", "é"),
        ("^.$", "\u2028"),
        (r"^\S$", "\ufeff"),
        (r"^[\S]$", "\u3000"),
        ("[]", "a"),
        ("[^^]", "^"),
    ],
)
def test_a_pattern_is_not_found_where_only_python_would(pattern, text):
    assert not is_found(pattern, text, 1)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "missing )"),
        ("[a", "unterminated"),
        ("\\", "bad escape"),
        (r"\Z", "not an escape in ECMA-262"),
        (r"\u{ffffff}", "is not a character"),
        (r"\u12", "is not a character"),
        (r"\p{Nope}", "unknown property"),
        ("a{99999999999}", "too big"),
        ("(" * 4000 + ")" * 4000, "too deeply nested"),
        ("a" * 10_001, "longer than"),
    ],
)
def test_an_invalid_pattern_is_explained(pattern, why):
    with pytest.raises(BadPattern, match=why.replace(")", r"\)")):
        compiled(pattern)
    assert [p.path for p in schema_problems({"pattern": pattern})] == [("pattern",)]
    with pytest.raises(SchemaTrouble):
        errors_in("a", {"pattern": pattern})


@pytest.mark.parametrize(
    "schema",
    [
        {"additionalProperties": {"pattern": "^(a|a)*$"}},
        {"patternProperties": {"^(a|a)*$": True}},
        {"patternProperties": {"^(a|a)*$": True}, "additionalProperties": False},
        {"patternProperties": {"^(a|a)*$": True}, "unevaluatedProperties": False},
        {"propertyNames": {"pattern": "^(a|a)*$"}},
        {"$schema": DRAFT_7, "patternProperties": {"^(a|a)*$": True}},
        {"$schema": DRAFT_2019, "patternProperties": {"^(a|a)*$": True}},
        {"allOf": [{"$schema": DRAFT_7, "propertyNames": {"pattern": "^(a|a)*$"}}]},
    ],
)
def test_an_exploding_pattern_is_trouble_and_does_not_hang(schema):
    word = "a" * 60 + "b"
    with pytest.raises(SchemaTrouble, match="takes too long"):
        errors_in({f"{word}{n}": f"{word}{n}" for n in range(1000)}, schema)


# References


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"not": {"$ref": "#"}},
        {"if": {"$ref": "#"}},
        {"anyOf": [{"$ref": "#"}]},
        {"contains": {"$ref": "#/$defs/a"}, "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {"unevaluatedProperties": False, "allOf": [{"$ref": "#"}]},
        {"$dynamicRef": "#a", "$dynamicAnchor": "a"},
        {"$schema": DRAFT_7, "$ref": "#"},
        {"$schema": DRAFT_2019, "$recursiveRef": "#"},
    ],
)
def test_references_in_a_circle_are_trouble(schema):
    with pytest.raises(SchemaTrouble, match=r"circles|too deeply"):
        errors_in([1] if "contains" in schema else {}, schema)


@pytest.mark.parametrize("word", ["ref", "dynamicRef"])
def test_an_anchor_that_thousands_of_items_refer_to_is_found_at_once(word):
    anchor = {"ref": "$anchor", "dynamicRef": "$dynamicAnchor"}[word]
    defs = {"a": {anchor: "a", "type": "integer"}, **{f"d{n}": {} for n in range(800)}}
    schema = {"$defs": defs, "items": {f"${word}": "#a"}}
    assert where([*range(5000), "x"], schema) == [(5000,)]


def test_alternatives_that_double_at_each_level_end():
    both = {f"a{n}": {"anyOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(40)}
    with pytest.raises(SchemaTrouble, match="takes too long"):
        errors_in({}, {"$defs": {**both, "a40": False}, "$ref": "#/$defs/a0"})


def test_a_tree_is_followed_as_deep_as_it_goes():
    tree = {"properties": {"v": {"type": "integer"}, "c": {"items": {"$ref": "#"}}}}
    value = {"v": "x"}
    for _ in range(20):
        value = {"v": 1, "c": [value]}
    assert where(value, tree) == [("c", 0) * 20 + ("v",)]


def test_deep_nesting_is_trouble():
    value: list = []
    for _ in range(5000):
        value = [value]
    with pytest.raises(SchemaTrouble, match="deeper than 100 levels"):
        errors_in(value, True)

    schema: dict = {}
    for _ in range(5000):
        schema = {"not": schema}
    [problem] = schema_problems(schema)
    assert "deeper than 100 levels" in problem.message


@pytest.mark.parametrize(
    "ref",
    [
        "#/nope",
        "#nope",
        "other.json",
        "https://example.com/a.json",
        "file:///etc/passwd",
        "http://[",
    ],
)
def test_a_reference_out_of_the_schema_is_trouble_and_nothing_is_fetched(ref, monkeypatch):
    def connect(*_):
        raise AssertionError("a connection")

    monkeypatch.setattr(socket.socket, "connect", connect)
    schema = {"properties": {"a": {"$ref": ref}}}
    with pytest.raises(SchemaTrouble, match=r"points (nowhere|outside)"):
        errors_in({"a": 1}, schema)
    assert fits({}, schema)
    assert [p.path for p in schema_problems(schema)] == [("properties", "a", "$ref")]


def test_references_within_the_schema_and_to_the_drafts_are_followed():
    schema = {
        "$defs": {"n": {"$anchor": "number", "type": "integer"}},
        "properties": {
            "a": {"$ref": "#/$defs/n"},
            "b": {"$ref": "#number"},
            "schema": {"$ref": DRAFT_7},
        },
    }
    assert fits({"a": 1, "b": 2, "schema": {"type": "string"}}, schema)
    assert where({"a": "", "b": "", "schema": {"type": 3}}, schema) == [
        ("a",),
        ("b",),
        ("schema", "type"),
    ]
    assert schema_problems(schema) == []


@pytest.mark.parametrize("target", ["text", 3, {"type": "strin"}, {"minimum": "a"}, {"pattern": 1}])
def test_a_reference_to_an_invalid_schema_is_trouble(target):
    schema = {"$ref": "#/x", "x": target}
    with pytest.raises(SchemaTrouble, match="points to an invalid schema"):
        errors_in(1, schema)
    assert bool(schema_problems(schema)) is not isinstance(target, dict)


# Drafts and keywords


def test_a_schema_is_judged_by_the_draft_that_it_names():
    assert fits(["a", 1], {"$schema": DRAFT_7, "items": [{"type": "string"}]})
    assert where([1], {"$schema": DRAFT_7, "items": [{"type": "string"}]}) == [(0,)]
    above = {"$schema": DRAFT_4, "minimum": 3, "exclusiveMinimum": True}
    assert not fits(3, above)
    assert fits(4, above)
    assert fits({}, {"$schema": "https://example.com/mine", "type": "object"})


def test_a_subschema_that_names_its_draft_is_judged_by_it():
    inner = {"$id": "urn:inner", "$schema": DRAFT_7, "items": [{"pattern": r"^\d$"}]}
    schema = {"properties": {"a": inner}}
    with pytest.raises(SchemaTrouble):  # 2020-12's own schema has no lists there
        errors_in({"a": ["\u0663"]}, schema)
    mixed = {"$schema": DRAFT_7, "properties": {"a": {**inner, "$schema": DRAFT_4}}}
    assert where({"a": ["\u0663"]}, mixed) == [("a", 0)]


def test_a_subschema_of_another_draft_is_checked_too():
    schema = {"$schema": DRAFT_7, "items": {"$schema": DRAFT_2020, "prefixItems": 3}}
    with pytest.raises(SchemaTrouble, match="prefixItems: expected list, got the number 3"):
        errors_in([[1]], schema)


def test_an_unknown_type_that_its_draft_allows_is_trouble():
    with pytest.raises(SchemaTrouble, match="no type"):
        errors_in(1, {"$schema": DRAFT_3, "type": "strin"})


def test_a_schema_too_large_to_check_is_trouble():
    large = {"allOf": [{"anyOf": [{"type": "string"}] * 20} for _ in range(2000)]}
    [problem] = schema_problems(large)
    assert "takes too long" in problem.message


@pytest.mark.parametrize(
    ("value", "of", "is_multiple"),
    [
        (19.99, 0.01, True),
        (0.3, 0.1, True),
        (19.995, 0.01, False),
        (1e308, 0.5, True),
        (10**400, 0.5, True),
        (7, 3.5, True),
        (7, 3, False),
    ],
)
def test_multiples_are_counted_as_they_are_written(value, of, is_multiple):
    assert fits(value, {"multipleOf": of}) is is_multiple


def test_a_number_without_an_end_is_trouble_to_divide():
    with pytest.raises(SchemaTrouble, match="too large"):
        errors_in(float("inf"), {"multipleOf": 0.5})


def test_a_boolean_is_not_a_number():
    assert not fits(["boolean", 1], {"const": ["boolean", True]})
    assert not fits(["boolean", 1], {"const": True})
    assert not fits(1, {"enum": [True]})
    assert fits([1, True, "1", [1], [True], {"a": 1}, {"a": True}], {"uniqueItems": True})
    assert where([1, 1.0], {"uniqueItems": True}) == [()]


def test_errors_are_where_the_reader_looks_for_them():
    schema = {
        "required": ["a"],
        "properties": {"d": {"dependentRequired": {"x": ["y"]}}},
        "propertyNames": {"maxLength": 3},
        "additionalProperties": False,
    }
    found = where({"long_name": 1, "d": {"x": 1}}, schema)
    assert sorted(found) == [("a",), ("d", "y"), ("long_name",), ("long_name",)]


def test_a_false_schema_is_reported_at_its_place():
    assert where({"a": {"b": 1}}, {"properties": {"a": {"properties": {"b": False}}}}) == [
        ("a", "b")
    ]
    assert where({"a": [1]}, {"properties": {"a": {"items": {"anyOf": [False, False]}}}}) == [
        ("a", 0)
    ]


def test_at_most_a_hundred_and_one_errors_are_listed():
    assert len(errors_in(list(range(5000)), {"items": {"type": "string"}})) == 101


def test_a_large_value_of_little_work_is_judged():
    many = [{"id": n} for n in range(20_000)]
    assert fits(many, {"uniqueItems": True})
    assert not fits([*many, {"id": 7}], {"uniqueItems": True})
    with pytest.raises(SchemaTrouble, match="smaller"):
        errors_in(list(range(100_000)), {"items": {"type": "integer"}})


# What is wrong with a schema


@pytest.mark.parametrize(
    ("schema", "path", "words"),
    [
        (3, (), "A schema must be an object, not 3."),
        (None, (), "A schema must be an object, not null."),
        ({"type": "strin"}, ("type",), 'got the string "strin"'),
        ({"type": ["string", "string"]}, ("type",), "twice"),
        ({"properties": []}, ("properties",), "expected object, got an empty list"),
        ({"properties": {"a": "string"}}, ("properties", "a"), 'got the string "string"'),
        ({"required": True}, ("required",), "expected list, got true"),
        ({"minLength": -1}, ("minLength",), "expected at least 0, got the number -1"),
        ({"multipleOf": 0}, ("multipleOf",), "a number above 0"),
        ({"items": [{}]}, ("items",), "got a list"),
        ({"$id": "http://x/", "items": {"$id": "http://["}}, (), "$id"),
        ({"anyOf": [{"pattern": "("}]}, ("anyOf", 0, "pattern"), "not a regular expression"),
        ({"patternProperties": {"(": {}}}, ("patternProperties", "("), "not a regular expression"),
        ({"$schema": DRAFT_4, "exclusiveMinimum": 3}, ("exclusiveMinimum",), "true or false"),
        ({"additionalItems": {"patternProperties": 3, "$ref": "#/x"}}, WITHIN, "points nowhere"),
    ],
)
def test_a_problem_in_a_schema_is_reported_at_its_place(schema, path, words):
    found = schema_problems(schema)
    assert path in [problem.path for problem in found]
    assert words in " ".join(problem.message for problem in found)


@pytest.mark.parametrize("schema", [True, False, {}, {"type": "object"}, {"unknown": 1}])
def test_a_valid_schema_has_no_problems(schema):
    assert schema_problems(schema) == []


def test_an_invalid_schema_has_no_validator():
    with pytest.raises(SchemaTrouble, match="properties/a/type"):
        validator_for({"properties": {"a": {"type": "strin"}}})


def test_formats_are_only_annotations():
    assert fits("tomorrow", {"format": "date"})


def test_a_validator_is_jsonschemas_own():
    validator = validator_for({"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": False}})
    assert validator.is_valid({})
    [error] = validator.iter_errors({"a": 1})
    assert list(error.absolute_path) == ["a"]
