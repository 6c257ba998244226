"""Simulated error, power and coverage of the rule on pairs: `make calibrate`.

Writes results/calibration/pairs.json, which the tables of docs/statistics.md quote. With 20,000
layouts a row it takes some minutes, and the standard error of an error near .05 is .0015.
"""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from bench.formats import plain
from bench.stats import pairs_of
from bench.stats.layout import Pairs, partly_pooled

from .laws import APART, EXTREME, Floats, laws, published, short, truths, unequal

ALPHA = 0.05


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
