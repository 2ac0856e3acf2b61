"""The quiet line under a reply: what is known in few words, and what is not known said so."""

import pytest

from clarifai_chat.catalog import DEMO
from clarifai_chat.chat.turn import new_turn
from clarifai_chat.chat.usage import cost_usd, reply_line, seconds, tokens_per_s, total

ASKED = {
    "url": "https://clarifai.com/a/b/models/c",
    "name": "c",
    "input_price": 1.0,
    "output_price": 4.0,
}
FIGURES = {
    "first_token_s": 0.5,
    "thought_s": None,
    "total_s": 2.5,
    "prompt_tokens": 1000,
    "completion_tokens": 200,
    "reasoning_tokens": None,
    "cached_tokens": None,
}


def turn(model=None, **figures):
    turn = new_turn("Hi", {**ASKED, **(model or {})})
    turn["figures"] = {**FIGURES, **figures}
    return turn


def line(model=None, **figures):
    return reply_line(turn(model, **figures))


def test_the_line_shows_model_speed_tokens_and_price():
    assert line() == [
        "c",
        "first token 500 ms",
        "100 tokens/s",
        "1,000 tokens in, 200 out",
        "$0.0018",
    ]


def test_thinking_is_shown_as_part_of_the_tokens():
    assert "1,000 tokens in, 200 out (150 of them thinking)" in line(reasoning_tokens=150)


def test_what_is_not_known_is_said():
    nothing = dict.fromkeys(FIGURES)

    assert line(**nothing) == ["c", "tokens not reported", "price unknown"]
    assert "1,000 tokens in, ? out" in line(completion_tokens=None)


@pytest.mark.parametrize("missing", ["input_price", "output_price"])
def test_an_unknown_price_is_not_zero(missing):
    assert cost_usd(turn({missing: None})) is None
    assert line(model={missing: None})[-1] == "price unknown"


@pytest.mark.parametrize("missing", ["prompt_tokens", "completion_tokens"])
def test_an_unknown_count_makes_no_price(missing):
    assert cost_usd(turn(**{missing: None})) is None


def test_a_continued_answer_counts_all_its_requests():
    carried_on = turn()
    carried_on["before"] = [FIGURES, FIGURES]
    assert "3,000 tokens in, 600 out" in reply_line(carried_on)
    assert cost_usd(carried_on) == pytest.approx(3 * cost_usd(turn()))

    carried_on["before"][0] = {**FIGURES, "completion_tokens": None}

    assert cost_usd(carried_on) is None


@pytest.mark.parametrize(
    ("tokens", "price"),
    [
        (0, "$0"),
        (1, "under $0.0001"),
        (99, "under $0.0001"),
        (100, "$0.0001"),
        (1234, "$0.0012"),
        (50_000, "$0.05"),
        (100_000, "$0.10"),
        (12_345_678, "$12.35"),
    ],
)
def test_a_price_is_short(tokens, price):
    assert line(prompt_tokens=tokens, completion_tokens=0)[-1] == price


def test_free_is_distinguished_from_an_unknown_price():
    free = {"input_price": 0.0, "output_price": 0.0}

    assert line(model=free)[-1] == "$0"
    assert line(model={"url": DEMO.url})[-1] == "free"


@pytest.mark.parametrize(
    "unknown",
    [
        {"first_token_s": None},
        {"total_s": None},
        {"completion_tokens": None},
        {"completion_tokens": 0},
        {"first_token_s": 2.49},  # it came at once
    ],
)
def test_no_speed_is_made_up(unknown):
    assert tokens_per_s({**FIGURES, **unknown}) is None


@pytest.mark.parametrize(
    ("s", "text"),
    [
        (0.0004, "0 ms"),
        (0.08, "80 ms"),
        (0.9949, "995 ms"),
        (0.995, "1.0 s"),
        (1.24, "1.2 s"),
        (9.96, "10 s"),
        (14, "14 s"),
        (59.6, "1 min 0 s"),
        (125, "2 min 5 s"),
        (119.6, "2 min 0 s"),
    ],
)
def test_a_duration_is_short(s, text):
    assert seconds(s) == text


# --- The total of a conversation ----------------------------------------------------------------


def over(**figures):
    made = turn(**figures)
    made["asked_at"], made["ended_at"], made["ending"] = 1.0, 2.0, "stop"
    return made


def test_the_total_adds_all_requests_and_versions():
    twice = over()
    twice["before"] = [{**FIGURES}]

    said = total([over(), twice]).text

    assert said == "This conversation so far: 3,000 tokens in, 600 out · $0.0054, for 2 answers."


def test_what_is_not_in_the_total_is_said():
    stopped = over(completion_tokens=None)
    free = over()
    free["model"] = {**ASKED, "name": "mystery", "output_price": None}

    said = total([over(), stopped, free]).text

    assert said.startswith(
        "This conversation so far, at least: 3,000 tokens in, 400 out · $0.0038, for 3 answers."
    )
    assert "Not counted: 1 request without reported tokens" in said
    assert "The price of mystery is not known." in said


def test_an_answer_that_is_arriving_is_not_in_the_total():
    arriving = turn(prompt_tokens=None, completion_tokens=None)
    arriving["asked_at"] = 1.0

    said = total([over(), arriving]).text

    assert said.startswith("This conversation so far, at least: 1,000 tokens in, 200 out")
    assert said.endswith("An answer is still arriving.")
    assert "Not counted" not in said


def test_a_total_of_unknown_prices_is_no_price():
    made = over()
    made["model"] = {**ASKED, "input_price": None, "output_price": None}

    assert "1,000 tokens in, 200 out · price unknown" in total([made]).text


def test_the_demo_is_free_in_total():
    made = over()
    made["model"] = {**ASKED, "url": DEMO.url}

    assert (
        total([made]).text
        == "This conversation so far: 1,000 tokens in, 200 out · free, for 1 answer."
    )


def test_a_question_that_waits_took_nothing():
    assert total([turn()]).text == ""
