"""Is a path through the latent space smooth, and real on its way? Beside a pixel cross-fade."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..datasets.dataset import to_unit
from ..metrics.memorisation import nearest
from ..stats import mean_interval
from .load import Trained
from .paths import WAYS, course, crossfade, from_data, path
from .sampling import Codes, codes_of, images_of

POINTS = 33  # of a measured path, whatever is drawn; an odd number has a middle


@dataclass(frozen=True)
class Row:
    """One number of `smoothness`, the mean over paths with Student's t interval."""

    way: str  # spherical, linear, or what is faded
    space: str  # features, pixels or plane
    measure: str  # length, detour, largest step, off data at ends, off data halfway
    estimate: float
    low: float
    high: float
    n: int  # paths that it could be measured on


def pairs_of(
    trained: Trained, n: int, seed: int, labels: tuple[int, ...] = ()
) -> tuple[Codes, Codes]:
    """The ends of n random paths. A conditional model keeps its label on the way.

    With two labels it goes from the one to the other, with the latent unchanged.
    """
    start = codes_of(trained, n, seed, labels[:1], stream="latent/pairs")
    if len(labels) == 2:
        return start, Codes(start.latents, torch.full_like(start.labels, labels[1]))
    end = codes_of(trained, n, seed, stream="latent/pairs/ends")
    return start, Codes(end.latents, start.labels)


def smoothness(trained: Trained, start: Codes, end: Codes) -> list[Row]:
    """n paths between codes, both ways, beside cross-fades of their ends and of held-out images.

    Features are those of the extractor that the trial was measured with; without one there are
    pixels alone, and of points the plane. "Off data" is the distance to the nearest training
    image, over the mean of that of held-out images. Raises InputError where samples are not finite.
    """
    classes, n = trained.model.spec.classes, len(start)
    moved = not torch.equal(start.latents, end.latents)
    ways = WAYS if moved and start.latents.shape[1] > 1 else ["linear"]  # one axis has no sphere
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
    """[n, POINTS, *shape], not rounded: rounding would lengthen small steps."""
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
