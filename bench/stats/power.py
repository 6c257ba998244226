"""What a number of seeds can show, and how many seeds would show a difference."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from .arrays import check_level, finite

MOST_SEEDS = 10_000  # the search for a sample size stops here


def least_p(n: int) -> float:
    """The smallest p of the sign-flip test with n pairs, 2 / 2^n. ValueError: n below 1."""
    if n < 1:
        raise ValueError(f"a test needs at least 1 pair, got {n}")
    return 2.0 ** (1 - n)


def seeds_to_attain(comparisons: int, alpha: float = 0.05) -> int:
    """The smallest n at which the sign-flip test can reach alpha in a family, after Holm.

    comparisons: the size of the family, at least 1 -> the smallest n with comparisons 2 / 2^n <
    alpha: 6 for one comparison, 9 for the ten pairs of five models. A p below alpha is possible
    then, but not always likely: see `seeds_for_power`.
    ValueError: no comparisons, an alpha outside (0, 1).
    """
    check_level(alpha)
    if comparisons < 1:
        raise ValueError(f"a family has at least 1 comparison, got {comparisons}")
    n = 1
    while comparisons * least_p(n) >= alpha:
        n += 1
    return n


def seeds_for_power(
    differences: ArrayLike, comparisons: int = 1, power: float = 0.8, alpha: float = 0.05
) -> int | None:
    """How many seeds would show a difference like this one with the given power.

    differences [n], n at least 2 -> the smallest number of pairs at which a two-sided paired t test
    at alpha / comparisons rejects in the right direction with that power, but no fewer than
    `seeds_to_attain`; None if 10,000 are too few. The estimate is rough, since it takes the mean
    and sd of a few seeds as true.
    ValueError: fewer than 2 differences, NaN or inf, a power or alpha outside (0, 1).
    Source: Cohen 1988, chapter 2, through the noncentral t distribution.
    """
    d = finite(differences, least=2)
    check_level(power)
    attained = max(2, seeds_to_attain(comparisons, alpha))
    mean, sd = abs(float(d.mean())), float(d.std(ddof=1))
    if sd == 0:
        return attained if mean > 0 else None
    n = np.arange(attained, MOST_SEEDS + 1)
    bound = stats.t.isf(alpha / comparisons / 2, n - 1)
    shift = np.minimum(mean / sd * np.sqrt(n), 1000)  # the power is 1 long before that
    enough = np.flatnonzero(stats.nct.sf(bound, n - 1, shift) >= power)
    return int(n[enough[0]]) if len(enough) else None


def detectable(n: int, power: float = 0.8, alpha: float = 0.05) -> float:
    """The smallest mean difference, in sd of the differences, that n pairs show with that power.

    By a two-sided paired t test that rejects in the right direction: 1.00 for 10 pairs, 1.43 for 6.
    ValueError: fewer than 2 pairs, a power or alpha outside (0, 1).
    Source: Cohen 1988, chapter 2, through the noncentral t distribution.
    """
    check_level(power)
    check_level(alpha)
    if n < 2:
        raise ValueError(f"a spread needs at least 2 pairs, got {n}")
    bound = stats.t.isf(alpha / 2, n - 1)

    def lacking(effect: float) -> float:
        return float(stats.nct.sf(bound, n - 1, effect * np.sqrt(n))) - power

    return float(optimize.brentq(lacking, 0, 1000 / np.sqrt(n)))
