"""Paths between codes: spherical or linear in the latents, linear in the labels."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ..errors import InputError
from .sampling import Codes

Way = Callable[[Tensor, Tensor, Tensor], Tensor]  # a, b [n, d] and shares [n, 1] -> [n, d]
ALIKE = 1e-6  # radians: latents at a smaller angle count as parallel


def linear(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """(1 - t) a + t b, of rows a, b [n, d] and t [n, 1] in [0, 1].

    Halfway the norm is smaller than that of the ends.
    """
    return (1 - share) * a + share * b


def spherical(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """(sin((1 - t) w) a + sin(t w) b) / sin w, where w is the angle between a and b.

    Rows as in `linear`. Along it the norm stays near that of the ends, as it does among normal
    latents of many dimensions. Parallel rows are interpolated linearly; opposite ones, which have
    no shortest arc, raise ValueError.
    Source: White 2016, section 2.1 (after Shoemake 1985).
    """
    a_, b_ = a.double(), b.double()
    cosine = torch.nn.functional.cosine_similarity(a_, b_, dim=1, eps=1e-30)[:, None]
    angle = cosine.clamp(-1, 1).acos()
    if bool((angle > torch.pi - ALIKE).any()):
        raise ValueError("opposite latents have no shortest arc between them")
    t = share.double()
    arc = (((1 - t) * angle).sin() * a_ + (t * angle).sin() * b_) / angle.sin()
    return torch.where(angle < ALIKE, linear(a_, b_, t), arc).to(a.dtype)


WAYS: dict[str, Way] = {"spherical": spherical, "linear": linear}


def path(start: Codes, end: Codes, points: int, way: str = "spherical", classes: int = 1) -> Codes:
    """n paths of `points` codes each, ends included: n * points codes, path by path.

    start, end: n codes each. Labels that differ are mixed linearly, as shares of the `classes`.
    Raises InputError for fewer than 2 points, and for opposite latents on a spherical path.
    """
    if points < 2:
        raise InputError(f"a path has at least 2 points, not {points}")
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
    """Labels [n] as shares of the classes [n, classes], float32; shares are returned unchanged."""
    return labels if labels.is_floating_point() else one_hot(labels, classes).float()
