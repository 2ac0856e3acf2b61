"""Which models a visitor chose, from several tabs: nothing of one tab undoes another's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.history.choices import MOST_RECENT, _sound, merged, none

urls = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=MOST_RECENT)
some = st.builds(
    lambda favourites, recent, model: {"favourites": favourites, "recent": recent, "model": model},
    urls,
    urls,
    st.sampled_from(["", *"abc"]),
)


def chosen(favourites="", recent="", model=""):
    return {"favourites": [*favourites], "recent": [*recent], "model": model}


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
    ],
)
def test_what_another_version_saved_is_no_trouble(body):
    assert _sound(body) == none()
