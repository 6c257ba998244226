"""Verdicts in looks: seeds are added until all pairs are decided, and the error still holds.

At the j-th look at the seeds each pair is held against SHARES[j] / number of all pairs, whatever
was decided before and whoever stopped. The shares sum to .05, so the error is at most that of one
look at .05. A decision stands. The intervals of all looks hold together (repeated confidence
intervals, Jennison and Turnbull 1989), so a pair may be given that of any look: it is given the
latest one that decides it. docs/statistics.md has the simulated error, coverage and seeds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from .apart import left_out
from .arrays import Floats
from .layout import Comparison, Pairs, pairs_of
from .uneven import Present, uneven

SHARES = (0.02, 0.012, 0.008, 0.006, 0.004)  # of the .05; a sixth look has none
WHOLE = 0.05
# From FROM seeds on the variance of a pair's difference is drawn by OWN to what the pair itself
# shows. Without it eight contestants of unlike correlations have an error of .07 in looks.
OWN, FROM = 0.4, 5


@dataclass(frozen=True)
class Look:
    """One look: at the first n seeds, with its share of the .05."""

    n: int
    share: float


@dataclass(frozen=True)
class Decision:
    """A pair at the look that speaks of it."""

    comparison: Comparison
    look: Look
    apart: bool  # told apart
    equivalent: bool  # the difference lies within the margin

    def turned(self) -> "Decision":
        """The same of b, a."""
        c = self.comparison
        mirrored = replace(c, estimate=-c.estimate, low=-c.high, high=-c.low)
        return replace(self, comparison=mirrored)


def looks(counts: Sequence[int]) -> list[Look]:
    """The looks at so many seeds, with their shares."""
    shares = (*SHARES, *[0.0] * max(0, len(counts) - len(SHARES)))
    return [Look(n, share) for n, share in zip(counts, shares, strict=False)]


def at_look(values: Floats, present: Present) -> tuple[Pairs, NDArray[np.intp]]:
    """The rule of a look on stacked layouts [.., n, k] of n seeds, as `uneven` has it."""
    return uneven(values, present, OWN if len(present) >= FROM else 0.0)


def half_widths(found: Pairs, share: float, family: int) -> Floats:
    """Half of the simultaneous interval of each pair; infinite where the look has no share."""
    if not share:
        return np.full_like(found.errors, np.inf)
    half: Floats = stats.t.isf(share / (2 * family), found.df) * found.errors
    return half


def within(found: Pairs, share: float, family: int, margin: float) -> Present:
    """Pairs whose difference lies within (-margin, margin) by two one-sided tests at the share."""
    if not share:
        return np.zeros(found.errors.shape, bool)
    reach = stats.t.isf(share / family, found.df) * found.errors
    equal: Present = np.abs(found.estimates) + reach < margin
    return equal


def decide(
    values: ArrayLike,
    asked: Sequence[Look],
    pairs: int | None = None,
    margin: float | None = None,
) -> list[Decision]:
    """All pairs of the contestants, each at the latest look that decides it, or at the last one.

    values [n, k]: a row a seed, in the order in which they were added, NaN where a contestant lacks
    it, on the natural scale; asked: the looks, in their order, one or more; pairs: the size of the
    family where it is larger than these pairs; margin: of equivalence, none without it. ->
    Decisions in the order of `combinations`. ValueError: other shapes, no look.
    """
    y = np.asarray(values, dtype=np.float64)
    if y.ndim != 2 or y.shape[1] < 2 or not asked:
        raise ValueError(f"values are [seeds, two contestants or more] with a look, not {y.shape}")
    family = len(pairs_of(y.shape[1])[0]) if pairs is None else pairs
    chosen: list[Decision] = []
    for look in asked:
        now = _at(y[: look.n], look, family, margin)
        chosen = now if not chosen else [_later(*both) for both in zip(chosen, now, strict=True)]
    return chosen


def _later(before: Decision, now: Decision) -> Decision:
    if now.comparison.n <= before.comparison.n:
        return before  # no seed of the pair is new
    decided = now.apart or now.equivalent or not (before.apart or before.equivalent)
    return now if decided else before


def _middle(y: Floats) -> Floats:
    """The scores without rare ones that lie apart, of the contestants that have all seeds."""
    whole = np.isfinite(y).all(0)
    if not whole.any():
        return y
    out = np.zeros(y.shape, bool)
    out[:, whole] = left_out(y[:, whole])
    return np.where(out, np.nan, y)


def _at(y: Floats, look: Look, family: int, margin: float | None) -> list[Decision]:
    y = _middle(y)
    found, n = at_look(y, np.isfinite(y))
    half = half_widths(found, look.share, family)
    p = found.p_values()
    adjusted = p * family * WHOLE / look.share if look.share else np.full_like(p, np.inf)
    equal = np.zeros(len(n), bool)
    if margin is not None:
        equal = within(found, look.share, family, margin)
    decisions = []
    for i, count in enumerate(n.tolist()):
        d, h, known = float(found.estimates[i]), float(half[i]), count > 1
        q = min(1.0, float(adjusted[i])) if known else np.nan
        comparison = Comparison(
            estimate=d,
            low=d - h,
            high=d + h,
            p=float(p[i]) if known else np.nan,
            adjusted_p=q,
            error=float(found.errors[i]),
            df=float(found.df[i]) if known else np.nan,
            n=count,
        )
        apart = bool(known and q < WHOLE)
        decisions.append(Decision(comparison, look, apart, bool(known and equal[i])))
    return decisions
