"""Tools written in other formats are read back the same, or the difference is named."""

import ast
import json
import re
import sys
import types

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarifai_chat.tools.formats import differences
from clarifai_chat.tools.formats.exports import FORMATS, exported
from clarifai_chat.tools.formats.reading import read
from clarifai_chat.tools.templates import TEMPLATES

NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,9}", fullmatch=True)
KEYS = st.sampled_from(
    ["a", "b2", "class", "list", "date", "model_x", "_hidden", "with space", "$id", "Größe", "self"]
)
WORDS = st.text("ab \"'\\\n:é{}%", max_size=12) | st.sampled_from(
    ["Args:\n    a: b", "Returns: x", ":param a: b", "Its name."]
)
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from([0.5, "x", "it's"])


def schemas(inner):
    """Schemas of every kind that people write, and some that only machines do."""
    said = {"description": WORDS, "title": WORDS, "default": SCALARS, "deprecated": st.booleans()}

    def of(kind, **keywords):
        return st.fixed_dictionaries({"type": st.just(kind)}, optional={**said, **keywords})

    counts = st.integers(0, 5)
    return st.one_of(
        of("string", minLength=counts, pattern=st.sampled_from(["^a+$", "(?=x)"]),
           format=st.sampled_from(["date-time", "email", "uuid"])),
        of("string", enum=st.lists(st.sampled_from("abc"), min_size=1, unique=True)),
        of("integer", minimum=counts, exclusiveMaximum=counts, multipleOf=st.just(2)),
        of("number", maximum=st.just(0.5)),
        of("boolean"),
        of("array", items=inner, minItems=counts, uniqueItems=st.booleans()),
        of("object", additionalProperties=inner),
        objects(inner),
        of(["string", "null"]),
        of(["integer", "string"]),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}, optional=said),
        st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"const": SCALARS}),
        st.just({"$ref": "#/$defs/Node"}),
        st.just({"$ref": "#"}),
        st.just({}),
    )  # fmt: skip


def objects(inner):
    return st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(KEYS, inner, max_size=4)},
        optional={
            "required": st.lists(KEYS, max_size=3, unique=True),
            "additionalProperties": st.booleans() | inner,
            "description": WORDS,
        },
    )


SCHEMAS = objects(st.recursive(st.just({"type": "string"}), schemas, max_leaves=6))
NODE = {
    "type": "object",
    "properties": {"next": {"$ref": "#/$defs/Node"}, "value": {"type": "integer"}},
    "required": ["value"],
}
FUNCTIONS = st.fixed_dictionaries(
    {"name": NAMES, "parameters": SCHEMAS.map(lambda schema: {**schema, "$defs": {"Node": NODE}})},
    optional={"description": WORDS, "strict": st.booleans()},
)


def tool(function):
    return {"type": "function", "function": function}


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=12, deadline=None)
@given(functions=st.lists(FUNCTIONS, min_size=1, max_size=3, unique_by=lambda each: each["name"]))
def test_what_is_exported_comes_back_or_the_loss_is_named(kind, functions):
    specs = [tool(function) for function in functions]
    found = exported(kind, specs)

    named = {re.match("`(.+?)`", sentence)[1] for sentence in found.lost}
    back = read(found.text).tools
    assert len(back) == len(specs) or "cannot be read back" in " ".join(found.lost)
    for spec, read_back in zip(specs, back, strict=False):
        is_same = differences.same(spec, read_back.spec)
        assert is_same == (spec["function"]["name"] not in named)


@pytest.mark.parametrize("kind", ["openai", "responses", "gemini"])
@settings(max_examples=12, deadline=None)
@given(function=FUNCTIONS)
def test_forms_that_hold_every_schema_lose_nothing_of_it(kind, function):
    (back,) = read(exported(kind, [tool(function)]).text).tools

    assert back.spec["function"]["parameters"] == function["parameters"]


@pytest.mark.parametrize("kind", FORMATS)
def test_every_template_comes_back(kind):
    for template in TEMPLATES:
        found = exported(kind, list(template.tools))
        back = read(found.text).tools

        assert all("`$ref`s" in sentence for sentence in found.lost), found.lost
        for spec, again in zip(template.tools, back, strict=True):
            clauses = list(differences.between(spec, again.spec))
            assert [clause for clause in clauses if "`$ref`s" not in clause] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_exported_models_are_valid_python_that_describes_the_same(template, monkeypatch):
    text = exported("pydantic", list(template.tools)).text
    module = types.ModuleType("exported_models")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # where pydantic looks names up
    made = vars(module)
    exec(compile(text, "models.py", "exec"), made)  # noqa: S102 - our own text, from our templates

    models = {
        value.model_config.get("title"): value.model_json_schema()
        for value in made.values()
        if getattr(value, "model_config", {}).get("title")
    }
    for spec in template.tools:
        function = spec["function"]
        schema = models[function["name"]]
        assert schema["description"] == function["description"]
        assert schema["properties"].keys() == function["parameters"]["properties"].keys()
        wanted = function["parameters"].get("required", [])
        assert sorted(schema.get("required", [])) == sorted(wanted)
        assert schema.get("additionalProperties") == function["parameters"]["additionalProperties"]


@pytest.mark.parametrize(
    ("kind", "function", "sentence"),
    [
        ("mcp", {"name": "f", "parameters": {"type": "object"}, "strict": True},
         "`f`: `strict` is lost."),
        ("anthropic", {"name": "f"},
         '`f`: `parameters` is added: `{"type": "object", "properties": {}}`.'),
        ("schema", {"name": "f", "description": "d",
                    "parameters": {"type": "object", "properties": {}, "title": "T"}},
         "`f`: `title` is lost."),
        ("python", {"name": "f", "parameters": {
            "type": "object", "properties": {}, "minProperties": 1}},
         "`f`: `minProperties` is lost."),
        ("openai", {"name": "a b"}, '`a b`: `name` becomes `"a_b"`.'),
    ],
)  # fmt: skip
def test_what_a_format_cannot_hold_is_named(kind, function, sentence):
    assert exported(kind, [tool(function)]).lost == (sentence,)


def test_two_tools_of_one_name_are_told():
    two = [tool({"name": "f", "parameters": {"type": "object", "properties": {}}})] * 2

    assert exported("openai", two).lost == (
        "2 tools are called `f`: only one of them can be used.",
    )


def test_gemini_gets_its_own_schema_where_that_holds_everything():
    schema = {
        "type": "object",
        "properties": {"n": {"type": ["integer", "null"]}, "s": {"type": "string"}},
    }
    closed = {**schema, "additionalProperties": False}
    specs = [tool({"name": "a", "parameters": schema}), tool({"name": "b", "parameters": closed})]

    (declared,) = json.loads(exported("gemini", specs).text)
    own, other = declared["functionDeclarations"]
    assert own["parameters"]["properties"]["n"] == {"type": "INTEGER", "nullable": True}
    assert other["parametersJsonSchema"] == closed
    assert exported("gemini", specs).lost == ()


@given(
    st.dictionaries(
        st.sampled_from(["name", "description", "parameters", "strict", "x"]),
        st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=1)
        | st.dictionaries(st.sampled_from(["type", "properties", "required", "$ref", "items"]),
                          SCALARS | st.lists(SCALARS) | st.just({"a": 5}), max_size=3),
    )
)  # fmt: skip
@settings(max_examples=12, deadline=None)
def test_no_function_is_too_odd_to_be_exported(function):
    for kind in FORMATS:
        found = exported(kind, [tool(function)])
        if FORMATS[kind].language == "python":
            ast.parse(found.text)
