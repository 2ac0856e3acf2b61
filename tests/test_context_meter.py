"""The context meter: what the next question takes, what it costs, what no longer fits."""

import copy
import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarifai_chat.catalog import DEMO, Model
from clarifai_chat.chat.context_window import PER_ANSWER, ROOM, left_out, measure
from clarifai_chat.chat.token_counts import PER_MESSAGE, TokenCounter
from tests.some_chats import attachment, turn

MODEL = Model(url="https://clarifai.com/a/b/models/c", name="C", input_price=2.0)
ONE = 2 * PER_MESSAGE  # what a turn takes besides its words
ASKING = PER_MESSAGE + PER_ANSWER


def model(window=None, most=None, **facts):
    facts = {"context_window": window, "max_output_tokens": most, **facts}
    return dataclasses.replace(MODEL, **facts)


def count(text):
    """A token for each word."""
    return len(text.split())


def words(number):
    return " ".join(["word"] * number)


def meter(turns=(), prompt="", model=MODEL, attached=0, leave_out=None, **settings):
    asked = PER_MESSAGE + count(prompt) + attached
    return measure(turns, settings, model, TokenCounter(count), asked=asked, leave_out=leave_out)


def test_a_question_costs_its_text_and_what_models_add_to_it():
    assert meter(prompt="one two three").tokens == 3 + ASKING


def test_all_that_is_sent_is_counted():
    calls = [{"id": "1", "function": {"name": "get", "arguments": '{"a": 1}'}}]
    asked = turn("one two", "")
    asked["replies"] = [
        {"role": "assistant", "content": "", "reasoning_content": words(99), "tool_calls": calls},
        {"role": "tool", "tool_call_id": "1", "content": "a result"},
        {"role": "assistant", "content": "an answer it is"},
    ]
    asked["attachments"] = [
        {**attachment("a", "a.png", "image", "image/png", 1), "tokens": 100},
        attachment("b", "b.png", "image", "image/png", 1),
    ]

    found = meter([asked], "now", attached=50, system="be kind", json_schema="{ }")

    turn_tokens = 5 * PER_MESSAGE + 2 + 3 + 2 + 4 + 100
    assert found.tokens == turn_tokens + (PER_MESSAGE + 2) + 2 + 1 + 50 + ASKING


def test_what_is_not_sent_is_not_counted():
    running = turn("running", "so far", ended_at=None)

    assert meter([turn("failed", ""), running]).tokens == ASKING


def test_what_is_not_known_is_said():
    found = meter(prompt="Hi", model=model(input_price=None))

    assert (found.window, found.room, found.cost_usd) == (None, None, None)
    assert found.fits
    assert found.sentence == "About 8 tokens; how many C takes is not known."


def test_the_price_is_that_of_what_is_sent():
    assert meter(prompt=words(993)).cost_usd == pytest.approx(1000 * 2 / 1_000_000)
    assert meter(prompt="Hi", model=DEMO).cost_usd == 0


@pytest.mark.parametrize(
    ("window", "most", "settings", "room"),
    [
        (10_000, None, {}, 10_000 - ASKING),
        (10_000, 500, {}, 500),
        (10_000, 500, {"max_tokens": 200}, 200),
        (None, None, {"max_tokens": 200}, 200),
        (None, 300, {}, 300),
    ],
)
def test_the_room_for_an_answer_is_the_smallest_of_its_limits(window, most, settings, room):
    assert meter(model=model(window, most), **settings).room == room


def test_the_oldest_turns_are_left_out_until_the_rest_fits():
    turns = [turn(words(100 * number), words(100)) for number in (1, 2, 3)]

    found = meter(turns, words(10), model(ROOM * 4 + 1), system=words(2200))

    assert list(found.left_out) == turns[:1]
    everything = meter(turns, words(10), system=words(2200))
    assert everything.tokens - found.tokens == 200 + ONE
    assert found.fits
    assert found.tokens + ROOM <= ROOM * 4 + 1
    assert "the oldest turn will be left out" in found.sentence


def test_nothing_is_left_out_while_all_fits():
    found = meter([turn("a", "b")], "c", model(10_000))

    assert found.left_out == ()
    assert found.sentence == "About 18 of C's 10,000 tokens."


def test_a_question_that_is_too_long_by_itself_is_reported():
    turns = [turn("a", "b"), turn("c", "d")]

    found = meter(turns, words(1000), model(1000))

    assert list(found.left_out) == turns
    assert not found.fits
    assert found.room == 0
    assert found.sentence.startswith("Too long: about 1,007 of C's 1,000 tokens")


def test_a_limit_that_is_too_high_for_the_model_is_reported():
    found = meter(prompt="Hi", model=model(1000), max_tokens=1000)

    assert not found.fits
    assert "leaves too few for an answer of 1,000. Lower that limit" in found.sentence


def test_room_that_was_asked_for_is_kept_free():
    turns = [turn(words(100), words(100))]

    assert meter(turns, model=model(1000), max_tokens=700).left_out == ()
    assert list(meter(turns, model=model(1000), max_tokens=900).left_out) == turns


TURNS = st.lists(
    st.builds(
        turn,
        st.integers(0, 300).map(words),
        st.integers(0, 300).map(words),
        ended_at=st.sampled_from([None, 1.0, 2.0]),
    ),
    max_size=6,
)


@given(
    TURNS,
    st.integers(0, 500).map(words),
    st.one_of(st.none(), st.integers(1, 3000)),
    st.one_of(st.none(), st.integers(1, 3000)),
    st.fixed_dictionaries(
        {}, optional={"system": st.just("be kind"), "max_tokens": st.integers(1, 2000)}
    ),
)
def test_whole_turns_go_oldest_first_and_no_more_than_needed(turns, prompt, window, most, settings):
    before = copy.deepcopy(turns)

    found = meter(turns, prompt, model(window, most), **settings)

    assert turns == before
    sent = [each for each in turns if each["ended_at"] is not None and each["replies"]]
    assert list(found.left_out) == sent[: len(found.left_out)]
    rest = sent[len(found.left_out) :]
    assert list(found.sent) == rest
    assert found.tokens == meter(rest, prompt, **settings).tokens
    if window is not None and found.left_out:
        one_more = sent[len(found.left_out) - 1 :]
        again = meter(one_more, prompt, model(window, most), **settings)
        assert list(again.left_out) == one_more[:1] or not found.fits
    if not found.fits:
        assert rest == []
    assert found.sentence.endswith(".")


# --- The choice -----------------------------------------------------------------------------------


def three_turns():
    return [turn(words(100), words(100), id=f"turn-{number}") for number in (1, 2, 3)]


def test_the_chosen_number_of_oldest_turns_is_left_out_even_if_all_fit():
    turns = three_turns()

    found = meter(turns, model=model(10_000), leave_out=2)

    assert list(found.left_out) == turns[:2]
    assert found.tokens == 200 + ONE + ASKING
    assert found.sentence == (
        "About 215 of C's 10,000 tokens: the 2 oldest turns will be left out, as you chose."
    )


def test_everything_is_sent_if_chosen_even_if_it_does_not_fit():
    found = meter(three_turns(), model=model(500), leave_out=0)

    assert found.left_out == ()
    assert found.tokens == meter(three_turns()).tokens
    assert not found.fits
    assert "because nothing is left out. The model may refuse it." in found.sentence


def test_choosing_too_few_turns_is_reported():
    found = meter(three_turns(), model=model(400), leave_out=1)

    assert len(found.left_out) == 1
    assert not found.fits
    assert found.sentence.endswith("even without the oldest turn. The model may refuse it.")


def test_no_more_are_left_out_than_there_are():
    turns = three_turns()

    found = meter(turns, model=model(1000), leave_out=99)

    assert list(found.left_out) == turns
    assert found.sent == ()


def test_a_choice_holds_for_a_model_whose_window_is_not_known():
    found = meter(three_turns(), leave_out=1)

    assert len(found.left_out) == 1
    assert found.sentence.endswith("is not known: the oldest turn will be left out, as you chose.")


# --- In a few words -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "prompt", "line"),
    [
        ({"window": 131_072}, words(1227), "About 1,234 of 131,072 tokens · under 1 % · $0.0025"),
        ({"window": 2000}, words(593), "About 600 of 2,000 tokens · 30 % · $0.0012"),
        ({}, words(593), "About 600 tokens · $0.0012"),
        ({"input_price": None}, words(593), "About 600 tokens"),
        ({"window": 2000, "input_price": None}, words(593), "About 600 of 2,000 tokens · 30 %"),
        ({"input_price": 0.0}, words(593), "About 600 tokens · $0"),
        (
            {"window": 1000},
            words(1993),
            "Too long: about 2,000 of 1,000 tokens · 200 % · $0.004",
        ),
    ],
)
def test_the_line_says_what_is_known(facts, prompt, line):
    assert meter(prompt=prompt, model=model(**facts)).line == line


def test_the_line_says_what_is_left_out():
    found = meter(three_turns(), model=model(600, input_price=None))

    assert found.line == "About 423 of 600 tokens · 70 % · without the oldest turn"


def test_the_demo_is_free_and_takes_any_number():
    found = meter(three_turns(), model=DEMO)

    assert found.line == "About 631 tokens · free"
    assert found.sentence == "About 631 tokens; Demo takes any number."


def test_what_is_not_counted_yet_makes_it_rough():
    found = measure(three_turns(), {}, model(2000), TokenCounter(None))

    assert found.is_rough
    assert found.line.startswith("Roughly ")
    assert found.sentence.startswith("Roughly ")


def test_a_meter_is_empty_if_only_the_question_would_be_sent():
    assert meter().is_empty
    assert not meter(three_turns()).is_empty
    assert not meter(system="Be kind").is_empty
    assert not meter(three_turns(), leave_out=3).is_empty


# --- What is sent ---------------------------------------------------------------------------------


def ids(turns, asked, model, counter=None, chosen=None, **settings):
    return left_out(turns, asked, settings, model, counter or TokenCounter(count), leave_out=chosen)


def test_what_is_left_out_is_what_the_meter_said():
    turns, asked = three_turns(), turn("now", "", ended_at=None)

    gone = ids([*turns, asked], asked, model(600))

    assert gone == [each["id"] for each in meter(turns, "now", model(600)).left_out] == ["turn-1"]


def test_only_what_came_before_counts():
    turns = three_turns()

    assert ids(turns, turns[1], model(300)) == ["turn-1"]


def test_continuing_an_answer_sends_the_part_that_arrived():
    turns, asked = three_turns(), turn("now", words(150), ended_at=None)

    assert ids([*turns, asked], asked, model(860)) == ["turn-1"]
    asked["replies"] = []
    assert ids([*turns, asked], asked, model(860)) == []


def test_if_the_window_is_unknown_turns_are_left_out_only_by_choice():
    turns, asked = three_turns(), turn("now", "")

    assert ids(turns, asked, model()) == []
    assert ids(turns, asked, model(), chosen=2) == ["turn-1", "turn-2"]


def test_nothing_is_counted_if_it_fits_in_any_case():
    def never(text):
        raise AssertionError("It was counted.")

    turns, asked = three_turns(), turn("now", "")

    assert ids(turns, asked, model(10_000), TokenCounter(never)) == []
    assert ids(turns, asked, model(100), TokenCounter(never), chosen=1) == ["turn-1"]
