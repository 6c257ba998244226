"""The rule of `layout` where contestants have different seeds: lost trials, seeds added for some.

Every pair has its differences on the seeds that both have. Their variances s_ab estimate
v_a + v_b, which least squares, weighted by their degrees of freedom, solves for the v of each
contestant: so what a contestant showed before it stopped still counts. With all seeds for all it is
the rule of `layout`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Floats
from .layout import Pairs, drawn_to_pool, pairs_of, sums_of_pairs

Present = NDArray[np.bool_]


def uneven(values: Floats, present: Present, own: float = 0.0) -> tuple[Pairs, NDArray[np.intp]]:
    """The rule on stacked layouts [.., n, k], of which only `present` [n, k] is there.

    own: how far the variance of a pair's difference is drawn from v_a + v_b to the pair's own
    variance, which also sees how the two are correlated. -> what it finds for each pair, and how
    many seeds each has. NaN where a pair has fewer than two seeds in common.
    """
    k = present.shape[1]
    a, b = pairs_of(k)
    both = present[:, a] & present[:, b]
    n = both.sum(0)
    counted = np.maximum(n, 1)
    differences = np.where(both, values[..., a] - values[..., b], 0.0)
    estimates = np.where(n > 0, differences.sum(-2) / counted, np.nan)
    centred = np.where(both, differences - (differences.sum(-2) / counted)[..., None, :], 0.0)
    free = np.maximum(n - 1, 1)
    squares = (centred**2).sum(-2) / free  # [.., pairs], of a difference
    known = n > 1
    if k == 2:
        error = np.where(known, np.sqrt(squares / counted), np.nan)
        return Pairs(estimates, error, np.broadcast_to(free.astype(float), error.shape)), n
    sums, df = sums_of_pairs(_solved(squares, n, k), free, _pool(present))
    variance = (1 - own) * sums + own * squares
    error = np.where(known, np.sqrt(variance / counted), np.nan)
    return Pairs(estimates, error, (1 - own) * df + own * free), n


def _solved(squares: Floats, n: NDArray[np.intp], k: int) -> Floats:
    """[.., k] the variance of a single trial, partly pooled, from those of differences."""
    a, b = pairs_of(k)
    weights = np.maximum(n - 1, 0).astype(float)
    total = weights.sum()
    if not total:
        return np.full((*squares.shape[:-1], k), np.nan)
    pooled = (squares * weights).sum(-1, keepdims=True) / (2 * total)
    design = np.zeros((len(a), k))
    design[np.arange(len(a)), a] = design[np.arange(len(a)), b] = 1
    # Where some pair has no seeds the equations may be too few: the pseudo-inverse then stays as
    # near to the pooled variance as it can.
    root = np.sqrt(weights)
    solve: Any = np.linalg.pinv(design * root[:, None]) * root
    found = pooled + (squares - 2 * pooled) @ solve.T
    return drawn_to_pool(found, pooled)


def _pool(present: Present) -> int:
    """Degrees of freedom of the residuals of rows of two or more."""
    rows = present.sum(1)
    rows = rows[rows > 1]
    contestants = int((present[present.sum(1) > 1].sum(0) > 0).sum())
    return max(1, int(rows.sum()) - len(rows) - contestants + 1)
