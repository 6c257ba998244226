"""Simulated error, coverage and seeds of the procedure in looks: part of `make calibrate`.

The procedure is run as a folder does it: contestants of decided pairs stop, the others go on, and
variances keep the rows of those who stopped. Layouts in which the same contestants have stopped are
handled together.
"""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bench.formats import plain
from bench.planning.looks import LOOKS
from bench.stats import pairs_of
from bench.stats.looks import at_look, half_widths, looks, within

from .laws import APART, EXTREME, laws, published, short, truths

Array = np.ndarray[Any, Any]
CONTESTANTS = (2, 3, 4, 5, 8)


@dataclass(frozen=True)
class Run:
    """What the procedure did in each layout."""

    told: Array  # [S, pairs] the sign of the difference told, 0 where none was
    equal: Array  # [S, pairs] called equivalent
    covered: Array  # [S] do the intervals at the end hold all true differences?
    seeds: Array  # [S, k] that each contestant trained


def procedure(
    values: Array,
    true: Array,
    counts: tuple[int, ...] = LOOKS,
    margin: float | None = None,
    shares: tuple[float, ...] | None = None,
) -> Run:
    """The looks on stacked layouts [S, n, k], whose contestants have the means `true` [k]."""
    size, _, k = values.shape
    a, b = pairs_of(k)
    m = len(a)
    told, equal = np.zeros((size, m)), np.zeros((size, m), bool)
    low, high = np.full((size, m), -np.inf), np.full((size, m), np.inf)
    seeds = np.zeros((size, k), int)
    plan = looks(counts)
    for j, look in enumerate(plan):
        share = look.share if shares is None else shares[j]
        decided = (told != 0) | equal
        active = np.zeros((size, k), bool)
        for i in range(k):
            active[:, i] = (~decided[:, (a == i) | (b == i)]).any(1)
        seeds[active] = look.n
        going = np.flatnonzero(active.any(1))
        patterns, which = np.unique(seeds[going], axis=0, return_inverse=True)
        which = np.ravel(which)  # numpy 2.0 gave it another shape
        for number, pattern in enumerate(patterns):
            rows = going[which == number]
            present = np.arange(look.n)[:, None] < pattern
            found, n = at_look(values[rows, : look.n], present)
            # A pair of which one has stopped is as it was.
            fresh = (n == look.n)[None, :]
            half = half_widths(found, share, m)
            apart = (np.abs(found.estimates) > half) & fresh
            same = np.zeros_like(apart) if margin is None else within(found, share, m, margin)
            same = same & fresh
            use = fresh & (apart | same | ~decided[rows])
            told[rows] = np.where(apart, np.sign(found.estimates), told[rows])
            equal[rows] |= same
            low[rows] = np.where(use, found.estimates - half, low[rows])
            high[rows] = np.where(use, found.estimates + half, high[rows])
    difference = true[a] - true[b]
    covered = ((low <= difference) & (difference <= high)).all(1)
    return Run(told, equal, np.asarray(covered), seeds)


def false_verdicts(run: Run, true: Array, margin: float | None) -> Array:
    """[S] whether a verdict is false: told apart but equal, the wrong way round, or equivalent."""
    a, b = pairs_of(len(true))
    d = true[a] - true[b]
    wrong = (run.told != 0) & (run.told != np.sign(d))
    if margin is not None:
        wrong |= run.equal & (np.abs(d) >= margin)
    found: Array = wrong.any(1)
    return found


def errors(rng: np.random.Generator, size: int, k: int, law: str) -> dict[str, Any]:
    """The worst error and coverage of a law over which contestants are equal."""
    every = laws() | published()
    noise = every[law](rng, size, LOOKS[-1], k)
    noise -= noise.mean((0, 1))
    rows = []
    for name, groups in truths(k):
        place = np.zeros(k)
        for number, members in enumerate(groups):
            place[members] = number
        true = place * APART * noise.std()
        run = procedure(noise + true, true)
        rows.append(
            (float(false_verdicts(run, true, None).mean()), float(run.covered.mean()), name)
        )
    # Neighbours a margin apart, so that equivalence is false of each and difference true.
    margin = float(noise.std())
    true = margin * np.arange(k)
    at = procedure(noise + true, true, margin=margin)
    return {
        "contestants": k,
        "law": law,
        "error": max(row[0] for row in rows),
        "worst": max(rows)[2],
        "coverage": min(row[1] for row in rows),
        "error at the margin": float(false_verdicts(at, true, margin).mean()),
    }


def ladders(rng: np.random.Generator, size: int) -> list[dict[str, Any]]:
    """Five contestants d spreads apart each: the share told, and the seeds that it took."""
    rows = []
    for d in (1, 2, 3, 4, 6):
        true = d * np.arange(5.0)
        run = procedure(rng.normal(size=(size, LOOKS[-1], 5)) + true, true)
        told = run.told == np.sign(true[pairs_of(5)[0]] - true[pairs_of(5)[1]])
        rows.append({"spreads": d, "told": float(told.mean()), "seeds": float(run.seeds.mean())})
    return rows


def main(size: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    rows = []
    for k, law in itertools.product(CONTESTANTS, laws() | published()):
        rows.append(errors(rng, size, k, law))
        print(rows[-1], flush=True)
    return {"layouts": size, "errors": rows, "ladders": ladders(rng, size)}


def tables(found: dict[str, Any]) -> str:
    """The block of docs/statistics.md, in Markdown."""
    errors = pd.DataFrame(found["errors"])
    extreme = errors["law"] == EXTREME
    lines = [
        f"The largest error over {len(set(errors['law'])) - 1} laws of scores (those above and the "
        "covariances of the published folders) and over which contestants are equal, the least "
        f"simultaneous coverage at the end, and the error where neighbours differ by the margin; "
        f"{found['layouts']:,} layouts each:",
        "",
    ]
    heads = ["contestants", "error", "coverage", "error at the margin", f"error, {EXTREME}"]
    rows = [
        [
            str(k),
            short(part.loc[~extreme, "error"].max()),
            short(part.loc[~extreme, "coverage"].min()),
            short(part["error at the margin"].max()),
            short(part.loc[extreme, "error"].max()),
        ]
        for k, part in errors.groupby("contestants")
    ]
    lines += [*plain(heads, rows), ""]
    lines += ["Five contestants, each d spreads from the next: pairs told apart, and seeds:", ""]
    rows = [
        [f"{row['spreads']}", short(row["told"]), f"{row['seeds']:.1f}"] for row in found["ladders"]
    ]
    return "\n".join([*lines, *plain(["d", "told apart", "seeds a contestant"], rows)])
