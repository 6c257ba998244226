"""What can be measured of a sample without a network: slant, thickness, ink; a point's place.

Each takes samples and gives one number a sample, NaN where there is nothing to measure.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from torch import Tensor
from torch.nn import functional

Values = NDArray[np.float64]
FINER = 4  # times as many pixels for the thickness: a stroke is 2 or 3 of 28 wide
LEAST = 1e-3  # mean brightness below which a picture is empty


@dataclass(frozen=True)
class Attribute:
    """A measurement of samples, and its unit."""

    measure: Callable[[Tensor], Values]
    unit: str
    help: str


def ink(images: Tensor) -> Values:
    """[n] the mean brightness of images [n, c, h, w] in [-1, 1]: 0 is all black, 1 all white."""
    found: Values = _brightness(images).mean(axis=(1, 2))
    return found


def slant(images: Tensor) -> Values:
    """[n] degrees from the upright, to the right is positive, of bright strokes on black.

    images [n, c, h, w] in [-1, 1]. The shear that undoes the covariance of brightness: tan of the
    angle is -mu11 / mu02, with y downwards (the deskewing of LeCun et al. 1998 and of MNIST's
    common preprocessing). NaN for an empty image, and for one of a single row.
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
    """[n] the mean width of bright strokes on black, in pixels of the image.

    images [n, c, h, w] in [-1, 1], made finer and cut at half of their largest brightness. Across
    a bar of width w the distance to the edge rises from 0 to w / 2 and is w / 4 in the mean, so
    this is 4 times the mean distance of the inside to the outside: a little less than w where a
    stroke ends. NaN for an empty image. Similar: Castro et al. 2019 (Morpho-MNIST), section 3,
    which takes the distance along the skeleton.
    """
    grey = torch.from_numpy(_brightness(images)).float()
    framed = functional.pad(grey, (1, 1, 1, 1))[:, None]  # beyond the frame it is black
    fine = functional.interpolate(framed, scale_factor=FINER, mode="bilinear")[:, 0]
    inside = fine > grey.amax((1, 2), keepdim=True) / 2
    empty = grey.mean((1, 2)) < LEAST
    pictures = zip(inside.numpy(), empty.tolist(), strict=True)
    return np.array([np.nan if none else _width(some) for some, none in pictures])


def _width(inside: NDArray[np.bool_]) -> float:
    rows, columns = (np.flatnonzero(inside.any(axis)) for axis in (1, 0))
    inside = inside[rows[0] - 1 : rows[-1] + 2, columns[0] - 1 : columns[-1] + 2]
    # From the middle of a pixel to that of the nearest outside; the edge is half a pixel nearer.
    distance = distance_transform_edt(inside)[inside] - 0.5
    return float(4 * distance.mean() / FINER)


def _brightness(images: Tensor) -> Values:
    """[n, h, w] in [0, 1], the channels' mean."""
    if images.ndim != 4:
        raise ValueError(f"images must be [n, c, h, w], not {list(images.shape)}")
    grey: Values = images.double().mean(1).add(1).div(2).clamp(0, 1).cpu().numpy()
    return grey


def x(points: Tensor) -> Values:
    """[n] the first coordinate of points [n, 2]."""
    return points[:, 0].double().cpu().numpy()


def y(points: Tensor) -> Values:
    """[n] the second coordinate of points [n, 2]."""
    return points[:, 1].double().cpu().numpy()


def radius(points: Tensor) -> Values:
    """[n] the distance of points [n, 2] from the origin."""
    found: Values = points.double().norm(dim=1).cpu().numpy()
    return found


OF_IMAGES = {
    "slant": Attribute(slant, "degrees", "of strokes, to the right positive"),
    "thickness": Attribute(thickness, "pixels", "mean width of the strokes"),
    "ink": Attribute(ink, "share of white", "mean brightness"),
}
OF_POINTS = {
    "x": Attribute(x, "plane", "first coordinate"),
    "y": Attribute(y, "plane", "second coordinate"),
    "radius": Attribute(radius, "plane", "distance from the origin"),
}


def attributes_of(shape: tuple[int, ...]) -> dict[str, Attribute]:
    """The attributes that samples of that shape have, by name."""
    return OF_IMAGES if len(shape) == 3 else OF_POINTS
