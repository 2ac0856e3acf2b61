"""pass^k, McNemar and the intervals: by hand, and by simulation with a fixed seed."""

import random
from itertools import product

import pytest

from clarifai_chat.evidence.statistics import (
    Pairs,
    conclusion,
    difference,
    mcnemar,
    more_pairs,
    pass_all,
)
from clarifai_chat.intervals import wilson


@pytest.mark.parametrize(
    ("passed", "trials", "k", "share"),
    [(3, 3, 3, 1.0), (2, 3, 2, 1 / 3), (2, 3, 3, 0.0), (0, 5, 1, 0.0), (4, 5, 1, 0.8)],
)
def test_pass_all_is_the_share_of_choices_that_passed(passed, trials, k, share):
    assert pass_all(passed, trials, k) == pytest.approx(share)


def test_fewer_trials_than_k_tell_nothing():
    assert pass_all(2, 2, 3) is None


def test_pass_all_is_unbiased():
    """Over all outcomes of five tries, its mean is the true chance of three passes in a row."""
    rate = 0.7
    outcomes = list(product((0, 1), repeat=5))
    chance = [rate ** sum(o) * (1 - rate) ** (5 - sum(o)) for o in outcomes]

    mean = sum(c * pass_all(sum(o), 5, 3) for c, o in zip(chance, outcomes, strict=True))

    assert mean == pytest.approx(rate**3)


@pytest.mark.parametrize(
    ("one", "other", "p"), [(0, 0, 1.0), (0, 5, 0.0625), (0, 6, 0.03125), (1, 9, 0.021484375)]
)
def test_mcnemar_is_exact(one, other, p):
    assert mcnemar(one, other) == mcnemar(other, one) == pytest.approx(p)


def test_the_difference_is_newcombes():
    """Table III, method 10, in Newcombe's paper: 36, 12, 2 and 0 of 50 pairs."""
    found = difference(Pairs(both=36, only_first=2, only_second=12, neither=0))

    assert found == pytest.approx((0.2, 0.0569, 0.3404), abs=2e-4)


def test_without_pairs_nothing_is_known():
    assert difference(Pairs(0, 0, 0, 0)) == (0.0, -1.0, 1.0)


@pytest.mark.parametrize("rate", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("trials", [10, 40])
def test_wilson_covers_the_true_rate_in_about_95_of_100_experiments(rate, trials):
    draw = random.Random(f"{rate} {trials}")  # noqa: S311 - a simulation
    held = 0
    for _ in range(2000):
        passed = sum(draw.random() < rate for _ in range(trials))
        low, high = wilson(passed, trials)
        held += low <= rate <= high

    # Discrete, so it varies around 95 %: Brown, Cai and DasGupta (2001) find 89 to 99 % here.
    assert 0.89 <= held / 2000 <= 0.99


def _pairs(draw, total, first, second):
    counts = [0, 0, 0, 0]
    for _ in range(total):
        easy = draw.random() < 0.5  # some cases are easy for both: pairs are not independent
        shift = 0.15 if easy else -0.15
        a, b = draw.random() < first + shift, draw.random() < second + shift
        counts[0 if a and b else 1 if a else 2 if b else 3] += 1
    return Pairs(*counts)


@pytest.mark.parametrize(("first", "second"), [(0.7, 0.7), (0.5, 0.8)])
def test_the_interval_of_the_difference_covers_it(first, second):
    draw = random.Random(7)  # noqa: S311 - a simulation
    held = 0
    for _ in range(1500):
        _, low, high = difference(_pairs(draw, 40, first, second))
        held += low <= second - first <= high

    assert 0.92 <= held / 1500 <= 0.99


def test_mcnemar_seldom_finds_a_difference_where_none_is():
    draw = random.Random(11)  # noqa: S311 - a simulation
    found = sum(
        mcnemar(pairs.only_first, pairs.only_second) <= 0.05
        for pairs in (_pairs(draw, 40, 0.7, 0.7) for _ in range(1500))
    )

    assert 0 < found / 1500 <= 0.05


def test_it_finds_a_difference_that_is_there():
    draw = random.Random(13)  # noqa: S311 - a simulation
    found = sum(
        mcnemar(pairs.only_first, pairs.only_second) <= 0.05
        for pairs in (_pairs(draw, 80, 0.45, 0.8) for _ in range(300))
    )

    assert found / 300 > 0.9


def test_more_pairs_are_as_many_as_decide():
    pairs = Pairs(both=10, only_first=1, only_second=4, neither=5)
    more = more_pairs(pairs)

    assert mcnemar(1, 4) > 0.05
    assert more
    factor = (pairs.total + more) / pairs.total
    assert mcnemar(round(1 * factor), round(4 * factor)) <= 0.05
    assert more_pairs(Pairs(0, 0, 6, 0)) == 0
    assert more_pairs(Pairs(5, 3, 3, 5)) is None


def test_the_conclusion_says_what_one_may_not_conclude():
    open_ = conclusion("A", "B", Pairs(both=10, only_first=1, only_second=4, neither=5))
    assert "does not show that they are equal" in open_
    assert "more pairs would decide" in open_
    assert "p = 0.375" in open_

    decided = conclusion("A", "B", Pairs(both=10, only_first=0, only_second=9, neither=1))
    assert "B is better than A" in decided
    assert "Nothing follows for other cases" in decided

    assert "A is better than B" in conclusion("A", "B", Pairs(10, 9, 0, 1))
    assert "nothing tells them apart" in conclusion("A", "B", Pairs(3, 0, 0, 3))
    assert "No number of runs" in conclusion("A", "B", Pairs(3, 2, 2, 3))
    assert conclusion("A", "B", Pairs(0, 0, 0, 0)).startswith("Nothing can be compared")
