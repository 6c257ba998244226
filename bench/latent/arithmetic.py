"""A - B + C of mean latents, as in DCGAN's figure 7: does what A has beyond B carry over to C?"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import ttest_ind
from torch import Tensor

from bench.errors import InputError
from bench.generators import Trained
from bench.stats import mean_interval
from gan_zoo.streams import Streams

from .attributes import Values
from .groups import Measured, chosen, label_of, measured, parse
from .interpolation import shares
from .sampling import Codes, codes_of

MOVED = 200  # samples of C that are moved, at most
BY_CHANCE = 100  # of them that are moved in random directions, too
AROUND = 64  # of the mean of C
NOISE = 0.25  # half the width of the uniform noise around a mean, as in DCGAN's figure 7
CONTROLS = 39  # random directions: a shift larger than all of them has p = 1 / 40
RESAMPLES = 2000


@dataclass(frozen=True)
class Shift:
    """A mean difference with its 95 % interval, and the number of samples it stands on."""

    estimate: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Carried:
    """What became of one attribute."""

    attribute: str
    predicted: Shift  # its mean in A less that in B
    measured: Shift  # of the samples of C: each moved, less as it was
    around: Shift  # the same of pictures around the mean of C
    share: Shift | None  # measured / predicted; None where the prediction may be 0
    control: tuple[float, float]  # the middle 95 % of shifts in random directions of that length
    p: float  # (1 + how many of these are as large as the measured one) / (1 + CONTROLS)


@dataclass(frozen=True, eq=False)
class Arithmetic:
    """The groups, the result and the numbers."""

    groups: dict[str, Measured]  # A, B, C and the samples of C moved: "A - B + C"
    expressions: dict[str, str]
    means: dict[str, Measured]  # the picture of each mean
    length: float  # of the mean of A less that of B, in the latent space
    carried: list[Carried]


def arithmetic(
    trained: Trained, a: str, b: str, c: str, n: int = 4096, seed: int = 0
) -> Arithmetic:
    """Mean latents of three groups among n samples, and C moved by the difference of A and B.

    a, b, c: expressions such as "label=7,slant>80%". A conditional model's label moves along if
    that of A or B is named. The intervals are over samples, for this one direction: groups of
    other samples would give another. Raises InputError for a group that is none or too small.
    """
    samples = measured(trained, codes_of(trained, n, seed))
    expressions = {"A": a, "B": b, "C": c}
    groups = {name: samples[chosen(samples, text)] for name, text in expressions.items()}
    known = [*samples.values, "label"]
    labels = {name: label_of(parse(text, known)) for name, text in expressions.items()}
    towards = labels["A"] is not None or labels["B"] is not None
    space = Space(trained, moves_labels=trained.model.conditional and towards)
    means = {name: space.mean(group.codes) for name, group in groups.items()}
    step = means["A"] - means["B"]
    if float(step.norm()) == 0:
        raise InputError(f"A and B are the same samples: {a}")
    start = groups["C"].codes[slice(MOVED)]
    before, after = measured(trained, start), measured(trained, space.moved(start, step))
    rng = Streams(seed)["latent/around"]
    noise = NOISE * (2 * rng.uniform(AROUND, means["C"].shape[-1]) - 1)
    pictures = [
        measured(trained, space.around(groups["C"].codes, mean, noise))
        for mean in (means["C"], means["C"] + step)
    ]
    controls = [
        measured(trained, space.moved(start[slice(BY_CHANCE)], direction))
        for direction in space.random(step, Streams(seed))
    ]
    names = [*samples.values]
    if (target := _target(labels)) is not None and samples.seen is not None:
        names.append(f"label={target:g}")
    told = [*samples.values, *(names if towards else [])]  # what A and B predict
    ends = [groups["A"], groups["B"]]
    found = [
        _carried(name, ends, (before, after), pictures, controls, seed if name in told else None)
        for name in names
    ]
    shown = {
        name: measured(trained, space.around(groups[name].codes, means[name], 0 * noise[:1]))
        for name in expressions
    }
    still = space.around(groups["C"].codes, means["C"] + step, 0 * noise[:1])
    return Arithmetic(
        groups | {"A - B + C": after},
        expressions,
        shown | {"A - B + C": measured(trained, still)},
        float(step[: trained.model.config.latent_dim].norm()),
        found,
    )


@dataclass(frozen=True)
class Space:
    """Where codes are added: the latents, and with them the labels of a model that is told them."""

    trained: Trained
    moves_labels: bool

    def mean(self, codes: Codes) -> Tensor:
        """[latent_dim + classes] of latents and shares of the labels."""
        labels = shares(codes.labels, self.trained.model.spec.classes)
        return torch.cat([codes.latents, labels], dim=1).mean(0)

    def moved(self, codes: Codes, step: Tensor) -> Codes:
        """Each code a step further; labels that do not move stay whole."""
        size = codes.latents.shape[1]
        latents = codes.latents + step[:size]
        if not self.moves_labels:
            return Codes(latents, codes.labels)
        return Codes(latents, shares(codes.labels, len(step) - size) + step[size:])

    def around(self, group: Codes, mean: Tensor, noise: Tensor) -> Codes:
        """Codes at `mean`, with noise [n, ..] in the latents; their labels are those of the group.

        Labels that move are the mean's own; others are those of the group in turn.
        """
        size = group.latents.shape[1]
        latents = mean[:size] + noise[:, :size]
        if self.moves_labels:
            return Codes(latents, mean[size:].expand(len(latents), -1))
        return Codes(latents, group.labels[torch.arange(len(latents)) % len(group)])

    def random(self, step: Tensor, streams: Streams) -> Tensor:
        """[CONTROLS, ..] random directions with the length of the step, labels unmoved."""
        size = self.trained.model.config.latent_dim
        drawn = streams["latent/controls"].normal(CONTROLS, size)
        found = torch.zeros(CONTROLS, len(step))
        found[:, :size] = drawn / drawn.norm(dim=1, keepdim=True) * step[:size].norm()
        return found


def _target(labels: dict[str, float | None]) -> float | None:
    """The label that A - B + C ought to have, where A, B and C name theirs."""
    if None in labels.values():
        return labels["C"] if labels["A"] == labels["B"] else None
    if labels["B"] == labels["C"]:
        return labels["A"]
    return labels["C"] if labels["A"] == labels["B"] else None


def _values(samples: Measured, name: str) -> Values:
    if not name.startswith("label="):
        return samples.values[name]
    assert samples.seen is not None
    return np.equal(samples.seen, float(name.removeprefix("label="))).astype(float)


def _carried(
    name: str,
    ends: list[Measured],
    moved: tuple[Measured, Measured],
    around: list[Measured],
    controls: list[Measured],
    seed: int | None,
) -> Carried:
    """One attribute; without a seed no share of it is told."""
    a, b = (_finite(_values(group, name)) for group in ends)
    before, after = (_values(samples, name) for samples in moved)
    change = _finite(after - before)
    first = before[:BY_CHANCE]
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
        raise InputError("the result is empty pictures: this direction leaves what was learned")
    return known


def _mean(values: Values) -> Shift:
    found = mean_interval(values)
    return Shift(found.estimate, found.low, found.high, found.n)


def _difference(a: Values, b: Values) -> Shift:
    """mean(a) - mean(b) with Welch's interval; of two constants it is exact."""
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
