"""Two copies of a turn or a chat, put together: nothing is lost, and twice is no more than once."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.chat.chats import new_chat
from clarifai_chat.chat.turn import Turn, end, new_turn
from clarifai_chat.history.store.merging import (
    changes,
    holds,
    merge_fields,
    merge_turn,
    merge_turns,
    settle_all,
    sibling,
)

MODEL = {"url": "", "name": "", "input_price": None, "output_price": None}


def a_turn(number: int, parent: str, words: str, asked_at: float, is_over: bool) -> Turn:
    turn = new_turn("Hi", MODEL)
    turn["id"], turn["parent"], turn["asked_at"] = f"t{number}", parent, asked_at
    turn["replies"] = [{"role": "assistant", "content": words}]
    if is_over:
        end(turn, "stop", 1.0)
    return turn


one_turn = st.builds(
    a_turn,
    st.integers(0, 5),
    st.sampled_from(["", *(f"t{n}" for n in range(6))]),
    st.text("ab", max_size=3),
    st.sampled_from([1.0, 2.0]),
    st.booleans(),
)
some_turns = st.lists(one_turn, max_size=6, unique_by=lambda turn: turn["id"])


def by_id(turns):
    return {turn["id"]: turn for turn in turns}


def words(turns):
    return [turn["replies"][0]["content"] for turn in turns]


def test_a_turn_holds_what_it_has_grown_from():
    small = a_turn(1, "", "Yes", 1.0, False)
    big = copy.deepcopy(small)
    big["replies"][0]["content"] = "Yes, and"

    assert holds(big, small)
    assert not holds(small, big)
    assert holds(small, small)


def test_a_turn_from_elsewhere_holds_another_only_with_its_thoughts():
    small, big = a_turn(1, "", "Yes", 1.0, False), a_turn(1, "", "Yes, and", 2.0, False)
    small["replies"][0]["later_thoughts"] = [{"after": 2, "text": "Hm"}]
    assert not holds(big, small)
    big["replies"][0]["later_thoughts"] = [{"after": 1, "text": "Hm, so"}]
    assert not holds(big, small)
    big["replies"][0]["later_thoughts"] = [{"after": 2, "text": "Hm, so"}]
    assert holds(big, small)


def test_a_turn_with_another_question_holds_nothing_of_the_first():
    one = a_turn(1, "", "Yes", 1.0, True)
    assert not holds({**one, "prompt": "Ho"}, one)


def test_calls_and_thoughts_count_as_words_do():
    small = a_turn(1, "", "", 1.0, False)
    function = {"name": "f", "arguments": '{"a'}
    small["replies"][0] |= {
        "reasoning_content": "Hm",
        "tool_calls": [{"id": "1", "type": "function", "function": function}],
    }
    big = copy.deepcopy(small)
    big["asked_at"] = 2.0
    big["replies"][0]["tool_calls"][0]["function"]["arguments"] = '{"a": 1}'
    big["replies"].append({"role": "tool", "tool_call_id": "1", "content": "2"})

    assert holds(big, small)
    assert not holds(small, big)
    for key, other in {"reasoning_content": "No", "tool_calls": []}.items():
        changed = copy.deepcopy(big)
        changed["replies"][0][key] = other
        assert not holds(changed, small)
    wrong_role = copy.deepcopy(big)
    wrong_role["replies"][0] = wrong_role["replies"][1]
    assert not holds(wrong_role, small)


def test_a_turn_that_lacks_everything_but_its_id_is_no_trouble():
    bare = {"id": "t1"}
    assert holds(bare, bare)
    assert settle_all({"id": "t1", "prompt": "x"}, {"t1": bare}, is_current=True)[0] == bare


def test_earlier_answers_are_not_lost():
    one = a_turn(1, "", "Yes", 1.0, True)
    again = {**copy.deepcopy(one), "asked_at": 2.0, "earlier": [copy.deepcopy(one)]}
    assert holds(again, one)
    assert not holds(one, again)


def test_feedback_is_taken_along():
    mine, stored = a_turn(1, "", "Yes", 1.0, False), a_turn(1, "", "Yes, and", 1.0, True)
    assert merge_turn({**mine, "feedback": "up"}, stored, is_current=False)["feedback"] == "up"
    assert merge_turn(stored, {**mine, "feedback": "up"}, is_current=False)["feedback"] == "up"
    assert merge_turn(mine, {**stored, "feedback": "up"}, is_current=False)["feedback"] == "up"


@given(one_turn, one_turn)
def test_of_two_copies_nothing_is_lost(mine, stored):
    mine["id"] = stored["id"]

    kept = settle_all(mine, {stored["id"]: stored}, is_current=False)

    assert kept[0]["id"] == stored["id"]
    assert len({turn["id"] for turn in kept}) == len(kept) <= 2
    assert all(any(holds(turn, each) for turn in kept) for each in (mine, stored))
    assert settle_all(mine, by_id(kept), is_current=False)[-1]["id"] == kept[-1]["id"]


@given(one_turn)
def test_a_sibling_has_always_the_same_id(turn):
    assert sibling(turn)["id"] == sibling(copy.deepcopy(turn))["id"] != turn["id"]


@given(some_turns, some_turns)
def test_nothing_that_only_one_side_has_added_is_lost(mine, stored):
    chat = {"revision": 1, "turns": mine}
    known = by_id(stored)

    merged = merge_turns(chat, known, dict.fromkeys(known, 2), {})

    assert len(by_id(merged)) == len(merged)
    assert {*known, *by_id(mine)} <= set(by_id(merged))
    for each in [*mine, *stored]:
        assert any(holds({**turn, "id": each["id"]}, each) for turn in merged)


@given(some_turns, some_turns)
def test_a_merge_of_a_merge_is_the_same(mine, stored):
    known = by_id(stored)
    came = dict.fromkeys(known, 2)
    merged = merge_turns({"revision": 1, "turns": mine}, known, came, {})

    again = merge_turns(
        {"revision": 3, "turns": merged}, by_id(merged), came | dict.fromkeys(by_id(merged), 3), {}
    )

    assert again == merged


def test_of_the_settings_each_one_is_changed_by_itself():
    read = {**new_chat(), "revision": 1, "settings": {"top_p": 0.5, "seed": 1, "system": "Old."}}
    mine = {**read, "settings": {"top_p": 0.5, "seed": 2, "system": "Mine."}}
    stored = {**read, "title": "Theirs", "settings": {"temperature": 0.9, "seed": 1}}
    changed = dict.fromkeys(changes(stored, read), 2)

    merged = merge_fields(mine, stored, changed)

    assert merged["title"] == "Theirs"
    assert merged["settings"] == {"seed": 2, "temperature": 0.9}
    assert merge_fields({**mine, "revision": 2}, stored, changed)["settings"] == mine["settings"]
