"""Figures of a trained generator: arithmetic of groups, nearest images, points in the plane."""

from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from ..datasets.dataset import Dataset
from ..evaluation.pictures import grid
from ..evaluation.points import frame
from ..files import write_bytes
from ..plots import theme
from .arithmetic import Arithmetic
from .load import Trained
from .neighbours import NEAREST, Neighbours

ACROSS = 10  # samples in a row
GAP = 2  # pixels between two samples in a grid
FEW = 2000  # training points that are drawn
COLOURS = {"A": "#E69F00", "B": "#56B4E9", "C": "#009E73", "A - B + C": "#b00020"}


def write_figure(path: Path, figure: Figure) -> None:
    """Write a figure as PNG at print resolution."""
    write_bytes(path, theme.pixels(figure, theme.DPI))


@theme.themed
def arithmetic_figure(trained: Trained, found: Arithmetic, note: str) -> Figure:
    """A row for each group, its mean first; the last row shows the samples of C above it, moved."""
    title = f"A - B + C in the latent space of {trained.trial.key}"
    if len(trained.model.spec.shape) != 3:
        return _planar_arithmetic(trained, found, title, note)
    strips = []
    for name, group in found.groups.items():
        strips += [found.means[name].images, _filled(group.images, ACROSS - 1)]
    figure = Figure(figsize=(theme.WIDTH, 4.7), layout="constrained")
    axis = figure.subplots()
    step = _show(axis, torch.cat(strips))
    names = [f"{name}: {text}" for name, text in found.expressions.items()]
    sizes = [f"n = {len(group.codes):,}" for group in found.groups.values()]
    names = [f"{name}\n{size}" for name, size in zip(names, sizes, strict=False)]
    names.append(f"C moved by A - B\n|A - B| = {found.length:.2f}")
    axis.set_yticks([step * (k + 0.5) for k in range(len(names))], names)
    axis.set_xticks([step * 0.5, step * (1 + ACROSS) / 2], ["mean latent", "samples"])
    axis.xaxis.tick_top()
    axis.axvline(step + GAP / 2 - 0.5, color="white", lw=3)
    axis.axhline(3 * step + GAP / 2 - 0.5, color="white", lw=3)
    theme.caption(figure, title, note)
    return figure


def _planar_arithmetic(trained: Trained, found: Arithmetic, title: str, note: str) -> Figure:
    figure = Figure(figsize=(theme.WIDTH, 6.4), layout="constrained")
    axis = figure.subplots()
    _plane(axis, trained.dataset)
    names = {**{k: f"{k}: {v}" for k, v in found.expressions.items()}, "A - B + C": "C moved"}
    for name, group in found.groups.items():
        x, y = group.images[:200].T.numpy()
        colour = COLOURS[name]
        axis.scatter(x, y, s=7, color=colour, linewidths=0, label=names[name])
    axis.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), markerscale=2)
    theme.caption(figure, title, note)
    return figure


@theme.themed
def neighbours_figure(trained: Trained, found: Neighbours, note: str) -> Figure:
    """Two panels: the first samples, and the samples closest to the training set."""
    closest = found.distances.argsort()[:ACROSS]
    figure = Figure(figsize=(theme.WIDTH, 3.1), layout="constrained")
    panels = figure.subplots(1, 2)
    n = len(found.images)
    titles = (f"The first {min(n, ACROSS)} samples", f"The closest of {n:,}")
    for axis, title, rows in zip(panels, titles, (torch.arange(n)[:ACROSS], closest), strict=True):
        beside = torch.cat([found.images[rows, None], found.found[rows]], dim=1)
        strips = [_filled(row, ACROSS) for row in beside.transpose(0, 1)]
        step = _show(axis, torch.cat(strips))
        names = ["sample", *(f"nearest {k + 1}" for k in range(NEAREST))]
        axis.set_yticks([step * (k + 0.5) for k in range(len(names))], names)
        axis.axhline(step + GAP / 2 - 0.5, color="white", lw=3)
        axis.set_title(title, loc="left")
        axis.set_xticks([])
    title = f"Nearest training images, {trained.trial.key}"
    theme.caption(figure, title, note)
    return figure


@theme.themed
def planar_figure(trained: Trained, points: Tensor, title: str, note: str) -> Figure:
    """Samples [n, 2] as dots, or paths [n, points, 2] as lines with dots, over training points."""
    figure = Figure(figsize=(theme.WIDTH * 0.6, 6.6), layout="constrained")
    axis = figure.subplots()
    _plane(axis, trained.dataset)
    if points.ndim == 2:
        x, y = points.T.numpy()
        axis.scatter(x, y, s=5, color="#0072B2", alpha=0.6, linewidths=0)
    else:
        colours = theme.REST
        for k, path in enumerate(points.numpy()):
            colour = colours[k % len(colours)]
            axis.plot(*path.T, color=colour, lw=1.2, marker=".", ms=3)
            x, y = path[[0, -1]].T
            axis.scatter(x, y, s=40, color=colour, zorder=3)
    theme.caption(figure, title, note)
    return figure


def _plane(axis: Axes, dataset: Dataset) -> None:
    """Draw the training points in grey, with the limits that all pictures of the set have."""
    half = frame(dataset)
    x, y = dataset.train.samples[:FEW].T.numpy()
    axis.scatter(x, y, s=4, color="#d0d0d0", linewidths=0, label="training points")
    axis.set(xlim=(-half, half), ylim=(-half, half), aspect="equal", xlabel="x", ylabel="y")


def _show(axis: Axes, images: Tensor) -> int:
    """Draw images in rows of ACROSS on an empty axis; returns the step between them in pixels."""
    pixels = grid(images, ACROSS).numpy()
    drawn = np.broadcast_to(pixels, (3, *pixels.shape[1:])).transpose(1, 2, 0)
    axis.imshow(drawn, interpolation="none")
    axis.grid(False)
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    return int(images.shape[-1]) + GAP


def _filled(images: Tensor, n: int) -> Tensor:
    """The first n images, filled up with black ones if there are fewer."""
    few = images[:n]
    return torch.cat([few, -torch.ones(n - len(few), *images.shape[1:])])
