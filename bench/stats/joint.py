"""The region in which one more point of several coordinates is expected: Hotelling's ellipsoid."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from .arrays import check_level


@dataclass(frozen=True)
class Region:
    """A prediction ellipsoid for one more point of the same normal distribution.

    It holds the points x with (x - mean)' S^-1 (x - mean) <= bound, where S is the covariance.
    """

    mean: NDArray[np.float64]  # [p]
    covariance: NDArray[np.float64]  # [p, p], ddof 1
    bound: float
    level: float
    n: int

    @property
    def half_widths(self) -> NDArray[np.float64]:
        """[p]: how far the region reaches from the mean in each coordinate."""
        return np.asarray(np.sqrt(self.bound * np.diag(self.covariance)))

    @property
    def volume(self) -> float:
        """Its volume, an area for two coordinates."""
        p = len(self.mean)
        ball = np.pi ** (p / 2) / special.gamma(p / 2 + 1)
        return float(ball * self.bound ** (p / 2) * np.sqrt(np.linalg.det(self.covariance)))

    def distance(self, point: ArrayLike) -> float:
        """(point - mean)' S^-1 (point - mean), for a point [p]."""
        away = np.asarray(point, dtype=np.float64) - self.mean
        return float(away @ np.linalg.solve(self.covariance, away))

    def holds(self, point: ArrayLike) -> bool:
        return self.distance(point) <= self.bound


def prediction_region(points: ArrayLike, level: float = 0.95) -> Region:
    """Where one more point is expected: (1 + 1/n) p (n - 1) / (n - p) F(level; p, n - p) bounds it.

    points [n, p], n above p. For p = 1 it is `prediction_interval`. With n = p + 1 it is so wide
    that a point within it says nothing: 32.6 standard deviations either way for n = 3 and p = 2.
    Source: Hotelling 1931; Johnson & Wichern 2007, section 5.4.
    ValueError: too few points, NaN or inf, points on a line, a level outside (0, 1).
    """
    x = np.asarray(points, dtype=np.float64)
    check_level(level)
    if x.ndim != 2 or not np.isfinite(x).all():
        raise ValueError(f"a region takes finite points [n, p], got shape {list(x.shape)}")
    n, p = x.shape
    if n <= p:
        raise ValueError(f"a region in {p} coordinates takes {p + 1} points or more, got {n}")
    covariance = np.cov(x, rowvar=False).reshape(p, p)
    if np.linalg.matrix_rank(covariance) < p:
        raise ValueError("the points lie on a line or plane: their region has no volume")
    quantile = float(stats.f.ppf(level, p, n - p))
    return Region(x.mean(0), covariance, (1 + 1 / n) * p * (n - 1) / (n - p) * quantile, level, n)
