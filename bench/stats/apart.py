"""Seeds that lie apart: rare collapses, found by a fixed rule and left out of the middle.

A score is compared with the middle of its contestant, after the middle of its seed is taken off, in
units of a spread that the most extreme third of the seeds does not enter. It lies apart beyond a
bound that normal scores of equal spread pass in LEVEL of all runs. docs/statistics.md has the
simulated error of the verdict with this diagnosis inside.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arrays import Floats
from .layout import Comparison, compare_all

LEVEL = 0.005  # of runs under normal scores
POOLED = 0.5  # weight of the spread of all contestants beside the own one
LEAST = 5  # seeds; of fewer, one that lies apart cannot be told from a wide spread
FEW = 3  # contestants; of two, nothing says which of them lies apart
RARE = 5  # one in so many seeds is left out at most; more are a habit, not a rare event
DRAWS = 20_000
Flags = NDArray[np.bool_]


def lie_apart(values: ArrayLike) -> Flags:
    """Which scores of a layout lie apart.

    values [.., n, k]: a row a seed, a column a contestant, on the natural scale; k = 1 for one
    series of effects -> [.., n, k]; nothing for fewer than LEAST seeds or for two contestants.
    """
    y = np.asarray(values, dtype=np.float64)
    n, k = y.shape[-2:]
    if n < LEAST or 1 < k < FEW:
        return np.zeros(y.shape, dtype=np.bool_)
    return np.abs(_distances(y)) > _bound(n, k)


def left_out(values: ArrayLike) -> Flags:
    """Those of `lie_apart` that are rare in their contestant, one in RARE seeds at most."""
    found = lie_apart(values)
    rare = found.sum(-2, keepdims=True) <= found.shape[-2] // RARE
    return np.asarray(found & rare, dtype=np.bool_)


def compare_middle(values: ArrayLike, pairs: int) -> tuple[Comparison, Floats]:
    """The first two contestants of a layout, where rare seeds that lie apart are left out.

    values [n, k], pairs: the size of the family -> the Comparison, and the layout it stands on. A
    seed is left out if either of the two lies apart in it; another contestant that lies apart in
    one of the kept seeds is left out as a whole. ValueError: those of `compare_all`.
    """
    y = np.asarray(values, dtype=np.float64)
    out = left_out(y)
    kept = ~out[:, :2].any(1)
    whole = ~out[kept].any(0)
    layout = y[kept][:, whole]
    return compare_all(layout, pairs=pairs)[0], layout


def _distances(y: Floats) -> Floats:
    """[.., n, k] how far each score lies from the middle of its contestant, in spreads."""
    k = y.shape[-1]
    x = y - np.median(y, -2, keepdims=True)
    if k > 1:
        x = x - np.median(x, -1, keepdims=True)
    middle, own = _quiet(x)
    spread = np.sqrt((1 - POOLED) * own + POOLED * own.mean(-1, keepdims=True))[..., None, :]
    far = x - middle[..., None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(np.abs(far) < 1e-12, 0.0, far / spread)
    return found


def _quiet(x: Floats) -> tuple[Floats, Floats]:
    """[.., k] mean and variance of the n - n // 3 neighbouring scores that vary the least."""
    n = x.shape[-2]
    h = n - n // 3
    ordered = np.sort(x, -2)
    windows = [ordered[..., i : i + h, :] for i in range(n - h + 1)]
    variances = np.stack([window.var(-2, ddof=1) for window in windows])
    means = np.stack([window.mean(-2) for window in windows])
    least = variances.argmin(0)[None]
    take = np.take_along_axis
    return take(means, least, 0)[0], take(variances, least, 0)[0]


@lru_cache
def _bound(n: int, k: int) -> float:
    """What the most extreme of n times k normal scores passes in LEVEL of all layouts."""
    rng, farthest = np.random.default_rng(0), []
    step = max(1, min(DRAWS, 1_000_000 // (n * k)))  # layouts at once, so that memory is bounded
    for _ in range(0, DRAWS, step):
        farthest.append(np.abs(_distances(rng.normal(size=(step, n, k)))).max((-2, -1)))
    return float(np.quantile(np.concatenate(farthest), 1 - LEVEL))
