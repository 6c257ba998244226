"""A data set of your own: `--dataset file.py:Name` or `package.module:Name`.

Name is a class that extends `Images` or `Points`, or a `Mixture` of Gaussians. A reference that is
recorded says which of the two it is, images:REFERENCE or points:REFERENCE, so that nothing has to
be run to know how it was measured.
"""

import hashlib
from typing import Literal

import torch
from torch import Generator, Tensor

from gan_zoo.base import DataSpec
from gan_zoo.streams import Streams

from ..errors import InputError
from ..extensions import is_ours, load, one_line
from . import IMAGES_PREFIX, POINTS_PREFIX, SIDES, code_reference, dataset_name
from .dataset import Dataset, Split, require_side, resized
from .mixtures import HOLDOUT, TRAIN, Mixture, Sample, drawn

Part = Literal["train", "holdout"]
PARTS: tuple[Part, ...] = ("train", "holdout")
DIGITS = 16  # of a sha256


class Images:
    """Square images with labels. Extend it, declare `shape`, and define `part`."""

    shape: tuple[int, int, int]  # channels (1 or 3), side, side
    classes: tuple[str, ...] = ("image",)

    def part(self, name: Part, rng: Generator) -> Sample:
        """Images [n, *shape] uint8, and their classes [n] int64; always the same for one name.

        The images of "holdout" are not among those of "train". Random numbers come from `rng`.
        """
        raise NotImplementedError


class Points:
    """A distribution in the plane. Extend it, and define `sample`."""

    modes: int = 1

    def sample(self, n: int, rng: Generator) -> Sample:
        """n points [n, 2], and the mode of each [n], 0 to modes - 1; all draws come from `rng`."""
        raise NotImplementedError


def with_kind(reference: str) -> str:
    """ "moons.py:Moons" -> "points:moons.py:Moons": loads it, unless the kind is said already.

    Raises InputError if it is neither.
    """
    if is_ours(code_reference(reference)) or reference != code_reference(reference):
        return reference
    return (IMAGES_PREFIX if isinstance(made(reference), Images) else POINTS_PREFIX) + reference


def made(reference: str) -> Images | Points | Mixture:
    """What a reference names, as an object; raises InputError if it is no data set."""
    found = load("data set", code_reference(reference))
    if isinstance(found, type) and issubclass(found, Images | Points):
        try:
            found = found()
        except Exception as error:
            raise InputError(f"{reference}() fails: {one_line(error)}") from error
    if not isinstance(found, Images | Points | Mixture):
        raise InputError(
            f"{reference} is no data set: it extends bench.datasets.own.Images or Points, or is a "
            "bench.datasets.mixtures.Mixture"
        )
    return found


def own_images(reference: str, size: int | None = None) -> Dataset:
    """The images of images:REFERENCE, resized to `size`; raises InputError for wrong ones."""
    found = made(reference)
    if not isinstance(found, Images):
        raise InputError(
            f"{reference} has points: write {POINTS_PREFIX}{code_reference(reference)}"
        )
    shape, classes = declared(reference, found)
    train, holdout = (split(reference, found, name) for name in PARTS)
    content = digest(train, holdout)
    if size is not None and size != shape[-1]:
        require_side(size)
        shape = (shape[0], size, size)
        train, holdout = (Split(resized(s.samples, size), s.labels) for s in (train, holdout))
    spec = DataSpec(shape, len(classes))
    return Dataset(dataset_name(reference), spec, train, holdout, classes, content=content)


def own_points(reference: str, size: int | None = None) -> Dataset:
    """50,000 points of points:REFERENCE to train on, 10,000 held out; raises InputError.

    `size` is that of images and is not used.
    """
    found, name = made(reference), dataset_name(reference)
    if isinstance(found, Images):
        raise InputError(
            f"{reference} has images: write {IMAGES_PREFIX}{code_reference(reference)}"
        )
    truth = Checked(reference, name, found)
    train = Split(*drawn(truth, name, "train", TRAIN))
    holdout = Split(*drawn(truth, name, "holdout", HOLDOUT))
    names = tuple(map(str, range(truth.modes)))
    of = found if isinstance(found, Mixture) else truth
    content = digest(train, holdout)
    return Dataset(name, DataSpec((2,), truth.modes), train, holdout, names, of, content)


class Checked:
    """A distribution of the user's own, whose samples are held to what is declared."""

    def __init__(self, reference: str, name: str, source: Points | Mixture) -> None:
        self.name, self.modes = name, source.modes
        self._reference, self._source = reference, source
        if not isinstance(self.modes, int) or not 1 <= self.modes <= 10_000:
            raise InputError(f"{reference}.modes is a whole number from 1 to 10,000")

    def sample(self, n: int, rng: Generator) -> Sample:
        """n points [n, 2] float32 and their modes [n] int64; raises InputError for others."""
        try:
            points, labels = self._source.sample(n, rng)
            points, labels = points.float(), labels.long()
        except Exception as error:
            raise InputError(f"{self._reference}.sample fails: {one_line(error)}") from error
        wanted = f"{self._reference}.sample({n}) gives "
        if points.shape != (n, 2) or labels.shape != (n,):
            shapes = f"{list(points.shape)} and {list(labels.shape)}"
            raise InputError(f"{wanted}{shapes}, not points [{n}, 2] and modes [{n}]")
        if not points.isfinite().all():
            raise InputError(f"{wanted}points that are not finite")
        require_labels(wanted, labels, self.modes)
        return points, labels


def declared(reference: str, source: Images) -> tuple[tuple[int, int, int], tuple[str, ...]]:
    """The shape and the classes that a set of images declares; raises InputError."""
    shape, classes = getattr(source, "shape", None), getattr(source, "classes", None)
    least, most = SIDES
    whole = isinstance(shape, tuple) and len(shape) == 3 and all(type(x) is int for x in shape)
    if not whole or shape[0] not in (1, 3) or shape[1] != shape[2]:  # type: ignore[index]
        raise InputError(f"{reference}.shape is (1 or 3, side, side), not {shape!r}")
    if not least <= shape[1] <= most:  # type: ignore[index]
        raise InputError(f"{reference}.shape has a side of {least} to {most:,}, not {shape!r}")
    if not isinstance(classes, tuple) or not classes or len(set(classes)) < len(classes):
        raise InputError(f"{reference}.classes is a tuple of names, once each, not {classes!r}")
    return shape, tuple(map(str, classes))  # type: ignore[return-value]


def split(reference: str, source: Images, name: Part) -> Split:
    """A part of a set of images; raises InputError if it is not what is declared."""
    shape, classes = declared(reference, source)
    rng = Streams(0).generator(f"{dataset_name(reference)}/{name}")
    wanted = f'{reference}.part("{name}")'
    try:
        images, labels = source.part(name, rng)
        labels = labels.long()
    except Exception as error:
        raise InputError(f"{wanted} fails: {one_line(error)}") from error
    wanted += " gives "
    if not isinstance(images, Tensor) or images.dtype != torch.uint8:
        kind = images.dtype if isinstance(images, Tensor) else type(images).__name__
        raise InputError(f"{wanted}{kind}, not images as bytes, torch.uint8")
    if images.shape[1:] != shape or labels.shape != images.shape[:1] or not len(images):
        shapes = f"{list(images.shape)} and {list(labels.shape)}"
        told = ", ".join(map(str, shape))
        raise InputError(f"{wanted}{shapes}, not images [n, {told}] and classes [n]")
    require_labels(wanted, labels, len(classes))
    return Split(images.contiguous(), labels)


def require_labels(wanted: str, labels: Tensor, classes: int) -> None:
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= classes:
        raise InputError(
            f"{wanted}classes from {low} to {high}, and 0 to {classes - 1} are declared"
        )


def digest(*splits: Split) -> str:
    """A hash of samples and labels: the content of a trial's data."""
    content = hashlib.sha256()
    for each in splits:
        for tensor in (each.samples, each.labels):
            content.update(tensor.cpu().contiguous().numpy().data)
    return content.hexdigest()[:DIGITS]
