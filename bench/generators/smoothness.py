"""Are paths through the latent space smooth, and are the samples on them like real ones?

The baseline is a cross-fade of pixels: its steps are even, but halfway it shows two images at once.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..datasets.dataset import to_unit
from ..metrics.memorisation import nearest
from ..stats import mean_interval
from .load import Trained
from .paths import WAYS, path
from .sampling import Codes, codes_of, images_of

POINTS = 33  # codes on a measured path, however many are drawn; an odd number has a middle


@dataclass(frozen=True)
class Row:
    """One measure of a set of paths: the mean over paths with Student's 95 % t interval."""

    way: str  # "spherical", "linear", "mixed label", or what is faded
    space: str  # "features", "pixels" or "plane"
    measure: str  # "length", "detour", "largest step", "off data, ends" or "off data, halfway"
    estimate: float
    low: float
    high: float
    n: int  # paths on which the measure is defined


def pairs_of(
    trained: Trained, n: int, seed: int, labels: tuple[int, ...] = ()
) -> tuple[Codes, Codes]:
    """The ends of n random paths: (starts, ends), each pair with one label.

    With two labels a path leads from the first label to the second at an unchanged latent.
    """
    start = codes_of(trained, n, seed, labels[:1], stream="latent/pairs")
    if len(labels) == 2:
        return start, Codes(start.latents, torch.full_like(start.labels, labels[1]))
    end = codes_of(trained, n, seed, stream="latent/pairs/ends")
    return start, Codes(end.latents, start.labels)


def smoothness(trained: Trained, start: Codes, end: Codes) -> list[Row]:
    """Measures of n paths, spherical and linear, and of the cross-fades that they compare with.

    Cross-fades are between the ends of the paths and between held-out images. Paths are measured in
    pixels and in the features that the trial was measured with, if it has an extractor; paths of
    points in the plane. "Off data" is the distance to the nearest training image, over the mean of
    that of held-out images. Raises InputError if a sample is not finite.
    """
    classes, n = trained.model.spec.classes, len(start)
    moved = not torch.equal(start.latents, end.latents)
    arcs = moved and start.latents.shape[1] > 1  # on a single axis there are none
    ways = WAYS if arcs else ["linear"]
    found = {way: _images(trained, path(start, end, POINTS, way, classes)) for way in ways}
    if not moved:
        found = {"mixed label": found["linear"]}
    if len(trained.model.spec.shape) == 3:
        ends = next(iter(found.values()))
        found["its ends faded"] = crossfade(ends[:, 0], ends[:, -1], POINTS)
        held = to_unit(trained.dataset.holdout.samples[: 2 * n])
        if len(held) >= 4:
            half = len(held) // 2
            found["held-out images faded"] = crossfade(held[:half], held[half : 2 * half], POINTS)
    return [row for way, images in found.items() for row in _rows(trained, way, images)]


def _images(trained: Trained, codes: Codes) -> Tensor:
    """[n, POINTS, *shape], not rounded to 8 bits, which would lengthen small steps."""
    samples = images_of(trained, codes, rounded=False)
    return samples.view(-1, POINTS, *samples.shape[1:])


def _rows(trained: Trained, way: str, images: Tensor) -> list[Row]:
    space = "pixels" if images.ndim == 5 else "plane"
    measured = {(space, name): value for name, value in _course(images).items()}
    judge = trained.judge
    if images.ndim == 5 and judge.network is not None:
        seen = judge.network(images.flatten(0, 1)).features.unflatten(0, (-1, POINTS))
        measured |= {("features", name): value for name, value in _course(seen).items()}
        train, holdout = (known.seen.features for known in (judge.train, judge.holdout))
        typical = nearest(holdout, train)[1].mean()
        for name, far in zip(("ends", "halfway"), from_data(seen, train), strict=True):
            measured["features", f"off data, {name}"] = far / typical
    rows = []
    for (where, name), values in measured.items():
        known = values[values.isfinite()].numpy()
        if len(known):
            mean = mean_interval(known)
            rows.append(Row(way, where, name, mean.estimate, mean.low, mean.high, mean.n))
    return rows


def _course(places: Tensor) -> dict[str, Tensor]:
    found = course(places)
    return {"length": found.length, "detour": found.detour, "largest step": found.largest}


@dataclass(frozen=True, eq=False)
class Course:
    """Lengths of n paths in some space, each [n] float64."""

    length: Tensor  # the sum of the steps
    straight: Tensor  # the distance between the ends
    largest: Tensor  # the largest step over the mean step: 1 is even, the number of steps one jump

    @property
    def detour(self) -> Tensor:
        """Length over the distance of the ends: 1 is a straight line; NaN if the ends are equal."""
        return self.length / torch.where(self.straight > 0, self.straight, torch.nan)


def course(places: Tensor) -> Course:
    """The course of paths [n, points, ...] under the Euclidean distance.

    `largest` of a path that does not move is NaN.
    """
    rows = places.double().flatten(2)
    steps = (rows[:, 1:] - rows[:, :-1]).norm(dim=2)
    length = steps.sum(1)
    even = torch.where(length > 0, length / steps.shape[1], torch.nan)
    straight = (rows[:, -1] - rows[:, 0]).norm(dim=1)
    return Course(length, straight, steps.amax(1) / even)


def from_data(places: Tensor, train: Tensor) -> tuple[Tensor, Tensor]:
    """Distances of n paths to the nearest training sample: at their ends [n], and halfway [n].

    places [n, points, d] with points odd, train [m, d], both features of one extractor. The
    distance at the ends is the mean of the two. ValueError: shapes that do not match, NaN or inf.
    """
    rows = places[:, [0, places.shape[1] // 2, -1]].flatten(0, 1)
    start, halfway, end = nearest(rows, train)[1][:, 0].view(-1, 3).unbind(1)
    return (start + end) / 2, halfway


def crossfade(a: Tensor, b: Tensor, points: int) -> Tensor:
    """[n, points, *shape]: images a and b [n, *shape] mixed pixel by pixel, as the baseline."""
    share = torch.linspace(0, 1, points).view(1, -1, *[1] * (a.ndim - 1))
    return (1 - share) * a[:, None] + share * b[:, None]
