"""Reading tools: JSON with its places, sentences about errors, and the shapes tools come in."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.tools.text.diagnostics import Edit, Fix, apply, diff, quoted, words
from clarifai_chat.tools.text.json_errors import JsonError
from clarifai_chat.tools.text.json_parser import MAX_CHARS, MAX_DEPTH
from clarifai_chat.tools.text.json_parser import read as read_json
from clarifai_chat.tools.text.parse import MAX_TOOLS, read

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@st.composite
def layouts(draw):
    """Draw a JSON value, and a text of it in one of many layouts."""
    value = draw(VALUES)
    text = json.dumps(
        value,
        ensure_ascii=draw(st.booleans()),
        indent=draw(st.sampled_from([None, 0, 1, 2, "\t"])),
        separators=draw(st.sampled_from([None, (",", ":"), (" , ", " : ")])),
    )
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    space = st.text(" \t\r\n", max_size=3)
    return value, f"{draw(space)}{text}{draw(space)}"


@given(layouts(), st.sampled_from(["", "\ufeff"]))
def test_valid_json_is_read_as_json_loads_reads_it(layout, mark):
    value, text = layout

    node, duplicates = read_json(mark + text)

    assert node.value == value == json.loads(text)
    assert repr(node.value) == repr(json.loads(text))  # 1 is not 1.0, and not true
    assert duplicates == []


@given(layouts())
def test_each_value_is_at_its_reported_place(layout):
    _, text = layout
    node, _ = read_json(text)
    nodes = [node]
    while nodes:
        node = nodes.pop()
        nodes += node.children.values()
        assert json.loads(text[node.start : node.end]) == node.value
        for key, child in node.children.items():
            assert child.value == node.value[key]
            assert child.key is None or json.loads(text[slice(*child.key)]) == key


GOOD = """[
  {
    "type": "function",
    "function": {
      "name": "get_weather",
      "description": "Say \\"hi\\" \\u00e9 to a city.",
      "parameters": {"type": "object", "properties": {"n": {"minimum": -1.5e3}}, "x": [true, null]}
    }
  }
]
"""
BITS = [
    "", ",", ":", "{", "}", "[", "]", '"', "'", "\\", "\\u", "\\ud800", "\ud800", "//", "/*", "#",
    "\n", "\t", "\x00", "\xa0", "\ufeff", "-", "+", ".", "0", "1e999", "NaN", "True", "nul", "“",
    "```", "é", "😀", "[" * 120, "1" * 5000, '"name": 1,',
]  # fmt: skip


@st.composite
def mutated(draw, good=GOOD):
    text = good
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 3)))
        text = text[:start] + draw(st.sampled_from(BITS)) + text[end:]
    return text


@given(st.one_of(st.text(), mutated(), st.lists(st.sampled_from(BITS)).map("".join)))
def test_any_text_is_json_or_has_an_error(text):
    document = read(text)
    errors = [finding for finding in document.findings if finding.level == "error"]

    for finding in document.findings:
        finding.message.encode()  # may be shown and stored
    if document.root is not None:
        assert document.root.value == json.loads(text.removeprefix("\ufeff"))
    elif text.strip("\ufeff \t\r\n"):
        assert errors


@given(st.one_of(st.text(max_size=30), mutated()))
def test_a_repair_of_json_makes_json(text):
    for finding in read(text).findings:
        if finding.code.startswith("json.") and finding.fix:
            json.loads(apply(text, finding.fix).removeprefix("\ufeff"))


SLIPS = {
    '[\n  {"a": 1,\n   "b": 2\n   "c": 3}]': (
        'Line 4, column 4: expected a comma or } after this value, found "c".',
        "Add the missing comma",
    ),
    "[1, 2,]": ("Line 1, column 6: expected another value after this comma, found ]", "Remove"),
    '{"a": 1,}': ("after this comma, found }", "Remove the trailing comma"),
    "[1,, 2]": ("Line 1, column 4: expected a value, found ,.", None),
    "['a']": ("expected a value, found a single quote", "Use double quotes"),
    "['it\"s']": ("found a single quote", None),
    "[“a”]": ("found a typographic quote", "Use double quotes"),
    "[1, // one\n2]": ("Line 1, column 5: expected a value, found a comment", "Remove the comment"),
    '{"a": 1 /* one */}': ("expected a comma or } after this value, found a comment", "Remove"),
    '# tools\n{"a": 1}': ("found a comment", "Remove the comment"),
    "{a: 1}": ("expected a key in double quotes, found a without quotes", "Put the key"),
    "{1: 1}": ("expected a key in double quotes, found 1.", None),
    '{"a" 1}': ("expected a colon after this key, found 1", None),
    '{"a" = 1}': ("expected a colon after this key, found =", "Use a colon"),
    '{"a": }': ("expected a value, found }", None),
    "[True]": ("found True. JSON writes it true.", "Write true"),
    "[None, False]": ("found None. JSON writes it null.", "Fix 2 errors"),
    "[string]": ("found string. A string needs double quotes", "Put it in double quotes"),
    "[NaN]": ("found NaN. JSON has no such number", None),
    "[-Infinity]": ("found -Infinity. JSON has no such number", None),
    "[1e999999]": ("the number 1e999999 is too large", None),
    "[" + "1" * 10_000 + "]": ("this number has 10,000 digits; up to 4,300 are read", None),
    "[007]": ("expected a number as JSON writes it, found 007.", "Write 7"),
    "[+1]": ("found +1", "Write 1"),
    "[.5]": ("found .5", "Write 0.5"),
    "[5.]": ("found 5.", "Write 5"),
    "[1_000]": ("found 1_000", "Write 1000"),
    "[0x1F]": ("found 0x1F", None),
    '["a]': (
        "this string is never closed: expected a double quote, found the end of the text",
        None,
    ),
    '["a\nb"]': ("found the end of the line. A line break inside a string is written \\n", None),
    '["a\tb"]': ("expected \\t, found the control character itself", "Write it as an escape"),
    r'["\d"]': ("found a backslash before d", "Double the backslash"),
    r'["\u12"]': ("expected four hexadecimal digits after \\u", None),
    r'["\ud800"]': ("half of a surrogate pair", None),
    r'["\ud83d\ude00 \\\udc00"]': ("Line 1, column 18: this is half of a surrogate pair", None),
    '["\ud800"]': ("half of a surrogate pair", None),
    '["say "hi" now"]': ('found hi. A quote inside a string is written \\"', None),
    '[{"a": 1}': ("the [ of line 1 is never closed: expected ], found the end", None),
    '[\n{"a": [1}': ("expected a comma or ] after this value, found }", None),
    "[1]]": ("expected the end of the text, found ]", None),
    '{"a": 1}\n{"b": 1}': (
        "Line 2, column 1: expected the end of the text, found {. Several",
        None,
    ),
    "[1,\xa02]": ("found a special space (U+00A0)", "Use an ordinary space"),
    "```json\n[]\n```": ("found a code fence", "Fix 2 errors"),
    "@": ("expected a value, found @", None),
    "[\x01]": ("found the character U+0001", None),
    "[" * 101 + "]" * 101: ("nested more than 100 levels deep", None),
    "[" * 100_000: ("nested more than 100 levels deep", None),
    '{"a":' * 1_000: ("nested more than 100 levels deep", None),
}


@pytest.mark.parametrize(
    ("text", "sentence", "label"),
    [(text, *told) for text, told in SLIPS.items()],
    ids=[quoted(text.encode("utf-8", "replace").decode(), 30) for text in SLIPS],
)
def test_a_json_error_is_explained_and_fixed_if_that_is_safe(text, sentence, label):
    [finding] = read(text).findings

    assert sentence in finding.message
    assert finding.level == "error"
    assert (finding.fix is not None) == (label is not None)
    if finding.fix:
        assert finding.fix.label.startswith(label)
        json.loads(apply(text, finding.fix))


def test_depth_is_allowed_up_to_the_limit():
    assert read_json("[" * MAX_DEPTH + "]" * MAX_DEPTH)[0].value
    with pytest.raises(JsonError):
        read_json("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000_000,
        " " * 10_000_000,
        "[" * (MAX_CHARS + 1),
        '["' + "\\ud800" * MAX_CHARS + '"]',
    ],
    ids=["letters", "spaces", "brackets", "escapes"],
)
def test_a_text_that_is_too_long_is_not_read(text):
    [finding] = read(text).findings

    assert finding.code == "json.size"
    assert f"{len(text):,} characters; up to 500,000 are read" in finding.message


@pytest.mark.parametrize(
    "text",
    [
        "[" + "1," * 249_000 + "1]",
        '{"a":' * 90 + "[" + "{}," * 100_000 + "{}]" + "}" * 90,
        '["' + "\\n" * 200_000 + '"]',
        "[" + "True," * 90_000 + "None]",
        '["' + "a" * 400_000,
        "[1" + "\n" * 400_000,
        "/*" * 200_000,
        '{"a":1,' + '"a":1,' * 60_000 + '"b":2}',
    ],
)
def test_a_long_text_does_not_take_for_ever(text):
    assert read(text).findings


def test_a_duplicate_key_is_an_error_that_names_both_places():
    text = '{"name": "a",\n "description": "b",\n  "name": "c"}'
    document = read(text)

    [error, _] = document.findings
    assert (error.level, error.code, error.path) == ("error", "json.duplicate", ("name",))
    assert (error.line, error.column, error.end_column) == (3, 3, 9)
    assert '"name" appears a second time: the first is in line 1, column 2.' in error.message
    assert document.tools[0].name == "c"  # as everybody reads it


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_and_columns_count_from_one_whatever_ends_a_line(newline):
    text = newline.join(["[", '  {"name":', '     "é😀"}', "]"])
    document = read(text)

    place = document.position((0, "name"))

    assert (place.line, place.column, place.end_line, place.end_column) == (3, 6, 3, 10)
    assert text[place.start : place.end] == '"é😀"'
    assert document.position((0, "parameters", "x")) == document.position((0,))
    assert read("").position(("a",)).line == 1


WEATHER = {"name": "get_weather", "description": "d", "parameters": {"type": "object"}}


@pytest.mark.parametrize(
    ("value", "path", "is_bare", "codes"),
    [
        ([{"type": "function", "function": WEATHER}], (0,), False, []),
        ({"type": "function", "function": WEATHER}, (), False, []),
        ({"function": WEATHER}, (), False, ["shape.type"]),
        (WEATHER, (), True, ["shape.bare"]),
        ([WEATHER], (0,), True, ["shape.bare"]),
        ({"type": "function", **WEATHER}, (), True, ["shape.bare"]),
        (
            {"model": "m", "tools": [{"type": "function", "function": WEATHER}]},
            ("tools", 0),
            False,
            ["shape.body"],
        ),
    ],
)
def test_a_tool_is_read_from_every_shape_it_comes_in(value, path, is_bare, codes):
    text = json.dumps(value, indent=2)
    document = read(text)

    [tool] = document.tools
    assert tool.spec == {"type": "function", "function": WEATHER}
    assert (tool.name, tool.path, tool.is_bare) == ("get_weather", path, is_bare)
    assert [finding.code for finding in document.findings] == codes
    assert all(finding.level == "hint" for finding in document.findings)
    inner = json.loads(text[tool.start : tool.end])
    assert inner.get("function", {k: v for k, v in inner.items() if k != "type"}) == WEATHER
    assert document.position(tool.function_path).start >= tool.start


@pytest.mark.parametrize(
    "value", [{"function": WEATHER}, WEATHER, [WEATHER, {"function": WEATHER}]]
)
def test_a_fix_writes_the_fuller_form(value):
    text = json.dumps(value, indent=2)
    for finding in read(text).findings:
        fixed = read(apply(text, finding.fix))
        assert (finding.code, finding.path) not in [(f.code, f.path) for f in fixed.findings]
        assert fixed.tools[0].spec == read(text).tools[0].spec


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (3, "Tools must be a list of objects, or one object, not a number."),
        ("x", "one object, not a string."),
        (None, "one object, not null."),
        ({}, 'The tool has no "function"'),
        ({"tools": 3}, '"tools" must be a list of tools, not a number.'),
        ([1], "tools[0] must be an object, not a number."),
        ([[]], "tools[0] must be an object, not a list."),
        ([{"type": "function"}], 'tools[0] has no "function"'),
        (
            [{"type": "function", "function": 1}],
            "tools[0].function must be an object, not a number.",
        ),
        ([{"type": "code"}], 'tools[0].type must be "function", not "code".'),
        ({"type": "code"}, 'The tool.type must be "function", not "code".'),
    ],
)
def test_an_invalid_tool_is_reported_with_its_place(value, sentence):
    document = read(json.dumps(value))

    [finding] = document.findings
    assert sentence in finding.message
    assert finding.level == "error"
    assert document.tools == ()


def test_one_broken_tool_does_not_hide_the_others():
    good = {"type": "function", "function": WEATHER}
    document = read(json.dumps([good, 7, {"function": []}, good], indent=1))

    assert [tool.path for tool in document.tools] == [(0,), (3,)]
    assert [finding.path for finding in document.findings] == [(1,), (2, "function")]
    assert "tools[2].function must be an object, not a list." in document.findings[1].message


@pytest.mark.parametrize("text", ["", "  \n", "\ufeff", "[]", '{"tools": []}'])
def test_an_empty_text_has_no_tools_and_no_error(text):
    document = read(text)

    assert document.tools == ()
    assert [f for f in document.findings if f.level != "hint"] == []


def test_the_person_s_own_keys_are_kept():
    tool = {"type": "function", "function": {**WEATHER, "x": [1.5, None]}, "cache_control": {}}

    assert read(json.dumps(tool)).tools[0].spec == tool


def test_only_the_first_of_very_many_tools_are_read():
    document = read(json.dumps([WEATHER] * (MAX_TOOLS + 5)))

    assert len(document.tools) == MAX_TOOLS
    assert "1,005 tools; the first 1,000 are read" in document.findings[0].message


def test_edits_are_made_at_their_places_in_any_order():
    fix = Fix("x", (Edit(4, 5, "E"), Edit(0, 1, ""), Edit(2, 2, "+")))

    assert apply("abcdef", fix) == "b+cdEf"


def test_a_diff_shows_the_changed_line_only():
    changes = diff("a\nb\nc", "a\nB\nc").splitlines()

    assert changes[:2] == ["--- tools.json", "+++ tools.json"]
    assert [line for line in changes[2:] if line[0] in "+-"] == ["-b", "+B"]
    assert diff("a", "a") == ""
    assert diff("", "a").splitlines()[-1] == "+a"


def test_values_are_short_in_sentences():
    assert quoted("é") == '"é"'
    assert len(quoted("x" * 100)) <= 41
    assert quoted("x" * 100).endswith('…"')
    assert quoted([1] * 100).endswith("…")
    assert words(["a"]) == '"a"'
    assert words("abc") == '"a", "b" and "c"'
    assert re.search(r"and 5 more$", words("abcdefghij"))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"name": "a", "inputSchema": {}}, 'MCP\'s form ("inputSchema")'),
        ({"name": "a", "input_schema": {}}, "Anthropic's form"),
        ({"function": {"name": "a", "inputSchema": {}}}, 'MCP\'s form ("inputSchema") inside'),
        ({"type": "custom", "name": "a"}, "Anthropic's form"),
        ({"toolSpec": {"name": "a"}}, "Bedrock's form"),
        ({"functionDeclarations": []}, "Gemini's form"),
        ({"name": "a", "parameters": {"type": "OBJECT"}}, "Gemini's form"),
        ({"type": "object", "properties": {}}, "the form of a schema without a name"),
    ],
)
def test_a_tool_in_another_form_is_an_error_and_is_not_sent(value, words):
    document = read(json.dumps([value, {"name": "b", "parameters": {"type": "object"}}]))

    (found,) = [each for each in document.findings if each.level == "error"]
    assert found.code == "shape.format"
    assert words in found.message
    assert [tool.name for tool in document.tools] == ["b"]


def test_an_assistant_with_a_name_is_not_one_tool():
    document = read('{"name": "Gardener", "tools": [{"name": "b", "parameters": {}}]}')

    assert [tool.name for tool in document.tools] == ["b"]
