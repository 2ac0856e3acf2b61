"""The templates: every schema is sound, and a model can call every tool by its prompt."""

import json
from collections import Counter

import jsonschema
import pytest

from clarifai_chat.demo.tools import choose_calls
from clarifai_chat.tools.builtins import answer, suggested
from clarifai_chat.tools.templates import TEMPLATES, text_of

every_template = pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.id)


def functions(template):
    return {tool["function"]["name"]: tool["function"] for tool in template.tools}


def described(schema):
    """Every part of a schema that a model reads a value for, as (path, part)."""
    parts = {**schema.get("properties", {}), **schema.get("$defs", {})}
    if "items" in schema:
        parts["items"] = schema["items"]
    for name, part in parts.items():
        yield name, part
        yield from described(part)


def test_the_usual_tools_are_there():
    ids = [template.id for template in TEMPLATES]

    assert len(set(ids)) == len(ids)
    assert set(ids) >= {
        "weather", "calculator", "time", "units", "calendar", "products", "order", "status",
        "email", "several",
    }  # fmt: skip


@every_template
def test_every_schema_is_sound(template):
    for function in functions(template).values():
        schema = function["parameters"]
        jsonschema.Draft202012Validator.check_schema(schema)

        assert schema["type"] == "object"
        assert set(schema["required"]) <= set(schema["properties"])


@every_template
def test_everything_is_described(template):
    assert template.title
    assert template.what.endswith(".")
    assert template.prompt
    for function in functions(template).values():
        assert function["description"].endswith(".")
        for name, part in described(function["parameters"]):
            assert part.get("description") or part.get("$ref"), name


@every_template
def test_the_text_is_the_tools(template):
    assert json.loads(text_of(template)) == list(template.tools)
    assert text_of(template).startswith("[\n  {")


@every_template
def test_every_tool_has_a_sample_result(template):
    assert set(template.results) == set(functions(template))
    assert all(json.loads(result) for result in template.results.values())


@every_template
def test_the_prompt_makes_the_demo_call_every_tool_with_valid_arguments(template):
    body = {"tools": list(template.tools)}
    calls = choose_calls(template.prompt, body)

    assert Counter(name for name, _ in calls) == Counter([*functions(template)])
    for name, arguments in calls:
        schema = functions(template)[name]["parameters"]
        jsonschema.Draft202012Validator(schema).validate(json.loads(arguments))


@every_template
def test_required_calls_of_any_tool_validate_whatever_is_asked(template):
    for tool in template.tools:
        body = {"tools": [tool], "tool_choice": "required"}
        (call, *_) = choose_calls("Go on.", body)

        schema = tool["function"]["parameters"]
        jsonschema.Draft202012Validator(schema).validate(json.loads(call[1]))


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("weather", [{"location": "Paris", "unit": "celsius"}]),
        ("units", [{"value": 26.2, "from_unit": "miles", "to_unit": "kilometers"}]),
        (
            "calendar",
            [
                {
                    "title": "Design review",
                    "start": "2026-11-03T14:00:00Z",
                    "duration_minutes": 45,
                    "attendees": ["ada@example.com", "grace@example.com"],
                    "reminder": {"minutes_before": 15, "method": "popup"},
                }
            ],
        ),
        ("products", [{"query": "wireless headphones", "max_price": 150, "in_stock": True}]),
        (
            "order",
            [
                {
                    "customer_id": "C-1001",
                    "items": [
                        {"sku": "SKU-1001", "quantity": 2},
                        {"sku": "SKU-3003", "quantity": 1},
                    ],
                    "shipping_address": {
                        "street": "5 Harbour Street",
                        "city": "Oslo",
                        "postal_code": "0150",
                        "country": "NO",
                    },
                }
            ],
        ),
        ("status", [{}]),
        (
            "several",
            [{"location": "Paris"}, {"timezone": "Asia/Tokyo"}, {"expression": "17 * 23"}],
        ),
    ],
)
def test_the_demo_reads_the_arguments_out_of_the_prompt(id, expected):
    template = next(template for template in TEMPLATES if template.id == id)
    calls = choose_calls(template.prompt, {"tools": list(template.tools)})

    assert [json.loads(arguments) for _, arguments in calls] == expected


@pytest.mark.parametrize("id", ["calculator", "time", "units", "products"])
def test_builtins_can_answer_the_demos_calls(id):
    template = next(template for template in TEMPLATES if template.id == id)
    ((name, arguments),) = choose_calls(template.prompt, {"tools": list(template.tools)})

    told = json.loads(answer(suggested(template.tools[0]), arguments))

    assert suggested(template.tools[0]) == id
    assert "error" not in told
    assert set(told) >= set(json.loads(template.results[name]))
