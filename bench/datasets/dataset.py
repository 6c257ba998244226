"""A data set: samples, their labels, and a fixed split into training and held-out samples."""

import importlib
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from gan_zoo.base import DataSpec

from ..extensions import Kept
from . import SIDES, dataset_entry
from .mixtures import DISTRIBUTIONS, Distribution, points_dataset
from .storage import IN_MEMORY


@dataclass(frozen=True)
class Split:
    """Samples and their labels. Images are bytes: a quarter of the memory of floats."""

    samples: Tensor  # [n, c, h, w] uint8, or points [n, 2] float32
    labels: Tensor  # [n] int64

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device | str) -> "Split":
        """The split on `device`, where batches are then indexed; one of over IN_MEMORY bytes stays.

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
    truth: Distribution | None = None  # the distribution that points were sampled from
    content: str = ""  # hash of a user's own data, which may change while the name stays
    measured_to: str = "train"  # the split of images that samples are compared with
    mode_samples: int | None = None  # VEEGAN's protocol: samples drawn; a single one makes a mode


def to_unit(samples: Tensor) -> Tensor:
    """Bytes (uint8, any shape) as float32 in [-1, 1], a tanh's range; points stay as they are."""
    if samples.is_floating_point():
        return samples
    return samples.to(torch.float32).div_(127.5).sub_(1)


def to_uint8(images: Tensor) -> Tensor:
    """Images in [-1, 1] (any float, any shape) as uint8, rounded and clamped: undoes `to_unit`."""
    return images.float().add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


@Kept
def load_dataset(name: str, size: int | None = None) -> Dataset:
    """The data set of a name or reference, as `bench.datasets` has them, with square images.

    `size` is their side in pixels; None: the data's own. Each data set is loaded once a process.
    Raises InputError for an unknown name (with the nearest known one) and for a folder or files
    that are missing, ValueError for a size outside SIDES.
    """
    module, function = dataset_entry(name).target.split(":")
    return cast(Dataset, getattr(importlib.import_module(module), function)(name, size))


def points(name: str, size: int | None = None) -> Dataset:
    """A 2-D distribution of `mixtures`: 50,000 points to train on, 10,000 held out.

    The label of a point is its mode. `size` is that of images and is not used.
    """
    truth = DISTRIBUTIONS[name]
    train, holdout = (Split(*sample) for sample in points_dataset(name))
    spec = DataSpec((2,), truth.modes)
    return Dataset(name, spec, train, holdout, tuple(map(str, range(truth.modes))), truth)


def require_side(size: int) -> None:
    """Raises ValueError for a side of images outside SIDES."""
    least, most = SIDES
    if not least <= size <= most:
        raise ValueError(f"images have a side of {least} to {most:,} pixels, not {size:,}")


def resized(images: Tensor, size: int) -> Tensor:
    """Images [n, c, h, w] uint8 as [n, c, size, size] uint8: bilinear, antialiased.

    Computed in floats and rounded once: torch's kernel for bytes differs by a grey level between
    processors.
    """
    floats = functional.interpolate(images.float(), (size, size), mode="bilinear", antialias=True)
    return floats.round().clamp(0, 255).to(torch.uint8)
