"""Say how much a share of few trials tells: Wilson's interval."""

from math import sqrt

Z = 1.959964  # 95 %


def wilson(successes: int, trials: int, z: float = Z) -> tuple[float, float]:
    """Return the interval, from 0 to 1, that holds the true share in 95 of 100 such experiments.

    Without trials nothing is known: (0, 1). Source: E. B. Wilson, Probable inference, the law of
    succession, and statistical inference, JASA 22 (1927).
    """
    if not trials:
        return 0.0, 1.0
    share, square = successes / trials, z * z / trials
    middle = (share + square / 2) / (1 + square)
    half = z * sqrt(share * (1 - share) / trials + square / trials / 4) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)
