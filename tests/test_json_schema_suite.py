"""The official cases of JSON Schema 2020-12: schemas as parameters of a tool, values as calls."""

import json
from pathlib import Path

import pytest

from clarifai_chat.tools.schema.budget import SchemaTrouble
from clarifai_chat.tools.schema.validator import errors_in
from clarifai_chat.tools.verdict.verdict import judge_call

SUITE = Path(__file__).parent / "json_schema_test_suite" / "draft2020-12"
FILES = sorted(SUITE.glob("*.json"))
REMOTE = "It refers to another document, and nothing is ever fetched."
META = "Its meta-schema is another document, and nothing is ever fetched."
EXCLUDED = {
    ("dynamicRef", "strict-tree schema, guards against misspelled properties"): REMOTE,
    ("dynamicRef", "tests for implementation dynamic anchor and reference link"): REMOTE,
    ("dynamicRef", "$ref and $dynamicAnchor are independent of order - $defs first"): REMOTE,
    ("dynamicRef", "$ref and $dynamicAnchor are independent of order - $ref first"): REMOTE,
    ("dynamicRef", "$ref to $dynamicRef finds detached $dynamicAnchor"): REMOTE,
    ("refRemote", "remote ref"): REMOTE,
    ("refRemote", "fragment within remote ref"): REMOTE,
    ("refRemote", "anchor within remote ref"): REMOTE,
    ("refRemote", "ref within remote ref"): REMOTE,
    ("refRemote", "base URI change"): REMOTE,
    ("refRemote", "base URI change - change folder"): REMOTE,
    ("refRemote", "base URI change - change folder in subschema"): REMOTE,
    ("refRemote", "root ref in remote ref"): REMOTE,
    ("refRemote", "remote ref with ref to defs"): REMOTE,
    ("refRemote", "Location-independent identifier in remote ref"): REMOTE,
    ("refRemote", "retrieved nested refs resolve relative to their URI not $id"): REMOTE,
    ("refRemote", "remote HTTP ref with different $id"): REMOTE,
    ("refRemote", "remote HTTP ref with different URN $id"): REMOTE,
    ("refRemote", "remote HTTP ref with nested absolute ref"): REMOTE,
    ("refRemote", "$ref to $ref finds detached $anchor"): REMOTE,
    ("vocabulary", "schema that uses custom metaschema with with no validation vocabulary"): META,
}


def groups(path):
    return json.loads(path.read_text(encoding="utf-8"))


def judged(schema, value):
    tool = {"type": "function", "function": {"name": "tool", "parameters": schema}}
    call = {"id": "1", "function": {"name": "tool", "arguments": json.dumps(value)}}
    return judge_call(call, [tool])


def is_valid(schema, value):
    """Return whether the schema takes the value, of any type; None where that is not decided."""
    try:
        return not errors_in(value, schema)
    except SchemaTrouble:
        return None


def differing(group):
    """Return the cases of a group in which our verdict is not the suite's."""
    return {
        case["description"]: judged(group["schema"], case["data"]).summary
        for case in group["tests"]
        if is_valid(group["schema"], case["data"]) is not case["valid"]
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_verdict_is_the_suites_own(path):
    differ = {
        group["description"]: found
        for group in groups(path)
        if (path.stem, group["description"]) not in EXCLUDED and (found := differing(group))
    }
    assert differ == {}


@pytest.mark.parametrize(("stem", "description"), EXCLUDED, ids="/".join)
def test_what_is_excluded_is_there_and_needs_it(stem, description):
    [group] = [g for g in groups(SUITE / f"{stem}.json") if g["description"] == description]
    assert differing(group)
    if EXCLUDED[stem, description] is REMOTE:
        verdicts = [judged(group["schema"], case["data"]) for case in group["tests"]]
        assert "undecided" in {verdict.status for verdict in verdicts}
    else:
        assert group["schema"]["$schema"].startswith("http://localhost:1234/")


def test_the_suite_is_whole():
    cases = [case for path in FILES for group in groups(path) for case in group["tests"]]
    excluded = [
        case
        for path in FILES
        for group in groups(path)
        for case in group["tests"]
        if (path.stem, group["description"]) in EXCLUDED
    ]
    assert (len(FILES), len(cases)) == (46, 1257)
    assert len(excluded) < len(cases) / 20


def test_only_objects_are_arguments():
    assert is_valid(True, 12)
    assert judged(True, 12).status == "invalid"
    assert judged(True, {}).status == "valid"
