"""Paths between two codes, and numbers for whether what lies on the way is smooth and real."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ..errors import InputError
from ..metrics.memorisation import nearest
from .sampling import Codes

Way = Callable[[Tensor, Tensor, Tensor], Tensor]  # a, b [n, d] and shares [n, 1] -> [n, d]
ALIKE = 1e-6  # radians between two latents of one direction


def linear(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """(1 - t) a + t b: rows a, b [n, d], t [n, 1] in [0, 1]. Its middle is nearer to the origin."""
    return (1 - share) * a + share * b


def spherical(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """(sin((1 - t) w) a + sin(t w) b) / sin w, w the angle between a and b: rows as in `linear`.

    It keeps the norm that normal latents of many dimensions have. Rows of one direction go
    straight; ValueError for opposite ones, between which no arc is the shortest.
    Source: White 2016, section 2.1 (after Shoemake 1985).
    """
    a_, b_ = a.double(), b.double()
    cosine = torch.nn.functional.cosine_similarity(a_, b_, dim=1, eps=1e-30)[:, None]
    angle = cosine.clamp(-1, 1).acos()
    if bool((angle > torch.pi - ALIKE).any()):
        raise ValueError("between opposite latents no arc is the shortest")
    t = share.double()
    arc = (((1 - t) * angle).sin() * a_ + (t * angle).sin() * b_) / angle.sin()
    return torch.where(angle < ALIKE, linear(a_, b_, t), arc).to(a.dtype)


WAYS: dict[str, Way] = {"spherical": spherical, "linear": linear}


def path(start: Codes, end: Codes, points: int, way: str = "spherical", classes: int = 1) -> Codes:
    """n paths of so many codes each, both ends among them: n * points codes, path by path.

    start, end: n codes each. Where labels differ they are mixed linearly, as shares of the
    `classes`. InputError for fewer than 2 points, or opposite latents on a spherical path.
    """
    if points < 2:
        raise InputError(f"a path has 2 points at least, not {points}")
    n = len(start)
    share = torch.linspace(0, 1, points).repeat(n)[:, None]
    a, b = (codes[torch.arange(n).repeat_interleave(points)] for codes in (start, end))
    try:
        latents = WAYS[way](a.latents, b.latents, share)
    except ValueError as error:
        raise InputError(f"{error}: --linear passes through the origin") from error
    if torch.equal(a.labels, b.labels):
        return Codes(latents, a.labels)
    return Codes(latents, linear(shares(a.labels, classes), shares(b.labels, classes), share))


def shares(labels: Tensor, classes: int) -> Tensor:
    """Labels [n] as shares of the classes [n, classes], float32; shares stay as they are."""
    return labels if labels.is_floating_point() else one_hot(labels, classes).float()


@dataclass(frozen=True, eq=False)
class Course:
    """What n paths do in a space: each [n] float64."""

    length: Tensor  # the sum of their steps
    straight: Tensor  # the distance between their ends
    largest: Tensor  # the largest step, in mean steps: 1 is even, the number of steps is one jump

    @property
    def detour(self) -> Tensor:
        """Length over the straight distance: 1 is a straight line; NaN where the ends are one."""
        return self.length / torch.where(self.straight > 0, self.straight, torch.nan)


def course(places: Tensor) -> Course:
    """Of paths [n, points, ...] through a space with the Euclidean distance.

    A path that stays in its place has `largest` NaN.
    """
    rows = places.double().flatten(2)
    steps = (rows[:, 1:] - rows[:, :-1]).norm(dim=2)
    length = steps.sum(1)
    even = torch.where(length > 0, length / steps.shape[1], torch.nan)
    straight = (rows[:, -1] - rows[:, 0]).norm(dim=1)
    return Course(length, straight, steps.amax(1) / even)


def from_data(places: Tensor, train: Tensor) -> tuple[Tensor, Tensor]:
    """[n], [n]: how far n paths are from the nearest training sample at their ends and halfway.

    places [n, points, d], points odd, train [m, d], both as an extractor sees them; of the two
    ends the mean. ValueError: shapes that do not match, NaN or inf.
    """
    rows = places[:, [0, places.shape[1] // 2, -1]].flatten(0, 1)
    start, halfway, end = nearest(rows, train)[1][:, 0].view(-1, 3).unbind(1)
    return (start + end) / 2, halfway


def crossfade(a: Tensor, b: Tensor, points: int) -> Tensor:
    """[n, points, *shape] the images a and b [n, *shape] mixed pixel by pixel: the baseline."""
    share = torch.linspace(0, 1, points).view(1, -1, *[1] * (a.ndim - 1))
    return (1 - share) * a[:, None] + share * b[:, None]
