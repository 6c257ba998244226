"""The scale beside every score: what real, noisy and random images get under one protocol."""

from typing import Any

import torch
from torch import Tensor

from gan_zoo.streams import Streams

from ..datasets import dataset_name
from ..datasets.dataset import load_dataset, to_uint8, to_unit
from ..extractors import NONE, second_extractor
from .evaluate import seen_by
from .images import distances, manifolds
from .points import scale_of_points

IMAGES = 4000  # of a level, at most: as many as an evaluation's samples
NOISE = (0.1, 0.2, 0.4, 0.8)  # standard deviations; pixels lie in [-1, 1]


def scale(name: str, size: int | None, features: str, device: str) -> list[dict[str, Any]]:
    """Distances to the training set of held-out images (the floor), noisy ones and noise.

    Rows of scale.parquet, for the extractor and its second.
    """
    if features == "points":
        return scale_of_points(name)
    if features == NONE:
        return []
    rows = []
    for extractor in filter(None, (features, second_extractor(features))):
        for level, images in levels(name, size, device).items():
            sight = seen_by(extractor, images, torch.zeros(len(images)), name, size)
            for measured in distances(sight) + manifolds(sight):
                rows.append({"dataset": dataset_name(name), "level": level, **vars(measured)})
    return rows


def levels(name: str, size: int | None, device: str) -> dict[str, Tensor]:
    """Level -> images [n, *shape] in [-1, 1]: at most 4,000 of each."""
    dataset, streams = load_dataset(name, size), Streams(0, device)
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
