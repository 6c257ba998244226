"""What metrics of a user's own are given, and their values as rows."""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from gan_zoo.streams import Streams, seed_globally

from ..datasets import OWN_FEATURES
from ..datasets.dataset import Dataset, to_unit
from ..extensions import one_line
from ..extractors import NONE
from ..extractors.judge import Judge
from ..metrics.own import OwnMetric
from ..planning.own import metrics_of
from ..planning.trial import Trial
from ..records.writing import Measured
from .images import Absent, Sight
from .points import true_reference

Reference = tuple[Tensor, Tensor]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Samples of a generator beside real data. Each tensor is a copy, made when first asked for."""

    _images: Tensor
    _labels: Tensor
    _judge: Judge
    _sight: Sight | None  # None for points, and without an extractor
    conditional: bool  # was the generator told the labels?
    rng: torch.Generator  # on the CPU, for what the metric draws

    @property
    def dataset(self) -> Dataset:
        """The data set, with its splits and the names of its classes."""
        return self._judge.dataset

    @cached_property
    def samples(self) -> Tensor:
        """[n, *shape] float32: images in [-1, 1], or points."""
        return self._images.clone()

    @cached_property
    def labels(self) -> Tensor:
        """[n] int64, the classes asked for: each as often as every other."""
        return self._labels.clone()

    @cached_property
    def real(self) -> Tensor:
        """[m, *shape] float32: training images, at most 10,000; or 2,500 true points."""
        if self.dataset.truth is not None:
            return self._true[0].to(self._images.device)
        train = self.dataset.train.samples[self._rows]
        return to_unit(train.to(self._images.device)).clone()

    @cached_property
    def real_labels(self) -> Tensor:
        """[m] int64, the classes of `real`."""
        if self.dataset.truth is not None:
            return self._true[1].to(self._images.device)
        return self.dataset.train.labels[self._rows].to(self._images.device).clone()

    @cached_property
    def features(self) -> Tensor:
        """[n, d] float32: what the extractor sees in the samples; points are their own features."""
        if self.dataset.truth is not None:
            return self._images.clone()
        return self._seen.generated.features.clone()

    @cached_property
    def real_features(self) -> Tensor:
        """[m, d] float32: what the extractor sees in `real`."""
        return (
            self.real if self.dataset.truth is not None else self._seen.real.seen.features.clone()
        )

    @cached_property
    def classes(self) -> Tensor:
        """[n, classes] float32: the extractor's probabilities of the classes of the samples."""
        return self._seen.generated.probabilities.clone()

    @property
    def protocol(self) -> tuple[str, int, str]:
        """Extractor, number of samples and reference, as rows have them."""
        if self.dataset.truth is not None:
            return OWN_FEATURES, len(self._images), f"true:{len(self._true[1])}"
        seen = self._sight.protocol if self._sight else NONE
        return seen, len(self._images), f"train:{len(self._rows)}"

    @property
    def _seen(self) -> Sight:
        if self._sight is None:
            raise ValueError(f"there is no extractor on {self.dataset.name}")
        return self._sight

    @property
    def _rows(self) -> Tensor:
        return self._judge.rows("train", self.dataset.train)

    @cached_property
    def _true(self) -> Reference:
        return true_reference(self.dataset)


def measure_own(
    trial: Trial,
    judge: Judge,
    images: Tensor,
    labels: Tensor,
    sight: Sight | None,
    conditional: bool,
    last: bool,
) -> tuple[list[Measured], Absent]:
    """The values of the metrics of the user's own, and the reason for each that has none."""
    found: list[Measured] = []
    absent: Absent = {}
    for name, metric in metrics_of(trial).items():
        if metric.once and not last:
            continue
        seen = Evaluation(images, labels, judge, sight, conditional, stream(trial.seed, name))
        try:
            value = number(metric, seen, trial.seed)
        except Exception as error:  # whatever a user's code raises: the trial goes on
            text = str(error) if isinstance(error, ValueError) else ""
            absent[name] = text.partition("\n")[0] or one_line(error)
            continue
        found.append(Measured(name, value, *seen.protocol))
    return found, absent


def stream(seed: int, name: str) -> torch.Generator:
    """The random numbers of a metric: the same at every evaluation."""
    return Streams(seed).generator(f"eval/{name}")


@torch.no_grad()
def number(metric: OwnMetric, seen: Evaluation, seed: int) -> float:
    """What a metric gives; ValueError if that is no finite number.

    Torch's generators are as before, whatever the metric draws from them.
    """
    device = seen._images.device
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        seed_globally(Streams(seed).seed_of("eval/ambient"), device)
        given = metric.measure(seen)
    value = float(given)
    if not math.isfinite(value):
        raise ValueError(f"it is {value}")
    return value
