"""A tool as a form: what is shown, what stays as written, and how little an edit changes."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarifai_chat.tools.form import changes
from clarifai_chat.tools.form.boxes import BadInput
from clarifai_chat.tools.form.schema_view import KEYWORDS, TYPES, view
from clarifai_chat.tools.templates import TEMPLATES, text_of
from clarifai_chat.tools.text.parse import read
from tests.test_tools_edits import LAYOUTS

BY_NAME = {keyword.name: keyword for keyword in KEYWORDS}
ROOT = (0, "function", "parameters")
CITY = (*ROOT, "properties", "city")


def tools(**properties):
    schema = {"type": "object", "properties": properties, "required": ["city"]}
    return [{"type": "function", "function": {"name": "a", "parameters": schema}}]


def views(text):
    """Return every form of a text: the parameters of each tool, and all that can be opened."""
    document = read(text)
    for tool in document.tools:
        path = (*tool.function_path, "parameters")
        root = document.node(path)
        yield from opened(document, path, root.value if root else {})


def opened(document, path, root):
    shown = view(document, path, root)
    if shown is None:
        return
    yield shown
    for inner in (*(each.path for each in shown.parameters or ()), shown.items):
        if inner:
            yield from opened(document, inner, root)


def value_at(value, path):
    for step in path:
        value = value[step]
    return value


# --- Nothing changed, nothing changes -------------------------------------------------------------

NAMES = st.sampled_from(["city", "days", "filters", "tägé", 'odd "name"', "a/b", "", "type"])
TEXTS = st.sampled_from(["", "City.", "two\nlines", " spaces ", "é\\", '"quoted"', "5", "null"])
NUMBERS = st.sampled_from([0, 1, -3, 2.5, 1e30, 10**20, True])
ANY = NUMBERS | TEXTS | st.none() | st.just({"x": [1, {"y": None}]}) | st.just([])
TYPE_VALUES = [*TYPES[:4], "null", "strnig", [], 5]
TYPE_VALUES += [["string", "null"], ["null", "integer"], ["string", "number"]]
LEAVES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(TYPE_VALUES),
        "description": TEXTS | st.just(5),
        "enum": st.lists(TEXTS, max_size=3) | st.lists(NUMBERS, max_size=3) | ANY,
        "default": ANY,
        "minimum": NUMBERS | TEXTS,
        "exclusiveMinimum": NUMBERS,
        "maxLength": NUMBERS,
        "pattern": TEXTS,
        "format": TEXTS,
        "uniqueItems": st.booleans() | TEXTS,
        "$ref": st.sampled_from(["#", "#/$defs/x", "nowhere"]),
        "anyOf": st.just([{"type": "string"}, {"type": "null"}]),
        "if": st.just({"type": "string"}),
        "x-own": ANY,
    },
)
SCHEMAS = st.recursive(
    LEAVES | ANY,
    lambda inner: (
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(NAMES, inner, max_size=3)},
            optional={
                "required": st.lists(NAMES, max_size=3) | ANY,
                "additionalProperties": st.booleans() | inner,
                "description": TEXTS,
            },
        )
        | st.fixed_dictionaries(
            {"type": st.just("array")}, optional={"items": inner, "minItems": NUMBERS}
        )
    ),
    max_leaves=6,
)
LAID_OUT = st.sampled_from(list(LAYOUTS.values()))


def text_with(schema, lay_out):
    function = {"name": "a", "description": "Do one thing.", "parameters": schema}
    return lay_out([{"function": function, "type": "function"}, {"name": "bare"}])


def unchanged(text):
    """Type into every box what it shows, and return the text after that."""
    for shown in views(text):
        for box in shown.boxes:
            new = changes.set_keyword(text, shown.path, box.keyword, box.of_type, box.text)
            assert new == text, (box, shown.path)
        if shown.type is not None:
            assert changes.set_type(text, shown.path, shown.type) == text
        if shown.type:
            assert changes.allow_null(text, shown.path, shown.or_null) == text
        if shown.allows_others is not None:
            assert changes.allow_others(text, shown.path, shown.allows_others) == text
        for each in shown.parameters or ():
            assert changes.rename_parameter(text, each.path, each.name) == text
            if each.is_required is not None:
                assert changes.require(text, each.path, each.is_required) == text


@settings(max_examples=150)
@given(SCHEMAS, LAID_OUT)
def test_to_open_a_form_and_change_nothing_leaves_every_byte(schema, lay_out):
    unchanged(text_with(schema, lay_out))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
@pytest.mark.parametrize("lay_out", LAYOUTS.values(), ids=LAYOUTS)
def test_the_shipped_tools_are_shown_and_nothing_of_them_changes(template, lay_out):
    text = lay_out(list(template.tools))

    unchanged(text)

    assert {key for shown in views(text) for key in shown.left} <= {"$defs", "$ref", "anyOf"}


# --- One change -----------------------------------------------------------------------------------

TYPED = {
    "number": ("7", 7), "count": ("7", 7), "flag": ("true", True), "line": ("^x$", "^x$"),
    "text": ("New\ntext", "New\ntext"),
}  # fmt: skip
OF_TYPE = {"string": ("Oslo", "Oslo"), "number": ("1.5", 1.5), "integer": ("8", 8)}
OF_TYPE |= {"boolean": ("false", False)}


def new_for(box):
    """Return what to type into a box, and the value that it means."""
    kind = box.keyword.kind
    if kind in TYPED:
        return TYPED[kind]
    typed, value = OF_TYPE.get(box.of_type, ('{"k": [1]}', {"k": [1]}))
    return (f"\n{typed} \n", [value]) if kind == "values" else (typed, value)


def changed_one_by_one(text):
    before = json.loads(text.removeprefix("\ufeff"))
    document = read(text)
    for shown in views(text):
        for box in shown.boxes:
            typed, value = new_for(box)
            place = (*shown.path, box.keyword.name)
            new = changes.set_keyword(text, shown.path, box.keyword, box.of_type, typed)
            expected = copy.deepcopy(before)
            value_at(expected, shown.path)[box.keyword.name] = value
            assert json.dumps(json.loads(new.removeprefix("\ufeff"))) == json.dumps(expected)
            node = document.node(place)
            if node and value_at(before, place) != value:
                assert new.startswith(text[: node.start])
                assert new.endswith(text[node.end :])
            elif node is None:
                inside = document.node(shown.path)
                assert new.startswith(text[: inside.start])
                assert new.endswith(text[inside.end :])
                assert _is_subsequence(text, new)
                gone = changes.set_keyword(new, shown.path, box.keyword, box.of_type, "")
                assert json.loads(gone.removeprefix("\ufeff")) == before


def _is_subsequence(text, new):
    """Return whether `new` is `text` with one piece more in it, space in {} aside."""
    start = next((i for i in range(len(text)) if text[i] != new[i]), len(text))
    rest = text[start:].lstrip()
    return not rest or new.endswith(rest)


@settings(max_examples=150)
@given(SCHEMAS, LAID_OUT)
def test_a_change_of_one_box_changes_its_span_and_its_value_only(schema, lay_out):
    changed_one_by_one(text_with(schema, lay_out))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_each_box_of_the_shipped_tools_can_be_changed(template):
    changed_one_by_one(text_of(template))


@settings(max_examples=100)
@given(SCHEMAS, LAID_OUT, st.sampled_from(["new", "days", 'odd "name"', "é"]))
def test_parameters_are_renamed_required_added_and_removed(schema, lay_out, name):
    text = text_with(schema, lay_out)
    before = json.loads(text.removeprefix("\ufeff"))

    def after(new):
        return json.loads(new.removeprefix("\ufeff"))

    for shown in views(text):
        for each in shown.parameters or ():
            if each.is_required is not None:
                expected = copy.deepcopy(before)
                parent = value_at(expected, shown.path)
                names = parent.get("required", [])
                others = [one for one in names if one != each.name]
                parent["required"] = others if each.is_required else [*names, each.name]
                assert after(changes.require(text, each.path, not each.is_required)) == expected
            names = {one.name for one in shown.parameters}
            if name not in names:
                new = after(changes.rename_parameter(text, each.path, name))
                properties = value_at(new, shown.path)["properties"]
                old = value_at(before, shown.path)["properties"]
                assert list(properties) == [name if one == each.name else one for one in old]
                assert list(properties.values()) == list(old.values())
            gone = value_at(after(changes.remove_parameter(text, each.path)), shown.path)
            assert each.name not in gone["properties"]
            required = gone.get("required")
            assert not (isinstance(required, list) and each.name in required)
        if shown.parameters is not None and name not in {one.name for one in shown.parameters}:
            more = value_at(after(changes.add_parameter(text, shown.path, name)), shown.path)
            assert more["properties"].pop(name) == {"type": "string"}
            assert more == value_at(before, shown.path)


# --- By hand --------------------------------------------------------------------------------------


def changed(text, new):
    """Return the lines that a change removed and added."""
    before, after = text.splitlines(), new.splitlines()
    return [line for line in before if line not in after], [
        line for line in after if line not in before
    ]


def test_an_edit_is_laid_out_like_its_surroundings():
    text = json.dumps(tools(city={"type": "string"}), indent=2)
    assert changes.set_type(text, CITY, "integer") == text.replace(
        '"city": {\n            "type": "string"', '"city": {\n            "type": "integer"'
    )
    new = changes.add_parameter(text, ROOT, "days")
    assert new == json.dumps(tools(city={"type": "string"}, days={"type": "string"}), indent=2)
    assert changes.add_parameter(json.dumps(tools()), ROOT, "x") == json.dumps(
        tools(x={"type": "string"})
    )
    assert changes.add_parameter(json.dumps(tools(), indent=2), ROOT, "x") == json.dumps(
        tools(x={"type": "string"}), indent=2
    )


def test_a_tool_without_parameters_gets_them_with_the_first_one():
    text = json.dumps([{"type": "function", "function": {"name": "now"}}], indent=2)

    new = changes.add_parameter(text, ROOT, "zone")

    parameters = {"type": "object", "properties": {"zone": {"type": "string"}}}
    function = {"name": "now", "parameters": parameters}
    assert new == json.dumps([{"type": "function", "function": function}], indent=2)


def test_one_allowed_value_more_leaves_the_others_as_they_are_written():
    text = json.dumps(tools(city={"type": "string", "enum": ["a", "b"]})).replace(
        '["a", "b"]', '[ "\\u0061" ,\n  "b" ]'
    )

    new = changes.set_keyword(text, CITY, BY_NAME["enum"], "string", "a\nb\nc")

    assert new == text.replace('"b" ]', '"b",\n  "c" ]')
    assert changes.set_keyword(new, CITY, BY_NAME["enum"], "string", "a\nc") == new.replace(
        ' ,\n  "b"', ""
    )


def test_null_beside_a_type_is_a_switch():
    text = json.dumps(tools(city={"type": "string"}))

    both = changes.allow_null(text, CITY, True)

    assert both == text.replace(
        '"city": {"type": "string"}', '"city": {"type": ["string", "null"]}'
    )
    assert changes.set_type(both, CITY, "number") == both.replace('["string"', '["number"')
    assert changes.allow_null(both, CITY, False) == text


def test_what_no_box_can_show_is_named():
    odd = {"$ref": "#/$defs/x", "anyOf": [], "title": "T", "default": "", "minimum": 3}
    text = json.dumps(tools(city=odd))

    shown = view(read(text), CITY, {})

    assert shown.left == ("$ref", "anyOf", "title", "minimum")
    assert {box.keyword.name: box.text for box in shown.boxes}["default"] == '""'


@pytest.mark.parametrize(
    ("keyword", "of_type", "typed", "said"),
    [
        ("minimum", "number", "many", "Minimum must be a number"),
        ("minimum", "number", "1,5", "Minimum must be a number"),
        ("minimum", "number", "1e999", "too large"),
        ("maxLength", "string", "-1", "Maximum length must be a whole number"),
        ("maxLength", "string", "1.5", "Maximum length must be a whole number"),
        ("default", "integer", "1.5", "Default must be a whole number"),
        ("default", "boolean", "yes", "Default must be true or false"),
        ("default", "object", "{x}", "Default must be JSON"),
        ("enum", "string", "a\nb\na", 'Allowed values has "a" twice'),
        ("enum", "integer", "1\ntwo", "Allowed values must be a number"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(keyword, of_type, typed, said):
    text = json.dumps(tools(city={"type": of_type}))

    with pytest.raises(BadInput, match=said):
        changes.set_keyword(text, CITY, BY_NAME[keyword], of_type, typed)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: changes.rename_parameter(text, CITY, " "), "needs a name"),
        (lambda text: changes.rename_parameter(text, CITY, "days"), 'already a parameter named "d'),
        (lambda text: changes.add_parameter(text, ROOT, "days"), 'already a parameter named "d'),
        (lambda text: changes.add_parameter(text, ROOT, ""), "needs a name"),
        (
            lambda text: changes.rename_parameter(text, (*ROOT, "properties", "no"), "x"),
            "no longer",
        ),
        (lambda text: changes.rename_tool(text, (0, "function"), " "), "A tool needs a name"),
        (lambda text: changes.rename_tool(text, (0, "function"), "b"), 'already named "b"'),
        (lambda text: changes.allow_null(text, CITY, True), "Choose a type first"),
    ],
)
def test_a_name_that_is_empty_or_taken_is_refused(change, said):
    function = tools(city={}, days={})[0]
    text = json.dumps([function, {"type": "function", "function": {"name": "b"}}])

    with pytest.raises(BadInput, match=said):
        change(text)


def test_a_renamed_parameter_that_was_required_twice_over_is_required_once():
    text = json.dumps(tools(town={}))
    odd = text.replace('["city"]', '["city", "town", "town"]')

    new = json.loads(changes.rename_parameter(odd, (*ROOT, "properties", "town"), "city"))

    assert value_at(new, ROOT) == {
        "type": "object", "properties": {"city": {}}, "required": ["city"],
    }  # fmt: skip


def test_a_tool_is_renamed_described_and_made_strict():
    text = json.dumps(tools(city={}), indent=2)
    path = (0, "function")

    new = changes.rename_tool(text, path, " get_weather ")
    new = changes.set_function(new, path, "description", "Tell the weather.")
    new = changes.set_function(new, path, "strict", "true")

    function = json.loads(new)[0]["function"]
    assert (function["name"], function["description"]) == ("get_weather", "Tell the weather.")
    assert function["strict"] is True
    assert json.loads(changes.set_function(new, path, "strict", "")) != json.loads(new)


def test_a_tool_is_added_under_a_free_name():
    twice = changes.add_tool(changes.add_tool(""))

    assert [tool.name for tool in read(twice).tools] == ["new_tool", "new_tool_2"]
