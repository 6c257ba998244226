"""Runs against runs: shares, profiles, what pairing saves, what a failed trial counts."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from .arrays import Floats, finite, paired


def probability_of_improvement(a: ArrayLike, b: ArrayLike) -> float:
    """The share of seeds at which a is below b, ties counting half.

    a, b [n], paired by seed, lower is better (swap them where higher is) -> 0 to 1.
    ValueError: as in `paired_difference`. Source: after Agarwal et al. 2021, section 4.3.
    """
    d = paired(a, b)
    return float(np.mean((d < 0) + 0.5 * (d == 0)))


def variance_removed_by_pairing(a: ArrayLike, b: ArrayLike) -> float:
    """1 - var(a - b) / (var(a) + var(b)): what matching the seeds saved, 0 for independent runs.

    a, b [n], paired by seed -> 1 at most, below 0 if pairing hurt; NaN for n = 1 or no variance.
    ValueError: as in `paired_difference`.
    """
    d = paired(a, b)
    if len(d) == 1:
        return math.nan
    apart = float(finite(a).var(ddof=1) + finite(b).var(ddof=1))
    return 1 - float(d.var(ddof=1)) / apart if apart > 0 else math.nan


def performance_profile(values: ArrayLike, thresholds: ArrayLike) -> Floats:
    """The share of runs at or below each threshold.

    values [n] (NaN, a run without a score, is never below), thresholds [t], lower is
    better -> [t], 0 to 1. ValueError: no values. Source: Agarwal et al. 2021, section 4.2.
    """
    x = np.asarray(values, dtype=np.float64)
    tau = np.asarray(thresholds, dtype=np.float64)
    if x.size == 0:
        raise ValueError("a performance profile needs at least one run")
    return np.asarray((x[:, None] <= tau[None, :]).mean(axis=0), dtype=np.float64)


def with_failures(values: ArrayLike, failed: ArrayLike, worst: float) -> Floats:
    """The values with every diverged or failed trial at the worst, against survivorship.

    values [n] (whatever stands at a failed trial is ignored), failed [n] bool, worst: one number
    for all contestants, the worst of the untrained generators' and of all finished trials', so
    that failed ranks last and two failures at a seed tie -> [n].
    ValueError: lengths that differ, a worst or a finished value that is NaN or inf.
    """
    x, lost = np.asarray(values, dtype=np.float64), np.asarray(failed, dtype=np.bool_)
    if x.shape != lost.shape:
        raise ValueError(f"got {x.size} values and {lost.size} flags")
    return finite(np.where(lost, worst, x))


def signed_ranks(differences: ArrayLike) -> Floats:
    """The rank of each difference's size, with the sign of the difference.

    differences [n] -> [n]; ties share their mean rank, a 0 stays 0 but takes its rank. Their
    sign-flip test is Wilcoxon's signed-rank test, exact also with ties: how far a difference goes
    beyond all others is of no weight, so a trial that failed needs a place but no value.
    ValueError: no differences, NaN or inf. Source: Wilcoxon 1945; Pratt 1959 for zeros.
    """
    d = finite(differences)
    return np.asarray(np.sign(d) * stats.rankdata(np.abs(d)), dtype=np.float64)
