"""The rule that decides every claim: where an interval lies, against margins fixed beforehand."""

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
MIDDLE = 9  # seeds from which on the median has to agree with the mean
EXACT = 20  # seeds: up to here all sign flips are enumerated; beyond, Student's t
TINY = 1e-9  # in place of a standard deviation of 0, so that a depth is finite
RATIO = "ratio"  # the unit of effects, and of margins, that are kept as natural logarithms


@dataclass(frozen=True)
class Region:
    """Where a claim says that the effect lies: between two margins, or outside of them."""

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
        """As "above 0.5" or "between 0.8 and 1.2"; `shown` converts the margins."""
        if math.isinf(self.low) or math.isinf(self.high):
            side = "below" if math.isinf(self.low) else "above"
            return f"{side} {shown(self.high if side == 'below' else self.low):.3g}"
        between = f"{shown(self.low):.3g} and {shown(self.high):.3g}"
        return f"between {between}" if self.inside else f"not between {between}"

    def holds(self, low: float, high: float) -> bool:
        """Whether the interval lies wholly on the claimed side."""
        within = self.low < low and high < self.high
        return within if self.inside else high < self.low or low > self.high

    def excludes(self, low: float, high: float) -> bool:
        """Whether the interval lies wholly on the other side."""
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
class Effects:
    """What was measured for a claim: one effect a seed.

    values [seeds]: in `unit`; natural logarithms where that is RATIO. metric, runs: what was
    measured, and in which trials. ranks [seeds that ended]: signed ranks of the effects with every
    lost trial as the worst; None where none was lost, or where `values` counts the lost ones. They
    must be independent of each other.
    """

    values: ArrayLike
    unit: str
    metric: str
    runs: str
    note: str = ""
    ranks: ArrayLike | None = None
    middle: bool = False  # their median is judged: they take few values, or have few


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
    planned_power: float  # the effect, in sd over seeds, that n seeds show with 80 % power
    p: float  # of the sign-flip test against the nearer margin
    claimed: str  # the region, in words
    margin: float  # the nearer one
    depth: float  # how far the effect lies on the claimed side of it, in sd over seeds
    depth_low: float  # and its interval
    depth_high: float
    metric: str
    runs: str
    note: str = ""
    warning: str = ""  # why the middle of the effects is not all that there is to say


def decided(effects: Effects, claimed: Region) -> Finding:
    """The verdict on the mean effect, which is claimed to lie in the region `claimed`.

    "supported" only if its 95 % interval lies wholly on the claimed side of the margin,
    "contradicted" only if wholly on the other side. The interval inverts the sign-flip test
    (Student's t above 20 seeds); below 6 seeds nothing is decided, and the interval is Student's
    t. From 9 seeds on the interval of the median, which assumes nothing on the distribution, must
    say the same; below, the two differ too little. `Effects.middle`: that interval alone decides.
    Where trials were lost, the ranks must give the same verdict. Of ratios, effect, interval and
    margin are given as ratios.
    """
    x = np.asarray(effects.values, dtype=np.float64)
    interval = _interval(x, effects.middle)
    verdict = _verdict(claimed, interval)
    # Few values are no flaw of an exact interval of the median.
    warning = "" if effects.middle else _warning(x)
    notes = [effects.note]
    if len(x) >= MIDDLE and _verdict(claimed, stats.median_interval(x, LEVEL)) != verdict:
        verdict = "cannot tell"
        notes.append("mean and median do not give the same verdict")
    if 0 < len(x) < FEWEST:
        notes.append(f"{len(x)} seeds can never decide at 5 %; {FEWEST} could")
    if effects.ranks is not None:
        counted = _by_ranks(np.asarray(effects.ranks, dtype=np.float64), claimed)
        if not len(x):
            notes.append("by the lost trials alone")
        elif counted != verdict:
            notes.append(f"with lost trials as the worst: {counted}; of the others: {verdict}")
        # A model may have lost every trial: then the ranks alone decide.
        verdict = counted if counted == verdict or not len(x) else "cannot tell"
    shown: Callable[[float], float] = math.exp if effects.unit == RATIO else float
    notes.append(warning)
    p, margin, *depths = _against(x, claimed, interval, effects.middle)
    return Finding(
        verdict=verdict,
        effect=shown(interval.estimate),
        unit=effects.unit,
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
        metric=effects.metric,
        runs=effects.runs,
        note="; ".join(filter(None, notes)),
        warning=warning,
    )


def _warning(x: np.ndarray) -> str:
    """What the middle of the effects [n] does not say; nothing of too few to decide."""
    n = len(x)
    if n < FEWEST:
        return ""
    if apart := int(stats.lie_apart(x[:, None]).sum()):
        return f"{apart} of {n} seeds {'lies' if apart == 1 else 'lie'} apart"
    if len(np.unique(x)) <= n / 2:
        return f"the {n} seeds have few values: rare exceptions are not excluded"
    return ""


def _interval(x: np.ndarray, middle: bool = False) -> stats.Interval:
    if not len(x):
        return stats.Interval(math.nan, math.nan, math.nan, LEVEL, "none", 0)
    if middle and len(x) >= FEWEST:
        return stats.median_interval(x, LEVEL)
    if middle:
        return stats.Interval(float(np.median(x)), math.nan, math.nan, LEVEL, "none", len(x))
    exact = FEWEST <= len(x) <= EXACT
    return stats.sign_flip_interval(x, LEVEL) if exact else stats.mean_interval(x, LEVEL)


def _verdict(claimed: Region, interval: stats.Interval) -> Verdict:
    if interval.n >= FEWEST and claimed.holds(interval.low, interval.high):
        return "supported"
    if interval.n >= FEWEST and claimed.excludes(interval.low, interval.high):
        return "contradicted"
    return "cannot tell"


def _by_ranks(ranks: np.ndarray, claimed: Region) -> Verdict:
    """The verdict on signed ranks: their margin is 0, on the side that is claimed."""
    side = above(0) if math.isinf(claimed.high) else below(0)
    return _verdict(side, _interval(ranks))


def _against(
    x: np.ndarray, claimed: Region, interval: stats.Interval, middle: bool
) -> tuple[float, float, float, float, float]:
    """p, the nearer margin, and the depth with its interval."""
    if not len(x):
        return (math.nan,) * 5
    margin = claimed.nearer(interval.estimate)
    if middle:
        p = stats.sign_test(x - margin)
    else:
        p = stats.sign_flip_test(x - margin, np.random.default_rng(0))  # drawn above 20 seeds only
    sd = float(x.std(ddof=1)) if len(x) > 1 else math.nan
    towards = claimed.towards(margin) / (sd or TINY)
    ends = [towards * (end - margin) for end in (interval.estimate, interval.low, interval.high)]
    return p, margin, ends[0], min(ends[1:]), max(ends[1:])
