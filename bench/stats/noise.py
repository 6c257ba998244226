"""The noise of a single score by source: variance components by the method of moments."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Floats, finite

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
