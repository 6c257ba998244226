"""The checks of all arrays, and the enumeration behind the sign flips."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
EXACT = 20  # the largest n whose 2^n sign flips are enumerated


def paired(a: ArrayLike, b: ArrayLike) -> Floats:
    """a - b by seed: [n], [n] -> [n]. ValueError: lengths that differ, and those of `finite`."""
    x, y = finite(a), finite(b)
    if len(x) != len(y):
        raise ValueError(f"pairs are by seed: got {len(x)} and {len(y)} values")
    return x - y


def finite(values: ArrayLike, least: int = 1) -> Floats:
    """The values as float64 [n]. ValueError: fewer than `least`, another shape, NaN or inf."""
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or len(x) < least:
        raise ValueError(f"need at least {least} value{'s' * (least > 1)} [n], got shape {x.shape}")
    bad = int(np.sum(~np.isfinite(x)))
    if bad:
        raise ValueError(f"{bad} of {len(x)} values are NaN or inf")
    return x


def check_level(level: float) -> None:
    """Raises ValueError for a level, power or alpha outside (0, 1)."""
    if not 0 < level < 1:
        raise ValueError(f"a level or power lies between 0 and 1, got {level:g}")


def subset_sums(values: Floats) -> Floats:
    """The sums of all subsets: [n] -> [2^n], that of the empty subset first."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums, sums + value])
    return sums
