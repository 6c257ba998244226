"""Precision, recall, density and coverage, which estimate where a set lies by balls around it."""

from dataclasses import dataclass

import torch
from torch import Tensor

ROWS = 250  # of a matrix of distances at a time: 20 MB of them against 10,000 samples
LARGEST = 1e300  # squared norm of a row; above it squared distances can overflow


@dataclass(frozen=True)
class Manifold:
    """The four metrics of a generated set against a reference."""

    precision: float  # share of the generated samples in a reference ball, 0 to 1
    recall: float  # share of the reference samples in a generated ball, 0 to 1
    density: float  # mean number of reference balls around a generated sample, over k
    coverage: float  # share of the reference balls that hold a generated sample, 0 to 1


@dataclass(frozen=True, eq=False)
class Balls:
    """A reference with the balls around its samples, prepared for several generated sets."""

    centre: Tensor  # [d] the mean of the reference
    rows: Tensor  # [m, d] float64 on the CPU, less the centre, since small norms keep more digits
    radii: Tensor  # [m, 2] squared distances to the k_precision-th and k-th nearest other row
    k: int
    k_precision: int


def balls(reference: Tensor, k: int = 5, k_precision: int = 3) -> Balls:
    """`reference` [m, d] prepared for several calls of `manifold`.

    ValueError: another shape, a k below 1, too few rows, NaN, inf or overflow.
    """
    y = checked(reference, "reference", "precision and recall")
    if min(k, k_precision) < 1:
        raise ValueError(f"precision and recall need k of at least 1, got {k} and {k_precision}")
    _check_rows(y, "reference", max(k, k_precision))
    centre = y.mean(dim=0)
    return Balls(centre, y - centre, _radii(y - centre, [k_precision, k]), k, k_precision)


def manifold(
    generated: Tensor, reference: Tensor | Balls, k: int = 5, k_precision: int = 3
) -> Manifold:
    """Precision and recall with k_precision neighbours, density and coverage with k.

    generated [n, d], reference [m, d] or `balls` of it, which then set both k: any device, n and m
    above the larger k. The ball of a sample reaches to its k-th nearest neighbour in its own set.
    Each pair of metrics has the k of its paper, 3 and 5, so that values can be compared with
    published ones; with equal k they are those of the package prdc, except for ties. Balls are
    closed, as in Kynkaanniemi eq. 1, and prdc's are open. With closed balls a point repeated more
    than k times is still found by a copy of it, and a set has density (k + 1) / k against itself.
    Squared distances that differ by less than the round-off of a float64 product (about d 1e-15 of
    the squared norms) count as ties.

    ValueError: shapes that do not match, a k below 1, too few rows, NaN, inf or overflow.
    Source: Kynkaanniemi et al. 2019, eq. 1 and 2; Naeem et al. 2020, section 3.
    """
    x = checked(generated, "generated", "precision and recall")
    within = reference if isinstance(reference, Balls) else balls(reference, k, k_precision)
    y, k = within.rows, within.k
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"precision and recall need equal feature sizes: generated has {x.shape[1]}, "
            f"reference has {y.shape[1]}"
        )
    _check_rows(x, "generated", within.k_precision)
    x = x - within.centre
    narrow_x = _radii(x, [within.k_precision])[:, 0]
    narrow_y, wide_y = within.radii.unbind(dim=1)
    precise = torch.zeros(len(x), dtype=torch.bool)
    recalled = times = covered = 0
    for part, narrow, wide in zip(*(t.split(ROWS) for t in (y, narrow_y, wide_y)), strict=True):
        gap = squared_distances(part, x, slack=2)  # for the round-off of the gap and of the radius
        precise |= (gap <= narrow[:, None]).any(dim=0)
        recalled += int((gap <= narrow_x).any(dim=1).sum())
        inside = gap <= wide[:, None]
        times += int(inside.sum())
        covered += int(inside.any(dim=1).sum())
    n, m = len(x), len(y)
    return Manifold(int(precise.sum()) / n, recalled / m, times / (k * n), covered / m)


def squared_distances(x: Tensor, y: Tensor, slack: float = 0) -> Tensor:
    """|x_i - y_j|^2 less `slack` times the largest round-off that it can have.

    x [a, d], y [b, d] float64. Returns [a, b] float64, which may be negative where distances are
    near 0. Computed as |x|^2 + |y|^2 - 2 x y: 4,000 x 4,000 rows of 64 take 0.06 s on one thread,
    where differences take 0.8 s (and 30 times that for Inception's 2048). float32 would save a
    third of the time and lose half of the digits.
    """
    round_off = (x.shape[1] + 4) * torch.finfo(x.dtype).eps  # of a sum of d products
    keep = 1 - slack * round_off
    norms = keep * y.square().sum(dim=1)
    products = torch.addmm(norms, x, y.T, alpha=-2)
    return products.add_(keep * x.square().sum(dim=1, keepdim=True))


def checked(features: Tensor, side: str, metric: str) -> Tensor:
    """The features [n, d] as float64 on the CPU, n and d at least 1.

    ValueError, which names metric and side: another shape, NaN, inf, values too large to square.
    """
    if features.ndim != 2 or 0 in features.shape:
        raise ValueError(f"{metric}: {side} features are [n, d], got {list(features.shape)}")
    x = features.detach().cpu().double()
    bad = int((~(x.square().sum(dim=1) < LARGEST)).sum())
    if bad:
        raise ValueError(
            f"{metric}: {bad} of {len(x)} {side} rows contain NaN or inf, or are too large"
        )
    return x


def _check_rows(x: Tensor, side: str, most: int) -> None:
    if len(x) <= most:
        raise ValueError(
            f"precision and recall need more than k = {most} {side} rows, got {len(x)}"
        )


def _radii(x: Tensor, ks: list[int]) -> Tensor:
    """[n, len(ks)]: squared distance of each row of x to its k-th nearest other row."""
    # Column 0 is the row itself or a copy of it, at 0 up to round-off.
    parts = [
        squared_distances(part, x).topk(max(ks) + 1, largest=False).values[:, ks]
        for part in x.split(ROWS)
    ]
    return torch.cat(parts)
