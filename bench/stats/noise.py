"""The noise of a single score, told apart into its sources: variance components by moments."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Floats, finite

NAMES = ("first", "again", "second")
SHARED = {  # (is there "again", "second") -> the two scores that share the least beside the seed
    (False, False): ("first", "first"),
    (True, False): ("first", "again"),
    (False, True): ("first", "second"),
    (True, True): ("again", "second"),
}


@dataclass(frozen=True)
class Part:
    """One source of noise, or several that the data cannot tell apart ("seed and sample")."""

    name: str
    estimate: float  # of its variance; chance can make it negative
    df: int  # degrees of freedom that the covariances stand on

    @property
    def variance(self) -> float:
        """The estimate, 0 where it is below."""
        return max(self.estimate, 0.0)


def noise_parts(scores: Mapping[str, ArrayLike], group: ArrayLike) -> list[Part]:
    """The variance of a score within its group, told apart as far as it was measured again.

    scores: "first" [t], a score a trial; with it "again" [t], the same from other samples, and
    "second" [t], of the first samples through another extractor; group [t], the contestant of
    each -> one to three parts. With first = seed + extractor + sample, all independent,

        sample = var(first - again) / 2     extractor = var(first - second) / 2
        seed = cov(again, second)           seed and sample = cov(first, second)

    each variance within groups: the method of moments, and for two columns the two-way analysis
    of variance, trials x columns, without repeats. What a column adds to all of a group, such as
    the level of an extractor, is no noise of it: it moves every seed alike. Noise of one sample
    that only one extractor sees counts with both, never with the seed; an extractor that nothing
    was measured beside counts with the seed.
    ValueError: unlike lengths, no group with two trials, NaN or inf.
    Source: Searle, Casella and McCulloch 1992, chapter 4.
    """
    of = np.asarray(group)
    x = {name: _centred(finite(scores[name]), of) for name in NAMES if name in scores}
    df = len(of) - len(np.unique(of))
    if df < 1:
        raise ValueError("noise needs a contestant with at least two trials")

    def covariance(a: Floats, b: Floats) -> float:
        return float(a @ b) / df

    a, b = SHARED["again" in x, "second" in x]
    found = {"seed" if "again" in x else "seed and sample": covariance(x[a], x[b])}
    for name, part in (("again", "sample"), ("second", "extractor")):
        if name in x:
            apart = x["first"] - x[name]
            found[part] = covariance(apart, apart) / 2
    return [Part(name, estimate, df) for name, estimate in found.items()]


def _centred(values: Floats, group: np.ndarray) -> Floats:
    """The values less the mean of their group: [t], [t] -> [t]."""
    if len(group) != len(values):
        raise ValueError(f"got {len(values)} scores and {len(group)} groups")
    centred = values.copy()
    for name in np.unique(group):
        centred[group == name] -= values[group == name].mean()
    return centred
