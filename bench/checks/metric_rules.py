"""Rules for metrics of a user's own: the same samples give the same number, which tells them."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..datasets import OWN_FEATURES
from ..datasets.dataset import to_unit
from ..evaluation.images import seen_by
from ..evaluation.own import Evaluation, number, stream
from ..extractors.judge import Judge
from ..metrics.own import OwnMetric
from .check import OK, Check, Found
from .dataset_rules import shared_state

SAMPLES = 500
SAME = 1e-6  # relative: the rounding of sums in another order


@dataclass(frozen=True, eq=False)
class MetricCase:
    """A metric, and samples that are real or nothing but noise, on the data of a judge."""

    metric: OwnMetric
    judge: Judge

    @cached_property
    def real(self) -> tuple[Tensor, Tensor]:
        """Held-out samples in [-1, 1], or true points, and their labels."""
        held = self.judge.dataset.holdout
        return to_unit(held.samples[:SAMPLES]), held.labels[:SAMPLES]

    @cached_property
    def noise(self) -> tuple[Tensor, Tensor]:
        """Uniform noise over the range of the samples, with the same labels."""
        images, labels = self.real
        drawn = torch.rand(images.shape, generator=torch.Generator().manual_seed(0))
        return (2 * drawn - 1) * images.abs().max(), labels

    def value(self, samples: tuple[Tensor, Tensor]) -> float:
        """What a trial would record; raises whatever the metric raises."""
        images, labels = samples
        points = self.judge.features == OWN_FEATURES or self.judge.network is None
        sight = None if points else seen_by(self.judge, images, labels)
        seen = Evaluation(images, labels, self.judge, sight, False, stream(0, "doctor"))
        return number(self.metric, seen, 0)

    def __str__(self) -> str:
        return self.judge.dataset.name


def finite(case: MetricCase) -> Found:
    """It is one finite number, of real samples and of noise."""
    real, noise = case.value(case.real), case.value(case.noise)
    return "ok", f"{real:.4g} of held-out samples, {noise:.4g} of noise"


def repeatable(case: MetricCase) -> Found:
    """The same samples give the same number, to the last bit."""
    first, second = case.value(case.real), case.value(case.real)
    return OK if first == second else ("failed", f"{first:.6g}, and then {second:.6g}")


def generators(case: MetricCase) -> Found:
    """It draws nothing from the generators that all of Python shares."""
    before = shared_state()
    case.value(case.real)
    moved = [name for name, state in shared_state().items() if state != before[name]]
    return ("failed", f"it draws from {', '.join(moved)}") if moved else OK


def order(case: MetricCase) -> Found:
    """The order of the samples does not matter."""
    images, labels = case.real
    rows = torch.randperm(len(images), generator=torch.Generator().manual_seed(1))
    first, second = case.value(case.real), case.value((images[rows], labels[rows]))
    if abs(first - second) > SAME * max(abs(first), abs(second)):
        return "failed", f"{first:.6g}, and {second:.6g} in another order"
    return OK


def tells(case: MetricCase) -> Found:
    """It tells real samples from noise, in the direction that it declares."""
    real, noise, better = case.value(case.real), case.value(case.noise), case.metric.better
    told = f"{real:.4g} of held-out samples, {noise:.4g} of noise"
    if real == noise:
        return "failed", told
    if better != "neither" and (real < noise) != (better == "lower"):
        return "failed", f"{told}: noise is better, since {better} is"
    return "ok", told


def positive(case: MetricCase) -> Found:
    """Values are above 0 where it is compared by ratios."""
    if case.metric.scale != "log":
        return "skipped", 'its scale is "linear"'
    least = min(case.value(case.real), case.value(case.noise))
    return OK if least > 0 else ("failed", f"{least:.4g} has no logarithm")


CHECKS: dict[str, Check] = {
    "number": Check(finite, "return one finite number; raise ValueError for what has none"),
    "repeatable": Check(repeatable, "draw from evaluation.rng, and from nothing else"),
    "generators": Check(generators, "draw from evaluation.rng"),
    "order": Check(order, "a metric is of a set of samples: no row stands for another"),
    "tells": Check(tells, "look at `better`, or at the formula"),
    "scale": Check(positive, 'scale = "linear" for what can be 0 or below'),
}
