"""Attributes of samples, measured without a network: slant, thickness and ink; x, y and radius.

Each function takes samples and returns one number for each, NaN if there is nothing to measure.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from torch import Tensor
from torch.nn import functional

Values = NDArray[np.float64]
FINER = 4  # enlargement for the thickness: a stroke is only 2 or 3 pixels wide
LEAST = 1e-3  # mean brightness below which an image counts as empty


def ink(images: Tensor) -> Values:
    """[n] mean brightness of images [n, c, h, w] in [-1, 1]: 0 is black, 1 is white."""
    found: Values = _brightness(images).mean(axis=(1, 2))
    return found


def slant(images: Tensor) -> Values:
    """[n] slant of bright strokes on black, in degrees; leaning to the right is positive.

    images [n, c, h, w] in [-1, 1]. It is the shear that removes the covariance of x and y under the
    brightness: tan of the angle is -mu11 / mu02, with y downwards (the deskewing of LeCun et al.
    1998 and of MNIST's common preprocessing). NaN for an empty image or a single bright row.
    """
    weights = _brightness(images)
    weights = weights / np.where(ink(images) < LEAST, np.nan, weights.sum((1, 2)))[:, None, None]
    y, x = (np.arange(side, dtype=float) for side in weights.shape[1:])
    across, down = weights.sum(1) @ x, weights.sum(2) @ y
    offset = y - down[:, None]
    mixed = np.einsum("nyx,ny,nx->n", weights, offset, x - across[:, None])
    spread = np.einsum("nyx,ny->n", weights, offset**2)
    found: Values = np.degrees(-np.arctan(mixed / np.where(spread < LEAST, np.nan, spread)))
    return found


def thickness(images: Tensor) -> Values:
    """[n] mean width of bright strokes on black, in pixels of the image.

    images [n, c, h, w] in [-1, 1], enlarged and cut at half of their largest brightness. Across a
    bar of width w the distance to the edge rises from 0 to w / 2 with mean w / 4, so the width is
    4 times the mean distance of the inside to the outside; ends of strokes make it a little less.
    NaN for an empty image. Castro et al. 2019 (Morpho-MNIST), section 3, is similar but takes the
    distance along the skeleton.
    """
    grey = torch.from_numpy(_brightness(images)).float()
    framed = functional.pad(grey, (1, 1, 1, 1))[:, None]  # outside the image it is black
    fine = functional.interpolate(framed, scale_factor=FINER, mode="bilinear")[:, 0]
    inside = fine > grey.amax((1, 2), keepdim=True) / 2
    empty = grey.mean((1, 2)) < LEAST
    pictures = zip(inside.numpy(), empty.tolist(), strict=True)
    return np.array([np.nan if none else _width(some) for some, none in pictures])


def _width(inside: NDArray[np.bool_]) -> float:
    rows, columns = (np.flatnonzero(inside.any(axis)) for axis in (1, 0))
    inside = inside[rows[0] - 1 : rows[-1] + 2, columns[0] - 1 : columns[-1] + 2]
    # Distances are between the middles of pixels; the edge is half a pixel nearer.
    distance = distance_transform_edt(inside)[inside] - 0.5
    return float(4 * distance.mean() / FINER)


def _brightness(images: Tensor) -> Values:
    """[n, h, w] in [0, 1], the mean over the channels."""
    if images.ndim != 4:
        raise ValueError(f"images must be [n, c, h, w], not {list(images.shape)}")
    grey: Values = images.double().mean(1).add(1).div(2).clamp(0, 1).cpu().numpy()
    return grey


def x(points: Tensor) -> Values:
    """[n] first coordinate of points [n, 2]."""
    return points[:, 0].double().cpu().numpy()


def y(points: Tensor) -> Values:
    """[n] second coordinate of points [n, 2]."""
    return points[:, 1].double().cpu().numpy()


def radius(points: Tensor) -> Values:
    """[n] distance of points [n, 2] from the origin."""
    found: Values = points.double().norm(dim=1).cpu().numpy()
    return found


Measure = Callable[[Tensor], Values]
OF_IMAGES: dict[str, Measure] = {"slant": slant, "thickness": thickness, "ink": ink}
OF_POINTS: dict[str, Measure] = {"x": x, "y": y, "radius": radius}


def attributes_of(shape: tuple[int, ...]) -> dict[str, Measure]:
    """The attributes that samples of this shape have, by name."""
    return OF_IMAGES if len(shape) == 3 else OF_POINTS
