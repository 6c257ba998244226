"""The scale beside every score: what real, noisy and random images score, same protocol.

It is measured once a machine and kept in the cache (`arrays_dir`), in a file named by a hash of all
that it depends on; the file carries a digest, and a damaged one is measured again.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan_zoo.streams import Streams

from ..datasets.dataset import Dataset, to_uint8, to_unit
from ..datasets.storage import arrays_dir, digest
from ..digests import json_with_digest
from ..environment import code_digest
from ..extensions import version
from ..extractors.judge import Judge
from ..extractors.kept import facts, of_tensor
from ..files import read_json, write_text
from .images import distances, manifolds, seen_by
from .points import scale_of_points

IMAGES = 4000  # of a level, at most: as many as an evaluation's samples
NOISE = (0.1, 0.2, 0.4, 0.8)  # standard deviations; pixels lie in [-1, 1]


def scale(judge: Judge) -> list[dict[str, Any]]:
    """Rows of scale.parquet: what held-out images (the floor), noisy images and noise score.

    Distances are to the training set, by the judge's extractor and by its second.
    """
    if judge.dataset.truth is None and judge.network is None:
        return []
    path = cached_at(judge)
    try:
        if found := read_json(path):
            return list(found["rows"])
    except (OSError, ValueError, KeyError):  # damaged, or of nobody's making
        pass
    rows = measured(judge)
    with suppress(OSError):  # a cache that cannot be written costs seconds, not the run
        write_text(path, json_with_digest({"rows": rows}))
    return rows


def cached_at(judge: Judge) -> Path:
    """Where the cache keeps the scale of a judge: named by data, extractors, code and machine."""
    dataset = judge.dataset
    behind: list[object] = [dataset.name, judge.source]
    behind += [code_digest("metrics", "evaluation", "extractors", "datasets")]
    behind += filter(None, [version(judge.source)])  # the code of a distribution of one's own
    for each in filter(None, (judge, judge.second)):
        behind += facts(each.network, each.device)
    for name, split in (("train", dataset.train), ("holdout", dataset.holdout)):
        rows = slice(None) if dataset.truth is not None else judge.rows(name, split)
        behind += [of_tensor(split.samples[rows]), of_tensor(split.samples[:IMAGES])]
        behind += [of_tensor(split.labels)]
    return arrays_dir() / f"scale-{dataset.name}-{digest(behind)}.json"


def measured(judge: Judge) -> list[dict[str, Any]]:
    """The rows, measured anew."""
    if judge.dataset.truth is not None:
        return scale_of_points(judge.dataset)
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
