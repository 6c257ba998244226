"""Extractors by name: shipped, a user's own, or made for a data set when they are first needed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import torch
from torch import Tensor

from gan_zoo.streams import Streams

from ..datasets.dataset import load_dataset, to_unit
from ..datasets.storage import arrays_dir
from ..metrics.kernel import Within, within
from ..metrics.manifold import Balls, balls
from . import EXTRACTORS
from .classifier import load_or_train
from .custom import load_custom
from .inception import load_inception
from .network import Extractor, Seen, load_extractor

REFERENCE = 10_000  # images of a split that samples are compared with, at most
TOGETHER = 5_000  # images turned into floats together


@dataclass(frozen=True, eq=False)
class Reference:
    """What an extractor sees in a split, and what metrics make of that alone, when it is asked for.

    An evaluation then costs a fifth less, with the same bits.
    """

    seen: Seen
    labels: Tensor  # [n]
    rows: Tensor  # [n] of the split

    @cached_property
    def within(self) -> Within:
        return within(self.seen.features)

    @cached_property
    def balls(self) -> Balls:
        return balls(self.seen.features)


@cache
def extractor(
    features: str,
    name: str,
    size: int | None,
    device: str,
    progress: Callable[[str], None] | None = None,
) -> Extractor:
    """The extractor `features` for the data set `name`; `classifier` is trained if it must be.

    Raises InputError where weights or a user's class are absent or do not fit the data set.
    """
    kind, _, file = features.partition(":")
    if kind == "classifier":
        return load_or_train(load_dataset(name, size), arrays_dir(), device, progress)
    if kind == "inception":
        return load_inception(Path(file) if file else None, device)
    if kind in EXTRACTORS:
        return load_extractor(kind, device)
    return load_custom(features, load_dataset(name, size).spec.shape, device)


@cache
def reference(name: str, size: int | None, features: str, device: str, split: str) -> Reference:
    """What the extractor sees in a split: once for all trials of a process.

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
    both = Seen(features_, torch.cat([each.probabilities for each in seen]))
    return Reference(both, part.labels[rows], rows)
