"""The Frechet distance between Gaussians fitted to two sets of features (FID), in three forms.

`fid` is the distance itself, `fid_within_classes` its mean within the classes of a conditional
model, and `fid_infinity` its extrapolation to infinitely many generated samples.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Gaussian:
    """The Gaussian of a set of features, prepared for several distances to it."""

    mean: Tensor  # [d]
    rest: Tensor  # [d] the mean that is left after centring: 0 up to round-off
    covariance: Tensor  # [d, d] unbiased
    variance: float  # its trace, of the rows as they are


def gaussian(features: Tensor) -> Gaussian:
    """`features` [m, d] prepared as the reference of several calls of `fid`.

    ValueError: another shape, fewer than 2 rows, NaN or inf.
    """
    _check(features, "reference")
    y = features.cpu().double()
    # Centred first, since a covariance is computed as a difference of sums. For features far from 0
    # this is noisy, and the root of a singular covariance magnifies the noise.
    mean = y.mean(dim=0)
    return Gaussian(mean, *_moments(y - mean), float(y.var(dim=0).sum()))


def fid(generated: Tensor, reference: Tensor | Gaussian) -> float:
    """Frechet distance |mu - nu|^2 + tr(S + T - 2 (S T)^(1/2)) of two sets of features.

    generated [n, d], reference [m, d] or `gaussian` of it: floating point, any device, n and m at
    least 2 (they may be less than d, and a set may be constant). The result has the unit of a
    squared feature. It is computed in float64 on the CPU, so that equal features give equal numbers
    on every device, also on one without float64. A result below 0 by no more than round-off
    becomes 0.

    ValueError: shapes that do not match, fewer than 2 rows, NaN or inf among the features.
    ArithmeticError: a result below 0 by more than round-off.
    Source: Heusel et al. 2017, eq. 6. Equal in every bit to torchmetrics on centred features
    (unbiased covariances), whose import takes half a second of every process.
    """
    _check(generated, "generated")
    y = reference if isinstance(reference, Gaussian) else gaussian(reference)
    if generated.shape[1] != len(y.mean):
        raise ValueError(
            f"FID needs equal feature sizes: generated has {generated.shape[1]}, "
            f"reference has {len(y.mean)}"
        )
    x = generated.cpu().double()
    mean = x.mean(dim=0)
    rest, covariance = _moments(x - mean)
    root = torch.linalg.eigvals(y.covariance @ covariance).sqrt().real.sum()
    traces = y.covariance.trace() + covariance.trace()
    centred = (y.rest - rest).square().sum() + traces - 2 * root
    value = float((mean - y.mean).square().sum() + centred)
    return value if value >= 0 else _without_round_off(value, x, y)


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """The mean [d] of x [n, d], and its unbiased covariance [d, d]."""
    n, mean = len(x), x.sum(dim=0) / len(x)
    return mean, (x.T @ x - n * mean[:, None] @ mean[None]) / (n - 1)


def _check(features: Tensor, side: str) -> None:
    if features.ndim != 2:
        raise ValueError(f"FID needs {side} features [n, d], got shape {list(features.shape)}")
    if len(features) < 2:
        raise ValueError(f"FID needs at least 2 {side} rows, got {len(features)}")
    bad = int((~features.isfinite()).any(dim=1).sum())
    if bad:
        raise ValueError(f"FID: {bad} of {len(features)} {side} rows contain NaN or inf")


def _without_round_off(value: float, x: Tensor, y: Gaussian) -> float:
    # An eigenvalue 0 of S T is computed as about +-eps |S T|, and its root is of size sqrt(eps).
    # There are up to d of them, each counted twice.
    spread = (float(x.var(dim=0).sum()) * y.variance) ** 0.5
    round_off = 2 * x.shape[1] * torch.finfo(torch.float64).eps ** 0.5 * spread
    if value < -round_off:
        raise ArithmeticError(f"FID is {value:.3g}, and round-off explains only {-round_off:.3g}")
    return max(value, 0.0)


def fid_within_classes(
    generated: Tensor, labels: Tensor, reference: Tensor, reference_labels: Tensor, classes: int
) -> float:
    """The mean of `fids_by_class` over the classes, each with the same weight."""
    found = fids_by_class(generated, labels, reference, reference_labels, classes)
    return sum(found.values()) / classes


def fids_by_class(
    generated: Tensor, labels: Tensor, reference: Tensor, reference_labels: Tensor, classes: int
) -> dict[int, float]:
    """Class -> FID of the generated samples of that class to its reference samples.

    generated [n, d] with labels [n] (the classes asked for), reference [m, d] with labels [m];
    labels are integers in 0 .. classes - 1. A class has few samples, so each FID has a larger bias
    than the FID of the whole set: compare at equal counts only.

    ValueError: another shape, a label out of range, a class with fewer than 2 samples on either
    side, and the errors of `fid`; the message names the class.
    Source: Benny et al. 2021, the "within class FID".
    """
    _check_labels(generated, labels, classes, "generated")
    _check_labels(reference, reference_labels, classes, "reference")
    found = {}
    for k in range(classes):
        x = generated[labels.to(generated.device) == k]
        y = reference[reference_labels.to(reference.device) == k]
        for rows, side in [(x, "generated"), (y, "reference")]:
            if len(rows) < 2:
                raise ValueError(f"class {k} has {len(rows)} {side} samples, its FID needs 2")
        try:
            found[k] = fid(x, y)
        except ValueError as error:
            raise ValueError(f"class {k}: {error}") from error
    return found


def _check_labels(features: Tensor, labels: Tensor, classes: int, side: str) -> None:
    if classes < 1:
        raise ValueError(f"FID within classes needs at least 1 class, got {classes}")
    if labels.ndim != 1 or len(labels) != len(features):
        raise ValueError(
            f"FID within classes needs a label for each of {len(features)} {side} samples, "
            f"got shape {list(labels.shape)}"
        )
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise ValueError(
            f"{side} labels lie in 0 .. {classes - 1}, "
            f"got {int(labels.min())} .. {int(labels.max())}"
        )


def fid_infinity(
    generated: Tensor, reference: Tensor | Gaussian, rng: torch.Generator, points: int = 15
) -> float:
    """The FID of infinitely many generated samples: the intercept of FID as a line in 1 / N.

    generated [n, d], n at least 10, reference [m, d] or `gaussian` of it, m at least 2. The line is
    fitted by least squares to FIDs of random subsets, which `rng` draws in `points` sizes N evenly
    spaced from n / 5 to n; the cost is `points` FIDs. FID is linear in 1 / N only for N well above
    d, so n / 5 should be several times d. The result is not cut off at 0: it may be negative near a
    perfect generator.

    This removes the bias of the generated set only. The bias of a small reference remains, so
    values for different references cannot be compared, and real against held-out data is not 0.

    ValueError: n below 10, fewer than 2 points, and the errors of `fid`.
    Source: Chong and Forsyth 2020 (random subsets as there, 15 points; no Sobol latents).
    """
    n = len(generated)
    if n < 10 or points < 2:
        raise ValueError(
            f"FID at infinity needs at least 10 generated rows and 2 points, got {n} and {points}"
        )
    sizes = torch.linspace(n, n // 5, points).round().long().unique().flip(0).tolist()
    prepared = reference if isinstance(reference, Gaussian) else gaussian(reference)
    values = []
    for size in sizes:  # the whole set first, so that an error counts all bad rows
        chosen = torch.randperm(n, generator=rng, device=rng.device)[:size]
        values.append(fid(generated[chosen.to(generated.device)], prepared))
    t = 1 / torch.tensor(sizes, dtype=torch.float64)
    f = torch.tensor(values, dtype=torch.float64)
    slope = ((t - t.mean()) * f).sum() / (t - t.mean()).square().sum()
    return float(f.mean() - slope * t.mean())
