"""Pictures of a model's samples, as files: a grid of images, or a density of points."""

import io
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

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
GAP = 2  # black pixels between the images of a grid


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
    pixels = to_uint8(images)
    n, channels, height, width = pixels.shape
    if n == 1:
        return pixels[0]
    columns = min(columns, n)
    down, right = height + GAP, width + GAP
    drawn = pixels.new_zeros(channels, -(-n // columns) * down + GAP, columns * right + GAP)
    for k, image in enumerate(pixels):
        row, column = divmod(k, columns)
        top, left = row * down + GAP, column * right + GAP
        drawn[:, top : top + height, left : left + width] = image
    return drawn


def as_picture(pixels: Tensor) -> Image.Image:
    """Pixels [1 or 3, h, w], bytes or floats in [0, 1], as a grey or a colour picture.

    `to_pil_image` and `make_grid` of torchvision give the same, and importing them takes a second.
    """
    if pixels.is_floating_point():
        pixels = pixels.mul(255).byte()
    rows = pixels.cpu().permute(1, 2, 0).contiguous().numpy()
    return Image.fromarray(rows[:, :, 0] if len(pixels) == 1 else rows)


def write_png(path: Path, pixels: Tensor) -> None:
    """A picture [c, h, w] of bytes, or of floats in [0, 1], as a file."""
    content = io.BytesIO()
    as_picture(pixels).save(content, format="png", optimize=True)
    write_bytes(path, content.getvalue())
