"""Cases that are proposed from the schemas of tools."""

import json

import pytest

from clarifai_chat.evidence import cases
from clarifai_chat.evidence.proposals import MAX_PROPOSALS, MAX_TOOLS, UNRELATED, proposals
from clarifai_chat.tools.schema.validator import errors_in
from clarifai_chat.tools.templates import TEMPLATES
from tests.test_runs import tool

WEATHER = tool("get_weather", location={"type": "string"}, unit={"enum": ["celsius", "fahrenheit"]})
WEATHER["function"]["description"] = "Get the weather in a place. Not for history."


def by_topic(*tools):
    found = {}
    for case in proposals(tools):
        found.setdefault(case["topic"], []).append(case)
    return found


def test_a_tool_gets_its_call_two_at_once_what_is_missing_and_what_is_not_allowed():
    found = by_topic(WEATHER)

    [usual], [two], [odd] = found["usual call"], found["two at once"], found["value not allowed"]
    first, second = (
        {"location": "Paris", "unit": "celsius"},
        {"location": "Oslo", "unit": "fahrenheit"},
    )
    assert usual["prompt"] == (
        "Please do this for me: get the weather in a place. location: Paris; unit: celsius."
    )
    assert usual["expect"] == {"calls": [{"tool": "get_weather", "arguments": first}]}
    assert [call["arguments"] for call in two["expect"]["calls"]] == [first, second]
    lacks_place, lacks_unit = found["missing value"]
    assert "Paris" not in lacks_place["prompt"]
    assert lacks_place["expect"] == {"asks": ["location"]}
    assert "celsius" not in lacks_unit["prompt"]
    assert "kelvin" in odd["prompt"]
    assert "celsius" in odd["expect"]["asks"]
    assert [case["prompt"] for case in found["no tool fits"]] == [*UNRELATED]
    assert all(case["expect"] == {"calls": []} for case in found["no tool fits"])


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.id)
def test_all_proposals_for_the_templates_are_cases_whose_calls_are_valid(template):
    found = proposals(template.tools)

    assert cases.read(cases.to_json(found)) == found
    schemas = {t["function"]["name"]: t["function"].get("parameters") for t in template.tools}
    calls = [call for case in found for call in case["expect"].get("calls", [])]
    assert calls or '"pattern"' in json.dumps(template.tools)  # for which nothing can be made up
    for call in calls:
        given = {name: value for name, value in call["arguments"].items() if name != "$others"}
        assert not errors_in(given, schemas[call["tool"]])


def test_an_argument_that_need_not_be_there_may_be():
    extra = tool("find", query={"type": "string"})
    extra["function"]["parameters"]["properties"]["limit"] = {"type": "integer"}

    [usual] = by_topic(extra)["usual call"]

    assert usual["expect"]["calls"][0]["arguments"] == {"query": "red shoes", "$others": True}


def test_values_that_cannot_be_made_up_are_not_proposed():
    sku = tool("order", sku={"type": "string", "pattern": "^SKU-[0-9]{8}$"})

    assert [*by_topic(sku)] == ["no tool fits"]


def test_many_tools_make_no_endless_list_and_ids_differ():
    many = [tool(f"tool_{n}", **{f"value_{m}": {"type": "string"} for m in range(5)})
            for n in range(100)]  # fmt: skip

    found = proposals(many, known=["tool_0-usual-call"])

    assert len(found) == MAX_PROPOSALS
    assert len({case["id"] for case in found}) == MAX_PROPOSALS
    assert "tool_0-usual-call" not in {case["id"] for case in found}
    assert all(len(case["tools"]) <= MAX_TOOLS for case in found)
    assert len(json.dumps(found)) < 2_000_000
