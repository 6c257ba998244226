"""All pairs of several contestants on the same seeds: one rule for verdict and interval.

The two-way layout y_ni = mu_i + b_n + e_ni of seeds n and contestants i, on the metric's natural
scale. Each contestant has a variance of its own, which few seeds tell badly: it is drawn by WEIGHT
to the variance pooled over all contestants. Every pair is tested by t at alpha / pairs, so that a
pair is told apart exactly when its simultaneous interval excludes no difference. With two
contestants it is the paired t test. docs/statistics.md has its simulated error and power.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from .arrays import Floats, check_level

WEIGHT = 0.3  # of the pooled variance: the most power among those that keep the error
FLOOR = 0.1  # of the pooled variance: an unbiased estimate can be below 0
DRAWS = 4000  # simulated layouts of a power
MOST = 128  # seeds that are looked at


@dataclass(frozen=True)
class Comparison:
    """One pair of contestants a, b: the mean difference a - b and its simultaneous interval."""

    estimate: float
    low: float  # NaN, as all that follows but n, where there is a single seed
    high: float
    p: float  # of this pair alone
    adjusted_p: float  # times the number of pairs: below 1 - level exactly if told apart
    error: float  # the standard error of the estimate
    df: float
    n: int  # seeds


@dataclass(frozen=True)
class Pairs:
    """Estimates, standard errors and degrees of freedom [.., pairs] of stacked layouts."""

    estimates: Floats
    errors: Floats
    df: Floats

    def p_values(self) -> Floats:
        """[.., pairs] two-sided; 1 where a difference and its error are both 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(self.estimates == 0, 0, np.abs(self.estimates) / self.errors)
        found: Floats = 2 * stats.t.sf(t, self.df)
        return found


def pairs_of(contestants: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first and the second of each pair of 0, 1, .., in the order of `combinations`."""
    both = np.array(list(itertools.combinations(range(contestants), 2)), dtype=np.intp)
    return both[:, 0], both[:, 1]


def partly_pooled(values: Floats, weight: float = WEIGHT) -> Pairs:
    """The rule on stacked layouts [.., n, k] of n seeds and k contestants, 2 or more of each."""
    n, k = values.shape[-2:]
    a, b = pairs_of(k)
    means = values.mean(-2)
    estimates = means[..., a] - means[..., b]
    if k == 2:
        spread = (values[..., 0] - values[..., 1]).var(-1, ddof=1, keepdims=True)
        return Pairs(estimates, np.sqrt(spread / n), np.full_like(spread, n - 1))
    grand = values.mean((-2, -1), keepdims=True)
    residuals = values - values.mean(-2, keepdims=True) - values.mean(-1, keepdims=True) + grand
    return _from_squares(estimates, (residuals**2).sum(-2), n, weight)


def _from_squares(estimates: Floats, squares: Floats, n: int, weight: float = WEIGHT) -> Pairs:
    """The rule on its sufficient statistics: sums of squared residuals [.., k] of n seeds.

    q_i = squares_i / (n - 1) has the mean (1 - 2/k) v_i + mean(v) / k, which gives an unbiased
    variance v_i of each contestant (Grubbs 1948). It may be negative, hence the floor. v_i is drawn
    by `weight` to the pooled one, and so are Satterthwaite's degrees of freedom of a pair,
    (n - 1) (v_a + v_b)^2 / (v_a^2 + v_b^2), to those of the pool, (n - 1)(k - 1).
    """
    k = squares.shape[-1]
    v = _variances(squares, n, weight)
    both, df = sums_of_pairs(v, n - 1, (n - 1) * (k - 1), weight)
    return Pairs(estimates, np.sqrt(both / n), df)


def sums_of_pairs(
    v: Floats, free: int | NDArray[np.intp], pool: int, weight: float = WEIGHT
) -> tuple[Floats, Floats]:
    """[.., pairs] v_a + v_b of variances [.., k], and its degrees of freedom.

    free: those of each contestant's variance; pool: those of the pooled one.
    """
    a, b = pairs_of(v.shape[-1])
    both, fourth = v[..., a] + v[..., b], v[..., a] ** 2 + v[..., b] ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        own_df = np.where(fourth > 0, free * both**2 / fourth, pool)
    return both, (1 - weight) * own_df + weight * pool


def drawn_to_pool(own: Floats, pooled: Floats, weight: float = WEIGHT) -> Floats:
    """Variances [.., k], which may be negative, drawn by `weight` to the pooled one [.., 1]."""
    found: Floats = (1 - weight) * np.maximum(own, FLOOR * pooled) + weight * pooled
    return found


def _variances(squares: Floats, n: int, weight: float = WEIGHT) -> Floats:
    """[.., k] the variance of a single trial of each contestant, partly pooled; k is 3 or more."""
    k = squares.shape[-1]
    pooled = squares.sum(-1, keepdims=True) / ((n - 1) * (k - 1))
    own = (squares / (n - 1) - pooled / k) * k / (k - 2)
    return drawn_to_pool(own, pooled, weight)


def compare_all(
    values: ArrayLike, level: float = 0.95, pairs: int | None = None
) -> list[Comparison]:
    """All pairs of the contestants, with simultaneous intervals.

    values [n, k]: a row a seed, a column a contestant, on the natural scale -> a Comparison for
    each pair, in the order of `combinations`. pairs: the size of the family, where it is larger
    than these pairs. ValueError: not [n, k] with n at least 1 and k at least 2, NaN or inf, a level
    outside (0, 1).
    """
    y = np.asarray(values, dtype=np.float64)
    if y.ndim != 2 or y.shape[0] < 1 or y.shape[1] < 2:
        raise ValueError(f"values are [seeds, contestants], two of them or more, not {y.shape}")
    if not np.isfinite(y).all():
        raise ValueError("values must be finite")
    check_level(level)
    n, a, b = len(y), *pairs_of(y.shape[1])
    if n == 1:
        return [_unknown(float(d), n) for d in (y[0, a] - y[0, b])]
    found = partly_pooled(y)
    family = len(a) if pairs is None else pairs
    half = stats.t.isf((1 - level) / (2 * family), found.df) * found.errors
    p = found.p_values()
    return [
        Comparison(float(d), float(d - h), float(d + h), float(q), min(1, float(q * family)), *rest)
        for d, h, q, *rest in zip(
            found.estimates,
            half,
            p,
            found.errors.tolist(),
            found.df.tolist(),
            [n] * len(a),
            strict=True,
        )
    ]


def _unknown(estimate: float, n: int) -> Comparison:
    """A single seed has a difference, and nothing that tells its spread."""
    nan = math.nan
    return Comparison(estimate, nan, nan, nan, nan, nan, nan, n)


def power(
    difference: float, variances: ArrayLike, n: int, family: int, alpha: float = 0.05
) -> float:
    """The probability that the rule tells a true difference of the first two, and its direction.

    difference: between their means; variances [k]: of a single trial of each contestant, the pair
    first; n seeds, 2 or more; family: pairs in all. The rule is simulated on normal scores, DRAWS
    times with the same numbers each time: the standard error is at most .008.
    """
    v = np.asarray(variances, dtype=np.float64)
    k, rng = len(v), np.random.default_rng(0)
    shift = rng.standard_normal(DRAWS) * math.sqrt((v[0] + v[1]) / n) - abs(difference)
    if k == 2:
        spread = (v[0] + v[1]) * rng.chisquare(n - 1, DRAWS) / (n - 1)
        found = Pairs(shift, np.sqrt(spread / n), np.full(DRAWS, n - 1.0))
    else:
        # Deviations from the contestants' means have the cross products s G G' s. Centred over
        # contestants, their diagonal are the sums of squared residuals.
        centred = np.sqrt(v)[:, None] * (np.eye(k) - 1 / k)
        squares = ((centred.T @ _root_of_wishart(n - 1, k, rng)) ** 2).sum(-1)
        pair = _variances(squares, n)[:, :2]
        both, df = sums_of_pairs(pair, n - 1, (n - 1) * (k - 1))
        found = Pairs(shift, np.sqrt(both[:, 0] / n), df[:, 0])
    return float(np.mean((found.p_values() * family < alpha) & (shift < 0)))


def _root_of_wishart(df: int, k: int, rng: np.random.Generator) -> Floats:
    """[DRAWS, k, r] G such that G G' has the Wishart distribution of df degrees of freedom."""
    if df <= k:
        return rng.standard_normal((DRAWS, k, df))
    root = np.tril(rng.standard_normal((DRAWS, k, k)), -1)  # Bartlett 1933
    for i in range(k):
        root[:, i, i] = np.sqrt(rng.chisquare(df - i, DRAWS))
    return root


def seeds_for(
    difference: float, variances: ArrayLike, family: int, wanted: float = 0.8
) -> int | None:
    """The fewest seeds, 2 to MOST, that give the rule that power; None if MOST are too few."""
    if power(difference, variances, MOST, family) < wanted:
        return None
    low, high = 1, MOST  # `low` gives too little, `high` enough
    while high - low > 1:
        middle = (low + high) // 2
        enough = power(difference, variances, middle, family) >= wanted
        low, high = (low, middle) if enough else (middle, high)
    return high


def detectable_difference(variances: ArrayLike, n: int, family: int, wanted: float = 0.8) -> float:
    """The smallest difference of the first two that n seeds tell with that power."""
    scale = math.sqrt(float(np.mean(np.asarray(variances)[:2])))
    low, high = 0.0, 64 * scale
    for _ in range(14):  # to a hundredth of the spread
        middle = (low + high) / 2
        enough = power(middle, variances, n, family) >= wanted
        low, high = (low, middle) if enough else (middle, high)
    return high


def variances_of(values: ArrayLike) -> Floats:
    """[k] the variance of a single trial of each contestant, as the rule takes it.

    values [n, k], n at least 2. Of two contestants both have half the variance of the differences.
    """
    y = np.asarray(values, dtype=np.float64)
    n, k = y.shape
    if k == 2:
        return np.full(2, np.var(y[:, 0] - y[:, 1], ddof=1) / 2)
    residuals = y - y.mean(0) - y.mean(1, keepdims=True) + y.mean()
    return _variances((residuals**2).sum(0), n)
