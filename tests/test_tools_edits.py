"""Add, copy and remove tools in a text; the rest stays as typed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.tools.lint.edits import added, duplicated, formatted, without
from clarifai_chat.tools.text.parse import read

A = {"type": "function", "function": {"name": "a", "description": "Do one thing."}}
B = {"type": "function", "function": {"name": "b", "parameters": {"type": "object"}}}
BARE = {"name": "bare", "description": "Do a third thing."}
ALL = [A, B, BARE]
LAYOUTS = {
    "indented": lambda value: json.dumps(value, indent=2),
    "tabs and windows": lambda value: json.dumps(value, indent="\t").replace("\n", "\r\n"),
    "one line": json.dumps,
    "compact": lambda value: json.dumps(value, separators=(",", ":")),
    "a request": lambda value: json.dumps({"model": "m", "tools": value, "n": 1}, indent=2),
    "odd": lambda value: "\ufeff[ " + " ,\n\n   ".join(map(json.dumps, value)) + "\n]\n\n",
}
layout = pytest.mark.parametrize("lay_out", LAYOUTS.values(), ids=LAYOUTS)


def specs(text):
    document = read(text)
    assert not [finding for finding in document.findings if finding.level == "error"]
    return [tool.spec for tool in document.tools]


def names(text):
    return [spec["function"]["name"] for spec in specs(text)]


@layout
@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_tool_is_removed_and_the_rest_stays(lay_out, index):
    text = lay_out(ALL)

    left = without(text, index)

    assert specs(left) == [spec for i, spec in enumerate(specs(text)) if i != index]
    for i, tool in enumerate(read(text).tools):
        assert (text[tool.start : tool.end] in left) is (i != index)


@layout
def test_every_tool_can_be_removed_in_turn(lay_out):
    text = lay_out(ALL)
    for _ in ALL:
        text = without(text, 0)

    assert specs(text) == []
    assert json.loads(text.removeprefix("\ufeff")) in ([], {"model": "m", "tools": [], "n": 1})


def test_removing_the_only_tool_leaves_an_empty_text():
    assert without(json.dumps(A), 0) == ""


@pytest.mark.parametrize("value", [A, ALL, []])
def test_removing_a_missing_tool_changes_nothing(value):
    text = json.dumps(value)

    assert without(text, 7) == without(text, -1) == duplicated(text, 7) == text


@layout
@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_copy_follows_its_tool_under_an_unused_name(lay_out, index):
    text = lay_out(ALL)

    twice = duplicated(duplicated(text, index), index)

    name = names(text)[index]
    expected = names(text)
    expected[index + 1 : index + 1] = [f"{name}_3", f"{name}_2"]
    assert names(twice) == expected
    for tool in read(text).tools:
        assert text[tool.start : tool.end] in twice


def test_a_copy_is_laid_out_like_the_others():
    text = json.dumps(ALL, indent=2)
    twice = duplicated(text, 1)

    assert json.dumps(json.loads(twice), indent=2) == twice


@pytest.mark.parametrize("tool", [A, BARE])
def test_a_single_tool_becomes_a_list_with_its_copy(tool):
    text = json.dumps(tool, indent=2)
    twice = duplicated(f"\n{text}\n", 0)

    assert len(specs(twice)) == 2
    assert json.dumps(json.loads(twice), indent=2) == twice


def test_a_nameless_tool_is_copied_as_it_is():
    text = json.dumps([{"description": "Do it."}])

    assert json.loads(duplicated(text, 0)) == json.loads(text) * 2


def test_an_index_counts_only_the_tools_that_can_be_read():
    text = json.dumps([1, A, 2, B])

    assert json.loads(without(text, 1)) == [1, A, 2]
    assert json.loads(duplicated(text, 0))[2]["function"]["name"] == "a_2"


@layout
@pytest.mark.parametrize(
    "new", [json.dumps(B), json.dumps([B], indent=4), json.dumps({"tools": [B]})]
)
def test_a_tool_is_added_after_the_others(lay_out, new):
    text = lay_out([A, BARE])

    more = added(text, new)

    assert specs(more) == [*specs(text), B]
    for tool in read(text).tools:
        assert text[tool.start : tool.end] in more


def test_an_added_tool_is_laid_out_like_the_others():
    more = added(json.dumps([A], indent=2), json.dumps([B, BARE], indent=2))

    assert more == json.dumps([A, B, BARE], indent=2)


@pytest.mark.parametrize("text", ["", " \n", "[]", "[\n]", json.dumps({"tools": []}, indent=2)])
def test_a_tool_is_added_to_nothing(text):
    more = added(text, json.dumps(A, indent=2))

    assert specs(more) == [A]
    assert json.dumps(json.loads(more), indent=2) == more


@pytest.mark.parametrize("indent", [None, 2])
def test_a_single_tool_becomes_a_list_with_the_added_one(indent):
    more = added(json.dumps(A, indent=indent), json.dumps(B, indent=indent))

    assert specs(more) == [A, B]
    assert indent is None or json.dumps(json.loads(more), indent=2) == more


@pytest.mark.parametrize(
    ("text", "new"),
    [("[", json.dumps(A)), (json.dumps([A]), "["), (json.dumps([A]), "3"), ("3", json.dumps(A))],
)
def test_an_unreadable_text_is_left_as_typed(text, new):
    assert added(text, new) == text


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(VALUES, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_a_formatted_text_is_what_json_dumps_would_write(value, is_ascii, indent):
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent)

    assert formatted(text) == json.dumps(value, ensure_ascii=is_ascii, indent=2)
    assert formatted(formatted(text)) == formatted(text)


def test_numbers_and_strings_stay_as_they_are_written():
    assert formatted('[1.0e+5,-0,"\\u00e9\\/"]') == '[\n  1.0e+5,\n  -0,\n  "\\u00e9\\/"\n]'


@pytest.mark.parametrize("text", ["", "[1,", '{"a": 1, "a": 2}', "nope", "[" * 200])
def test_a_text_that_would_lose_something_is_not_formatted(text):
    assert formatted(text) == text


@given(st.text(), st.text(), st.integers(-2, 5))
def test_no_text_is_too_odd(text, other, index):
    for new in (without(text, index), duplicated(text, index), added(text, other), formatted(text)):
        assert isinstance(new, str)
