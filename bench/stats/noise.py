"""The noise of a single score by source: variance components by the method of moments."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import wishart

from .arrays import Floats, finite

DRAWS = 4000  # of covariances, for the intervals of shares
NAMES = ("first", "again", "second")
SHARED = {  # (is there "again", "second") -> the two scores that share the least besides the seed
    (False, False): ("first", "first"),
    (True, False): ("first", "again"),
    (False, True): ("first", "second"),
    (True, True): ("again", "second"),
}


@dataclass(frozen=True)
class Part:
    """One source of noise, or several that the data cannot separate ("seed and sample")."""

    name: str
    estimate: float  # of its variance; may be negative by chance
    df: int  # degrees of freedom of the covariances
    share: float = math.nan  # of the sum of all variances, with its 95 % interval
    low: float = math.nan
    high: float = math.nan

    @property
    def variance(self) -> float:
        """The estimate, or 0 if it is negative."""
        return max(self.estimate, 0.0)


def noise_parts(scores: Mapping[str, ArrayLike], group: ArrayLike) -> list[Part]:
    """The variance of a score within its group, split into the sources that repetitions separate.

    scores: "first" [t], a score for each trial; if available "again" [t], the same from other
    samples, and "second" [t], from the first samples with another extractor. group [t]: the
    contestant of each trial -> one to three parts. With first = seed + extractor + sample, all
    independent,

        sample = var(first - again) / 2     extractor = var(first - second) / 2
        seed = cov(again, second)           seed and sample = cov(first, second)

    where each variance is within groups: the method of moments, which for two columns is the
    two-way analysis of variance, trials x columns, without repeats. A shift that a column gives to
    a whole group, such as the level of an extractor, is not noise: it moves every seed alike. Noise
    of a sample that only one extractor sees counts for sample and extractor, never for the seed.
    The noise of an extractor without a second one to compare counts for the seed.
    ValueError: unlike lengths, no group with two trials, NaN or inf.
    Source: Searle, Casella and McCulloch 1992, chapter 4.
    """
    of = np.asarray(group)
    x = {name: _centred(finite(scores[name]), of) for name in NAMES if name in scores}
    df = len(of) - len(np.unique(of))
    if df < 1:
        raise ValueError("noise needs a contestant with at least two trials")

    names, columns = list(x), np.array(list(x.values()))
    covariances = columns @ columns.T / df
    found = _parts(covariances, names)
    total = sum(max(float(v), 0.0) for v in found.values())
    ends = _intervals(covariances, names, _effective_df(columns[0], of))
    return [
        Part(name, float(v), df, max(float(v), 0) / total if total else math.nan, *ends[name])
        for name, v in found.items()
    ]


def _parts(covariances: Floats, names: list[str]) -> dict[str, Floats]:
    """Source -> variance [..], from covariances [.., m, m] of the named scores."""
    at = {name: place for place, name in enumerate(names)}
    a, b = SHARED["again" in at, "second" in at]
    found = {"seed" if "again" in at else "seed and sample": covariances[..., at[a], at[b]]}
    for name, part in (("again", "sample"), ("second", "extractor")):
        if name in at:
            i, j = at["first"], at[name]
            apart = covariances[..., i, i] + covariances[..., j, j] - 2 * covariances[..., i, j]
            found[part] = apart / 2
    return found


def _intervals(covariances: Floats, names: list[str], df: float) -> dict[str, tuple[float, float]]:
    """Source -> the 95 % interval of its share, a generalised one (Weerahandi 1993).

    Covariances that fit the observed ones, S, are drawn as L W^-1 L' df, with L L' = S and W of the
    Wishart distribution. NaN where S is singular, or df too small for it.
    """
    m, parts = len(names), list(_parts(covariances, names))
    if m == 1 or df < m or np.linalg.matrix_rank(covariances) < m:
        return dict.fromkeys(parts, (math.nan, math.nan))
    root = np.linalg.cholesky(covariances)
    drawn = wishart.rvs(df, np.eye(m), DRAWS, random_state=np.random.default_rng(0))
    found = _parts(df * root @ np.linalg.inv(drawn) @ root.T, names)
    variances = np.maximum(np.array([found[part] for part in parts]), 0)
    shares = variances / variances.sum(0)
    low, high = np.quantile(shares, (0.025, 0.975), axis=1)
    return {part: (float(low[i]), float(high[i])) for i, part in enumerate(parts)}


def _effective_df(centred: Floats, group: np.ndarray) -> float:
    """Satterthwaite's: fewer where the groups have unequal variances."""
    own = [centred[group == name] for name in np.unique(group)]
    squares = np.array([float(x @ x) for x in own if len(x) > 1])
    dfs = np.array([len(x) - 1 for x in own if len(x) > 1])
    if not squares.sum():
        return float(dfs.sum())
    return float(squares.sum() ** 2 / (squares**2 / (dfs + 2)).sum() - 2)


def _centred(values: Floats, group: np.ndarray) -> Floats:
    """The values less the mean of their group: [t], [t] -> [t]."""
    if len(group) != len(values):
        raise ValueError(f"got {len(values)} scores and {len(group)} groups")
    centred = values.copy()
    for name in np.unique(group):
        centred[group == name] -= values[group == name].mean()
    return centred
