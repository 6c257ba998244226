"""The selection split: a part of the training split, held out while hyperparameters are chosen.

A configuration is trained on the rest and measured on this part. The data set's own held-out split
is not even loaded into it, and true samples of points are others than those of the report.
"""

from dataclasses import replace
from functools import cache

import torch
from torch import Tensor

from gan_zoo.streams import Streams

from . import SELECTION_PREFIX, dataset_name
from .dataset import Dataset, Split, load_dataset

SHARE = 5  # every fifth training sample of each class is held out
SELECTION = "selection"  # as a protocol names it


@cache
def selection(name: str, size: int | None = None) -> Dataset:
    """The data set `selection:NAME`: the training split of NAME in two parts.

    train: four fifths, what configurations are trained on. holdout: a fifth, what they are
    measured on. Raises as `load_dataset` does.
    """
    whole = load_dataset(name.removeprefix(SELECTION_PREFIX), size)
    rest, held = rows(whole.train.labels, whole.name)
    parts = [Split(whole.train.samples[part], whole.train.labels[part]) for part in (rest, held)]
    return replace(
        whole,
        name=dataset_name(name),
        train=parts[0],
        holdout=parts[1],
        measured_to=SELECTION,
    )


def rows(labels: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """The rows of the rest and of the selection split, [n] int64 each, in random order.

    labels: of the training split, [n] int64. The order is drawn once for a data set of that name,
    not by the seed of a trial. Of each class every fifth row is held out.
    """
    order = torch.randperm(len(labels), generator=Streams(0).generator(f"split/selection/{name}"))
    by_class = order[torch.sort(labels[order], stable=True).indices]
    first = torch.zeros(len(labels), dtype=torch.bool)
    first[by_class[::SHARE]] = True
    return order[~first[order]], order[first[order]]
