"""Does a generator copy its training set? Distances to the nearest training samples."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from .manifold import ROWS, checked, squared_distances

LEAST = 20  # of generated and of held-out samples in a cell, so that U is close to normal


def nearest(samples: Tensor, train: Tensor, k: int = 1) -> tuple[Tensor, Tensor]:
    """The k nearest training samples of each sample, the nearest first.

    samples [n, d], train [m, d], k in 1 .. m. Returns indices [n, k] int64 and Euclidean distances
    [n, k] float64 on the CPU; a copy has distance 0 exactly. Neighbours whose squared distances
    differ by round-off (about d 1e-15 of the squared norms) may be taken in any order.

    ValueError: shapes that do not match, k out of range, NaN, inf or overflow.
    """
    x = checked(samples, "sample", "nearest neighbours")
    y = checked(train, "training", "nearest neighbours")
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"samples have {x.shape[1]} features, training samples {y.shape[1]}")
    if not 1 <= k <= len(y):
        raise ValueError(f"k lies in 1 .. {len(y)}, the number of training samples, got {k}")
    centre = y.mean(dim=0)
    indices, distances = [], []
    for part in x.split(ROWS):
        found = squared_distances(part - centre, y - centre).topk(k, largest=False).indices
        exact = (part[:, None] - y[found]).norm(dim=2)  # by differences, so that a copy is at 0
        ordered, order = exact.sort(dim=1)
        indices.append(found.gather(1, order))
        distances.append(ordered)
    return torch.cat(indices), torch.cat(distances)


def data_copying(
    generated: Tensor, train: Tensor, holdout: Tensor, rng: torch.Generator, cells: int = 10
) -> float:
    """The z-score C_T: are generated samples nearer to the training set than held-out samples are?

    generated [n, d], train [l, d], holdout [m, d]. In each cell of a k-means partition of the
    training set, z = (U - nm / 2) / (nm (n + m + 1) / 12)^(1/2), where the Mann-Whitney U counts
    the pairs in which the generated sample is further from its nearest training sample than the
    held-out one. C_T is the mean of z, weighted by the number of held-out samples. 0 is like
    held-out data, strongly negative is copying, strongly positive underfitting. As a mean of
    independent z, C_T has a standard deviation below 1 if nothing is copied: the root of the sum of
    the squared weights, about cells^(-1/2).

    Cells with fewer than 20 generated or held-out samples are left out (the authors' tau is 20
    generated ones), so missing modes have no effect. Distances are to the whole training set; the
    authors' code searches the cell only, and adds a continuity correction. `rng` seeds k-means,
    which starts 4 times, on one thread so that the number of threads changes no bit.

    ValueError: shapes that do not match, no cell with enough samples, NaN, inf or overflow.
    Source: Meehan, Chaudhuri, Dasgupta 2020, the statistic C_T.
    """
    if cells < 1:
        raise ValueError(f"data copying needs at least 1 cell, got {cells}")
    x = checked(generated, "generated", "data copying")
    y = checked(holdout, "held-out", "data copying")
    t = checked(train, "training", "data copying")
    far, near = (nearest(s, t)[1][:, 0].numpy() for s in (x, y))
    scores, weights = [], []
    for inside, held in _cells(x.numpy(), y.numpy(), t.numpy(), cells, rng):
        if min(inside.sum(), held.sum()) >= LEAST:
            scores.append(_z(far[inside], near[held]))
            weights.append(held.sum())
    if not scores:
        raise ValueError(
            f"data copying: none of {cells} cells has {LEAST} generated and {LEAST} held-out "
            f"samples ({len(far)} and {len(near)} in all)"
        )
    return float(np.average(scores, weights=weights))


def _z(generated: np.ndarray, holdout: np.ndarray) -> float:
    n, m = len(generated), len(holdout)
    ranked = np.sort(holdout)
    below, to = (np.searchsorted(ranked, generated, side) for side in ("left", "right"))
    u = (below + to).sum() / 2  # a tie counts half
    return float((u - n * m / 2) / (n * m * (n + m + 1) / 12) ** 0.5)


def _cells(
    x: np.ndarray, y: np.ndarray, t: np.ndarray, cells: int, rng: torch.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each cell of t, which rows of x (generated) and y (held out) it has: masks [n], [m]."""
    from sklearn.cluster import KMeans  # type: ignore[import-untyped]  # once a trial: 0.5 s
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    seed = int(torch.randint(2**31, (), generator=rng, device=rng.device))
    cells = min(cells, len(np.unique(t, axis=0)))
    with threadpool_limits(limits=1):
        found = KMeans(cells, n_init=4, random_state=seed).fit(t)
        of_x, of_y = found.predict(x), found.predict(y)
    for cell in range(cells):
        yield of_x == cell, of_y == cell
