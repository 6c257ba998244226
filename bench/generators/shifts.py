"""How much of a predicted change of an attribute was measured, with intervals and a control."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import ttest_ind

from gan_zoo.streams import Streams

from ..errors import InputError
from ..stats import mean_interval
from .attributes import Values
from .groups import Measured

RESAMPLES = 2000  # of the bootstrap


@dataclass(frozen=True)
class Shift:
    """A mean difference with its 95 % interval, and the number of samples behind it."""

    estimate: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Carried:
    """How one attribute changed in A - B + C, and how it was predicted to change."""

    attribute: str
    predicted: Shift  # its mean in A less that in B
    measured: Shift  # its change in the samples of C as each is moved
    around: Shift  # its change from codes around the mean of C to codes around A - B + C
    share: Shift | None  # measured / predicted; None if the prediction's interval includes 0
    control: tuple[float, float]  # the middle 95 % of the changes in random directions
    p: float  # (1 + the number of these at least as large as the measured one) / (1 + CONTROLS)


@dataclass(frozen=True)
class Reached:
    """How many samples of C have what A - B + C should have, all conditions at once."""

    expression: str
    before: Shift  # the share of C that meets it, and of C moved by A - B
    after: Shift
    control: tuple[float, float]  # the middle 95 % of the shares in random directions
    p: float  # (1 + the number of these at least as large as `after`) / (1 + CONTROLS)


def reached(expression: str, before: Values, after: Values, controls: list[Values]) -> Reached:
    """before and after [n], controls [m] each: 1 where a sample meets the expression, else 0."""
    others = np.array([each.mean() for each in controls])
    larger = int((others >= after.mean()).sum())
    return Reached(
        expression,
        _mean(before),
        _mean(after),
        (float(np.quantile(others, 0.025)), float(np.quantile(others, 0.975))),
        (1 + larger) / (1 + len(others)),
    )


def _values(samples: Measured, name: str) -> Values:
    if not name.startswith("label="):
        return samples.values[name]
    assert samples.seen is not None
    return np.equal(samples.seen, float(name.removeprefix("label="))).astype(float)


def carried(
    name: str,
    ends: list[Measured],
    moved: tuple[Measured, Measured],
    around: list[Measured],
    controls: list[Measured],
    seed: int | None,
) -> Carried:
    """What became of the attribute `name`.

    ends: A and B; moved: the samples of C before and after; around: samples around the mean of C
    and around A - B + C; controls: the first samples of C moved in each random direction; seed: of
    the bootstrap of the share, None to leave the share out. Raises InputError if the attribute is
    defined on fewer than two samples.
    """
    a, b = (_finite(_values(group, name)) for group in ends)
    before, after = (_values(samples, name) for samples in moved)
    change = _finite(after - before)
    first = before[: len(controls[0].codes)]
    others = np.array([_finite(_values(other, name) - first).mean() for other in controls])
    predicted, measured_ = _difference(a, b), _mean(change)
    larger = int((np.abs(others) >= abs(measured_.estimate)).sum())
    return Carried(
        name,
        predicted,
        measured_,
        _mean(_finite(_values(around[1], name) - _values(around[0], name))),
        None if seed is None or predicted.low * predicted.high <= 0 else _share(a, b, change, seed),
        (float(np.quantile(others, 0.025)), float(np.quantile(others, 0.975))),
        (1 + larger) / (1 + len(others)),
    )


def _finite(values: Values) -> Values:
    known: Values = values[np.isfinite(values)]
    if len(known) < 2:
        raise InputError(
            "the result is empty images: this direction leads away from what the model has learned"
        )
    return known


def _mean(values: Values) -> Shift:
    found = mean_interval(values)
    return Shift(found.estimate, found.low, found.high, found.n)


def _difference(a: Values, b: Values) -> Shift:
    """mean(a) - mean(b) with Welch's interval, which has no width if a and b are constant."""
    estimate, n = float(a.mean() - b.mean()), min(len(a), len(b))
    if a.std() == 0 and b.std() == 0:
        return Shift(estimate, estimate, estimate, n)
    bounds = ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    return Shift(estimate, float(bounds.low), float(bounds.high), n)


def _share(a: Values, b: Values, change: Values, seed: int) -> Shift:
    """mean(change) / (mean(a) - mean(b)) with a percentile bootstrap over all three."""
    rng = np.random.default_rng(Streams(seed).seed_of("latent/bootstrap"))
    parts = [x[rng.integers(0, len(x), (RESAMPLES, len(x)))].mean(1) for x in (change, a, b)]
    low, high = np.quantile(parts[0] / (parts[1] - parts[2]), [0.025, 0.975])
    estimate = change.mean() / (a.mean() - b.mean())
    return Shift(float(estimate), float(low), float(high), len(change))
