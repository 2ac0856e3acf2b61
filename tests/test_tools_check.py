"""Findings about tools: names, schemas, the strict subset, and what would help a model."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.tools.lint import pitfalls, similar_tools, strict
from clarifai_chat.tools.lint.check import MAX_OF_A_KIND, check, unique
from clarifai_chat.tools.lint.enums import listed
from clarifai_chat.tools.schema.subschemas import places
from clarifai_chat.tools.text.diagnostics import apply
from tests import odd_schemas

TEXT = {"type": "string", "description": "The name of a city, in English."}
SAYS = "Look up the weather of a city."


def function(properties=None, *, root=None, **keys):
    """Return a tool that has no findings except those asked for."""
    parameters = {
        "type": "object",
        "properties": {"city": TEXT} if properties is None else properties,
    }
    parameters |= {"required": list(parameters["properties"])} | (root or {})
    parameters = {key: value for key, value in parameters.items() if value is not ...}
    whole = {"name": "get_weather", "description": SAYS, "parameters": parameters, **keys}
    return {key: value for key, value in whole.items() if value is not ...}


def tool(*args, **keys):
    return {"type": "function", "function": function(*args, **keys)}


def strictly(properties=None, **root):
    """The same for a strict tool."""
    return tool(properties, root={"additionalProperties": False, **root}, strict=True)


def prop(**schema):
    """A tool with the one parameter "x"."""
    return tool({"x": {"description": "What it is called.", **schema}})


def check_all(*tools):
    return check(json.dumps(tools, indent=2))


def told(*tools):
    """What was found, without what concerns Gemini alone."""
    findings = check_all(*tools).findings
    return [(f.level, f.code) for f in findings if not f.code.startswith("refused.gemini")]


def nested(levels):
    schema = TEXT
    for _ in range(levels):
        schema = {"type": "object", "properties": {"x": schema}, "required": ["x"]}
        schema |= {"additionalProperties": False, "description": "One more level of it."}
    return schema


GOOD = [
    tool(),
    tool({}),
    tool({"n": {"type": "integer", "description": "How many days."}}),
    tool({"u": {"enum": ["c", "f"], "description": "The unit to use."}}),
    tool({"l": {"type": "array", "items": {"type": "string"}, "description": "All of them."}}),
    tool(root={"required": []}),
    tool(parameters=...),
    strictly(),
    strictly({"x": {"type": ["string", "null"], "description": "One of many things."}}),
    strictly({"o": nested(2)}),
    tool(strict=False),
    tool({"x": {"description": "One of 3.", "type": "integer"}}),
    tool({"x": {"description": "A colour.", "type": "string", "default": "red"}}),
    tool({"x": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "A note."}}),
]


@pytest.mark.parametrize("good", GOOD, ids=range(len(GOOD)))
def test_a_good_tool_has_no_findings(good):
    assert told(good) == []


def test_a_default_is_not_checked_if_a_reference_leaves_its_schema():
    defs = {"root": {"$defs": {"n": {"type": "integer"}}}}
    referring = tool({"x": {"$ref": "#/$defs/n", "default": 1, "description": "What."}}, **defs)

    assert told(referring) == [("warning", "lint.keyword")]


LOOP = {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}
ENUM = {"type": "string", "description": "Text."}
# A tool, and what is said about it: the level and the code, and a part of the sentence.
SAID = [
    # check
    (tool(name=...), "error", "name.missing", "but it has no name"),
    (tool(name=3), "error", "name.missing", "not a number"),
    (tool(name=""), "error", "name.pattern", 'The name "" must consist'),
    (tool(name="get weather!"), "error", "name.pattern", "64 letters"),
    (tool(name="ж"), "error", "name.pattern", "letters A-Z"),
    (tool(name="a" * 65), "error", "name.pattern", "up to 64"),
    (tool(description=["x"]), "error", "description.type", "must be a string, not a list"),
    (tool(strict="yes"), "error", "strict.type", "true or false, not a string"),
    (tool(parameters=[]), "error", "schema.root", "an object, not a list"),
    (tool(parameters=True), "error", "schema.root", "an object, not true"),
    (tool(root={"type": "array", "items": {}}), "error", "schema.root", 'not "array"'),
    (tool(parameters={"properties": {}}), "warning", "schema.root", "have no type"),
    (
        tool({"x": {"type": "text", "description": "What."}}),
        "error",
        "schema.keyword",
        "properties.x.type",
    ),
    (tool(root={"required": "city"}), "error", "schema.keyword", ""),
    (tool({"x": {"$ref": "#/$defs/no"}}), "error", "schema.keyword", "x.$ref:"),
    (tool(parameters=..., input_schema={}), "error", "shape.format", "Anthropic's form"),
    (tool(parameters=..., args={}), "warning", "key.unknown", 'called "parameters"'),
    (tool(description=..., desription="x"), "warning", "key.unknown", 'called "description"'),
    (tool(colour="red"), "hint", "key.unknown", 'no key "colour"'),
    ({**tool(), "strict": True}, "hint", "key.unknown", 'belongs inside "function"'),
    # strict
    (tool(strict=True), "error", "strict.additional", "every object needs"),
    (strictly(additionalProperties=True), "error", "strict.additional", "every object needs"),
    (strictly(additionalProperties=TEXT), "error", "strict.additional", "with free keys"),
    (strictly({"o": {**TEXT, "type": "object"}}), "error", "strict.additional", "empty"),
    (strictly(required=[]), "error", "strict.required", '"city" is not'),
    (strictly({"o": {**nested(1), "required": []}}), "error", "strict.required", '"x" is not'),
    (strictly(anyOf=[{}]), "error", "strict.root", "not an anyOf"),
    (strictly(allOf=[{}]), "error", "strict.keyword", "does not support allOf"),
    (strictly({"x": {**TEXT, "minLength": 1}}), "warning", "strict.keyword", "reject minLength"),
    (strictly({"o": nested(5)}), "warning", "strict.limit", "this one has 6"),
    (strictly({"o": nested(10)}), "error", "strict.limit", "10 levels of nested objects (5"),
    (strictly({f"p{n}": TEXT for n in range(101)}), "warning", "strict.limit", "has 101"),
    (strictly({"x": {**ENUM, "enum": list(range(501))}}), "warning", "strict.limit", "has 501"),
    (strictly({"x": {**ENUM, "enum": ["x" * 15_001]}}), "warning", "strict.limit", "characters"),
    (
        strictly({"x": {**ENUM, "enum": [f"{n}{'x' * 400}" for n in range(260)]}}),
        "error",
        "strict.enum",
        "260 values",
    ),
    # lint
    (tool(description=...), "warning", "lint.description", "no description"),
    (tool(description=" "), "warning", "lint.description", "no description"),
    (tool(description="Weather"), "hint", "lint.short_description", "very short"),
    (tool(description="very " * 300), "warning", "lint.long_description", "1,024"),
    (tool({"x": {"type": "string"}}), "hint", "lint.parameter", '"x" has no description'),
    (prop(), "warning", "lint.type", '"x" has no type'),
    (prop(properties={}), "warning", "lint.type", '"x" has no type'),
    (tool(root={"required": ["city", "town"]}), "warning", "lint.required_unknown", '"town" is'),
    (tool(root={"required": ["citty"]}), "warning", "lint.required_unknown", '"citty" is required'),
    (strictly(required=["city", "z"]), "error", "lint.required_unknown", "ever be valid"),
    (tool(parameters={"type": "object", "properties": {"x": TEXT}}), "hint", "lint.required", "[]"),
    (strictly(required=...), "error", "strict.required", '"city" is not'),
    (prop(type="array", items={"type": "x"}, default=1), "error", "schema.keyword", "items.type"),
    (prop(type="integer", enum=["1", "x"]), "warning", "lint.enum_type", '"1" in the enum'),
    (tool({f"p{n}": TEXT for n in range(21)}), "hint", "lint.parameters", "21 parameters"),
    (tool({"o": nested(5)}), "warning", "lint.depth", "more than 5 levels deep"),
    (prop(type="string", minLength=2, format="x"), "hint", "lint.constraint", "format, minLength"),
    (prop(oneOf=[{"type": "string"}]), "warning", "lint.keyword", "understands oneOf"),
    (prop(type="string", **{"if": {}}), "warning", "lint.keyword", "understands if"),
    (tool({"x": {"$ref": "#/$defs/a"}}, root={"$defs": LOOP}), "error", "lint.loop", "itself"),
    (tool(root={"allOf": [{"$ref": "#"}]}), "error", "lint.loop", "refers back to itself"),
    (tool(root={"dependentSchemas": {"city": {"$ref": "#"}}}), "error", "lint.loop", "itself"),
    (prop(type="string", pattern="^(a+)+$"), "warning", "lint.pattern", '"(a+)+"'),
    (prop(type="array"), "warning", "lint.items", "add items"),
    (prop(type="string", enum=["a"]), "hint", "lint.enum_one", "one value"),
    (prop(type="string", enum=["a", "b", "a", "a"]), "warning", "lint.enum_double", '"a" more'),
    (prop(type="integer", enum=["1", "2"]), "warning", "lint.enum_type", '"1" in the enum'),
    (prop(type="string", enum=["a", 2]), "warning", "lint.enum_type", "2 in the enum"),
    (prop(type="string", enum=["1", "2"]), "hint", "lint.enum_numbers", "written as text"),
    (prop(type="string", description="One of a, b."), "hint", "lint.enum", '"a" or "b"'),
    (prop(type="integer", default="3"), "warning", "lint.default", 'The default "3"'),
]
ODD = [tool for tool, *_ in SAID]


@pytest.mark.parametrize(("odd", "level", "code", "part"), SAID)
def test_an_odd_tool_gets_a_finding_of_its_level(odd, level, code, part):
    found = [f for f in check_all(odd).findings if (f.level, f.code) == (level, code)]

    assert found, told(odd)
    assert any(part in finding.message for finding in found)


MENDED = {
    "name.pattern": '"get_weather"',
    "schema.root": '"type": "object"',
    "key.unknown": '"parameters"',
    "strict.additional": '"additionalProperties": false',
    "strict.required": '["city"]',
    "lint.type": '"type": "object"',
    "lint.required_unknown": '"city"',
    "lint.enum_type": "1,",
    "lint.enum": '"enum": ["a", "b"]',
}


def written(tools):
    """Texts of the same tools as people lay them out."""
    yield json.dumps(tools, indent=2)
    yield json.dumps(tools, indent="\t").replace("\n", "\r\n")
    yield json.dumps(tools)
    yield json.dumps(tools, separators=(",", ":"))
    yield json.dumps({"tools": tools}, indent=1)
    if len(tools) == 1:
        yield json.dumps(tools[0], indent=4)
        yield json.dumps(tools[0]["function"])


@pytest.mark.parametrize("tools", [*([one] for one in ODD), [tool(), tool()], [*GOOD[:3], tool()]])
def test_a_fix_keeps_valid_json_and_removes_its_finding(tools):
    for text in written(tools):
        for finding in check(text).findings:
            if not finding.fix:
                continue
            fixed = apply(text, finding.fix)
            json.loads(fixed)
            left = [(f.code, f.path) for f in check(fixed).findings]
            assert (finding.code, finding.path) not in left, finding
            # All else stays as it was typed: what is before and after the edits is still there.
            first = min(edit.start for edit in finding.fix.edits)
            last = max(edit.end for edit in finding.fix.edits)
            assert fixed.startswith(text[:first])
            assert fixed.endswith(text[last:])


@pytest.mark.parametrize(("code", "piece"), MENDED.items())
def test_every_kind_of_fix_is_offered_and_writes_what_it_should(code, piece):
    fixes = [
        apply(text, finding.fix)
        for odd in ODD
        for text in [json.dumps([odd])]
        for finding in check(text).findings
        if finding.code == code and finding.fix
    ]

    assert any(piece in fixed for fixed in fixes)


def test_an_added_key_has_the_indentation_of_the_others():
    text = json.dumps([tool(strict=True)], indent=4)
    [finding] = [f for f in check(text).findings if f.code == "strict.additional"]

    fixed = apply(text, finding.fix)

    assert json.dumps(json.loads(fixed), indent=4) == fixed


def test_added_required_names_have_the_indentation_of_the_others():
    text = json.dumps([strictly({"a": TEXT, "b": TEXT, "c": TEXT}, required=["a"])], indent=4)
    [finding] = [f for f in check(text).findings if f.code == "strict.required"]

    fixed = apply(text, finding.fix)

    assert json.dumps(json.loads(fixed), indent=4) == fixed
    assert json.loads(fixed)[0]["function"]["parameters"]["required"] == ["a", "b", "c"]


def test_a_duplicate_name_is_an_error_with_a_new_name():
    checked = check_all(tool(), tool(name="other"), tool(), tool())

    twice = [finding for finding in checked.findings if finding.code == "name.unique"]
    assert [finding.path for finding in twice] == [(2, "function", "name"), (3, "function", "name")]
    assert [f.fix.label for f in twice] == ["Rename it get_weather_2", "Rename it get_weather_3"]
    assert checked.errors == 2
    assert not checked.is_broken
    assert check("[").is_broken


def test_a_unique_name_is_similar_and_not_too_long():
    assert unique("a", {"b"}) == "a"
    assert unique("a", {"a", "a_2"}) == "a_3"
    assert unique("x" * 70, {"x" * 64}) == "x" * 62 + "_2"


@pytest.mark.parametrize(
    ("other", "part"),
    [
        (tool(name="Get_Weather", description="Something else by far."), "by case only"),
        (tool(name="get_weathers", description="Something else by far."), "nearly the same"),
        (tool(name="forecast", description=SAYS + "."), 'nearly the same as that of "get_weather"'),
        (tool(name="time", description="Tell the time of day in a zone."), None),
    ],
)
def test_similar_tools_are_reported(other, part):
    found = [f for f in check_all(tool(), other).findings if f.code == "lint.alike"]

    assert [part in finding.message for finding in found] == ([True] if part else [])


def test_too_many_tools_are_reported_and_not_all_compared():
    tools = [tool(name=f"{n:04}", description=f"Do the thing of {n:04}.") for n in range(200)]
    found = check_all(*tools).findings

    assert [f.path for f in found if f.code == "lint.count"] == [(similar_tools.MAX_TOOLS,)]
    assert max(f.path[0] for f in found if f.code == "lint.alike") < similar_tools.MAX_COMPARED


def test_errors_come_first_and_hints_last():
    found = check_all(tool(description="x", name="a b"), tool({"x": {}}, name="c d")).findings
    ranks = [["error", "warning", "hint"].index(finding.level) for finding in found]

    assert len(set(ranks)) == 3
    assert ranks == sorted(ranks)
    for one, next_one in pairwise(found):
        assert one.level != next_one.level or one.line <= next_one.line


def test_only_some_findings_of_a_kind_are_listed_and_the_rest_counted():
    found = check_all(tool({f"p{n}": {"type": "string"} for n in range(90)})).findings
    found = [finding for finding in found if finding.code == "lint.parameter"]

    assert len(found) == MAX_OF_A_KIND
    assert found[-1].message.endswith(f"(And {90 - MAX_OF_A_KIND} more like this.)")
    assert "more like this" not in found[-2].message


def test_no_finding_is_repeated_at_one_place():
    for odd in ODD:
        places = [(f.code, f.path) for f in check_all(odd).findings]
        assert len(places) == len(set(places))


def test_a_finding_is_at_the_place_of_its_value():
    text = json.dumps([tool({"x": {"type": "string"}})], indent=2)
    [finding] = check(text).findings

    lines = text.split("\n")
    assert finding.path == (0, "function", "parameters", "properties", "x")
    assert lines[finding.line - 1][finding.column - 1 : finding.end_column - 1] == '"x"'
    assert finding.tool == "get_weather"


@pytest.mark.parametrize(
    ("description", "values"),
    [
        ("One of a, b", ["a", "b"]),
        ("one of 'a', 'b' or 'c'.", ["a", "b", "c"]),
        ("Either celsius or fahrenheit.", ["celsius", "fahrenheit"]),
        ("Sort order, one of: asc | desc (default asc)", ["asc", "desc"]),
        ('Must be one of the following: "in stock", "sold out".', ["in stock", "sold out"]),
        ("Allowed values: 1.5, 2.0, or latest; no others", ["1.5", "2.0", "latest"]),
        ("Possible values are `a`, `b`, and `c`", ["a", "b", "c"]),
        ("One of red, green or blue colours", []),
        ("one of the many cities, towns and villages of a land", []),
        ("One of a, b, etc.", []),
        ("Either way, or none at all", []),
        ("one of a", []),
        ("One of a, a", []),
        ("The name of a city, or of a town.", []),
    ],
)
def test_a_description_that_lists_values_is_found(description, values):
    assert listed({"type": "string", "description": description}) == values
    assert listed({"type": "integer", "description": description}) == []
    assert listed({"type": "string", "description": description, "enum": ["a"]}) == []


@pytest.mark.parametrize(
    "piece", [" ", "or ", "a, ", "a or or ", "one of ", "'", "one of a, b, or "]
)
def test_a_long_description_is_checked_quickly(piece):
    assert listed({"type": "string", "description": "one of " + piece * 20_000 + "!"}) == []


@pytest.mark.parametrize(
    ("pattern", "part"),
    [
        ("(a+)+$", "(a+)+"),
        (r"^(?:\w*)*$", r"(?:\w*)*"),
        ("([a-z]+){2,}", "([a-z]+){2,}"),
        ("(a+)$", ""),
        (r"(\.\w+)*", ""),
        (r"\(a+\)+", ""),
        ("(a{2})+", ""),
    ],
)
def test_an_exploding_pattern_is_found(pattern, part):
    assert pitfalls.exponential(pattern) == part


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"child": {"$ref": "#"}}},
        {"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"},
        {"$ref": "#/$defs/none"},
        {"$ref": "https://a.test/b"},
        {"$ref": "#anchor"},
        {"$defs": {"a/b": {"type": "string"}}, "allOf": [{"$ref": "#/$defs/a~1b"}] * 2},
        {"prefixItems": [{"$ref": "#/prefixItems/1"}, {"$ref": "#/prefixItems/9"}]},
    ],
)
def test_a_schema_may_contain_itself_at_a_deeper_level(schema):
    assert pitfalls.ref_loop(schema, list(places(schema))) is None


def test_a_long_chain_of_references_is_not_a_loop():
    schema = {"$defs": {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(5_000)}}

    assert pitfalls.ref_loop(schema, list(places(schema))) is None


def test_schemas_are_found_wherever_one_can_be():
    schema = {
        "properties": {"a": {"items": {"not": {}}}, "properties": {}},
        "anyOf": [{"if": {}}, True],
        "enum": [{"properties": {"x": {}}}],
        "default": {"items": {}},
        "$defs": {"d": {"type": "object"}},
        "dependencies": {"a": {"contentSchema": {}}, "b": ["c"]},
    }
    found = {place.path: (place.depth, place.objects, place.prop) for place in places(schema)}

    assert found == {
        (): (1, 1, None),
        ("properties", "a"): (2, 1, "a"),
        ("properties", "a", "items"): (3, 1, None),
        ("properties", "a", "items", "not"): (3, 1, None),
        ("properties", "properties"): (2, 1, "properties"),
        ("anyOf", 0): (1, 1, None),
        ("anyOf", 0, "if"): (1, 1, None),
        ("$defs", "d"): (1, 1, None),
        ("dependencies", "a"): (1, 1, None),
        ("dependencies", "a", "contentSchema"): (2, 1, None),
    }


def test_strict_allows_five_thousand_properties():
    large = strictly({f"p{n}": {"type": "string"} for n in range(5_001)})
    found = check(json.dumps([large])).findings

    assert [f.level for f in found if f.code == "strict.limit" and "has 5,001" in f.message] == [
        "error"
    ]


def test_the_two_lists_of_the_strict_subset_have_nothing_in_common():
    assert not set(strict.REFUSED) & set(strict.DIFFERS)


# --- Whatever is typed ------------------------------------------------------------------------

KEYWORDS = [
    "type", "properties", "required", "enum", "items", "$ref", "$defs", "anyOf", "allOf", "not",
    "additionalProperties", "description", "default", "pattern", "name", "function", "parameters",
    "strict", "tools", "const", "prefixItems", "if", "format", "minimum", "$schema", "$id",
]  # fmt: skip
ATOMS = [
    None, True, False, 0, -1, 1.5, 10**400, "", "object", "string", "array", "integer", "function",
    "#", "#/$defs/a", "#/properties/x", "(a+)+$", "(", "One of a, b.", "get weather", "x",
]  # fmt: skip
JSON = st.recursive(
    st.sampled_from(ATOMS) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=5)
    ),
    max_leaves=30,
)


def assert_sound(text):
    """Check that all findings are sentences about places inside the text."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for finding in check(text).findings:
        assert finding.message[-1] in '.)"'
        finding.message.encode()
        assert 1 <= finding.line <= finding.end_line <= len(lines)
        assert 1 <= finding.column <= len(lines[finding.line - 1]) + 1
        assert 1 <= finding.end_column <= len(lines[finding.end_line - 1]) + 1
        assert (finding.line, finding.column) <= (finding.end_line, finding.end_column)
        if finding.fix:
            json.loads(apply(text, finding.fix).removeprefix("\ufeff"))


@given(st.text())
def test_any_text_gets_sentences(text):
    assert_sound(text)


@given(JSON, st.sampled_from([None, 2]))
def test_any_json_gets_sentences(value, indent):
    assert_sound(json.dumps(value, indent=indent))


@given(JSON, JSON, st.booleans())
def test_any_schema_gets_sentences(schema, other, is_strict):
    parameters = {"type": "object", "properties": {"x": schema, "y": other}, "required": ["x"]}
    assert_sound(json.dumps([tool(parameters=parameters, strict=is_strict)], indent=1))
    assert_sound(json.dumps([tool(parameters=schema), function(strict=other)]))


@pytest.mark.parametrize("value", odd_schemas.OF_EACH_TYPE, ids=json.dumps)
def test_a_keyword_with_a_value_of_any_type_gets_sentences(value):
    for number, schema in enumerate(odd_schemas.with_each_keyword(value)):
        assert_sound(json.dumps(tool(parameters=schema, strict=number % 2 == 0)))


@st.composite
def mutated(draw):
    text = json.dumps(draw(st.lists(st.sampled_from(ODD[:30]), max_size=2)), indent=1)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 8)))
        text = (
            text[:start] + draw(st.sampled_from(['"', ",", "}", "", "x", "[1]", "\n"])) + text[end:]
        )
    return text


@given(mutated())
def test_a_mistyped_tool_gets_sentences(text):
    assert_sound(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('{"a":' * 1_000 + "1" + "}" * 1_000, "nested more than 100 levels"),
        ("[" + json.dumps(tool()) * 80_000, "characters; up to 500,000"),
        (json.dumps(tool({"x": {"$ref": "#/properties/x"}})), "back to itself"),
        (json.dumps(prop(type="string", pattern="(a+)+$", default="a" * 50 + "!")), "(a+)+"),
        (
            json.dumps(prop(type="string", pattern="(a|a)*$", default="a" * 50 + "!")),
            "The default cannot be checked",
        ),
        (json.dumps(tool({"o": nested(30)})), "more than 5 levels deep"),
    ],
)
def test_an_endless_check_gets_a_sentence(text, part):
    assert any(part in finding.message for finding in check(text).findings)


def test_a_large_schema_is_checked_in_time():
    large = tool({f"p{n}": {"type": "string", "enum": ["a", "a"]} for n in range(5_000)})

    assert check(json.dumps([large])).findings
