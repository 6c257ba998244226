"""Extractors by name: shipped, or made for a data set when they are first needed."""

from collections.abc import Callable, Iterable
from functools import cache

import torch
from torch import Tensor

from gan_zoo.streams import Streams

from .classifier import load_or_train
from .datasets import load_dataset, to_unit
from .features import Extractor, Seen, load_extractor
from .storage import arrays_dir
from .trial import Trial

REFERENCE = 10_000  # images of a split that samples are compared with, at most
TOGETHER = 5_000  # images turned into floats together


@cache
def extractor(
    features: str,
    name: str,
    size: int | None,
    device: str,
    progress: Callable[[str], None] | None = None,
) -> Extractor:
    """The extractor `features` for the data set `name`; `classifier` is trained if it must be."""
    if features == "classifier":
        return load_or_train(load_dataset(name, size), arrays_dir(), device, progress)
    return load_extractor(features, device)


def prepare(trials: Iterable[Trial], progress: Callable[[str], None]) -> None:
    """Train the extractors that are not shipped, so that the trials' processes find them."""
    wanted = {(t.features, t.dataset, t.size) for t in trials if t.features == "classifier"}
    for features, name, size in sorted(wanted, key=str):
        extractor(features, name, size, "cpu", progress)


@cache
def reference(
    name: str, size: int | None, features: str, device: str, split: str
) -> tuple[Seen, Tensor]:
    """What the extractor sees in a split, and its labels [n]: once for all trials of a process.

    Of a large split 10,000 images, drawn once for all.
    """
    part = getattr(load_dataset(name, size), split)
    rows = torch.arange(len(part))
    if len(part) > REFERENCE:
        drawn = Streams(0).generator(f"reference/{name}/{split}")
        rows = torch.randperm(len(part), generator=drawn)[:REFERENCE]
    look = extractor(features, name, size, device)
    seen = [look(to_unit(part.samples[some].to(device))) for some in rows.split(TOGETHER)]
    features_ = torch.cat([each.features for each in seen])
    return Seen(features_, torch.cat([each.probabilities for each in seen])), part.labels[rows]
