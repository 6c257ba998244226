"""One decision rule for every claim: where the interval lies, against margins fixed beforehand."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .. import stats

Verdict = Literal["supported", "contradicted", "cannot tell"]
LEVEL = 0.95
FEWEST = stats.seeds_to_attain(1)  # 6: with fewer, no two-sided sign-flip test reaches 5 %
EXACT = 20  # the most values whose sign flips are enumerated; Student's t beyond
TINY = 1e-9  # in place of a spread of 0, so that a distance from the margin is a number


@dataclass(frozen=True)
class Region:
    """Where the claim says that the effect lies: between two margins, or outside of them."""

    low: float = -math.inf
    high: float = math.inf
    inside: bool = True

    def nearer(self, x: float) -> float:
        """The margin that x is nearer to."""
        return self.low if x - self.low <= self.high - x else self.high

    def towards(self, margin: float) -> int:
        """1 if the claimed side of that margin is above it, -1 if it is below."""
        return (1 if margin == self.low else -1) * (1 if self.inside else -1)

    def words(self, shown: Callable[[float], float] = float) -> str:
        """As "above 0.5", "between 0.8 and 1.2"; the margins through `shown`."""
        if math.isinf(self.low) or math.isinf(self.high):
            side = "below" if math.isinf(self.low) else "above"
            return f"{side} {shown(self.high if side == 'below' else self.low):.3g}"
        between = f"{shown(self.low):.3g} and {shown(self.high):.3g}"
        return f"between {between}" if self.inside else f"not between {between}"

    def holds(self, low: float, high: float) -> bool:
        """Does the interval lie wholly on the claimed side?"""
        within = self.low < low and high < self.high
        return within if self.inside else high < self.low or low > self.high

    def excludes(self, low: float, high: float) -> bool:
        """Does it lie wholly on the other side?"""
        return replace(self, inside=not self.inside).holds(low, high)


def above(margin: float) -> Region:
    return Region(low=margin)


def below(margin: float) -> Region:
    return Region(high=margin)


def between(low: float, high: float) -> Region:
    return Region(low, high)


def outside(low: float, high: float) -> Region:
    return Region(low, high, inside=False)


@dataclass(frozen=True)
class Finding:
    """What the runs say about one claim; effect, low, high and the margins are in `unit`."""

    verdict: Verdict
    effect: float
    unit: str
    low: float
    high: float
    level: float
    n: int
    planned_power: float  # the effect in sd of the seeds that n of them show with 80 % power
    p: float  # of the sign-flip test against the nearer margin
    claimed: str  # the region, in words
    margin: float  # the nearer one
    depth: float  # how far beyond it, towards the claim, in sd of the seeds; and its interval
    depth_low: float
    depth_high: float
    metric: str
    runs: str
    note: str = ""


def decided(
    values: ArrayLike,
    claimed: Region,
    unit: str,
    metric: str,
    runs: str,
    note: str = "",
    log: bool = False,
    ranks: ArrayLike | None = None,
) -> Finding:
    """The verdict on one value a seed, [n], which the claim says lie in the region `claimed`.

    "supported" only if the 95 % interval of their mean lies wholly on the claimed side of the
    margin, "contradicted" only if wholly on the other side. The interval inverts the sign-flip
    test (Student's t above 20 seeds); below 6 seeds none can decide, and t is shown. log: values
    and region are logarithms, and the finding has ratios. ranks [seeds that ended]: the same with
    every lost trial as the worst; the verdict has to hold there too.
    """
    x = np.asarray(values, dtype=np.float64)
    interval = _interval(x)
    verdict = _verdict(x, claimed, interval.low, interval.high)
    notes = [note]
    if 0 < len(x) < FEWEST:
        notes.append(f"{len(x)} seeds can never decide at 5 %; {FEWEST} could")
    if ranks is not None:
        counted = _by_ranks(np.asarray(ranks, dtype=np.float64), claimed)
        if not len(x):
            notes.append("by the lost trials alone")
        elif counted != verdict:
            notes.append(f"with lost trials as the worst: {counted}; of the others: {verdict}")
        # A model may have lost every trial: then the ranks alone speak.
        verdict = counted if counted == verdict or not len(x) else "cannot tell"
    shown: Callable[[float], float] = math.exp if log else float
    p, margin, *depths = _against(x, claimed, interval)
    return Finding(
        verdict=verdict,
        effect=shown(interval.estimate),
        unit=unit,
        low=shown(interval.low),
        high=shown(interval.high),
        level=LEVEL,
        n=len(x),
        planned_power=stats.detectable(len(x)) if len(x) >= FEWEST else math.nan,
        p=p,
        claimed=claimed.words(shown),
        margin=shown(margin),
        depth=depths[0],
        depth_low=depths[1],
        depth_high=depths[2],
        metric=metric,
        runs=runs,
        note="; ".join(filter(None, notes)),
    )


def _interval(x: np.ndarray) -> stats.Interval:
    if not len(x):
        return stats.Interval(math.nan, math.nan, math.nan, LEVEL, "none", 0)
    exact = FEWEST <= len(x) <= EXACT
    return stats.sign_flip_interval(x, LEVEL) if exact else stats.mean_interval(x, LEVEL)


def _verdict(x: np.ndarray, claimed: Region, low: float, high: float) -> Verdict:
    if len(x) >= FEWEST and claimed.holds(low, high):
        return "supported"
    return "contradicted" if len(x) >= FEWEST and claimed.excludes(low, high) else "cannot tell"


def _by_ranks(ranks: np.ndarray, claimed: Region) -> Verdict:
    """The verdict on signed ranks, whose margin is 0 on the side that the claim is about."""
    interval = _interval(ranks)
    side = above(0) if math.isinf(claimed.high) else below(0)
    return _verdict(ranks, side, interval.low, interval.high)


def _against(
    x: np.ndarray, claimed: Region, interval: stats.Interval
) -> tuple[float, float, float, float, float]:
    """p, the nearer margin, and how deep the mean and the interval lie on the claimed side."""
    if not len(x):
        return (math.nan,) * 5
    margin = claimed.nearer(interval.estimate)
    p = stats.sign_flip_test(x - margin, np.random.default_rng(0))  # drawn above 20 seeds only
    sd = float(x.std(ddof=1)) if len(x) > 1 else math.nan
    towards = claimed.towards(margin) / (sd or TINY)
    ends = [towards * (end - margin) for end in (interval.estimate, interval.low, interval.high)]
    return p, margin, ends[0], min(ends[1:]), max(ends[1:])
