"""Tools in the formats of other programs are recognized, converted, and what is lost is named."""

import json

import pytest

from clarifai_chat.playground import door
from clarifai_chat.tools.formats import reading
from clarifai_chat.tools.formats.reading import decoded, read
from clarifai_chat.tools.formats.tool_import import NotTools

SCHEMA = {
    "type": "object",
    "properties": {"bed": {"type": "string", "description": "Its name"}},
    "required": ["bed"],
}
WATER = {"name": "water", "description": "Waters a bed.", "parameters": SCHEMA}
OPENAI = {"type": "function", "function": WATER}
MCP = {"name": "water", "description": "Waters a bed.", "inputSchema": SCHEMA}
GEMINI = {
    "name": "water",
    "description": "Waters a bed.",
    "parameters": {
        "type": "OBJECT",
        "properties": {"bed": {"type": "STRING", "description": "Its name"}},
        "required": ["bed"],
    },
}
BEDROCK = {"name": "water", "description": "Waters a bed.", "inputSchema": {"json": SCHEMA}}
ANTHROPIC = {"name": "water", "description": "Waters a bed.", "input_schema": SCHEMA}
AS_SCHEMA = {"title": "water", "description": "Waters a bed.", **SCHEMA}
FORMS = {
    "OpenAI list": [OPENAI],
    "OpenAI tool": OPENAI,
    "OpenAI body": {"model": "m", "messages": [], "tools": [OPENAI]},
    "bare function": WATER,
    "Responses body": {"model": "m", "input": "Hi", "tools": [{"type": "function", **WATER}]},
    "functions": {"messages": [], "functions": [WATER]},
    "functions alone": [WATER],
    "Anthropic": {"max_tokens": 9, "tools": [{"type": "custom", **ANTHROPIC}]},
    "Anthropic tool": ANTHROPIC,
    "MCP": {"tools": [MCP]},
    "MCP alone": [MCP],
    "MCP answer": {"jsonrpc": "2.0", "id": 1, "result": {"tools": [MCP]}},
    "Gemini": {"contents": [], "tools": [{"functionDeclarations": [GEMINI]}]},
    "Gemini in snake case": [{"function_declarations": [GEMINI]}],
    "Gemini declaration": GEMINI,
    "Gemini with a JSON Schema": {
        "functionDeclarations": [
            {
                **{k: v for k, v in WATER.items() if k != "parameters"},
                "parametersJsonSchema": SCHEMA,
            }
        ]
    },
    "Bedrock": {"toolConfig": {"tools": [{"toolSpec": BEDROCK}]}},
    "Bedrock tool": {"toolSpec": BEDROCK},
    "LangChain": [{**{k: v for k, v in WATER.items() if k != "parameters"}, "args_schema": SCHEMA}],
    "schema": AS_SCHEMA,
    "schemas": [AS_SCHEMA],
    "assistant": {"name": "Gardener", "description": "Helps.", "tools": [OPENAI]},
    "assistants": {"object": "list", "data": [{"name": "G", "description": "", "tools": [OPENAI]}]},
    "by name": {"tools": {"water": {k: v for k, v in MCP.items() if k != "name"}}},
    "a schema as a string": [{**WATER, "parameters": json.dumps(SCHEMA)}],
}


def functions(text):
    return [tool.spec["function"] for tool in read(text).tools]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_becomes_the_same_tool(form):
    assert functions(json.dumps(form)) == [WATER]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_editor_never_sends_another_form_without_a_word(form):
    """Either the text is sent as these tools, or it has an error and the door reads it."""
    text = json.dumps(form)
    opened = door.opened(text)
    sent = json.loads(door.as_text(opened.tools))

    assert [tool["function"] for tool in sent] == [WATER]


def python(value):
    return repr(value)


def javascript(value):
    if isinstance(value, dict):
        inner = ", ".join(f"{key}: {javascript(item)}" for key, item in value.items())
        return f"{{ {inner}, }}"
    if isinstance(value, list):
        return f"[{', '.join(javascript(item) for item in value)},]"
    return repr(value)


JSON = json.dumps([OPENAI])
WRITINGS = {
    "JSON": JSON,
    "with a byte order mark": f"\ufeff{JSON}",
    "JSON in a string": json.dumps(JSON),
    "JSON in a string in a string": json.dumps(json.dumps(JSON)),
    "JSON Lines": f"{json.dumps(OPENAI)}\n{json.dumps(WATER | {'name': 'w2'})}",
    "comments and commas": f"// tools\n{JSON[:-1]}, /* more */ ] # end",
    "a fence": f"Here you are:\n\n```json\n{JSON}\n```\n\nGood luck!",
    "a fence in a list": f"1. So:\n   ```\n   {JSON}\n   ```",
    "prose": f"Here you are: {JSON} (or [not])",
    "Python": python([OPENAI]),
    "a Python variable": f"import os\n\ntools: list[dict] = {python([OPENAI])}\nprint(tools)",
    "joined strings": f"t = [{python(OPENAI)}]".replace("'Waters a", "('Waters '\n 'a").replace(
        "bed.'", "bed.')"
    ),
    "JavaScript": f"const tools = {javascript([OPENAI])} as const;\nexport default tools;",
    "a call in JavaScript": f"await openai.create({{ model: m, tools: {javascript([OPENAI])} }});",
    "a call in Python": f"client.create(\n    model=M,\n    tools={python([OPENAI])},\n)",
    "Python's constructors": (
        "tool = types.Tool(function_declarations=[types.FunctionDeclaration(name='water',"
        f" description='Waters a bed.', parameters={python(GEMINI['parameters'])})])"
    ).replace("'OBJECT'", "types.Type.OBJECT"),
    "a function around it": f"export const tool = defineTool({javascript(OPENAI)})",
    "a stream of MCP": f"event: message\ndata: {json.dumps(FORMS['MCP answer'])}\n\n",
    "curly quotes": JSON.replace('"', "\u201d"),
    "curly single quotes": python([OPENAI]).replace("'", "\u2019"),
    "YAML": (
        "- type: function\n  function:\n    name: water\n    description: Waters a bed.\n"
        "    parameters:\n      type: object\n      properties:\n"
        "        bed: {type: string, description: Its name}\n      required: [bed]\n"
    ),
    "curl": f"curl https://example.com -H 'Authorization: Bearer x' -d '{{\"tools\": {JSON}}}'",
}  # fmt: skip


@pytest.mark.parametrize("text", WRITINGS.values(), ids=WRITINGS)
def test_every_way_to_write_data_is_read(text):
    assert functions(text)[0] == WATER


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_is_read_in_every_unicode_encoding(codec):
    assert functions(decoded(JSON.encode(codec))) == [WATER]


def test_a_python_dict_of_any_size_is_read():
    properties = {f"p{n}": {"type": "string", "enum": ["it's", None, True]} for n in range(500)}
    tool = {"name": "big", "parameters": {"type": "object", "properties": properties}}

    assert functions(repr([tool])) == [tool]


def test_all_variables_and_all_code_blocks_are_read():
    other = {**WATER, "name": "dry"}
    text = f"a = 5\nfirst = {WATER!r}\nsecond = {other!r}\n"

    assert functions(text) == [WATER, other]
    assert functions(f"```\n{WATER!r}\n```\nand\n```\n{other!r}\n```") == [WATER, other]


# --- What changes and what is lost is said ------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (FORMS["MCP"], "12 tools in MCP's form"),
        (FORMS["Anthropic"], "one tool in Anthropic's form"),
        (FORMS["Gemini"], "one tool in Gemini's form"),
        (FORMS["Bedrock"], "one tool in Bedrock's form"),
        (FORMS["Responses body"], "one tool in the form of OpenAI's Responses API"),
        (FORMS["schema"], "one tool in the form of a JSON Schema alone"),
    ],
)
def test_the_format_is_named(form, words):
    form = {"tools": [{**MCP, "name": f"t{n}"} for n in range(12)]} if "12" in words else form

    assert read(json.dumps(form)).format == words


def test_what_is_lost_is_named_tool_by_tool():
    annotated = {**MCP, "title": "Water", "annotations": {"readOnlyHint": True}}
    found = read(json.dumps({"tools": [annotated, {**MCP, "name": "dry it/now"}]}))

    assert found.tools[0].lost == ("`title`", "`annotations`")
    assert found.tools[0].changed == ("`inputSchema` became `parameters`",)
    assert found.tools[1].lost == ()
    assert found.tools[1].changed[-1] == "renamed from `dry it/now`"
    assert found.tools[1].name == "dry_it_now"


NODE = {"$ref": "#/components/schemas/Node"}
WET = {"type": "object", "properties": {"wet": {"type": "boolean"}}}
SHOUTED_WET = {"type": "OBJECT", "properties": {"wet": {"type": "BOOLEAN"}}}
LOOP = {
    "openapi": "3.1.0",
    "paths": {"/w": {"get": {"responses": {"200": {"content": {"text/json": {"schema": NODE}}}}}}},
    "components": {"schemas": {"Node": {"type": "object", "properties": {"next": NODE}}}},
}


@pytest.mark.parametrize(
    "form",
    [
        {**MCP, "outputSchema": WET},
        {"functionDeclarations": [{"name": "w", "description": "W.", "response": SHOUTED_WET}]},
        {
            "swagger": "2.0",
            "paths": {"/w": {"get": {"responses": {200: {"schema": WET}, "404": {"schema": {}}}}}},
        },
        {
            "openapi": "3.1.0",
            "paths": {"/w": {"get": {"responses": {"2XX": {"$ref": "#/components/responses/W"}}}}},
            "components": {"responses": {"W": {"content": {"application/json": {"schema": WET}}}}},
        },
    ],
    ids=["MCP", "Gemini", "Swagger", "OpenAPI"],
)
def test_the_schema_of_answers_is_kept_beside_the_tool(form):
    (found,) = read(json.dumps(form)).tools

    assert found.answers == WET
    assert found.lost == ()
    assert "wet" not in json.dumps(found.spec["function"])


def test_a_schema_of_answers_brings_the_schemas_that_it_refers_to():
    (found,) = read(json.dumps(LOOP)).tools

    assert found.answers["properties"]["next"] == {"$ref": "#/$defs/Node"}
    assert found.answers["$defs"]["Node"]["properties"]["next"] == {"$ref": "#/$defs/Node"}


def test_tools_of_the_server_are_left_out_and_named():
    body = {"tools": [{"type": "web_search"}, {"googleSearch": {}}, OPENAI], "model": "m"}
    found = read(json.dumps(body))

    assert [tool.name for tool in found.tools] == ["water"]
    assert "Only `tools` is used, not `model`." in found.notes
    assert any("`web_search`, which the server offers itself" in note for note in found.notes)


def test_names_stay_different_when_they_become_valid():
    names = ["a.b", "a/b", "a_b", "", "x" * 70]
    found = read(json.dumps([{**MCP, "name": name} for name in names]))

    got = [tool.name for tool in found.tools]
    assert got == ["a_b", "a_b_2", "a_b_3", "tool", "x" * 64]


def test_gemini_schemas_are_translated():
    schema = {
        "type": "OBJECT",
        "properties": {
            "n": {"type": "INTEGER", "nullable": True, "format": "int32"},
            "s": {"type": "STRING", "format": "enum", "enum": ["a", "b"], "nullable": True},
            "l": {"type": "ARRAY", "minItems": "1", "items": {"anyOf": [{"type": "NUMBER"}]}},
            "nullable": {"type": "BOOLEAN", "example": True},
        },
        "propertyOrdering": ["n", "s"],
    }
    (tool,) = read(
        json.dumps({"functionDeclarations": [{"name": "g", "parameters": schema}]})
    ).tools

    assert tool.spec["function"]["parameters"]["properties"] == {
        "n": {"type": ["integer", "null"], "format": "int32"},
        "s": {"type": ["string", "null"], "enum": ["a", "b", None]},
        "l": {"type": "array", "minItems": 1, "items": {"anyOf": [{"type": "number"}]}},
        "nullable": {"type": "boolean", "examples": [True]},
    }
    assert "`propertyOrdering`" in tool.lost


def test_a_page_of_a_list_says_that_there_is_more():
    found = read(json.dumps({"tools": [MCP], "nextCursor": "abc"}))

    assert "one page of the list" in found.notes[0]


# --- What holds no tools gets a sentence ----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "There is no text to read."),
        ("Hello", "No tools were found in this text."),
        ("[]", "The list is empty"),
        ("{}", "The object is empty"),
        ("5", "only a value"),
        ('{"tools": []}', 'list of "tools" is empty'),
        ('{"model": "m"}', "this has `model`"),
        ('{"mcpServers": {"garden": {"command": "uvx"}}}', "it names `garden`, a server"),
        ('{"servers": {"a": {"url": "x"}, "b": {}}}', "servers, not tools: `a` and `b`"),
        ('{"jsonrpc": "2.0", "error": {"code": 1, "message": "No such method"}}', "No such method"),
        ('[{"type": "web_search"}]', "`web_search`, which the server offers itself"),
        ("<!DOCTYPE html><p>", "a web page or XML"),
        ("curl https://example.com", "has no body"),
        ('name = ""', "No tools were found"),
        ('""', "No tools were found"),
        ("tools = [get_weather]", "No tools were found"),
        ("[get_weather]", "get_weather is a name, not a value"),
        ('[{"name": "a", "parameters": {"type": "object", "x": 1e999}}]', "a number that JSON"),
        ("def f(:", "cannot be read: line 1"),
        ("a: [b\nc", "As YAML it cannot be read: line"),
    ],
)
def test_what_holds_no_tools_is_explained(text, words):
    with pytest.raises(NotTools) as caught:
        read(text)

    assert words in str(caught.value)
    assert str(caught.value)[0].isupper()


def bomb(each):
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for n in range(12):
        lines.append(each.format(new=chr(98 + n), old=", ".join([f"*{chr(97 + n)}"] * 9)))
    return "\n".join(lines)


HOSTILE = {
    "deep JSON": "[" * 100_000,
    "deep JSON, closed": '{"a":' * 5000 + "1" + "}" * 5000,
    "deep Python": "(" * 100_000,
    "deep YAML": "\n".join(" " * n + "a:" for n in range(500)),
    "an alias bomb": bomb("{new}: &{new} [{old}]"),
    "a merge bomb": bomb("{new}: &{new} {{<<: [{old}]}}").replace("[x, x", "{x: 1, y: 2} # ["),
    "an alias of itself": "a: &a [*a]",
    "a tag": '!!python/object/apply:os.system ["echo"]',
    "brackets in prose": "see " + "[a " * 50_000,
    "fences": "```\n" * 20_000,
    "assignments": "x = [\n" * 10_000,
    "spaces": " " * 10 + "a: " + " " * 300_000,
    "one long word": "a." * 100_000,
    "many quotes": '"' * 100_000,
    "deep types": "def f(a: " + "list[" * 500 + "int" + "]" * 500 + "): pass",
    "many signs": "def f(a=" + "-" * 50_000 + "1): pass",
    "many types": "def f(a: " + "|".join(["int"] * 5000) + "): pass",
    "deep calls": "x = f(" * 50_000,
    "deep calls in prose": "see [" + "f(" * 50_000,
    "too long": "x" * (reading.MAX_CHARS + 1),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_refused_with_a_sentence(text):
    with pytest.raises(NotTools) as caught:
        read(text)

    assert str(caught.value).endswith(".")


def test_binary_files_are_refused():
    for data in (
        b"\xff\xfe\x00",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"a\x00b\x00\x00",
        bytes(range(256)),
    ):
        with pytest.raises(NotTools):
            read(decoded(data))


def test_many_tools_are_read_at_once():
    many = [{**MCP, "name": "same"} for _ in range(1200)]
    found = read(json.dumps(many))

    assert len({tool.name for tool in found.tools}) == 1000
    assert "Only the first 1,000 of 1,200 tools are read." in found.notes


def test_yaml_is_read_as_json_would_be():
    text = """
    name: on
    parameters:
      type: object
      properties:
        yes: {type: string, enum: [yes, no, on, 12:30, 2024-01-01, "5"], default: ~}
        n: {type: integer, minimum: 010, maximum: 1_000, multipleOf: .5}
      base: &base {a: 1, b: 2}
      merged: {<<: *base, b: 3}
    """
    (function,) = functions(text)

    assert function["name"] == "on"
    assert function["parameters"]["properties"]["yes"] == {
        "type": "string",
        "enum": ["yes", "no", "on", "12:30", "2024-01-01", "5"],
        "default": None,
    }
    assert function["parameters"]["properties"]["n"]["minimum"] == 10
    assert function["parameters"]["properties"]["n"]["multipleOf"] == 0.5
    assert function["parameters"]["merged"] == {"b": 3, "a": 1}
