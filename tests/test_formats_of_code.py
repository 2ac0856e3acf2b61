"""Tools from Python source, which is never executed, and from OpenAPI documents."""

import json
import sys

import pytest

from clarifai_chat.tools.formats import dialects, openapi, python_source
from clarifai_chat.tools.formats.reading import read
from clarifai_chat.tools.formats.tool_import import NotTools
from clarifai_chat.tools.schema.validator import schema_problems


def one(text):
    (tool,) = read(text).tools
    return tool


def parameters(text):
    return one(text).spec["function"]["parameters"]


# --- Python --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        ("str", {"type": "string"}),
        ("int", {"type": "integer"}),
        ("float", {"type": "number"}),
        ("bool", {"type": "boolean"}),
        ("list", {"type": "array"}),
        ("list[str]", {"type": "array", "items": {"type": "string"}}),
        ("t.List['int']", {"type": "array", "items": {"type": "integer"}}),
        ("set[int]", {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}),
        ("dict", {"type": "object"}),
        ("dict[str, int]", {"type": "object", "additionalProperties": {"type": "integer"}}),
        ("Optional[str]", {"type": ["string", "null"]}),
        ("str | None", {"type": ["string", "null"]}),
        ("int | str", {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        ("Union[int, str, None]",
         {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]}),
        ('Literal["a", "b"]', {"type": "string", "enum": ["a", "b"]}),
        ('Optional[Literal["a"]]', {"type": ["string", "null"], "enum": ["a", None]}),
        ("L[1, -2]", {"type": "integer", "enum": [1, -2]}),
        ('Annotated[int, "How many"]', {"type": "integer", "description": "How many"}),
        ("Annotated[int, Field(ge=1, lt=9, description='N')]",
         {"type": "integer", "minimum": 1, "exclusiveMaximum": 9, "description": "N"}),
        ("Annotated[list[int], Field(min_length=1)]",
         {"type": "array", "items": {"type": "integer"}, "minItems": 1}),
        ("Annotated[str, Field(max_length=LIMIT)]", {"type": "string", "maxLength": 5}),
        ("constr(pattern='^a')", {"type": "string", "pattern": "^a"}),
        ("datetime.datetime", {"type": "string", "format": "date-time"}),
        ("date", {"type": "string", "format": "date"}),
        ("UUID", {"type": "string", "format": "uuid"}),
        ("Any", {}),
        ("Color", {"type": "string", "enum": ["red", "blue"]}),
        ("Alias", {"type": "string", "enum": ["x", "y"]}),
        ("UserId", {"type": "integer"}),
        ("tuple[int, ...]", {"type": "array", "items": {"type": "integer"}}),
        ("tuple[int, str]",
         {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}],
          "items": False, "minItems": 2, "maxItems": 2}),
        ("Place", {"type": "object", "description": "A place.", "properties": {
            "x": {"type": "number", "description": "East."},
            "name": {"type": "string", "default": ""}}, "required": ["x"]}),
        ("Options", {"type": "object", "properties": {
            "a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["a"]}),
    ],
)  # fmt: skip
def test_a_type_hint_becomes_a_schema(hint, schema):
    source = f'''
import typing as t
from enum import Enum
from typing import Literal as L

LIMIT = 5
Alias = t.Literal["x", "y"]
UserId = t.NewType("UserId", int)

class Color(str, Enum):
    RED = "red"
    BLUE = "blue"

@dataclass
class Place:
    """A place.

    Attributes:
        x: East.
    """
    x: float
    name: str = ""

class Options(t.TypedDict, total=False):
    a: t.Required[int]
    b: str

def f(value: {hint}): ...
'''
    assert parameters(source) == {
        "type": "object",
        "properties": {"value": schema},
        "required": ["value"],
        "additionalProperties": False,
    }


DOCSTRINGS = {
    "Google": "Water it.\n\n    Args:\n        bed (str): Its\n            name.\n"
    "        n: How much.",
    "NumPy": "Water it.\n\n    Parameters\n    ----------\n    bed : str\n        Its name.\n"
    "    n : int\n        How much.\n",
    "Sphinx": "Water it.\n\n    :param bed: Its name.\n    :type bed: str\n    :param n: How much.",
}


@pytest.mark.parametrize("docstring", DOCSTRINGS.values(), ids=DOCSTRINGS)
def test_docstrings_describe_the_tool_and_its_parameters(docstring):
    tool = one(f'async def water(bed: str, n: int = 2):\n    """{docstring}\n    """\n')

    function = tool.spec["function"]
    assert (function["name"], function["description"]) == ("water", "Water it.")
    assert function["parameters"]["properties"] == {
        "bed": {"type": "string", "description": "Its name."},
        "n": {"type": "integer", "default": 2, "description": "How much."},
    }
    assert function["parameters"]["required"] == ["bed"]


def test_source_is_never_executed(tmp_path):
    trace = tmp_path / "trace"
    source = f"""
import pathlib
pathlib.Path({str(trace)!r}).touch()

def made(): pathlib.Path({str(trace)!r}).touch()

@made()
def f(a: made() = made(), b: "made()" = [x for x in made()]): ...

class M(BaseModel):
    x: int = Field(default_factory=lambda: made())
"""
    before = set(sys.modules)
    found = read(source)

    assert not trace.exists()
    assert set(sys.modules) - before <= {"docstring_parser"} | {
        name for name in sys.modules if name.startswith("docstring_parser.")
    }
    assert {tool.name for tool in found.tools} == {"made", "f"}
    assert "the default of `a`, which is computed" in found.tools[1].lost


def test_models_become_tools_with_what_cannot_be_said_named():
    tool = one('''
class Node(BaseModel):
    """A node of a tree."""
    model_config = ConfigDict(extra="forbid", title="add_node")
    value: int = Field(..., ge=0, alias="nodeValue")
    children: list["Node"] = Field(default_factory=list)
    parent: Optional["Node"] = None

    @field_validator("value")
    def check_value(cls, v): return v
''')

    assert (tool.name, tool.spec["function"]["description"]) == ("add_node", "A node of a tree.")
    schema = tool.spec["function"]["parameters"]
    assert schema["required"] == ["nodeValue"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["children"] == {
        "type": "array", "items": {"$ref": "#/$defs/Node"}, "default": [],
    }  # fmt: skip
    assert schema["$defs"]["Node"]["properties"]["nodeValue"] == {"type": "integer", "minimum": 0}
    assert not schema_problems(schema)
    assert tool.lost == ("the checks of `check_value`",)
    assert "`value` is called `nodeValue`, its alias" in tool.changed


def test_marked_functions_are_the_tools_and_given_arguments_are_named():
    found = read("""
def helper(x): ...

@mcp.tool(name="add", description="Adds.")
def add_it(ctx: Context, a: int, *args, b: int = Field(2, ge=1), **kwargs): ...
""")

    (tool,) = found.tools
    assert tool.spec["function"] == {
        "name": "add",
        "description": "Adds.",
        "parameters": {
            "type": "object",
            "properties": {
                "a": {"type": "integer"},
                "b": {"type": "integer", "minimum": 1, "default": 2},
            },
            "required": ["a"],
        },
    }
    assert tool.lost == ("`ctx`, which a program passes itself", "`*args`")
    assert "Left out: `helper`." in found.notes


def test_methods_are_tools_and_docstrings_may_hold_the_types():
    tool = one('''
class Garden:
    @kernel_function(name="water")
    def water_it(self, bed, n=1):
        """Water it.

        Args:
            bed (str): Its name.
            n (int, optional): How much.
        """

    def other(self): ...
''')

    assert tool.name == "water"
    assert tool.spec["function"]["parameters"]["properties"] == {
        "bed": {"type": "string", "description": "Its name."},
        "n": {"type": "integer", "default": 1, "description": "How much."},
    }


@pytest.mark.parametrize(
    "source",
    [
        "A = B\nB = A\ndef f(a: A = A): ...",
        "class A(B): ...\nclass B(A): ...\ndef f(a: A): ...",
        "class A(BaseModel):\n    a: 'A'\n    b: list['B']\nclass B(BaseModel):\n    a: A\n",
        "\n".join(
            f"class C{n}(BaseModel):\n" + "\n".join(f"    f{i}: C{(n + 1) % 5}" for i in range(8))
            for n in range(5)
        ),
        ">>> def f(a: int):\n...     return a\n",
        "    def f(self, a: unknown.Type = unknown()): ...",
        "class A(Enum): ...\ndef f(a: A): ...",
        "def f(a: list[0], b: Literal[x], c: Annotated, d: dict[int], e: -1, f: 'a b'): ...",
    ],
)
def test_odd_source_gives_tools_that_are_valid(source):
    for tool in python_source.read(source).tools:
        assert not schema_problems(tool.spec["function"]["parameters"])


def test_source_without_a_tool_is_explained():
    with pytest.raises(NotTools, match="defines no function and no model"):
        read("class A: pass")


# --- OpenAPI -------------------------------------------------------------------------------------

GARDEN = """
openapi: 3.0.3
info: {title: Garden, version: "1"}
paths:
  /beds/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: integer}}
    get:
      summary: Get a bed
      description: With its plants.
      parameters:
        - $ref: "#/components/parameters/Limit"
        - {name: id, in: query, schema: {type: string, nullable: true}}
        - {name: Authorization, in: header, schema: {type: string}}
    put:
      operationId: put bed
      requestBody:
        required: true
        content:
          application/xml: {}
          application/json: {schema: {$ref: "#/components/schemas/Bed"}}
  /beds:
    post:
      requestBody:
        content:
          application/json:
            schema: {allOf: [{$ref: "#/components/schemas/Bed"}, {$ref: "#/gone"}]}
components:
  parameters:
    Limit:
      {name: limit, in: query, description: At most, schema: {type: integer, minimum: 0,
       exclusiveMinimum: true}}
  schemas:
    Bed:
      type: object
      required: [id, name]
      properties:
        id: {type: string, readOnly: true}
        name: {type: string, example: Roses, x-order: 1}
        near: {type: array, items: {$ref: "#/components/schemas/Bed"}}
"""


def garden():
    return {tool.label: tool for tool in read(GARDEN).tools}


def test_operations_become_tools_with_parameters_of_all_places():
    tools = garden()

    assert list(tools) == ["GET /beds/{id}", "PUT /beds/{id}", "POST /beds"]
    get = tools["GET /beds/{id}"]
    assert get.spec["function"] == {
        "name": "get_beds_id",
        "description": "Get a bed. With its plants.",
        "parameters": {
            "type": "object",
            "properties": {
                "id": {"type": "integer"},
                "limit": {"type": "integer", "exclusiveMinimum": 0, "description": "At most"},
                "query_id": {"type": ["string", "null"]},
            },
            "required": ["id"],
        },
    }
    assert get.changed == (
        "`exclusiveMinimum` became a number",
        "`nullable` became the type `null`",
        "`id` in the query is called `query_id`",
    )
    assert get.lost == ("the header `Authorization`, which OpenAPI leaves to security",)


def test_bodies_are_merged_and_loops_survive():
    put = garden()["PUT /beds/{id}"]
    schema = put.spec["function"]["parameters"]

    assert put.name == "put_bed"
    assert list(schema["properties"]) == ["id", "name", "near"]
    assert schema["properties"]["id"] == {"type": "integer"}  # the path's; the body's is read-only
    assert schema["required"] == ["id", "name"]
    assert schema["properties"]["near"]["items"] == {"$ref": "#/$defs/Bed"}
    assert list(schema["$defs"]["Bed"]["properties"]) == ["name", "near"]
    assert not schema_problems(schema)
    assert "`x-order`" in put.lost
    assert "the body in other types than `application/json`" in put.lost


def test_a_body_that_is_not_a_plain_object_stays_whole():
    post = garden()["POST /beds"]

    assert list(post.spec["function"]["parameters"]["properties"]) == ["body"]
    assert "required" not in post.spec["function"]["parameters"]
    assert "`$ref` to a place that is missing: `#/gone`" in post.lost


def test_swagger_2_is_read():
    tool = one(
        json.dumps(
            {
                "swagger": "2.0",
                "paths": {
                    "/a": {
                        "post": {
                            "operationId": "a",
                            "parameters": [
                                {"name": "n", "in": "query", "type": "integer", "required": True},
                                {"name": "f", "in": "formData", "type": "file"},
                                {"name": "b", "in": "body", "required": True,
                                 "schema": {"$ref": "#/definitions/B"}},
                            ],
                        }
                    }
                },
                "definitions": {"B": {"properties": {"n": {"type": "string"}}, "required": ["n"]}},
            }
        )
    )  # fmt: skip

    assert tool.spec["function"]["parameters"] == {
        "type": "object",
        "properties": {
            "n": {"type": "integer"},
            "f": {"type": "string"},
            "body_n": {"type": "string"},
        },
        "required": ["n", "body_n"],
    }


def test_a_large_api_waits_for_a_choice():
    paths = {f"/p{n}": {"get": {"operationId": f"op{n}"}} for n in range(300)}
    document = {"openapi": "3.1.0", "paths": paths}
    found = read(json.dumps(document))

    assert (found.tools, found.document) == ((), document)
    assert [t.name for t in openapi.chosen(document, ["GET /p7", "GET /p9"])] == ["op7", "op9"]


def test_schemas_that_refer_to_each_other_stay_small():
    every = {f"S{n}": {"type": "object", "properties": {
        f"p{i}": {"$ref": f"#/components/schemas/S{(n + i) % 15}"} for i in range(15)}}
        for n in range(15)}  # fmt: skip
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}}
    document = {
        "openapi": "3.1.0",
        "paths": {"/a": {"post": {"requestBody": body}}},
        "components": {"schemas": every},
    }
    tool = one(json.dumps(document))

    assert len(json.dumps(tool.spec)) < 100_000
    assert not schema_problems(tool.spec["function"]["parameters"])


@pytest.mark.parametrize(
    "document",
    [
        {"openapi": "3.1.0", "paths": {"/a": {"get": {"parameters": [{"$ref": "#/x"}, 5, {}]}}}},
        {"openapi": "3.1.0", "paths": {"/a": {"$ref": "#/paths/~1a"}, "/b": {"get": {}}}},
        {"openapi": 3, "paths": {"/a": {"post": {"requestBody": {"content": {"x": 5}}}}}},
        {"swagger": 2.0, "paths": {"/a": {"get": {"parameters": [{"name": "x", "in": "body"}]}}}},
    ],
)
def test_odd_documents_give_tools_that_are_valid(document):
    for tool in read(json.dumps(document)).tools:
        assert not schema_problems(tool.spec["function"]["parameters"])


@pytest.mark.parametrize(
    ("schema", "translated"),
    [
        ({"anyOf": [{"type": "string"}], "nullable": True},
         {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ({"allOf": [{"type": "string"}], "description": "d", "nullable": True},
         {"description": "d", "anyOf": [{"allOf": [{"type": "string"}]}, {"type": "null"}]}),
        ({"type": ["string"], "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        ({"type": "string", "enum": ["a"], "nullable": True},
         {"type": ["string", "null"], "enum": ["a", None]}),
        ({"type": "number", "minimum": 1, "exclusiveMinimum": False},
         {"type": "number", "minimum": 1}),
        ({"type": "number", "maximum": 1, "exclusiveMaximum": True},
         {"type": "number", "exclusiveMaximum": 1}),
        ({"type": "object", "properties": {"nullable": {"type": "string", "example": 1}}},
         {"type": "object", "properties": {"nullable": {"type": "string", "examples": [1]}}}),
        ({"items": {"type": "file"}}, {"items": {"type": "string"}}),
        ({"additionalProperties": {"nullable": True, "type": "string"}},
         {"additionalProperties": {"type": ["string", "null"]}}),
        (True, True),
    ],
)  # fmt: skip
def test_words_of_openapi_become_those_of_json_schema(schema, translated):
    assert dialects.translated(schema, dialects.Notes()) == translated
