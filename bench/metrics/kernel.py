"""The kernel distance between two sets of features (KID)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

ROWS = 250  # of a kernel matrix at a time: whole ones would take 0.5 GB at n = 4000


@dataclass(frozen=True, eq=False)
class Within:
    """A set of features with the mean of its own kernel matrix, one of the three terms of a KID."""

    rows: Tensor  # [n, d] float64 on the CPU
    mean: float  # of k(x_i, x_j) over all i and j with i != j


def within(features: Tensor) -> Within:
    """`features` [n, d] prepared as the reference of several calls of `kid`.

    ValueError: another shape, fewer than 2 rows.
    """
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(
            f"KID needs features [n, d] of at least 2 rows, got shape {list(features.shape)}"
        )
    x, n = features.cpu().double(), len(features)
    diagonal = float((x.square().sum(dim=1) / x.shape[1] + 1).pow(3).sum())  # of k(x_i, x_i)
    return Within(x, (_sum(x, x) - diagonal) / (n * (n - 1)))


def kid(generated: Tensor, reference: Tensor | Within) -> float:
    """Unbiased squared MMD of two sets of features under the kernel (x.y / d + 1)^3.

    generated [n, d], reference [m, d] or `within` of it: floating point, any device, n and m at
    least 2, not necessarily equal. All rows are used at once, without subsets. As the estimate is
    unbiased, equal distributions give 0 on average and values may be negative. Its unit is that of
    the kernel, a polynomial of degree 6 in the features. Computed in float64 on the CPU.

    ValueError: shapes that do not match, fewer than 2 rows, features that contain NaN or inf or
    are so large that the kernel overflows.
    Source: Binkowski et al. 2018, section 4; Gretton et al. 2012, eq. 3. torchmetrics has the same
    kernel; its `poly_mmd` takes only sets of equal size.
    """
    rows = reference.rows if isinstance(reference, Within) else reference
    if generated.ndim != 2 or rows.ndim != 2 or generated.shape[1] != rows.shape[1]:
        raise ValueError(
            "KID needs features [n, d] and [m, d], got shapes "
            f"{list(generated.shape)} and {list(rows.shape)}"
        )
    n, m = len(generated), len(rows)
    if min(n, m) < 2:
        raise ValueError(f"KID needs at least 2 rows on each side, got {n} and {m}")
    x = within(generated)
    y = reference if isinstance(reference, Within) else within(reference)
    value = x.mean + y.mean - 2 * _sum(x.rows, y.rows) / (n * m)
    if not math.isfinite(value):
        raise ValueError(f"KID is {value}: features contain NaN or inf, or are too large")
    return value


def _sum(x: Tensor, y: Tensor) -> float:
    """The sum of k(x_i, y_j) over all i and j."""
    return sum(float(_kernel(rows, y).sum()) for rows in torch.split(x, ROWS))


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    """(x_i . y_j / d + 1)^3 [n, m]."""
    return (x @ y.T).mul_(1.0 / x.shape[1]).add_(1.0).pow_(3)
