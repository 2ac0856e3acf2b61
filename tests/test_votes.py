"""What votes between models tell, and how much."""

import csv
import io
import random

import pytest

from clarifai_chat.chat.votes import as_csv, new_vote, tally
from clarifai_chat.intervals import wilson


@pytest.mark.parametrize(
    ("won", "of", "low", "high"),  # from R's prop.test(…, correct = FALSE)
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_the_interval_is_wilsons(won, of, low, high):
    assert wilson(won, of) == pytest.approx((low, high), abs=5e-5)


def test_without_trials_nothing_is_known():
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_interval_holds_the_truth_about_95_times_in_100():
    dice = random.Random(7)  # noqa: S311 - not a secret
    held = total = 0
    for share in (0.1, 0.3, 0.5, 0.8):
        for _ in range(2000):
            low, high = wilson(sum(dice.random() < share for _ in range(20)), 20)
            held += low <= share <= high
            total += 1

    assert 0.93 < held / total < 0.97


def test_the_best_comes_first_and_a_tie_counts_for_nobody():
    votes = [
        new_vote(["A", "B"], "B", blind=True),
        new_vote(["A", "B"], "", blind=True),
        new_vote(["B", "C"], "B", blind=False),
    ]

    scores = tally(votes)

    assert [(score.model, score.won, score.votes) for score in scores] == [
        ("B", 2, 3),
        ("A", 0, 2),
        ("C", 0, 1),
    ]
    assert scores[0].low < 2 / 3 < scores[0].high


def test_a_file_of_votes_has_a_line_for_each_and_no_formula():
    text = as_csv(
        [new_vote(["=cmd()", "B,\n"], "=cmd()", blind=True), new_vote(["A"], "", blind=False)]
    )

    head, first, second = csv.reader(io.StringIO(text))

    assert head == ["time (UTC)", "winner", "blind", "models"]
    assert first[1:] == ["'=cmd()", "yes", "'=cmd()", "B,\n"]
    assert second[1:] == ["tie", "no", "A"]
