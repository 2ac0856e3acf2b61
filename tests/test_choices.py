"""Which models a visitor chose, from several tabs: nothing of one tab undoes another's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.history.choices import MOST_RECENT, _sound, merged, none

urls = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=MOST_RECENT)
one = st.builds(
    lambda at, passed: {"at": at, "passed": passed, "of": 3, "whys": []},
    st.integers(1, 3),
    st.integers(0, 3),
)
some = st.builds(
    lambda favourites, recent, model, measured: {
        "favourites": favourites,
        "recent": recent,
        "model": model,
        "measured": measured,
    },
    urls,
    urls,
    st.sampled_from(["", *"abc"]),
    st.dictionaries(
        st.sampled_from("ab"), st.dictionaries(st.sampled_from(["tools", "json"]), one, min_size=1)
    ),
)


def chosen(favourites="", recent="", model="", measured=()):
    return {
        "favourites": [*favourites],
        "recent": [*recent],
        "model": model,
        "measured": dict(measured),
    }


def measured_at(at, passed=3):
    return {"at": at, "passed": passed, "of": 3, "whys": ["auto: no call"] * (3 - passed)}


def test_stars_of_two_tabs_are_both_kept():
    read = chosen("ab")
    here, there = chosen("cb"), chosen("dab")  # c for a; d

    assert merged(here, read, there)["favourites"] == ["c", "d", "b"]


def test_the_tab_that_chose_last_decides_on_the_model():
    read, there = chosen(recent="a", model="a"), chosen(recent="ba", model="b")

    assert merged(chosen(recent="ca", model="c"), read, there) == chosen("", "cab", "c")
    assert merged(read, read, there) == there


def test_only_a_few_recent_models_are_kept():
    assert merged(chosen(recent="abcd"), none(), chosen(recent="dcxyz"))["recent"] == [*"abcdx"]


def test_of_two_measurements_of_the_same_the_later_one_is_kept():
    read = chosen(measured={"a": {"tools": measured_at(1)}})
    here = chosen(measured={"a": {"tools": measured_at(2, 1), "json": measured_at(2)}})
    there = chosen(measured={"a": {"tools": measured_at(3, 2), "vision": measured_at(3)}})

    assert merged(here, read, there)["measured"]["a"] == {
        "tools": measured_at(3, 2),
        "vision": measured_at(3),
        "json": measured_at(2),
    }
    assert merged(read, read, chosen())["measured"] == {}  # another tab deleted everything


@given(some, some)
def test_what_did_not_change_changes_nothing(mine, there):
    assert merged(mine, mine, there) == there


@given(some, some, some)
def test_a_second_save_changes_nothing_more(mine, before, there):
    once = merged(mine, before, there)

    assert merged(mine, before, once) == once


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "a",
        {},
        {"favourites": "ab", "recent": 1, "model": None},
        {"recent": [1, "", {}]},
        {"model": "x" * 2001},
        {"measured": {"a": {"tools": {"at": "now", "of": 3}, "json": None}, "b": 1}},
    ],
)
def test_what_another_version_saved_is_no_trouble(body):
    assert _sound(body) == none()
