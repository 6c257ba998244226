"""MNIST, Fashion-MNIST, CIFAR-10 and SVHN through torchvision: found on disk or downloaded once."""

import hashlib
import socket
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torchvision import datasets

from gan_zoo.base import DataSpec

from ..errors import InputError, require
from .dataset import Dataset, Split, require_side, resized
from .images import RECIPE
from .storage import arrays_dir, as_tensor, cache_dir, digest, writing

TIMEOUT = 20.0  # seconds without an answer, after which a download is given up
TOGETHER = 1000  # images resized at once
Native = tuple[Tensor, Tensor]  # images [n, c, h, w] uint8 and labels [n] int64


@dataclass(frozen=True)
class Source:
    """A data set of torchvision: how it is read, its files and its classes."""

    read: Callable[[Path, bool], Native]  # (folder, training split?) -> images and labels
    files: tuple[str, ...]  # their paths within the folder
    classes: tuple[str, ...]
    size: int = 32  # pixels


def vision_set(name: str, size: int | None = None, data_dir: Path | None = None) -> Dataset:
    """The data set `name` of SOURCES: its own training split, with its test split held out.

    train and holdout [n, c, size, size] in the set's order; size None: the set's own.
    Other sizes than its own are resized once, bilinearly with antialiasing. Files are read from
    `bench.datasets.storage.cache_dir`, and downloaded to it if they are missing. Raises InputError,
    in one line that names the folder and the files, if they can neither be found nor downloaded;
    ValueError for a size outside SIDES.
    """
    source = require(name, SOURCES, "torchvision data set")
    size = source.size if size is None else size
    require_side(size)
    folder = cache_dir(data_dir)
    with reading(name, folder, source.files):
        parts = [source.read(folder, training) for training in (True, False)]
    train, holdout = (
        Split(_sized(name, images, size, arrays_dir(data_dir)), labels) for images, labels in parts
    )
    spec = DataSpec(shape=tuple(train.samples.shape[1:]), classes=len(source.classes))
    return Dataset(name, spec, train, holdout, source.classes)


@contextmanager
def reading(name: str, folder: Path, files: tuple[str, ...]) -> Iterator[None]:
    """A context that turns what torchvision raises into InputError: one line, with the files."""
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)  # torchvision itself would wait for ever
    try:
        yield
    except Exception as error:  # files may be missing or broken, and so may the network
        reason = textwrap.shorten(str(error) or type(error).__name__, 160)
        raise InputError(
            f"{name} is not in {folder} and could not be downloaded ({reason}); "
            f"expected there: {', '.join(files)}"
        ) from error
    finally:
        socket.setdefaulttimeout(timeout)


def _sized(name: str, images: Tensor, size: int, folder: Path) -> Tensor:
    if images.shape[2:] == (size, size):
        return images
    content = hashlib.sha256(images.numpy().data).hexdigest()
    path = folder / f"{name}-{size}px-{digest([content, size, RECIPE])}.npy"
    if not path.exists():
        with writing(path, (*images.shape[:2], size, size)) as array:
            for rows in torch.arange(len(images)).split(TOGETHER):
                array[rows.numpy()] = resized(images[rows], size).numpy()
    return as_tensor(path)


def _mnist(folder: Path, training: bool) -> Native:
    found = datasets.MNIST(folder, train=training, download=True)
    return found.data[:, None], found.targets


def _fashion_mnist(folder: Path, training: bool) -> Native:
    found = datasets.FashionMNIST(folder, train=training, download=True)
    return found.data[:, None], found.targets


def _cifar10(folder: Path, training: bool) -> Native:
    found = datasets.CIFAR10(folder, train=training, download=True)
    images = torch.from_numpy(found.data).permute(0, 3, 1, 2).contiguous()
    return images, torch.tensor(found.targets)


def _svhn(folder: Path, training: bool) -> Native:
    found = datasets.SVHN(folder, split="train" if training else "test", download=True)
    return torch.from_numpy(np.ascontiguousarray(found.data)), torch.from_numpy(found.labels)


def _idx(folder: str) -> tuple[str, ...]:
    kinds = ("images-idx3-ubyte", "labels-idx1-ubyte")
    return tuple(f"{folder}/raw/{part}-{kind}" for part in ("train", "t10k") for kind in kinds)


DIGITS = tuple("0123456789")
CIFAR10_CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
SOURCES: dict[str, Source] = {
    "mnist": Source(_mnist, _idx("MNIST"), DIGITS, size=28),
    "fashion-mnist": Source(
        _fashion_mnist, _idx("FashionMNIST"), tuple(datasets.FashionMNIST.classes), size=28
    ),
    "cifar10": Source(
        _cifar10,
        tuple(
            f"cifar-10-batches-py/{name}"
            for name in (*(f"data_batch_{k}" for k in range(1, 6)), "test_batch", "batches.meta")
        ),
        CIFAR10_CLASSES,
    ),
    "svhn": Source(_svhn, ("train_32x32.mat", "test_32x32.mat"), DIGITS),
}
