"""Comparisons of runs: shares, profiles, the gain of pairing, the value of a failed trial."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from .arrays import Floats, finite, paired


def probability_of_improvement(a: ArrayLike, b: ArrayLike) -> float:
    """The share of seeds at which a is below b; ties count half.

    a, b [n], paired by seed, lower is better (swap them if higher is) -> 0 to 1.
    ValueError: those of `paired_difference`. Source: after Agarwal et al. 2021, section 4.3.
    """
    d = paired(a, b)
    return float(np.mean((d < 0) + 0.5 * (d == 0)))


def variance_removed_by_pairing(a: ArrayLike, b: ArrayLike) -> float:
    """1 - var(a - b) / (var(a) + var(b)): the variance that matched seeds remove.

    a, b [n], paired by seed -> at most 1; 0 for independent runs, below 0 if pairing adds variance,
    NaN for n = 1 or no variance. ValueError: those of `paired_difference`.
    """
    d = paired(a, b)
    if len(d) == 1:
        return math.nan
    apart = float(finite(a).var(ddof=1) + finite(b).var(ddof=1))
    return 1 - float(d.var(ddof=1)) / apart if apart > 0 else math.nan


def performance_profile(values: ArrayLike, thresholds: ArrayLike) -> Floats:
    """The share of runs at or below each threshold.

    values [n], where NaN is a run without a score and never counts; thresholds [t]; lower is better
    -> [t], 0 to 1. ValueError: no values. Source: Agarwal et al. 2021, section 4.2.
    """
    x = np.asarray(values, dtype=np.float64)
    tau = np.asarray(thresholds, dtype=np.float64)
    if x.size == 0:
        raise ValueError("a performance profile needs at least one run")
    return np.asarray((x[:, None] <= tau[None, :]).mean(axis=0), dtype=np.float64)


def with_failures(values: ArrayLike, failed: ArrayLike, worst: float) -> Floats:
    """The values with every diverged or failed trial set to the worst, against survivorship bias.

    values [n], ignored where failed; failed [n] bool; worst: one number for all contestants, the
    worst of all untrained generators and finished trials, so that a failed trial ranks last and two
    failures at one seed tie -> [n].
    ValueError: lengths that differ, a worst or a finished value that is NaN or inf.
    """
    x, lost = np.asarray(values, dtype=np.float64), np.asarray(failed, dtype=np.bool_)
    if x.shape != lost.shape:
        raise ValueError(f"got {x.size} values and {lost.size} flags")
    return finite(np.where(lost, worst, x))


def signed_ranks(differences: ArrayLike) -> Floats:
    """The rank of each difference by absolute value, with the sign of the difference.

    differences [n] -> [n]; ties share their mean rank, and a 0 gives 0 but uses up its rank. The
    sign-flip test of these ranks is Wilcoxon's signed-rank test, exact also with ties. The size of
    the largest difference has no weight, so a failed trial needs a rank but no value.
    ValueError: no differences, NaN or inf. Source: Wilcoxon 1945; Pratt 1959 for zeros.
    """
    d = finite(differences)
    return np.asarray(np.sign(d) * stats.rankdata(np.abs(d)), dtype=np.float64)
