"""Simulated error and power of verdicts with their diagnosis, and coverage of other intervals.

Part of `make calibrate`: writes results/calibration/guarded.json and its block of
docs/statistics.md. The diagnosis is inside each simulated verdict.
"""

import itertools
from typing import Any

import numpy as np
from scipy import stats as scipy_stats
from scipy.stats import kendalltau

from bench import stats
from bench.formats import plain
from bench.stats.layout import partly_pooled

from .error_and_power import ALPHA, family_error
from .laws import Floats, laws, short

Row = dict[str, Any]
BLOCK = "guarded"
LOGNORMAL, COLLAPSE = "log-normal, sigma .25 to 1.25", "one collapses in {:.0%}, by 10 spreads"


def adjusted(values: Floats) -> Floats:
    """Adjusted p [S, pairs] of `stats.compare_middle` on stacked layouts [S, n, k]."""
    k = values.shape[-1]
    a, b = stats.pairs_of(k)
    out: Any = stats.left_out(values)
    p = partly_pooled(values).p_values()
    for place in np.flatnonzero(out.any((-2, -1))):
        for pair, (i, j) in enumerate(zip(a, b, strict=True)):
            if out[place].any():
                order = [i, j, *(c for c in range(k) if c not in (i, j))]
                kept = ~out[place][:, [i, j]].any(1)
                whole = [c for c in order if not out[place][kept][:, c].any()]
                p[place, pair] = partly_pooled(values[place][kept][:, whole]).p_values()[0]
    found: Floats = p * len(a)
    return found


def warned(values: Floats) -> np.ndarray:
    """[S, pairs] whether a pair has a warning."""
    apart: Any = stats.lie_apart(values).any(-2)
    a, b = stats.pairs_of(values.shape[-1])
    return np.asarray(apart[:, a] | apart[:, b])


def unequal(law: str, rng: np.random.Generator, shape: tuple[int, int, int], alike: str) -> Floats:
    """Scores [S, n, k] of equal means or of equal middles, of unequal shape by contestant."""
    s, n, k = shape
    found: Floats
    if law == LOGNORMAL:
        sigma = np.linspace(0.25, 1.25, k)
        found = np.exp(rng.normal(size=shape) * sigma)
        return found - (np.exp(sigma**2 / 2) if alike == "mean" else 1)
    rate = 0.2 if "20%" in law else 0.1
    found = rng.normal(size=shape)
    hits = rng.random((s, n)) < rate
    found[..., -1] += 10 * (hits - (rate if alike == "mean" else 0))
    return found


def pairs(rng: np.random.Generator, size: int) -> dict[str, list[Row]]:
    errors, limits, power = [], [], []
    for k, n, law in itertools.product((3, 5), (5, 8, 12), laws()):
        noise = laws()[law](rng, size, n, k)
        fires = float(stats.lie_apart(noise).any((-2, -1)).mean())
        error = family_error(noise, adjusted)[0] if "outliers" not in law else None
        if error is None:  # many layouts with a seed apart: those of all equal only
            error = float((adjusted(noise[: size // 4]) < ALPHA).any(1).mean())
        errors.append({"contestants": k, "seeds": n, "law": law, "fires": fires, "error": error})
    names = (LOGNORMAL, COLLAPSE.format(0.1), COLLAPSE.format(0.2))
    for law, alike, n in itertools.product(names, ("mean", "middle"), (3, 5, 8, 12)):
        values = unequal(law, rng, (size, n, 5), alike)
        told: Any = adjusted(values) < ALPHA
        quiet = float((told & ~warned(values)).any(1).mean())
        rule = float((partly_pooled(values).p_values() * 10 < ALPHA).any(1).mean())
        row = {"law": law, "equal": alike, "seeds": n, "rule": rule, "told": told.any(1).mean()}
        limits.append(row | {"told": float(told.any(1).mean()), "quiet": quiet})
    for rate, n in itertools.product((0.0, 0.1, 0.2), (5, 8, 12)):
        values = rng.normal(size=(size, n, 5))
        values[..., 0] += 10 * (rng.random((size, n)) < rate) - 3
        alone = partly_pooled(values).p_values() * 10
        both: list[Any] = [alone, adjusted(values)]
        shares = [float((p < ALPHA)[:, :4].mean()) for p in both]
        power.append({"rate": rate, "seeds": n, "rule": shares[0], "guarded": shares[1]})
    return {"errors": errors, "limits": limits, "power": power}


def at_the_margin(x: Floats) -> tuple[float, float]:
    """Share of samples [S, n], of a margin of 0, that get a verdict; those without a warning."""
    n = x.shape[1]
    signs = np.array(list(itertools.product((1, -1), repeat=n - 1)))
    sums = np.abs(x @ np.column_stack([np.ones(len(signs)), signs]).T)
    told = (sums >= np.abs(x.sum(1))[:, None] - 1e-9).mean(1) <= ALPHA
    if n >= 9:  # bench.claims.rule.MIDDLE
        most = np.maximum((x > 0).sum(1), (x < 0).sum(1))
        told &= 2 * scipy_stats.binom.sf(most - 1, n, 0.5) <= ALPHA
    alike = np.array([len(np.unique(row)) <= n / 2 for row in x])
    quiet = told & ~stats.lie_apart(x[..., None]).any((-2, -1)) & ~alike
    return float(told.mean()), float(quiet.mean())


def claims(rng: np.random.Generator, size: int) -> list[Row]:
    rows = []
    for n in (6, 8, 10, 12):
        shape = (size, n)
        drawn = {
            "normal": (rng.normal(size=shape), 0.0, 0.0),
            "log-normal, sigma .5": (np.exp(0.5 * rng.normal(size=shape)), np.exp(0.125), 1.0),
            "log-normal, sigma 1": (np.exp(rng.normal(size=shape)), np.exp(0.5), 1.0),
            "exponential": (rng.exponential(size=shape), 1.0, np.log(2)),
            "modes, lost in 6 % of the seeds": (-1.0 * (rng.random(shape) < 0.06), -0.06, 0.0),
        }
        for law, (x, mean, middle) in drawn.items():
            row: Row = {"law": law, "seeds": n}
            for name, margin in (("mean", mean), ("middle", middle)):
                row[name], row[f"{name}, quiet"] = at_the_margin(x - margin)
            rows.append(row)
    return rows


def equivalences(rng: np.random.Generator, size: int) -> list[Row]:
    """Five contestants whose true change is the margin: one at least is called equivalent."""
    rows = []
    for n, law in itertools.product((3, 5, 10), ("normal", "log-normal, sigma .5")):
        x = rng.normal(size=(size, 5, n))
        x = x if law == "normal" else np.exp(0.5 * x) - np.exp(0.125)
        # The mean is at the margin of 3 spreads, above and below it by contestant.
        room = 3 * x.std()
        x = (x + room) * np.array([1, -1, 1, -1, 1])[:, None]
        t = (room - np.abs(x.mean(-1))) / (x.std(-1, ddof=1) / np.sqrt(n))
        p = scipy_stats.t.sf(t, n - 1)
        quiet = ~stats.lie_apart(x.reshape(size * 5, n, 1)).any((-2, -1)).reshape(size, 5)
        alone = float((p < ALPHA).any(1).mean())
        told = p.min(1) * 5 < ALPHA
        first = quiet[np.arange(size), p.argmin(1)]
        row = {"law": law, "seeds": n, "alone": alone, "holm": float(told.mean())}
        rows.append(row | {"quiet": float((told & first).mean())})
    return rows


def coverages(rng: np.random.Generator, size: int) -> list[Row]:
    """Of claim 16's interval, of the share of the seed in the noise, of the mean of FID."""
    rows: list[Row] = []
    few = max(size // 10, 100)
    level, tuned = rng.normal(size=(5, 1)), rng.normal(0, 0.4, size=(5, 5))

    def taus(seeds: int) -> Floats:
        logs = level + tuned + rng.normal(0, 0.5, size=(seeds, 5, 5))
        found: Floats = np.array([kendalltau(x[:, 2], x.min(1)).statistic for x in logs])
        return found.round(9)

    truth = float(np.median(taus(2000)))
    pool = taus(2000)
    for n in (6, 8, 12):
        drawn = [stats.median_interval(rng.choice(pool, n)) for _ in range(few)]
        held = np.mean([one.low <= truth <= one.high for one in drawn])
        rows.append({"what": "claim 16, median tau", "seeds": n, "coverage": float(held)})
    for n, sds in itertools.product((3, 10), ((1, 0.2, 0.2), (1, 0.7, 0.7))):
        share, group = sds[0] ** 2 / sum(x * x for x in sds), np.repeat(np.arange(5), n)
        hits = []
        for _ in range(few):
            seed, one, two, draw, again = (rng.normal(0, sds[i], 5 * n) for i in (0, 1, 1, 2, 2))
            scores = {"first": seed + one + draw, "again": seed + one + again}
            part = stats.noise_parts(scores | {"second": seed + two + draw}, group)[0]
            hits.append(part.low <= share <= part.high)
        what = f"share of the seed, {share:.0%} of the noise"
        rows.append({"what": what, "seeds": n, "coverage": float(np.mean(hits))})
    for n, sigma in itertools.product((3, 10), (0.06, 0.4)):
        x = np.exp(sigma * rng.normal(size=(size, n)))
        half = scipy_stats.t.isf(0.025, n - 1) * x.std(1, ddof=1) / np.sqrt(n)
        held = np.abs(x.mean(1) - np.exp(sigma**2 / 2)) <= half
        what = f"mean FID of one contestant, spread {sigma:.0%}"
        rows.append({"what": what, "seeds": n, "coverage": float(held.mean())})
    return rows


def main(size: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "layouts": size,
        "pairs": pairs(rng, size),
        "claims": claims(rng, size),
        "equivalence": equivalences(rng, size),
        "coverage": coverages(rng, size),
    }


def tables(found: dict[str, Any]) -> str:
    """The block of docs/statistics.md, in Markdown."""
    both, size = found["pairs"], found["layouts"]
    lines = [f"Of {size:,} layouts each: the diagnosis fires / error of the verdict with it", ""]
    cases = list(itertools.product((3, 5), (5, 8, 12)))
    known = {(row["law"], row["contestants"], row["seeds"]): row for row in both["errors"]}
    heads = ["scores", *(f"{k} contestants, n = {n}" for k, n in cases)]
    cells = [
        [
            law,
            *(
                f"{short(r['fires'])} / {short(r['error'])}"
                for r in (known[law, k, n] for k, n in cases)
            ),
        ]
        for law in dict.fromkeys(row["law"] for row in both["errors"])
    ]
    lines += plain(heads, cells)
    lines += ["", "Laws of unequal shape, five contestants: some pair is told apart:", ""]
    heads = ["scores", "equal", "n", "without diagnosis", "with it", "with it, and no warning"]
    lines += plain(
        heads, [_cells(r, "law", "equal", "seeds", "rule", "told", "quiet") for r in both["limits"]]
    )
    lines += [
        "",
        "Power: one of five is lower by 3 spreads; in some seeds it collapses by 10:",
        "",
    ]
    heads = ["collapses in", "n", "without diagnosis", "with it"]
    lines += plain(heads, [_cells(r, "rate", "seeds", "rule", "guarded") for r in both["power"]])
    lines += ["", "Claims at their margin: a verdict / one without a warning:", ""]
    cells = [
        [r["law"], str(r["seeds"])]
        + [f"{short(r[name])} / {short(r[f'{name}, quiet'])}" for name in ("mean", "middle")]
        for r in found["claims"]
    ]
    lines += plain(["effects", "n", "mean at the margin", "middle at the margin"], cells)
    lines += ["", "Equivalence, five contestants at the margin: any is called equivalent:", ""]
    heads = ["differences", "n", "each alone", "Holm", "Holm, no warning"]
    lines += plain(
        heads, [_cells(r, "law", "seeds", "alone", "holm", "quiet") for r in found["equivalence"]]
    )
    lines += ["", "Coverage of the other intervals, at 95 %:", ""]
    cells = [_cells(r, "what", "seeds", "coverage") for r in found["coverage"]]
    return "\n".join([*lines, *plain(["interval", "n", "coverage"], cells)])


def _cells(row: Row, *names: str) -> list[str]:
    return [short(row[x]) if isinstance(row[x], float) else str(row[x]) for x in names]
