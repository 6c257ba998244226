"""Metrics of points in the plane, whose true distribution is known (VEEGAN's protocol)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gan_zoo.streams import Streams

from ..datasets import OWN_FEATURES
from ..datasets import POINT_SAMPLES as SAMPLES
from ..datasets.dataset import Dataset
from ..datasets.mixtures import Mixture, Sample, drawn
from ..datasets.selection import SELECTION
from ..metrics import modes, points, transport
from ..records.writing import Measured

SIDE = 128  # pixels of a density picture
MARGIN = 1.15  # of its frame, in the largest coordinate of the data


def measure_points(
    samples: Tensor, labels: Tensor, dataset: Dataset, conditional: bool
) -> list[Measured]:
    """The earth mover's distance; of a mixture also modes, mode KL and high-quality share.

    samples [n, 2]; labels [n], the modes that a conditional model was asked for.
    """
    distance = emd_of(samples, dataset)
    values: dict[str, float] = {}
    if isinstance(truth := dataset.truth, Mixture):
        _, nearest = points.nearest(samples, truth.centres)
        counts = points.mode_counts(samples, truth.centres, truth.sigma)
        shares = modes.class_shares(nearest, truth.modes)
        values |= {
            "high_quality": points.high_quality(samples, truth.centres, truth.sigma),
            "modes": points.modes_reached(counts),
            "mode_kl": points.mode_kl(samples, truth.centres),
        }
        if conditional:
            values["label_accuracy"] = modes.label_accuracy(nearest, labels.cpu())
        values |= {f"class_share/{k}": share for k, share in enumerate(shares.tolist())}
    found = [replace(distance, metric=name, value=float(v)) for name, v in values.items()]
    return [distance, *found]


def emd_of(samples: Tensor, dataset: Dataset) -> Measured:
    """The earth mover's distance from samples [n, 2] to true ones, with its protocol.

    These are drawn for it alone; of a selection split they are its first ones.
    """
    if dataset.measured_to == SELECTION:
        kind, reference = SELECTION, dataset.holdout.samples[:SAMPLES]
    else:
        kind, (reference, _) = "true", true_reference(dataset)
    value = transport.emd(samples, reference)
    return Measured("emd", value, OWN_FEATURES, len(samples), f"{kind}:{len(reference)}")


def true_reference(dataset: Dataset) -> Sample:
    """The true samples that points are compared with, always the same: [2500, 2] and modes [2500].

    An error for images.
    """
    assert dataset.truth is not None, f"{dataset.name} has images"
    return drawn(dataset.truth, dataset.name, "reference", SAMPLES)


def scale_of_points(dataset: Dataset) -> list[dict[str, Any]]:
    """Rows of scale.parquet: true samples (the floor), one mode alone, a uniform square."""
    square = 2 * torch.rand(SAMPLES, 2, generator=Streams(0).generator("scale/uniform")) - 1
    levels: dict[str, Callable[[], Tensor]] = {
        "held-out real": lambda: dataset.holdout.samples[:SAMPLES],
        "uniform square": lambda: square * frame(dataset),
    }
    if dataset.spec.classes > 1:
        first = dataset.train.labels == 0
        levels["one mode"] = lambda: dataset.train.samples[first][:SAMPLES]
    return [
        {"dataset": dataset.name, "level": level, **vars(measured)}
        for level, draw in levels.items()
        for measured in measure_points(draw(), torch.zeros(SAMPLES), dataset, False)
        if measured.metric in ("emd", "high_quality")
    ]


def frame(dataset: Dataset) -> float:
    """Half the side of the square around the origin that a picture shows."""
    return MARGIN * float(dataset.holdout.samples.abs().max())


def density_picture(samples: Tensor, half: float) -> Tensor:
    """[1, SIDE, SIDE] in [0, 1]: the density of points [n, 2] in [-half, half]^2, upwards is up.

    Logarithmic, so that a faint bridge between two modes shows beside them.
    """
    cells = ((samples.cpu() / half + 1) / 2 * SIDE).long()
    inside = ((cells >= 0) & (cells < SIDE)).all(dim=1)
    flat = cells[inside, 1] * SIDE + cells[inside, 0]
    counts = torch.bincount(flat, minlength=SIDE * SIDE).view(1, SIDE, SIDE).float().flip(1)
    return counts.log1p() / counts.log1p().max().clamp(min=1e-9)
