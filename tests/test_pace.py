"""What of a reply had arrived when: noted beside its text, read again, made up where unknown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.chat import pace
from clarifai_chat.chat.pace import Pacer, Sizes
from clarifai_chat.chat.turn import answer_text, apply, new_turn, resume
from clarifai_chat.events import (
    CallDelta,
    Finished,
    ReasoningDelta,
    StepEnded,
    TextDelta,
    ToolCallDone,
    ToolResult,
)

MODEL = {"url": "u", "name": "Model", "input_price": None, "output_price": None}
CALL = {"id": "1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}


def played(*events, turn=None):
    """A turn with these (seconds, event)s folded in, as a worker does it."""
    turn, pacer = turn or new_turn("Hi", MODEL), Pacer()
    for after_s, event in events:
        apply(turn, event, after_s)
        pacer.note(turn, after_s)
    return turn


def test_each_moment_says_how_long_it_waited_and_what_was_there():
    turn = played(
        (0.3, ReasoningDelta("Hm.")),
        (0.5, TextDelta("Half")),
        (0.9, TextDelta(" an answer")),
        (1.0, Finished("stop")),
    )

    assert turn["pace"] == "300q0n1r3c0a0 200c4 400c14"
    assert pace.moments(turn) == [
        (300, Sizes(0, 1, 3, 0)),
        (200, Sizes(0, 1, 3, 4)),
        (400, Sizes(0, 1, 3, 14)),
    ]


def test_what_comes_within_a_twentieth_of_a_second_is_one_moment():
    turn = played(*((0.3 + number / 100, TextDelta("x")) for number in range(10)))

    assert [moment.sizes.c for moment in pace.moments(turn)] == [5, 10]


def test_a_very_long_answer_has_few_moments():
    turn = played(*((number / 10, TextDelta("x")) for number in range(40_000)))

    assert len(turn["pace"]) < pace.MAX_CHARS + 20
    assert pace.moments(turn)[-1].sizes.c > 4000


def test_a_turn_at_a_moment_has_what_had_arrived_and_no_more():
    turn = played(
        (0.2, ReasoningDelta("Sum up.")),
        (0.3, CallDelta(0, "1", "add", "")),
        (0.4, CallDelta(0, "", "", '{"a": 1}')),
        (0.5, ToolCallDone(CALL, 0)),
        (0.5, StepEnded("tool_calls")),
        (0.5, ToolResult("1", "2")),
        (0.9, TextDelta("It is 2.")),
        (1.0, Finished("stop")),
    )

    shown = [pace.at(turn, moment.sizes) for moment in pace.moments(turn)]

    assert [len(each["replies"]) for each in shown] == [1, 1, 1, 1, 2, 3]
    assert [len(each["before"]) for each in shown] == [0, 0, 0, 1, 1, 1]
    assert shown[1]["replies"][0]["tool_calls"][0]["function"] == {"name": "add", "arguments": ""}
    assert shown[3]["figures"]["first_token_s"] is None
    assert shown[-1]["replies"] == turn["replies"]
    assert shown[-1]["figures"]["reply"] == 2


def test_an_answer_that_was_continued_is_one_answer():
    turn = played((0.2, TextDelta("Half")), (0.3, Finished("length")))
    resume(turn)
    played((0.4, TextDelta(" and half")), (0.5, Finished("stop")), turn=turn)

    texts = [pace.at(turn, each.sizes)["replies"][0]["content"] for each in pace.moments(turn)]

    assert texts == ["Half", "Half and half"]


def test_a_timing_that_was_not_kept_is_made_up_of_what_is_known():
    turn = played((1.0, ReasoningDelta("Hm.")), (2.0, TextDelta("word " * 100)))
    apply(turn, Finished("stop"), 5.0)
    del turn["pace"]

    found = pace.moments(turn)

    assert not pace.is_measured(turn)
    assert found[0].wait_ms == 1000
    assert sum(moment.wait_ms for moment in found) == pytest.approx(5000, abs=100)
    assert found[-1].sizes == Sizes(0, 1, 3, 500)


EVENTS = st.one_of(
    st.builds(TextDelta, st.text(min_size=1)),
    st.builds(ReasoningDelta, st.text(min_size=1)),
    st.builds(CallDelta, st.integers(0, 2), st.just("i"), st.just("f"), st.text()),
)


@given(st.lists(st.tuples(st.floats(0, 0.2), EVENTS), max_size=30))
def test_what_is_shown_only_grows_until_it_is_all(timed):
    now, events = 0.0, []
    for wait_s, event in timed:
        now += wait_s
        events.append((now, event))
    turn = played(*events)

    sizes = [moment.sizes for moment in pace.moments(turn)]

    assert sizes == sorted(sizes, key=lambda each: (each.n, each.r, each.c, each.a))
    if sizes:
        assert pace.at(turn, sizes[-1])["replies"][-1]["content"] == answer_text(turn)
    for each in sizes:
        assert pace.sizes_of({**turn, **pace.at(turn, each)}) == each


@given(st.text())
def test_a_pace_of_a_strangers_file_is_read_or_left_out(text):
    turn = played((0.1, TextDelta("Hi")))
    turn["pace"] = text

    for moment in pace.moments(turn):
        assert 0 <= moment.wait_ms <= pace.MAX_GAP_MS
        assert len(pace.at(turn, moment.sizes)["replies"]) <= 1
