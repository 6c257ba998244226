"""Precision, recall, density and coverage: balls around samples stand for where a set lies."""

from dataclasses import dataclass

import torch
from torch import Tensor

ROWS = 250  # of a matrix of distances at a time: 20 MB of them against 10,000 samples
LARGEST = 1e300  # squared norm of a row: beyond it squared distances can overflow


@dataclass(frozen=True)
class Manifold:
    """Shares of samples that lie in the other set's balls, and how many balls at once."""

    precision: float  # share of the generated in a reference ball, 0 to 1
    recall: float  # share of the reference in a generated ball, 0 to 1
    density: float  # reference balls over a generated sample, / k: about 1, no upper limit
    coverage: float  # share of the reference balls with a generated sample in them, 0 to 1


@dataclass(frozen=True, eq=False)
class Balls:
    """A reference and the balls around its samples, the same for all sets held against it."""

    centre: Tensor  # [d] its mean
    rows: Tensor  # [m, d] float64 on the CPU, less the centre: small norms lose fewer digits
    radii: Tensor  # [m, 2] squared, to the k_precision-th and to the k-th nearest other row
    k: int
    k_precision: int


def balls(reference: Tensor, k: int = 5, k_precision: int = 3) -> Balls:
    """`reference` [m, d] as `manifold` wants one that many sets are held against.

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

    generated [n, d], reference [m, d] or the `balls` made of it, which have their own k: any
    device, n and m above the k in use. Each sample has a ball that reaches to its k-th nearest
    neighbour in its own set. Each pair of metrics has its paper's k, 3 and 5, so that values can be
    held against the published ones; equal k are the package prdc. Balls are closed, as in
    Kynkaanniemi eq. 1, where prdc's are open. That shows in ties only: a point repeated more than k
    times is then still found by a copy of it, and a set has density (k + 1) / k against itself.
    Squared distances closer than the round-off of a float64 product (about d 1e-15 of the squared
    norms) are ties.

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
        gap = squared_distances(part, x, slack=2)  # one for the gap, one for the radius
        precise |= (gap <= narrow[:, None]).any(dim=0)
        recalled += int((gap <= narrow_x).any(dim=1).sum())
        inside = gap <= wide[:, None]
        times += int(inside.sum())
        covered += int(inside.any(dim=1).sum())
    n, m = len(x), len(y)
    return Manifold(int(precise.sum()) / n, recalled / m, times / (k * n), covered / m)


def squared_distances(x: Tensor, y: Tensor, slack: float = 0) -> Tensor:
    """|x_i - y_j|^2 less `slack` times the most that round-off can make of it.

    x [a, d], y [b, d] float64. Returns [a, b] float64: also below 0 where distances are near 0.
    By |x|^2 + |y|^2 - 2 x y: for 4,000 x 4,000 rows of 64 on one thread 0.06 s, where exact
    differences take 0.8 s (and 30 times that for Inception's 2048). float32 saves a third of it
    and keeps half of the digits.
    """
    round_off = (x.shape[1] + 4) * torch.finfo(x.dtype).eps  # of a sum of d products
    keep = 1 - slack * round_off
    norms = keep * y.square().sum(dim=1)
    products = torch.addmm(norms, x, y.T, alpha=-2)
    return products.add_(keep * x.square().sum(dim=1, keepdim=True))


def checked(features: Tensor, side: str, metric: str) -> Tensor:
    """The features [n, d] as float64 on the CPU, n and d at least 1.

    ValueError, naming metric and side: another shape; NaN, inf, or too large to be squared.
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
    """Squared distances of each row of x to its k-th nearest other row: [n, len(ks)]."""
    # Column 0 is the row itself, or a copy of it: the same but for round-off.
    parts = [
        squared_distances(part, x).topk(max(ks) + 1, largest=False).values[:, ks]
        for part in x.split(ROWS)
    ]
    return torch.cat(parts)
