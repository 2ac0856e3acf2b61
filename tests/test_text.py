"""Numbers, lists, sizes and long texts in sentences."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.text import (
    are,
    capitalized,
    counted,
    cut,
    listed,
    size,
    times,
    whole,
    whole_data,
)


def test_a_number_has_its_noun():
    assert counted(0, "tool") == "0 tools"
    assert counted(1, "tool") == "1 tool"
    assert counted(1200, "tool") == "1,200 tools"
    assert counted(1, "answer is", "answers are") == "1 answer is"
    assert counted(2, "answer is", "answers are") == "2 answers are"
    assert counted(1, "picture", one="a") == "a picture"
    assert counted(2, "picture", one="a") == "2 pictures"


def test_a_count_of_times_and_its_verb():
    assert [times(number) for number in (1, 2, 1200)] == ["once", "2 times", "1,200 times"]
    assert [are(number) for number in (0, 1, 2)] == ["are", "is", "are"]


@pytest.mark.parametrize(
    ("parts", "last", "most", "words"),
    [
        ("", "and", None, ""),
        ("a", "and", None, "a"),
        ("ab", "and", None, "a and b"),
        ("abc", "or", None, "a, b or c"),
        ("abc", "", None, "a, b, c"),
        (["a", "", "b"], "and", None, "a and b"),
        ("abc", "or", 2, "a, b or c"),
        ("abcd", "or", 2, "a, b and 2 more"),
        ("abcd", "", 2, "a, b and 2 more"),
        (["a"] * 1002, "and", 1, "a and 1,001 more"),
    ],
)
def test_a_list_in_words(parts, last, most, words):
    assert listed([*parts], last, most) == words


@given(st.lists(st.sampled_from("abc")), st.integers(1, 9))
def test_a_list_counts_what_it_does_not_name(parts, most):
    words = listed(parts, "and", most)

    more = re.search(r"(\d+) more$", words)
    named = len(re.findall("[abc](?=,| and|$)", words))
    assert named + int(more[1] if more else 0) == len(parts)
    assert (more and more[0]) != "1 more"


@given(st.text(), st.integers(1, 20))
def test_a_cut_text_is_no_longer_than_it_may_be_and_says_that_it_is_cut(text, most):
    shown = cut(text, most)

    assert len(shown) <= most
    assert shown == text or (shown[-1] == "…" and text.startswith(shown[:-1]))
    assert (shown == text) is (len(text) <= most)


def test_only_the_first_letter_is_made_a_capital():
    assert capitalized("the JSON") == "The JSON"
    assert capitalized("") == ""


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (12, "12 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (340_000, "340 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (1_250_000, "1.2 MB"),
        (15_000_000, "15 MB"),
        (2_345_600_000, "2,345.6 MB"),
    ],
)
def test_a_size_in_words(count, words):
    assert size(count) == words


@given(st.text("\ud83c\udf0a\ud83d\udc68ab🌊") | st.text())
def test_a_whole_text_can_be_sent_and_whole_characters_stay(text):
    made = whole(text)

    assert made.encode().decode() == made
    assert whole(made) == made
    if not any("\ud800" <= letter <= "\udfff" for letter in text):
        assert made == text


def test_halves_that_meet_are_joined_and_others_replaced():
    assert whole("a \ud83c\udf0a b") == "a 🌊 b"
    assert whole("a \ud83c b \udf0a") == "a \ufffd b \ufffd"
    data = {"\ud83c": ["\udf0a", 1, None, {"a": "\ud83c\udf0a"}]}
    assert whole_data(data) == {"\ufffd": ["\ufffd", 1, None, {"a": "🌊"}]}
