import json

import pytest

from clarifai_chat import json_text
from clarifai_chat.json_text import MAX_DEPTH, TooDeep


def nested(depth):
    return "[" * depth + "]" * depth


@pytest.mark.parametrize("text", ['{"a": [1, "x"]}', '"[[["', nested(MAX_DEPTH)])
def test_json_is_read(text):
    assert json_text.read(text) == json.loads(text)


def test_brackets_in_a_string_have_no_depth():
    text = json.dumps({"a": '["\\' * 10 * MAX_DEPTH})

    assert json_text.read(text) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [nested(MAX_DEPTH + 1), nested(200_000), "[" * 10_000, '{"a":' * 1000 + "1" + "}" * 1000],
)
def test_json_that_is_nested_too_deeply_is_refused_on_every_python(text):
    with pytest.raises(TooDeep):
        json_text.read(text)


def test_many_values_beside_each_other_are_not_deep():
    text = json.dumps([[], {}] * 10 * MAX_DEPTH)

    assert json_text.read(text) == json.loads(text)


def test_what_is_not_json_is_a_value_error():
    with pytest.raises(ValueError, match="line 1 column"):
        json_text.read("[1, ]")
