"""Our checker beside BFCL's published rules, on sixty cases of ours: docs/BFCL.md is the table.

`published` is written from BFCL's description of its rules, and shares no code with our checker.
"""

import json
import os
import re
from pathlib import Path

import pytest

from clarifai_chat.chat.turn import apply
from clarifai_chat.events import Finished, TextDelta, ToolCallDone
from clarifai_chat.evidence import cases
from clarifai_chat.evidence.checker import check

PAGE = Path(__file__).parent.parent / "docs" / "BFCL.md"
MODEL = {"url": "m", "name": "M", "input_price": None, "output_price": None}


def function(name, required, **types):
    parameters = {"type": "dict", "properties": types, "required": required}
    return {"name": name, "description": "x", "parameters": parameters}


def of(kind, **more):
    return {"type": kind, **more}


AREA = function(
    "find_area", ["base", "height"], base=of("integer"), height=of("integer"), unit=of("string")
)
WEATHER = function("get_weather", ["city"], city=of("string"), when=of("string"))
MONEY = function("convert", ["amount", "to"], amount=of("float"), to=of("string"))
TABLE = function(
    "book", ["date", "guests"], date=of("string"), guests=of("integer"), vip=of("boolean")
)
SORT = function("sort", ["numbers"], numbers=of("array", items=of("integer")))
TAGS = function("tag", ["names"], names=of("array", items=of("string")))
PERSON = of("dict", properties={"name": of("string"), "age": of("integer")})
ORDER = function("order", ["customer"], customer=PERSON)
ROOT = function("math.sqrt", ["x"], x=of("float"))

AREA_IS = {"base": [10], "height": [5], "unit": ["units", ""]}
CITY_IS = {"city": ["San Francisco, CA", "San Francisco"], "when": ["today", ""]}
MONEY_IS = {"amount": [150.0], "to": ["EUR", "Euro"]}
TABLE_IS = {"date": ["April 1, 2024"], "guests": [4], "vip": [False, ""]}
ORDER_IS = {"customer": [{"name": ["Ann Lee"], "age": [30, ""]}]}
TWO_CITIES = [
    {"get_weather": {"city": ["Paris"], "when": [""]}},
    {"get_weather": {"city": ["Tokyo"], "when": [""]}},
]

# (tools, ground truth, [(what the model did, BFCL passes, we pass)]); a text is an answer in words.
SIXTY = [
    ([AREA], [{"find_area": AREA_IS}], [
        ([("find_area", {"base": 10, "height": 5})], True, True),
        ([("find_area", {"base": 10, "height": 5, "unit": "units"})], True, True),
        ([("find_area", {"base": 10, "height": 5, "unit": "UNITS"})], True, True),
        ([("find_area", {"base": 10, "height": 5, "unit": "cm"})], False, False),
        ([("find_area", {"base": 10})], False, False),
        ([("find_area", {"base": "10", "height": 5})], False, False),
        ([("find_area", {"base": 10.0, "height": 5})], False, True),
        ([("find_area", {"base": 10, "height": 5, "color": "red"})], False, False),
        ([("find_area", {"base": 5, "height": 10})], False, False),
        ([("area", {"base": 10, "height": 5})], False, False),
        ([("find_area", {"base": 10, "height": 5})] * 2, False, False),
        ("The area is 25.", False, False),
    ]),
    ([WEATHER], [{"get_weather": CITY_IS}], [
        ([("get_weather", {"city": "San Francisco"})], True, True),
        ([("get_weather", {"city": "san francisco, ca"})], True, True),
        ([("get_weather", {"city": "San Francisco CA"})], True, True),
        ([("get_weather", {"city": "SanFrancisco"})], True, True),
        ([("get_weather", {"city": "San Francisco, California"})], False, False),
        ([("get_weather", {"city": "Oakland"})], False, False),
        ([("get_weather", {"city": "San Francisco", "when": "today"})], True, True),
        ([("get_weather", {"city": "San Francisco", "when": "tomorrow"})], False, False),
        ([("get_weather", {"city": "San Francisco", "when": None})], False, False),
        ([("get_weather", {"city": ["San Francisco"]})], False, False),
    ]),
    ([MONEY], [{"convert": MONEY_IS}], [
        ([("convert", {"amount": 150.0, "to": "EUR"})], True, True),
        ([("convert", {"amount": 150, "to": "EUR"})], True, True),
        ([("convert", {"amount": 150, "to": "euro"})], True, True),
        ([("convert", {"amount": 151, "to": "EUR"})], False, False),
        ([("convert", {"amount": "150", "to": "EUR"})], False, False),
        ([("convert", {"amount": True, "to": "EUR"})], False, False),
    ]),
    ([TABLE], [{"book": TABLE_IS}], [
        ([("book", {"date": "April 1, 2024", "guests": 4})], True, True),
        ([("book", {"date": "april 1 2024", "guests": 4})], True, True),
        ([("book", {"date": "April-1-2024", "guests": 4, "vip": False})], True, True),
        ([("book", {"date": "2024-04-01", "guests": 4})], False, False),
        ([("book", {"date": "April 1, 2024", "guests": 4, "vip": True})], False, False),
        ([("book", {"date": "April 1, 2024", "guests": 4, "vip": "false"})], False, False),
        ([("book", {"date": "April 1, 2024", "guests": "four"})], False, False),
    ]),
    ([SORT], [{"sort": {"numbers": [[3, 1, 2]]}}], [
        ([("sort", {"numbers": [3, 1, 2]})], True, True),
        ([("sort", {"numbers": [1, 2, 3]})], False, False),
        ([("sort", {"numbers": [3, 1]})], False, False),
        ([("sort", {"numbers": ["3", "1", "2"]})], False, False),
        ([("sort", {"numbers": "3, 1, 2"})], False, False),
    ]),
    ([TAGS], [{"tag": {"names": [["Red Wine", "2024"]]}}], [
        ([("tag", {"names": ["Red Wine", "2024"]})], True, True),
        ([("tag", {"names": ["red-wine", "2024"]})], True, True),
        ([("tag", {"names": ["2024", "Red Wine"]})], False, False),
        ([("tag", {"names": []})], False, False),
    ]),
    ([ORDER], [{"order": ORDER_IS}], [
        ([("order", {"customer": {"name": "Ann Lee", "age": 30}})], True, True),
        ([("order", {"customer": {"name": "ann lee"}})], True, True),
        ([("order", {"customer": {"age": 30}})], False, False),
        ([("order", {"customer": {"name": "Ann Lee", "city": "Oslo"}})], False, False),
        ([("order", {"customer": "Ann Lee"})], False, False),
    ]),
    ([WEATHER], TWO_CITIES, [
        ([("get_weather", {"city": "Paris"}), ("get_weather", {"city": "Tokyo"})], True, True),
        ([("get_weather", {"city": "Tokyo"}), ("get_weather", {"city": "Paris"})], True, True),
        ([("get_weather", {"city": "Paris"})], False, False),
        ([("get_weather", {"city": "Paris"})] * 2, False, False),
        ([("get_weather", {"city": c}) for c in ("Paris", "Tokyo", "Rome")], False, False),
    ]),
    ([ROOT], [{"math.sqrt": {"x": [9.0]}}], [
        ([("math_sqrt", {"x": 9})], True, True),
        ([("math_sqrt", {"x": 3})], False, False),
    ]),
    ([AREA], [], [
        ("I can only compute areas.", True, True),
        ([("find_area", {"base": 1, "height": 1})], False, False),
        ("", True, False),
        ("Could you tell me more?", True, True),
    ]),
]  # fmt: skip
ROWS = [
    (tools, truth, did, theirs, ours) for tools, truth, each in SIXTY for did, theirs, ours in each
]


# --- BFCL's published rules, written again -------------------------------------------------------


def same(text):
    return re.sub(r"[ ,./\-_*^]", "", text).lower().replace("'", '"')


PYTHON = {"string": str, "integer": int, "boolean": bool, "array": list, "dict": dict}


def value_passes(value, allowed, schema):
    kind = schema["type"]
    if kind == "float":
        if type(value) not in (int, float):
            return False
    elif type(value) is not PYTHON[kind]:
        return False
    allowed = [each for each in allowed if each != ""]
    if kind == "string":
        return same(value) in [same(each) for each in allowed]
    if kind == "dict":
        return any(dict_passes(value, each, schema) for each in allowed)
    if kind == "array":
        inner = PYTHON[schema["items"]["type"]]
        if any(type(each) is not inner for each in value):
            return False
        plain = [same(each) if isinstance(each, str) else each for each in value]
        return plain in [[same(e) if isinstance(e, str) else e for e in a] for a in allowed]
    return value in allowed


def dict_passes(value, allowed, schema):
    if set(value) - set(allowed):
        return False
    return all(
        "" in values if name not in value
        else value_passes(value[name], values, schema["properties"][name])
        for name, values in allowed.items()
    )  # fmt: skip


def call_passes(call, truth, functions):
    (name, allowed), (called, arguments) = *truth.items(), call
    if name.replace(".", "_") != called:
        return False
    schema = next(f for f in functions if f["name"] == name)["parameters"]
    if set(schema["required"]) - set(arguments) or set(arguments) - set(allowed):
        return False
    return dict_passes(arguments, allowed, schema)


def published(functions, truth, did):
    if isinstance(did, str) or not truth:
        return isinstance(did, str) and not truth
    if len(did) != len(truth):
        return False
    left = [*did]
    for each in truth:
        found = next((call for call in left if call_passes(call, each, functions)), None)
        if found is None:
            return False
        left.remove(found)
    return True


# --- Both ----------------------------------------------------------------------------------------


def ours_says(functions, truth, did):
    entry = {
        "id": "simple_python_1",
        "question": [[{"role": "user", "content": "x"}]],
        "function": functions,
        "ground_truth": truth,
    }
    [case] = cases.read(json.dumps([entry]))
    run = cases.run_of(case, MODEL, cases.tools_of(case))
    run["turn"]["asked_at"] = 1.0
    if isinstance(did, str):
        apply(run["turn"], TextDelta(did), 1.0)
    for number, (name, arguments) in enumerate([] if isinstance(did, str) else did):
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"id": f"c{number}", "type": "function", "function": function}
        apply(run["turn"], ToolCallDone(call, number), 1.0)
    apply(run["turn"], Finished("stop" if isinstance(did, str) else "tool_calls"), 1.0)
    return check(run, case)


def test_there_are_sixty():
    assert len(ROWS) == 60


@pytest.mark.parametrize(("functions", "truth", "did", "theirs", "ours"), ROWS)
def test_both_judge_as_a_person_read_it(functions, truth, did, theirs, ours):
    assert published(functions, truth, did) is theirs
    assert (ours_says(functions, truth, did).status == "pass") is ours


def table():
    lines = [
        "| No. | Expected | What the model did | BFCL | Ours | Our cause |",
        "|---|---|---|---|---|---|",
    ]
    for number, (functions, truth, did, theirs, ours) in enumerate(ROWS, 1):
        found = ours_says(functions, truth, did)
        expected = "; ".join(json.dumps(each) for each in truth) or "no call"
        shown = did if isinstance(did, str) else "; ".join(f"{n}({json.dumps(a)})" for n, a in did)
        words = ["pass" if each else "fail" for each in (theirs, ours)]
        mark = "" if theirs == ours else " **differs**"
        lines.append(
            f"| {number} | `{expected}` | {f'`{shown}`' if shown else 'nothing'} |"
            f" {words[0]} | {words[1]}{mark} | {found.cause} |"
        )
    return "\n".join(lines)


def test_the_page_shows_this_table():
    head, mark, _ = PAGE.read_text("utf-8").partition("\n## The sixty\n\n")
    written = f"{head}{mark}{table()}\n"
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(written, "utf-8")
    differing = [n for n, (*_, theirs, ours) in enumerate(ROWS, 1) if theirs != ours]

    assert PAGE.read_text("utf-8") == written
    assert f"agree on {60 - len(differing)} of 60" in head
    assert [int(n) for n in re.findall(r"^- \*\*No\. (\d+)\*\*", head, re.MULTILINE)] == differing


def test_an_entry_of_bfcl_is_read_as_a_case():
    entry = {
        "id": "multiple_7",
        "question": [[{"role": "system", "content": "S"}, {"role": "user", "content": "Hi"}]],
        "function": [{**MONEY, "response": {}}, ROOT],
        "ground_truth": [{"math.sqrt": {"x": [9.0, ""]}}],
    }

    [case] = cases.read(json.dumps([entry]))

    assert (case["id"], case["topic"], case["prompt"]) == ("multiple_7", "multiple", "Hi")
    assert case["messages"] == [{"role": "system", "content": "S"}]
    names = [tool["function"]["name"] for tool in case["tools"]]
    assert names == ["convert", "math_sqrt"]
    assert case["tools"][0]["function"]["parameters"]["properties"]["amount"] == {"type": "number"}
    assert case["expect"]["calls"][0]["arguments"] == {"x": {"$optional": {"$one_of": [9.0]}}}


def test_an_entry_that_is_broken_gets_a_sentence():
    with pytest.raises(cases.BadCases, match="Case 1 is not a BFCL entry"):
        cases.read('[{"id": "a", "question": "x", "function": [], "ground_truth": [7]}]')
