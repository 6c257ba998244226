"""The Frechet distance between Gaussians fitted to two sets of features (FID)."""

import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance


class _Features(nn.Module):
    """Stands where torchmetrics expects a network: the features are extracted already."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


def fid(generated: Tensor, reference: Tensor) -> float:
    """Frechet distance |mu - nu|^2 + tr(S + T - 2 (S T)^(1/2)) of two sets of features.

    generated [n, d], reference [m, d]: floating point, any device, n and m at least 2 (they may
    be less than d, and a set may be constant). The result has the unit of a squared feature.
    All of it is float64 on the CPU, so that equal features give equal numbers whatever the
    device, one without float64 included. A result below 0 by no more than round-off is 0.

    ValueError: shapes that do not match, fewer than 2 rows, NaN or inf among the features.
    ArithmeticError: a result below 0 by more than round-off.
    Source: Heusel et al. 2017, eq. 6, as in torchmetrics (unbiased covariances).
    """
    _check(generated, "generated")
    _check(reference, "reference")
    if generated.shape[1] != reference.shape[1]:
        raise ValueError(
            f"FID needs equal feature sizes: generated has {generated.shape[1]}, "
            f"reference has {reference.shape[1]}"
        )
    x, y = generated.cpu().double(), reference.cpu().double()
    mu, nu = x.mean(dim=0), y.mean(dim=0)
    # Centred here: torchmetrics gets a covariance as a difference of sums, which for features far
    # from 0 leaves noise, and the root of a singular covariance's noise is no longer small.
    distance = FrechetInceptionDistance(feature=_Features(x.shape[1])).set_dtype(torch.float64)
    # It casts its result to the dtype of the features that it saw last: here float64.
    distance.update(y - nu, real=True)
    distance.update(x - mu, real=False)
    value = float((mu - nu).square().sum() + distance.compute())
    return _without_round_off(value, x, y)


def _check(features: Tensor, side: str) -> None:
    if features.ndim != 2:
        raise ValueError(f"FID needs {side} features [n, d], got shape {list(features.shape)}")
    if len(features) < 2:
        raise ValueError(f"FID needs at least 2 {side} rows, got {len(features)}")
    bad = int((~features.isfinite()).any(dim=1).sum())
    if bad:
        raise ValueError(f"FID: {bad} of {len(features)} {side} rows contain NaN or inf")


def _without_round_off(value: float, x: Tensor, y: Tensor) -> float:
    # An eigenvalue 0 of S T comes out as about +-eps |S T|, and its root is sqrt(eps) large:
    # up to d of them, each counted twice.
    spread = float((x.var(dim=0).sum() * y.var(dim=0).sum()).sqrt())
    round_off = 2 * x.shape[1] * torch.finfo(torch.float64).eps ** 0.5 * spread
    if value < -round_off:
        raise ArithmeticError(f"FID is {value:.3g}, and round-off explains only {-round_off:.3g}")
    return max(value, 0.0)
