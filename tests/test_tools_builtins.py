"""The built-in tools: what they answer, and how they refuse."""

import json
import zoneinfo
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.tools.builtins import BUILTINS, answer, calculator, clock, suggested, units
from clarifai_chat.tools.builtins.products import CATEGORIES

WINTER = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


def asked(builtin, **arguments):
    return json.loads(answer(builtin, json.dumps(arguments)))


def tool(name, *required, optional=()):
    properties = {parameter: {} for parameter in (*required, *optional)}
    parameters = {"type": "object", "properties": properties, "required": list(required)}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


# --- The calculator ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("17 * 23", 391),
        ("2 * (3 + 4)^2", 98),
        ("2 ** -1", 0.5),
        ("7 // 2 + 7 % 2", 4),
        ("-3 + +5", 2),
        ("0.1 + 0.2", 0.3),
        ("15% of 80", 12),
        ("15 percent of 80 + 1", 13),
        ("80 * 15%", 12),
        ("1,000 * 2 =", 2000),
        ("max(1,000)", 1),
        ("6 \u00d7 7 \u00f7 2 \u2212 1", 20),
        ("math.sqrt(16) + abs(-2)", 6),
        ("round(2.567, 1) + round(2.4)", 4.6),
        ("min(3, 1, 2) + max(4, 5)", 6),
        ("floor(2.9) + ceil(2.1)", 5),
        ("log(e) + log10(100) + log(8, 2) + exp(0)", 7),
        ("sin(pi / 2) + cos(0) + tan(0)", 2),
        ("degrees(pi) + radians(180) - pi", 180),
        ("2**1000 / 2**999", 2),
        ("2**1023 % 10", 8),
    ],
)
def test_an_expression_has_its_value(expression, result):
    assert asked("calculator", expression=expression)["result"] == pytest.approx(result)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("1 / 0", "Division by zero"),
        ("1 % 0", "Division by zero"),
        ("9**9**9", "too large"),
        ("9^9^9^9^9", "too large"),
        ("10**400", "too large"),
        ("2**10**300", "too large"),
        ("1e400", "too large"),
        ("1e308 * 10", "too large"),
        ("2**1023 * 4", "too large"),
        ("exp(1000)", "too large"),
        ("round(1, -999999999)", "at most 15 digits"),
        ("(-8) ** 0.5", "not a real number"),
        ("sqrt(-1)", "has no value"),
        ("log(0)", "has no value"),
        ("sqrt(1, 2)", "wrong number of values"),
        ("max()", "wrong number of values"),
        ("200 + 10%", "10% of 200"),
        ("two plus two", "not be read as arithmetic"),
        ("2 +", "not be read as arithmetic"),
        ("1\x00", "not be read as arithmetic"),
        ("(" * 250 + ")" * 250, "not be read as arithmetic"),
        ("-" * 200 + "1", "nested too deeply"),
        ("1+" * 300 + "1", "more than 500 characters"),
        ("__import__('os').system('true')", "Only numbers"),
        ("open(1)", "does not know open"),
        ("x + 1", "does not know x"),
        ("(1).real", "Only numbers"),
        ("[1][0]", "Only numbers"),
        ("1 if 1 else 2", "Only numbers"),
        ("lambda: 1", "Only numbers"),
        ("'a' * 9", "Only numbers"),
        ("True + 1", "Only numbers"),
        ("2j", "Only numbers"),
        ("1 << 99", "Only numbers"),
        ("max(*[1])", "Only numbers"),
        ("round(number=1)", "Only numbers"),
        ("sqrt", "Only numbers"),
    ],
)
def test_bad_or_excessive_arithmetic_is_refused_with_a_reason(expression, why):
    refusal = asked("calculator", expression=expression)

    assert why in refusal["error"]
    assert refusal["error"].endswith(".")


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        ({"operation": "add", "a": 2, "b": 3}, 5),
        ({"operation": "Subtract", "x": 2, "y": -3}, 5),
        ({"op": "*", "first_number": 4, "secondNumber": "2.5"}, 10),
        ({"operator": "power", "base": 2, "exponent": 10}, 1024),
        ({"operation": "divide", "numbers": [12, 3, 2]}, 2),
        ({"operation": "sqrt", "number": 81}, 9),
        ({"operation": "max", "values": [1, 5, 3]}, 5),
        ({"formula": "1 + 1"}, 2),
        ({"was immer": "1 + 1"}, 2),
        ({"expression": 5}, 5),
    ],
)
def test_a_calculation_is_understood_under_many_names(arguments, result):
    assert asked("calculator", **arguments)["result"] == result


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"expression": ""},
        {"operation": "add", "a": 1},
        {"operation": "conjugate", "a": 1, "b": 2},
        {"operation": "add", "numbers": list(range(51))},
        {"operation": "add", "a": True, "b": 2},
        {"expression": ["1"]},
        {"expression": 10**400},
    ],
)
def test_the_calculator_says_what_it_needs(arguments):
    assert asked("calculator", **arguments)["error"].endswith(".")


@given(st.text(alphabet="0123456789+-*/%^().,e esqrtpi<>=!'\"[]{}_", max_size=60))
def test_any_expression_gets_a_number_or_a_reason(expression):
    result = asked("calculator", expression=expression)

    assert ("result" in result) is not ("error" in result)


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6), st.sampled_from("+-*"))
def test_it_calculates_as_python_does(a, b, sign):
    expression = f"({a}) {sign} ({b})"

    assert calculator.evaluate(expression) == eval(expression)  # noqa: S307, our own text


# --- The clock ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "time", "zone"),
    [
        ({}, "2026-01-15T12:00:00+00:00", "UTC"),
        ({"timezone": "Asia/Tokyo"}, "2026-01-15T21:00:00+09:00", "Asia/Tokyo"),
        ({"tz": "asia/tokyo"}, "2026-01-15T21:00:00+09:00", "Asia/Tokyo"),
        ({"zone": "America/New York"}, "2026-01-15T07:00:00-05:00", "America/New_York"),
        ({"location": "Paris, France"}, "2026-01-15T13:00:00+01:00", "Europe/Paris"),
        ({"city": "San Francisco"}, "2026-01-15T04:00:00-08:00", "America/Los_Angeles"),
        ({"city": "Helsinki"}, "2026-01-15T14:00:00+02:00", "Europe/Helsinki"),
        ({"time_zone": "UTC+5:30"}, "2026-01-15T17:30:00+05:30", "UTC+05:30"),
        ({"time_zone": "GMT-3"}, "2026-01-15T09:00:00-03:00", "UTC-03:00"),
        ({"timeZone": "PST"}, "2026-01-15T04:00:00-08:00", "America/Los_Angeles"),
        ({"whichever": "Tokyo"}, "2026-01-15T21:00:00+09:00", "Asia/Tokyo"),
    ],
)
def test_the_time_is_that_of_the_place_asked_for(arguments, time, zone):
    told = clock.current_time(arguments, WINTER)

    assert (told["time"], told["timezone"]) == (time, zone)
    assert told["utc_offset"] == time[-6:]
    assert told["weekday"] == "Thursday"


def test_the_weekday_is_that_of_the_place():
    late = datetime(2026, 1, 15, 23, 0, tzinfo=UTC)

    assert clock.current_time({"city": "Tokyo"}, late)["weekday"] == "Friday"


def test_the_time_is_now():
    before = datetime.now(UTC).replace(microsecond=0)
    told = datetime.fromisoformat(asked("time")["time"])

    assert before <= told <= datetime.now(UTC)


def test_every_city_has_a_zone():
    assert {*clock.CITIES.values(), *clock._SPOKEN.values()} <= zoneinfo.available_timezones()


@pytest.mark.parametrize(
    "place", ["Atlantis", "../../etc/passwd", "UTC+99", "UTC+1:75", "\ud800", "x" * 501, "/"]
)
def test_an_unknown_place_is_refused_with_a_reason(place):
    assert asked("time", timezone=place)["error"].endswith(".")


def test_a_machine_without_zone_data_still_knows_utc(monkeypatch):
    def missing(name):
        raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(clock, "ZoneInfo", missing)
    monkeypatch.setattr(clock, "_names", dict)

    assert asked("time")["timezone"] == "UTC"
    assert asked("time", timezone="UTC-3")["utc_offset"] == "-03:00"
    for place in ("Europe/Paris", "Paris"):
        assert "no time zone data" in asked("time", timezone=place)["error"]


# --- Units -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        (26.2, "miles", "kilometers", 42.1648128),
        (1, "ft", "inches", 12),
        (100, "cm", "m", 1),
        (1, "Pound", "grams", 453.59237),
        (32, "fahrenheit", "celsius", 0),
        (-40, "°C", "°F", -40),
        (0, "C", "K", 273.15),
        (100, "degrees Celsius", "degrees_fahrenheit", 212),
        (1, "gallon", "litres", 3.785411784),
        (2, "cups", "tbsp", 32),
        (36, "km/h", "m/s", 10),
        (100, "meters per second", "kilometres per hour", 360),
        (1, "acre", "square feet", 43560),
        (1, "GB", "MiB", 953.6743164),
        (8, "Mb", "MB", 1),
        (8, "mb", "kb", 8000),
        (90, "min", "hours", 1.5),
        (1, "week", "days", 7),
    ],
)
def test_a_value_is_converted(value, source, target, result):
    told = asked("units", value=value, from_unit=source, to_unit=target)

    assert told["result"] == pytest.approx(result)


@pytest.mark.parametrize(
    "arguments",
    [
        {"value": 5, "from": "km", "to": "m"},
        {"amount": "5", "fromUnit": "km", "toUnit": "m"},
        {"quantity": 5.0, "unit_from": "km", "unit_to": "m"},
        {"value": 5, "source_unit": "km", "target-unit": "m"},
        {"query": "5 km to m"},
        {"text": "5 kilometers in meters?"},
    ],
)
def test_a_conversion_is_understood_under_many_names(arguments):
    assert asked("units", **arguments) == {"value": 5, "from": "km", "to": "m", "result": 5000}


@pytest.mark.parametrize(
    ("value", "source", "target", "why"),
    [
        (1, "km", "kg", "km measures length and kg measures mass"),
        (1, "USD", "EUR", '"USD" is not known'),
        (1, "m", "smoots", '"smoots" is not known'),
        (-300, "C", "K", "below absolute zero"),
        ("many", "m", "km", 'must be a number, not "many"'),
        ("1,5", "m", "km", "must be a number"),
        (None, "m", "km", "needs a value"),
        (1, "", "km", "needs a value"),
        (10**400, "m", "km", "too large"),
        (1e308, "km", "nm", "too large"),
        ([1], "m", "km", "must be a number"),
    ],
)
def test_an_impossible_conversion_is_refused_with_a_reason(value, source, target, why):
    assert why in asked("units", value=value, **{"from": source, "to": target})["error"]


@given(st.sampled_from(sorted(units.UNITS)), st.sampled_from(sorted(units.UNITS)))
def test_converting_back_gives_the_same_value(one, other):
    there = asked("units", value=300, **{"from": one, "to": other})
    if units.UNITS[one].quantity != units.UNITS[other].quantity:
        assert "cannot be converted" in there["error"]
        return
    back = asked("units", value=there["result"], **{"from": other, "to": one})

    assert back["result"] == pytest.approx(300, rel=1e-6)


# --- Products ----------------------------------------------------------------------------------


def skus(**filters):
    return [product["sku"] for product in asked("products", **filters)["products"]]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"query": "wireless headphones"}, ["SKU-1001", "SKU-1002"]),
        ({"query": "headphones", "max_price": 100, "in_stock": True}, ["SKU-1002"]),
        ({"q": "the KEYBOARDS"}, ["SKU-2001"]),
        ({"keyword": "usb-c", "inStock": False}, ["SKU-2004"]),
        ({"category": "Audio", "min_price": 80, "sort_by": "price"}, ["SKU-1003", "SKU-1001"]),
        ({"category": "audio", "sort": "price_desc", "limit": 1}, ["SKU-1001"]),
        ({"max_price": "25"}, ["SKU-4002"]),
        ({"was immer": "kettle"}, ["SKU-3001"]),
        ({"query": "unicorn"}, []),
        ({"query": "%"}, []),
        ({"query": "_"}, []),
        ({"query": "' OR 1=1 --"}, []),
        ({"category": "audio' OR 'a'='a"}, []),
    ],
)
def test_products_are_found(filters, found):
    assert skus(**filters) == found


def test_a_search_lists_five_the_best_rated_first_and_never_more_than_twenty():
    ratings = [p["rating"] for p in asked("products", min_price=0)["products"]]

    assert len(ratings) == 5
    assert ratings == sorted(ratings, reverse=True)
    assert len(skus(min_price=0, limit=1e9)) == 16
    assert len(skus(min_price=0, limit=-3)) == 1


@pytest.mark.parametrize("name", ["sku", "id", "product_id", "productId"])
def test_a_product_is_found_by_its_sku(name):
    product = asked("products", **{name: "sku-3001"})["product"]

    assert product["name"] == "Ember Pour-over Kettle"
    assert product["in_stock"] is True


@pytest.mark.parametrize(
    ("filters", "why"),
    [
        ({}, CATEGORIES[0]),
        ({"sku": "SKU-9"}, '"SKU-9"'),
        ({"query": "x", "max_price": "cheap"}, 'must be a number, not "cheap"'),
        ({"query": "x", "in_stock": "maybe"}, "must be true or false"),
        ({"query": ["x"]}, "must be text"),
        ({"query": "x" * 501}, "more than 500 characters"),
    ],
)
def test_an_impossible_search_is_refused_with_a_reason(filters, why):
    assert why in asked("products", **filters)["error"]


def test_many_can_search_at_once():
    with ThreadPoolExecutor(8) as pool:
        found = [*pool.map(lambda _: tuple(skus(query="wireless headphones")), range(40))]

    assert set(found) == {("SKU-1001", "SKU-1002")}


# --- All of them -------------------------------------------------------------------------------


@pytest.mark.parametrize("builtin", BUILTINS)
@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", "5", '"x"', "null", "[" * 9_000, "{" + " " * 100_000 + "}", '{"a": NaN}',
        '{"value": 1e999, "from": "m", "to": "km"}', '{"\\ud800": "\\ud800"}', '{"a": {"b": []}}',
        '{"expression": null, "timezone": {}, "value": {}, "query": {}}',
    ],
)  # fmt: skip
def test_every_call_is_answered_with_json(builtin, text):
    told = json.loads(answer(builtin, text), parse_constant=pytest.fail)

    assert isinstance(told, dict)
    answer(builtin, text).encode()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts),
    max_leaves=5,
)
NAMES = st.sampled_from(
    """
    expression operation a b numbers timezone city value from to query sku category max_price
    in_stock limit sort other
    """.split()  # noqa: SIM905, a list of names
)


@given(st.sampled_from(sorted(BUILTINS)), st.dictionaries(NAMES, VALUES, max_size=6))
def test_any_arguments_get_an_answer(builtin, arguments):
    told = json.loads(answer(builtin, json.dumps(arguments)), parse_constant=pytest.fail)

    assert isinstance(told, dict)


def test_no_arguments_at_all_are_an_empty_object():
    assert json.loads(answer("time", ""))["timezone"] == "UTC"
    assert "needs" in json.loads(answer("units", ""))["error"]


def test_an_unknown_builtin_is_refused():
    assert "no built-in named tarot" in json.loads(answer("tarot", "{}"))["error"]


def test_every_builtin_has_a_label_and_a_description():
    assert list(BUILTINS) == ["calculator", "time", "units", "products"]
    assert all(b.id == id and b.label and b.description for id, b in BUILTINS.items())


@pytest.mark.parametrize(
    ("given_tool", "id"),
    [
        (tool("calculate", "expression"), "calculator"),
        (tool("calculator", "operation", "a", "b"), "calculator"),
        (tool("evaluateMath", "formula"), "calculator"),
        (tool("calculate_shipping", "weight", "destination"), ""),
        (tool("calculate_tip", "amount", "percent"), ""),
        (tool("calculate"), ""),
        (tool("get_current_time", "timezone"), "time"),
        (tool("current_time"), "time"),
        (tool("getTime", "city", optional=["format"]), "time"),
        (tool("set_time", "timezone"), ""),
        (tool("log_time", "project"), ""),
        (tool("get_time", "project_id"), ""),
        (tool("get_weather", "location"), ""),
        (tool("convert_units", "value", "from_unit", "to_unit"), "units"),
        (tool("unit_converter", "value", "from", "to"), "units"),
        (tool("convert_temperature", "value", "from", "to"), "units"),
        (tool("convert_currency", "amount", "from", "to"), ""),
        (tool("convert_units", "value", "from", "to", "precision"), ""),
        (tool("convert_file", "from", "to"), ""),
        (tool("search_products", "query", optional=["max_price", "colour"]), "products"),
        (tool("getProduct", "productId"), "products"),
        (tool("delete_product", "sku"), ""),
        (tool("search_products", "store_token"), ""),
        (tool("tell_joke", "query"), ""),
        ({"name": "calculate", "parameters": {"properties": {"expression": {}}}}, "calculator"),
        ({"function": None}, ""),
        ({"function": {"name": 5}}, ""),
        ({"function": {"name": "get_time", "parameters": [1]}}, "time"),
        ({"function": {"name": "calculate", "parameters": {"properties": 1, "required": 2}}}, ""),
        ({}, ""),
    ],
)
def test_a_builtin_is_suggested_if_it_understands_all_required_arguments(given_tool, id):
    assert suggested(given_tool) == id
