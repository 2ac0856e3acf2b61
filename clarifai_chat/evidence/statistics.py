"""Say how much repeats tell: pass^k, McNemar's exact test, differences of pairs, conclusions."""

from dataclasses import dataclass
from math import comb, sqrt

from clarifai_chat.intervals import wilson
from clarifai_chat.text import counted

ALPHA = 0.05
MAX_PAIRS = 100_000  # beyond which more runs are no advice


def pass_all(passed: int, trials: int, k: int) -> float | None:
    """Return pass^k: the estimated chance that k tries all pass; None with fewer than k trials.

    Without bias: the share of all choices of k among the trials that passed every time. Source:
    Yao et al., τ-bench (2024).
    """
    if not 0 < k <= trials:
        return None
    return comb(passed, k) / comb(trials, k)


@dataclass(frozen=True, slots=True)
class Pairs:
    """How two variants did on the same cases: each pair is one case, asked of both."""

    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def total(self) -> int:
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def discordant(self) -> int:
        return self.only_first + self.only_second


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact p of McNemar's test, two-sided, from the pairs in which one passed.

    The binomial test of a fair coin. Source: Q. McNemar, Psychometrika 12 (1947).
    """
    n, least = only_first + only_second, min(only_first, only_second)
    if n == 0:
        return 1.0
    tail = sum(comb(n, i) for i in range(least + 1))
    return min(1.0, float(2 * tail / 2**n))


def difference(pairs: Pairs) -> tuple[float, float, float]:
    """Return by how much the second's pass rate is higher, with its 95 % interval.

    Newcombe's hybrid score interval for paired shares (method 10). Source: R. G. Newcombe,
    Statistics in Medicine 17 (1998), 2635. Without pairs nothing is known: (0, -1, 1).
    """
    n = pairs.total
    if not n:
        return 0.0, -1.0, 1.0
    second, first = pairs.both + pairs.only_second, pairs.both + pairs.only_first
    p1, p2 = second / n, first / n
    (l1, u1), (l2, u2) = wilson(second, n), wilson(first, n)
    phi = _phi(pairs)
    low = (p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2
    high = (u1 - p1) ** 2 - 2 * phi * (u1 - p1) * (p2 - l2) + (p2 - l2) ** 2
    delta = p1 - p2
    return delta, max(-1.0, delta - sqrt(max(0.0, low))), min(1.0, delta + sqrt(max(0.0, high)))


def _phi(pairs: Pairs) -> float:
    """Return how much the two agree, from -1 to 1, corrected for continuity as Newcombe does."""
    a, b, c, d = pairs.both, pairs.only_second, pairs.only_first, pairs.neither
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if not margins:
        return 0.0
    product = float(a * d - b * c)
    if product > 0:
        product = max(0.0, product - pairs.total / 2)
    return float(product / sqrt(margins))


def more_pairs(pairs: Pairs) -> int | None:
    """Return how many more pairs would decide, if the shares stay as they are.

    0 if it is decided; None if the two are equal so far, or nearly.
    """
    if mcnemar(pairs.only_first, pairs.only_second) <= ALPHA:
        return 0
    if pairs.only_first == pairs.only_second:
        return None
    low, high = pairs.total, pairs.total

    def decides(total: int) -> bool:
        factor = total / pairs.total
        one, other = round(pairs.only_first * factor), round(pairs.only_second * factor)
        return mcnemar(one, other) <= ALPHA

    while not decides(high):
        low, high = high, high * 2
        if high > MAX_PAIRS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle, high)
    return high - pairs.total


def conclusion(first: str, second: str, pairs: Pairs) -> str:
    """Return what one may conclude from pairs, what not, and how many more would decide."""
    if not pairs.total:
        return "Nothing can be compared yet: no case was asked of both."
    delta, low, high = difference(pairs)
    p = mcnemar(pairs.only_first, pairs.only_second)
    better, worse = (second, first) if delta > 0 else (first, second)
    told = (
        f"{first} passed {counted(pairs.both + pairs.only_first, 'time')}, {second}"
        f" {pairs.both + pairs.only_second}, of {pairs.total}; they differ in"
        f" {pairs.discordant}. {second} minus {first}: {_points(delta)} points"
        f" (95 % interval {_points(low)} to {_points(high)}), exact McNemar p = {p:.3f}."
    )
    if p <= ALPHA:
        return (
            f"{told} On these cases, {better} is better than {worse}. Nothing follows for other"
            " cases, or for other settings."
        )
    if pairs.discordant == 0:
        return f"{told} They passed and failed together: nothing tells them apart."
    more = more_pairs(pairs)
    advice = (
        f"If the shares stay as they are, about {more:,} more pairs would decide."
        if more
        else "No number of runs that is worth its price would decide between shares this close."
    )
    return f"{told} Neither is shown to be better; that does not show that they are equal. {advice}"


def _points(share: float) -> str:
    return f"{share * 100:+.0f}"
