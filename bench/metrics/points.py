"""Modes and quality of points in the plane, where the true modes are known (VEEGAN's protocol).

A sample has high quality if it lies within three sigma of the nearest centre, and a mode is reached
if it has such a sample. True samples score 1 - exp(-4.5) = 98.9 %; a higher score means that the
generator's modes are too narrow. The published tables use 2,500 samples.

Source: Srivastava et al. 2017 (VEEGAN), section 4.1; Lin et al. 2018 (PacGAN), section 4.1.
"""

import torch
from torch import Tensor

from . import modes

WITHIN = 3.0  # sigma


def high_quality(points: Tensor, centres: Tensor, sigma: float) -> float:
    """The share of the points within 3 sigma of the nearest centre, 0 to 1.

    points [n, 2], centres [modes, 2], any float, in the unit of `sigma`.
    ValueError: no points, other shapes, NaN or inf, sigma not above 0.
    """
    return int(mode_counts(points, centres, sigma).sum()) / len(points)


def mode_counts(points: Tensor, centres: Tensor, sigma: float) -> Tensor:
    """[modes] int64 on the CPU: the high-quality points that are nearest to each centre, counted.

    Arguments and errors are those of `high_quality`.
    """
    if not sigma > 0:
        raise ValueError(f"sigma must be above 0, not {sigma}")
    distances, labels = nearest(points, centres)
    return torch.bincount(labels[distances <= WITHIN * sigma], minlength=len(centres))


def modes_reached(counts: Tensor) -> int:
    """The number of modes with at least one high-quality sample; counts from `mode_counts`."""
    return int((counts > 0).sum())


def mode_kl(points: Tensor, centres: Tensor) -> float:
    """KL(share of points by nearest centre || uniform), in nats, 0 to log(modes).

    All points count, as in a classifier's KL on stacked MNIST, not only those of high quality
    (PacGAN's code has an entropy of these). So it is defined without any such point, and its bias,
    about (modes - 1) / (2 n), does not depend on quality. But it does not measure quality: a wide
    blob around the middle of a ring scores 0. Read it together with `high_quality`.
    Arguments and errors are those of `high_quality`.
    """
    return modes.mode_kl(modes.class_shares(nearest(points, centres)[1], len(centres)))


def nearest(points: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    """Distance to the nearest centre [n] float64 and its index [n] int64, on the CPU.

    Of equally near centres the first is taken. Arguments and errors are those of `high_quality`.
    """
    if points.ndim != 2 or centres.ndim != 2 or points.shape[1] != 2 or centres.shape[1] != 2:
        raise ValueError(
            "modes need points [n, 2] and centres [modes, 2], got shapes "
            f"{list(points.shape)} and {list(centres.shape)}"
        )
    if len(points) == 0 or len(centres) == 0:
        raise ValueError(f"modes need both, not {len(points)} points and {len(centres)} centres")
    x, c = points.detach().cpu().double(), centres.detach().cpu().double()
    if not (x.isfinite().all() and c.isfinite().all()):
        raise ValueError("points or centres contain NaN or inf")
    # By differences: the rounding of a matrix product can be as large as a small sigma.
    distances, labels = (x[:, None] - c).norm(dim=2).min(dim=1)
    return distances, labels
