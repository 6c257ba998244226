"""Simulated error, power and coverage of the rule on pairs: `make calibrate`.

Writes results/calibration/pairs.json, which the tables of docs/statistics.md quote. With 20,000
layouts a row it takes some minutes, and the standard error of an error near .05 is .0015.
"""

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

import bench
from bench.files import write_json
from bench.formats import plain
from bench.stats import pairs_of
from bench.stats.layout import Pairs, partly_pooled
from bench.tables.pairs import by_seed
from bench.tables.protocol import datasets

Floats = np.ndarray[Any, np.dtype[np.float64]]
Noise = Callable[[np.random.Generator, int, int, int], Floats]  # (rng, S, n, k) -> [S, n, k]
ROOT = Path(__file__).parents[2]
ALPHA, APART = 0.05, 1e3
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
        results = bench.load(plan.parent)
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


def family_error(noise: Floats, rule: Callable[[Floats], Floats]) -> tuple[float, str]:
    """The largest share of layouts with a false verdict, and the truth at which it occurs."""
    k = noise.shape[2]
    a, b = pairs_of(k)
    found = []
    for name, groups in truths(k):
        place = np.zeros(k)
        for number, members in enumerate(groups):
            place[members] = number
        equal = place[a] == place[b]
        told = rule(noise + APART * noise.std() * place) < ALPHA
        found.append((float(told[:, equal].any(1).mean()), name))
    return max(found)


def ours(values: Floats) -> Floats:
    """Adjusted p of each pair by the rule of the product."""
    return partly_pooled(values).p_values() * len(pairs_of(values.shape[-1])[0])


def paired_holm(values: Floats) -> Floats:
    """Adjusted p of each pair by the paired t test and Holm: what the rule is compared with."""
    a, b = pairs_of(values.shape[-1])
    d = values[..., a] - values[..., b]
    n = values.shape[-2]
    p = 2 * stats.t.sf(abs(d.mean(-2)) / (d.std(-2, ddof=1) / np.sqrt(n)), n - 1)
    order = np.argsort(p, -1)
    steps = np.take_along_axis(p, order, -1) * np.arange(p.shape[-1], 0, -1)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.maximum.accumulate(steps, -1), -1)
    found: Floats = adjusted
    return found


def coverage(noise: Floats, level: float = 0.95) -> float:
    """The share of layouts whose intervals hold all true differences, which are 0."""
    found: Pairs = partly_pooled(noise)
    half = stats.t.isf((1 - level) / 2 / found.errors.shape[-1], found.df) * found.errors
    return float((abs(found.estimates) <= half).all(-1).mean())


def powers(rng: np.random.Generator, size: int, n: int, d: float) -> dict[str, list[float]]:
    """Share of true differences told: one contestant lower by d spreads; all five d apart."""
    one, ladder = (rng.normal(size=(size, n, 5)) for _ in range(2))
    one[..., 0] -= d
    ladder += d * np.arange(5)
    return {
        name: [float((rule(one) < ALPHA)[:, :4].mean()), float((rule(ladder) < ALPHA).mean())]
        for name, rule in (("paired t, Holm", paired_holm), ("the rule", ours))
    }


def main(size: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    errors, every = [], laws() | published()
    for k, n, law in itertools.product((2, 3, 4, 5, 8), (3, 5, 8, 12), every):
        noise = every[law](rng, size, n, k)
        worst, where = family_error(noise, ours)
        row = {"contestants": k, "seeds": n, "law": law, "error": worst, "worst": where}
        row |= {"paired t, Holm": family_error(noise, paired_holm)[0]}
        centred = noise - noise.mean((0, 1))  # skewed laws: around their mean
        errors.append(row | {"coverage": coverage(centred)})
        print(row, flush=True)
    limits = []
    for (law, noise_of), n in itertools.product(unequal().items(), (3, 5, 8, 12)):
        noise = noise_of(rng, size, n, 5)
        both = {"error": ours(noise), "paired t, Holm": paired_holm(noise)}
        shares = {name: float((p < ALPHA).any(1).mean()) for name, p in both.items()}
        limits.append({"contestants": 5, "seeds": n, "law": law, **shares})
    power = [
        {"seeds": n, "spreads": d, **powers(rng, size, n, d)}
        for n, d in itertools.product((3, 5, 9), (1, 2, 3, 4, 6))
    ]
    return {"layouts": size, "errors": errors, "limits": limits, "power": power}


def tables(found: dict[str, Any]) -> str:
    """The tables of docs/statistics.md, in Markdown."""
    errors = pd.DataFrame(found["errors"])
    own = errors[errors["law"].isin(laws())]
    lines = ["Error, five contestants, the worst over which of them are equal:", ""]
    heads = ["scores", *(f"n = {n}" for n in (3, 5, 8, 12)), "paired t, Holm, n = 3"]
    five = own[own["contestants"] == 5].set_index(["law", "seeds"])
    rows = [
        [
            law,
            *(short(five.loc[(law, n), "error"]) for n in (3, 5, 8, 12)),
            short(five.loc[(law, 3), "paired t, Holm"]),
        ]
        for law in laws()
    ]
    lines += plain(heads, rows)
    lines += [
        "",
        "The largest error over all these scores but the last, and over normal scores with "
        "the covariance of each published folder; coverage is the least:",
        "",
    ]
    heads = ["contestants", "n", "error", f"error, {EXTREME}", "error, published", "coverage"]
    rows = []
    for (k, n), part in errors.groupby(["contestants", "seeds"]):
        usual = part[part["law"].isin(laws()) & (part["law"] != EXTREME)]
        extreme = part.loc[part["law"] == EXTREME, "error"].max()
        seen = part.loc[~part["law"].isin(laws()), "error"].max()
        rest = part[part["law"] != EXTREME]
        values = (usual["error"].max(), extreme, seen, rest["coverage"].min())
        rows.append([str(k), str(n), *map(short, values)])
    lines += plain(heads, rows)
    lines += [
        "",
        "Power, five contestants: the share of true differences told where one is lower by "
        "d spreads (its four pairs) / where all five are d apart (ten pairs):",
        "",
    ]
    rows = [
        [str(row["seeds"]), str(row["spreads"])]
        + [" / ".join(short(x) for x in row[name]) for name in ("paired t, Holm", "the rule")]
        for row in found["power"]
    ]
    lines += plain(["n", "d", "paired t, Holm", "the rule"], rows)
    lines += [
        "",
        "Where it is not safe: equal means of laws of unequal shape, five contestants:",
        "",
    ]
    rows = [
        [row["law"], str(row["seeds"]), short(row["error"]), short(row["paired t, Holm"])]
        for row in found["limits"]
    ]
    return "\n".join([*lines, *plain(["scores", "n", "error", "paired t, Holm"], rows)])


def short(value: float) -> str:
    """A share to three digits, as .052."""
    return f"{value:.3f}".removeprefix("0")


if __name__ == "__main__":
    layouts = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    found = main(layouts)
    write_json(ROOT / "results" / "calibration" / "pairs.json", found)
    page = ROOT / "docs" / "statistics.md"
    head, _, rest = page.read_text().partition("<!-- pairs: begin -->")
    tail = rest.partition("<!-- pairs: end -->")[2]
    between = f"<!-- pairs: begin -->\n{tables(found)}\n<!-- pairs: end -->"
    page.write_text(head + between + tail)
