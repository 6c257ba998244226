"""The scale beside every score: what real, noisy and random images score, same protocol."""

from typing import Any

import torch
from torch import Tensor

from gan_zoo.streams import Streams

from ..datasets.dataset import Dataset, to_uint8, to_unit
from ..extractors.judge import Judge
from .images import distances, manifolds, seen_by
from .points import scale_of_points

IMAGES = 4000  # of a level, at most: as many as an evaluation's samples
NOISE = (0.1, 0.2, 0.4, 0.8)  # standard deviations; pixels lie in [-1, 1]


def scale(judge: Judge) -> list[dict[str, Any]]:
    """Rows of scale.parquet: what held-out images (the floor), noisy images and noise score.

    Distances are to the training set, by the judge's extractor and by its second.
    """
    if judge.dataset.truth is not None:
        return scale_of_points(judge.dataset)
    if judge.network is None:
        return []
    rows = []
    for each in filter(None, (judge, judge.second)):
        for level, images in levels(judge.dataset, judge.device).items():
            sight = seen_by(each, images, torch.zeros(len(images)))
            for measured in distances(sight) + manifolds(sight):
                rows.append({"dataset": judge.dataset.name, "level": level, **vars(measured)})
    return rows


def levels(dataset: Dataset, device: str) -> dict[str, Tensor]:
    """Level -> images [n, *shape] in [-1, 1], at most 4,000 of each."""
    streams = Streams(0, device)
    train = to_unit(dataset.train.samples[:IMAGES].to(device))
    noise = streams["scale/noise"].normal(len(train), *train.shape[1:])
    uniform = streams["scale/uniform"].uniform(len(train), *train.shape[1:])
    found = {"held-out real": to_unit(dataset.holdout.samples[:IMAGES].to(device))}
    for deviation in NOISE:
        found[f"noise {deviation}"] = rounded(train + deviation * noise)
    return {**found, "uniform noise": rounded(2 * uniform - 1)}


def rounded(images: Tensor) -> Tensor:
    """Clamped and rounded to 8 bits, as samples are."""
    return to_unit(to_uint8(images.clamp(-1, 1)))
