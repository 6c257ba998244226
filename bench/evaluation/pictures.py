"""Pictures of a model's samples, as files: a grid of images, or a density of points."""

import io
from pathlib import Path

import torch
from torch import Tensor
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

from gan_zoo.base import GAN
from gan_zoo.streams import Streams

from ..datasets.dataset import Dataset, to_uint8, to_unit
from ..extractors.judge import Judge
from ..files import write_bytes
from ..metrics.memorisation import nearest
from ..planning.trial import Trial
from .evaluate import balanced_labels, generate
from .points import density_picture, frame

GRID = (4, 10)  # rows and columns of a picture of samples; column k asks for class k
NEIGHBOURS = 3


def picture(model: GAN, trial: Trial, dataset: Dataset, path: Path) -> None:
    """Write a PNG of samples from the same latents at every call."""
    rng = Streams(trial.seed, trial.device)["samples"]
    if dataset.truth is not None:
        labels = balanced_labels(trial.samples, dataset.spec.classes).to(trial.device)
        drawn = density_picture(generate(model, labels, rng), frame(dataset))
    else:
        drawn = grid(generate(model, grid_labels(dataset).to(trial.device), rng))
    write_png(path, drawn)


def neighbours(model: GAN, trial: Trial, judge: Judge, path: Path) -> None:
    """Write a PNG: a row of samples, and below each its nearest training images.

    The samples are the first row of `picture`. Distances are those between the extractor's
    features. Nothing is drawn for points, or without an extractor.
    """
    if judge.network is None:
        return
    dataset = judge.dataset
    rng = Streams(trial.seed, trial.device)["samples"]
    images = generate(model, grid_labels(dataset).to(trial.device), rng)[: GRID[1]]
    seen, train = judge.extractor(images), judge.train
    found, _ = nearest(seen.features, train.seen.features, NEIGHBOURS)
    real = to_unit(dataset.train.samples[train.rows[found.T.flatten()]])
    write_png(path, grid(torch.cat([images.cpu(), real.cpu()])))


def grid_labels(dataset: Dataset) -> Tensor:
    """The classes that a grid asks for, row by row."""
    rows, columns = GRID
    return balanced_labels(columns, min(dataset.spec.classes, columns)).repeat(rows)


def grid(images: Tensor, columns: int = GRID[1]) -> Tensor:
    """Images [n, c, h, w] in [-1, 1] as one picture [c, rows, columns] of bytes; grey stays."""
    drawn: Tensor = make_grid(to_uint8(images), nrow=columns)
    return drawn[: images.shape[1]]


def write_png(path: Path, pixels: Tensor) -> None:
    """A picture [c, h, w] of bytes, or of floats in [0, 1], as a file."""
    content = io.BytesIO()
    to_pil_image(pixels.cpu()).save(content, format="png", optimize=True)
    write_bytes(path, content.getvalue())
