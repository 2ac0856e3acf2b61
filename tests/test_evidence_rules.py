"""Rules 1 to 13 of docs/EVIDENCE.md: arguments against what a case expects, each with its cause."""

import re
from pathlib import Path

import pytest

from clarifai_chat.evidence.rule_check import check_rule
from clarifai_chat.evidence.rules import BadRule, mismatch

ROOT = Path(__file__).parent.parent
DATE = "2026-11-03"
# (number of the rule, rule, value, cause or "" if it passes)
LOOSE = [
    (1, "New York", "new york", ""),
    (1, "April 1, 2024", "april 1 2024", ""),
    (1, "it's", 'it"s', ""),
    (1, "Paris", "London", "wrong text"),
    (1, DATE, "next Tuesday", "date as text"),
    (1, DATE, "2026-11-04", "wrong date or time"),
    (1, "5", 5, "number in place of text"),
    (1, "a", None, "null in place of a value"),
    (2, 1, 1.0, ""),
    (2, 1, True, "true or false in place of number"),
    (2, 5, "5", "number as text"),
    (2, 5, 6, "wrong number"),
    (2, None, None, ""),
    (2, True, "true", "true or false as text"),
    (2, True, False, "wrong true or false"),
    (2, None, 3, "number in place of null"),
    (2, None, "", "text in place of null"),
    (3, {"a": 1}, {"a": 1}, ""),
    (3, {"a": 1, "b": 2}, {"a": 1}, "missing argument"),
    (3, {"a": 1}, {"a": 1, "b": 2}, "argument beyond those expected"),
    (3, {"a": 1, "$others": True}, {"a": 1, "b": 2}, ""),
    (3, {"a": {"b": 1}}, {"a": {"b": 2}}, "wrong number"),
    (3, {"a": {"b": 1}}, {"a": '{"b": 1}'}, "object as text"),
    (4, [1, 2], [1, 2], ""),
    (4, [1, 2], [2, 1], "wrong number"),
    (4, [1, 2], [1], "too few items"),
    (4, [1], [1, 2], "too many items"),
    (4, ["a"], "a", "list as text"),
    (4, "a", ["a"], "list in place of text"),
    (5, {"$one_of": ["km", "kilometers"]}, "km", ""),
    (5, {"$one_of": ["km", "kilometers"]}, "miles", "wrong text"),
    (5, {"$one_of": [{"a": 1}, {"b": 1}]}, {"b": 1}, ""),
    (6, {"$type": "integer"}, 3.0, ""),
    (6, {"$type": "integer"}, 3.5, "number with a fraction"),
    (6, {"$type": "number"}, "3", "number as text"),
    (6, {"$type": "null"}, None, ""),
    (6, {"$type": "boolean"}, 1, "number in place of true or false"),
    (7, {"$schema": {"minimum": 3}}, 3, ""),
    (7, {"$schema": {"minimum": 3}}, 2, "number out of range"),
    (7, {"$schema": {"enum": ["a"]}}, "b", "not one of the allowed values"),
    (7, {"$schema": {"required": ["a"]}}, {}, "missing argument"),
    (7, {"$schema": {"type": "integer"}}, 1.5, "number with a fraction"),
    (8, {"$pattern": "^SKU-[0-9]+$"}, "SKU-1", ""),
    (8, {"$pattern": "^SKU-[0-9]+$"}, "sku 1", "text of another form"),
    (8, {"$pattern": "1"}, 1, "number in place of text"),
    (9, {"$instant": f"{DATE}T14:00:00Z"}, f"{DATE}T15:00:00+01:00", ""),
    (9, {"$instant": f"{DATE}T14:00:00Z"}, f"{DATE}T14:00:00", "date and time without an offset"),
    (9, {"$instant": f"{DATE}T14:00:00Z"}, f"{DATE}T15:00:00Z", "wrong date or time"),
    (9, {"$instant": f"{DATE}T14:00:00Z"}, "tomorrow at two", "date as text"),
    (9, {"$instant": f"{DATE}T14:00:00Z"}, 1793714400, "number in place of text"),
    (10, {"$near": 26.2, "$within": 0.05}, 26.24, ""),
    (10, {"$near": 26.2, "$within": 0.05}, 26.3, "wrong number"),
    (10, {"$near": 26.2}, "26.2", "number as text"),
    (11, {"$result": 391}, "17 * 23", ""),
    (11, {"$result": 12}, "15% of 80", ""),
    (11, {"$result": 391}, "17 + 23", "expression with another result"),
    (11, {"$result": 391}, "seventeen", "not an expression"),
    (12, {"$contains": "oslo"}, "Oslo, Norway", ""),
    (12, {"$contains": ["a", "b"]}, "abc", ""),
    (12, {"$contains": ["Oslo"]}, "Bergen", "other words"),
    (13, {"$unordered": [1, 2, 2]}, [2, 1, 2], ""),
    (13, {"$unordered": [1, 2, 2]}, [1, 1, 2], "wrong item"),
    (13, {"$unordered": [{"$one_of": [1, 2]}, 1]}, [1, 2], ""),
    (13, {"a": {"$optional": 1}}, {}, ""),
    (13, {"a": {"$optional": 1}}, {"a": 2}, "wrong number"),
    (13, {"$any": True}, [None], ""),
    (13, {"$equals": {"$type": "x"}}, {"$type": "x"}, ""),
    (13, {"$equals": "a"}, "A", "text spelled differently"),
]
STRICT = [
    (1, "New York", "New York", ""),
    (1, "New York", "new york", "text spelled differently"),
    (12, {"$contains": "oslo"}, "Oslo, Norway", "other words"),
    (5, {"$one_of": ["km"]}, "KM", "text spelled differently"),
]


def cause(rule, value, strings):
    check_rule(rule)
    found = mismatch(rule, value, strings)
    return found.cause if found else ""


@pytest.mark.parametrize(("number", "rule", "value", "expected"), LOOSE)
def test_a_rule_judges_a_value(number, rule, value, expected):
    assert cause(rule, value, "loose") == expected


@pytest.mark.parametrize(("number", "rule", "value", "expected"), STRICT)
def test_strictly_texts_are_compared_to_the_letter(number, rule, value, expected):
    assert cause(rule, value, "strict") == expected


def test_each_rule_on_the_page_has_its_test():
    page = (ROOT / "docs" / "EVIDENCE.md").read_text("utf-8")
    checker = (ROOT / "tests" / "test_evidence_checker.py").read_text("utf-8")
    numbers = {int(found) for found in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}

    tested = {number for number, *_ in LOOSE}
    tested |= {int(found) for found in re.findall(r"^def test_rule_(\d+)_", checker, re.MULTILINE)}

    assert tested == numbers == set(range(1, 26))


def test_a_mismatch_says_where_and_what():
    found = mismatch({"items": [{"quantity": 2}]}, {"items": [{"quantity": "two"}]}, "loose")

    assert found.said == 'items[0].quantity: expected 2, got the string "two".'


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"a": {"$typ": "x"}}, "There is no rule $typ."),
        ({"$type": "float"}, "$type is one of"),
        ({"$type": "string", "b": 1}, "nothing beside it"),
        ({"$pattern": "("}, "is not a regular expression"),
        ({"$one_of": "a"}, "$one_of cannot be"),
        ({"$schema": {"type": "strin"}}, "cannot be used"),
        ({"$instant": "tomorrow"}, "a date and time with an offset"),
        ([{"$near": "x"}], "$near cannot be"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_with_a_sentence(rule, said):
    with pytest.raises(BadRule, match=re.escape(said)):
        check_rule(rule)
