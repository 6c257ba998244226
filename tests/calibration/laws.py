"""Laws of scores for the simulations, and which contestants are equal."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import bench
from bench.tables.pairs import by_seed
from bench.tables.protocol import datasets

Floats = np.ndarray[Any, np.dtype[np.float64]]
Noise = Callable[[np.random.Generator, int, int, int], Floats]  # (rng, S, n, k) -> [S, n, k]
ROOT = Path(__file__).parents[2]
APART = 1e3  # spreads between contestants that differ
SPREADS: dict[str, list[float]] = {
    "normal, equal spreads": [1.0],
    "spreads 1 to 4": [1, 1.41, 2, 2.83, 4],
    "one of spread 4": [1, 1, 1, 1, 4],
    "two of spread 4": [1, 1, 1, 4, 4],
    "spreads 1 to 6.7": [1, 1.6, 2.6, 4.2, 6.7],
}
# Deviations of log FID of the published run of five at three seeds: of rank two, an extreme.
RANK_TWO = [[0.55, -0.83], [-1.62, 2.41], [2.53, 2.40], [-1.25, 6.25], [-0.51, -12.05]]
EXTREME = "rank two, spreads 1 to 12"


def laws() -> dict[str, Noise]:
    """Name -> noise [S, n, k] of mean 0 (skewed laws have one mean for all contestants)."""

    def scaled(spreads: list[float]) -> Noise:
        return lambda rng, s, n, k: rng.normal(size=(s, n, k)) * np.resize(spreads, k)

    found: dict[str, Noise] = {name: scaled(spreads) for name, spreads in SPREADS.items()}
    found["log-normal"] = lambda rng, s, n, k: np.exp(rng.normal(size=(s, n, k)))
    found["Student t, 3 df"] = lambda rng, s, n, k: rng.standard_t(3, size=(s, n, k))
    found["exponential"] = lambda rng, s, n, k: rng.exponential(size=(s, n, k))
    found["5 % outliers of 10 spreads"] = lambda rng, s, n, k: (
        rng.normal(size=(s, n, k)) + 10 * (rng.random((s, n, k)) < 0.05)
    )
    found["neighbours correlated by .8"] = lambda rng, s, n, k: (
        rng.normal(size=(s, n, k))
        @ np.linalg.cholesky(0.8 ** abs(np.subtract.outer(np.arange(k), np.arange(k)))).T
    )
    found[EXTREME] = lambda rng, s, n, k: rng.normal(size=(s, n, 2)) @ np.resize(RANK_TWO, (k, 2)).T
    return found


def unequal() -> dict[str, Noise]:
    """Laws that have one mean and differ in shape by contestant: no rule on means is safe there."""

    def skewed(rng: np.random.Generator, s: int, n: int, k: int) -> Floats:
        sigma = np.linspace(0.25, 1.25, k)
        return np.exp(rng.normal(size=(s, n, k)) * sigma - sigma**2 / 2)

    def collapsing(rng: np.random.Generator, s: int, n: int, k: int) -> Floats:
        found = rng.normal(size=(s, n, k))
        found[..., -1] += 10 * ((rng.random((s, n)) < 0.1) - 0.1)  # the last, in one of ten seeds
        return found

    return {
        "log-normal of one mean, sigma .25 to 1.25 by contestant": skewed,
        "one contestant collapses in one of ten seeds, by 10 spreads": collapsing,
    }


def published() -> dict[str, Noise]:
    """Normal noise with the covariance that the seeds of each published folder have."""
    found: dict[str, Noise] = {}
    for plan in sorted((ROOT / "results").glob("reference-*/**/experiment.toml")):
        results = bench.load(plan.parent).records
        for name in datasets(results):
            metric = "emd" if "emd" in set(results.evaluations["metric"]) else "fid"
            values = by_seed(results, metric, name)[0].dropna(axis="columns")
            if len(values) > values.shape[1] >= 2:  # else it is of low rank, like EXTREME
                root = np.linalg.cholesky(np.cov(values.to_numpy(float).T))
                label = f"{plan.parent.relative_to(ROOT / 'results')}, {name}"
                found[label] = _normal(root)
    return found


def _normal(root: Floats) -> Noise:
    """Contestants beyond the published ones repeat their spreads, independently."""

    def draw(rng: np.random.Generator, s: int, n: int, k: int) -> Floats:
        blocks = [rng.normal(size=(s, n, len(root))) @ root.T for _ in range(0, k, len(root))]
        return np.concatenate(blocks, axis=-1)[..., :k]

    return draw


def truths(k: int) -> Iterator[tuple[str, list[list[int]]]]:
    """Which contestants are equal; groups are far apart. The error must hold in each."""
    last = list(range(k))
    yield "all equal", [last]
    if k > 2:
        yield "all but the first", [[0], last[1:]]
        yield "the last two", [[i] for i in last[:-2]] + [last[-2:]]
        yield (
            "quiet with noisy",
            [[0, k - 1], *([[1, k - 2]] if k > 3 else []), *([i] for i in last[2:-2])],
        )
    if k > 3:
        yield "the last three", [[i] for i in last[:-3]] + [last[-3:]]


def short(value: float) -> str:
    """A share to three digits, as .052."""
    return f"{value:.3f}".removeprefix("0")
