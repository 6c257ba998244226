"""The best of k configurations: what a search of that size finds, and how much of it is luck."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .arrays import check_level


@dataclass(frozen=True)
class BestOf:
    """The lowest of k scores that are drawn from n, with replacement; in the scores' unit."""

    k: int
    expected: float  # given that one of the k at least is finite
    low: float
    high: float
    level: float  # of all draws, those whose best lies in [low, high]
    none: float  # the share of draws without a finite score


def best_of(scores: ArrayLike, k: int, level: float = 0.9) -> BestOf:
    """The expected lowest of k configurations, and the range that their lowest lies in.

    scores [n], lower is better; inf is a configuration that was lost. With the scores sorted, the
    best of k is the i-th or a lower one with the probability 1 - ((n - i) / n)^k. The range leaves
    out (1 - level) / 2 at each end; it may end at inf. The n scores stand for all that the search
    could draw, so near k = n the expectation lies above the best of the n: a new search would
    often miss that one. ValueError: no scores, NaN or -inf, k below 1, a level outside (0, 1).
    Source: Dodge et al. 2019, arXiv:1909.03004, equations 4 to 6.
    """
    x = np.sort(np.asarray(scores, float).ravel())
    check_level(level)
    if not len(x) or np.isnan(x).any() or x[0] == -math.inf:
        raise ValueError(f"scores are numbers, or inf for lost ones, not {scores!r}")
    if k < 1:
        raise ValueError(f"the best of {k} configurations is none: k is 1 or more")
    at_most = 1 - (np.arange(len(x) - 1, -1, -1) / len(x)) ** k
    chance = np.diff(at_most, prepend=0.0)
    finite = np.isfinite(x)
    some = float(chance[finite].sum())
    expected = float(x[finite] @ chance[finite]) / some if some else math.inf
    low, high = (float(x[np.searchsorted(at_most, p)]) for p in _ends(level))
    return BestOf(k, expected, low, high, level, float(chance[~finite].sum()))


def _ends(level: float) -> tuple[float, float]:
    """The two tails, a rounding error within, so that a probability that equals one is found."""
    tail = (1 - level) / 2
    return tail - 1e-12, 1 - tail - 1e-12
