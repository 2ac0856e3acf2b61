"""Mocks as they are typed, and which calls a fault falls on."""

import json

import pytest

from clarifai_chat.playground import chat_tools
from clarifai_chat.playground.runs import MOCKED
from clarifai_chat.tools import mock_draft, mocks
from clarifai_chat.tools.mock_draft import BadMock, draft_of, mock_of, new_draft
from clarifai_chat.tools.mocks import FAULTS
from tests.test_chat_tools import called
from tests.test_runs import WEATHER

NAME = WEATHER["function"]["name"]
CALL = '{"location": "Paris"}'


def made(**fields):
    return mock_of({**new_draft(), **fields})


def test_a_table_answers_by_arguments_and_an_arrow_may_be_in_a_text():
    mock = made(
        kind="table",
        rows='{"location": "Paris"} => 18\n\n{"location": "a => b", "n": 2} => both => here',
        answer="{{location}}?",
    )

    assert mocks.answer(mock, CALL) == "18"
    assert mocks.answer(mock, '{"location": "a => b", "n": 2}') == "both => here"
    assert mocks.answer(mock, '{"location": "Oslo"}') == "Oslo?"


@pytest.mark.parametrize("line", ["Paris => 18", '{"location": "Paris"} 18', "[1] => 2", "=>"])
def test_a_row_that_is_not_read_is_named(line):
    with pytest.raises(BadMock, match="Line 2 of the table"):
        made(kind="table", rows=f'{{"a": 1}} => 1\n{line}')


def test_answers_come_one_after_another():
    mock = made(kind="sequence", answers="one\nline\n---\ntwo")

    assert [mocks.answer(mock, "{}", n) for n in range(3)] == ["one\nline", "two", "two"]


@pytest.mark.parametrize("kind", FAULTS)
def test_a_share_of_the_calls_gets_the_fault_and_the_seed_says_which(kind):
    def struck(seed):
        mock = made(kind=kind, percent=30, seed=seed, usual="fine", chars=10, answer="odd")
        answers = [mocks.answer(mock, CALL, n) for n in range(1000)]
        assert answers == [mocks.answer(mock, CALL, n) for n in range(1000)]
        return [answer != "fine" for answer in answers]

    assert 250 < sum(struck(1)) < 350
    assert struck(1) != struck(2)
    again = mocks.reseeded(made(kind=kind, percent=30, seed=1, usual="fine"), 1)
    assert again["seed"] == 2


def test_all_calls_get_a_fault_unless_a_share_is_typed_and_none_at_0_percent():
    assert mocks.answer(made(kind="error", answer="Down"), CALL) == '{"error": "Down"}'
    assert mocks.answer(made(kind="error", percent=0, usual="18"), CALL) == "18"


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "fixed", "answer": "18"},
        {"kind": "table", "rows": '{"a": 1} => x', "answer": "y"},
        {"kind": "sequence", "answers": "one\n---\ntwo"},
        {"kind": "huge", "chars": 5000, "answer": "ab", "delay_s": 1.5},
        {"kind": "injection", "answer": "", "percent": 40, "seed": 7, "usual": "z"},
    ],
)
def test_a_mock_can_be_read_from_a_file_and_typed_again(fields):
    mock = made(**fields)

    assert mocks.mock_of(json.loads(json.dumps(mock))) == mock
    assert mock_of(mock_draft.typed(mock)) == mock


@pytest.mark.parametrize(
    "found",
    [None, 7, {"kind": "x"}, {"chars": "many", "seed": True, "delay_s": float("nan")},
     {"answer": 5, "percent": None}],
)  # fmt: skip
def test_a_saved_draft_that_does_not_fit_begins_again(found):
    assert draft_of(found) == new_draft()


def test_a_saved_draft_keeps_within_its_limits():
    found = draft_of({"chars": 10**9, "percent": -5, "delay_s": 99, "seed": 2.0})

    assert (found["chars"], found["percent"], found["delay_s"]) == (mocks.MAX_CHARS, 0, 30.0)


# --- In a chat -----------------------------------------------------------------------------------


def set_with(draft):
    tools = {"text": json.dumps([WEATHER]), "gen": 1}
    return {"tools": tools, "answerers": {NAME: MOCKED}, "mocks": {NAME: draft}}


def test_the_mocks_of_a_set_go_with_its_tools_into_a_chat_and_through_a_file():
    offered = chat_tools.of_set("id", "Mine", set_with({"kind": "error", "answer": "Down"}))

    turn = called()
    turn["tools"] = chat_tools.used(offered)
    turn["tools"] = chat_tools.sound(json.loads(json.dumps(turn["tools"])))
    run = chat_tools.run_of(turn)

    assert run["answerers"] == {NAME: MOCKED}
    assert mocks.answer(run["mocks"][NAME], CALL) == '{"error": "Down"}'


def test_without_a_mock_of_any_use_the_reader_answers():
    offered = chat_tools.of_set("id", "Mine", set_with({"kind": "table", "rows": "?"}))
    assert offered["answerers"] == {}
    assert "mocks" not in offered

    forged = {**offered, "answerers": {NAME: MOCKED}, "mocks": {NAME: {"kind": "boom"}}}
    assert chat_tools.sound(forged)["answerers"] == {}
