"""Metrics of images, computed on what the extractor saw, as rows with their protocol."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gan_zoo.streams import Streams

from ..datasets.dataset import Dataset
from ..extractors import PIXELS, saw_training_images, without_hash
from ..extractors.judge import Judge, Reference
from ..extractors.network import Seen
from ..metrics import classifier_score, frechet, kernel, manifold, memorisation, sharpness
from ..metrics import modes as classes_
from ..records.writing import Measured

Absent = dict[str, str]  # metric -> why it could not be measured
BATCH = 500  # images seen together where only their class is kept
HISTOGRAM = 100  # classes that have a row each, at most
SAW = (
    "its extractor was trained on the training images, so distances to them say nothing about "
    "copying"
)


@dataclass(frozen=True)
class Sight:
    """What a judge saw of the samples, beside what it sees in the real images."""

    judge: Judge
    generated: Seen
    labels: Tensor  # [n] the classes asked for
    predicted: Tensor  # [n or more] int64, of all samples that modes are counted on

    @property
    def protocol(self) -> str:
        """The network's name and hash."""
        return self.judge.extractor.protocol

    @property
    def real(self) -> Reference:
        """The real images that they are compared with."""
        return self.judge.compared

    @property
    def dataset(self) -> Dataset:
        return self.judge.dataset

    def row(self, metric: str, value: float, samples: int | None = None) -> Measured:
        """A row: the metric's value on all `generated` samples, or on another number of them."""
        reference = f"{self.dataset.measured_to}:{len(self.real.labels)}"
        n = len(self.generated.features) if samples is None else samples
        return Measured(metric, float(value), self.protocol, n, reference)


def seen_by(
    judge: Judge, images: Tensor, labels: Tensor, more: Tensor | None = None, threads: int = 1
) -> Sight:
    """What the judge's extractor sees in images [n, *shape] that were asked for by labels [n].

    `more` are images of which only the class is kept, for modes that are counted on many.
    """
    generated = judge.extractor(images, threads=threads)
    predicted = [generated.predicted]
    if more is not None and len(more):
        predicted += [
            judge.extractor(part, threads=threads).predicted for part in more.split(BATCH)
        ]
    return Sight(judge, generated, labels, torch.cat(predicted))


def distances(sight: Sight) -> list[Measured]:
    """FID and KID to the training set."""
    value = kernel.kid(sight.generated.features, sight.real.within)
    return [fid(sight), sight.row("kid", value)]


def fid(sight: Sight) -> Measured:
    return sight.row("fid", frechet.fid(sight.generated.features, sight.real.gaussian))


def manifolds(sight: Sight) -> list[Measured]:
    """Precision, recall, density and coverage."""
    found = manifold.manifold(sight.generated.features, sight.real.balls)
    return [sight.row(name, value) for name, value in vars(found).items()]


def sharp(judge: Judge, images: Tensor) -> list[Measured]:
    """Sharpness beside the held-out images, measured on pixels; nothing if there are none."""
    if not judge.dataset.holdout.samples.numel() or not judge.fine:
        return []
    protocol = f"holdout:{len(judge.rows('holdout', judge.dataset.holdout))}"
    value = sharpness.sharpness(images, judge.fine)
    return [Measured("sharpness", value, PIXELS, len(images), protocol)]


def modes(sight: Sight, conditional: bool) -> tuple[list[Measured], Absent]:
    """Modes covered, mode KL and histogram; of a conditional model also its label accuracy.

    If the extractor's classes are not those of the data set: nothing, and the reason.
    """
    classes, known = sight.dataset.spec.classes, sight.generated.probabilities.shape[1]
    if classes < 2 or known != classes:
        reason = f"{sight.protocol} tells {known} classes apart, and the data set has {classes}"
        return [], dict.fromkeys(("modes", "mode_kl"), reason)
    shares = classes_.class_shares(sight.predicted, classes)
    values: dict[str, float]
    if sight.dataset.mode_samples:
        values = {"modes": classes_.modes_sampled(shares), "mode_kl": classes_.mode_kl(shares)}
    else:
        wanted = classes_.class_shares(sight.real.labels, classes)
        values = {
            "modes": classes_.modes_covered(shares),
            "mode_kl": classes_.mode_kl(shares, wanted),
        }
    if classes <= HISTOGRAM:
        values |= {f"class_share/{k}": share for k, share in enumerate(shares.tolist())}
    found = [sight.row(name, value, len(sight.predicted)) for name, value in values.items()]
    if conditional:
        right = classes_.label_accuracy(sight.generated.predicted, sight.labels)
        found.append(sight.row("label_accuracy", right))
    return found, {}


def at_the_end(sight: Sight, conditional: bool, seed: int) -> tuple[list[Measured], Absent]:
    """What is measured only at the end of a trial, and the reason for what could not be."""
    streams = Streams(seed)
    x, y = sight.generated.features, sight.real.seen.features
    asked: dict[str, Callable[[], float]] = {
        "fid_infinity": lambda: frechet.fid_infinity(
            x, sight.real.gaussian, streams.generator("eval/fid_infinity")
        ),
        "memorisation": lambda: copying(sight, streams.generator("eval/memorisation")),
        "classifier_score": lambda: classifier_score.classifier_score(
            sight.generated.probabilities
        ),
    }
    if conditional and sight.dataset.spec.classes <= HISTOGRAM:
        asked["fid_within_classes"] = lambda: frechet.fid_within_classes(
            x, sight.labels, y, sight.real.labels, sight.dataset.spec.classes
        )
    found: list[Measured] = []
    absent: Absent = {}
    for name, measure in asked.items():
        try:
            found.append(sight.row(name, measure()))
        except ValueError as reason:  # too few samples, say
            absent[name] = str(reason)
    return found, absent


def copying(sight: Sight, rng: torch.Generator) -> float:
    """The data-copying statistic C_T, by an extractor that never saw the training images.

    Raises ValueError if it did: training images then lie closer together among its features than
    held-out images do, and the comparison of distances means nothing.
    """
    if saw_training_images(without_hash(sight.protocol), sight.dataset.name):
        raise ValueError(SAW)
    x, y = sight.generated.features, sight.judge.train.seen.features
    return memorisation.data_copying(x, y, sight.judge.holdout.seen.features, rng)
