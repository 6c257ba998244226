"""Claim 16, on whether a ranking survives other learning rates; it follows its measures."""

from collections import defaultdict
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from ..tables.failures import LOST
from .claim import Claim
from .evidence import Contestant, Run, joined, middle_rate, with_lost, without_rate
from .rule import Effects, above, below

RATES = 3  # of each model, at the least
MODELS = 3  # in a ranking, at the least


@dataclass(frozen=True)
class Grid:
    """Final FID or EMD of several models at the same multiples of their usual learning rates.

    logs [seeds, models, rates]: its natural logarithm; inf where the trial was lost.
    """

    seeds: list[int]
    used: list[Contestant]
    times: list[float]  # the multiples, in order
    logs: np.ndarray

    @property
    def usual(self) -> int:
        """The place of the usual rates in `times`."""
        return self.times.index(1.0)

    def others(self) -> list[int]:
        return [place for place in range(len(self.times)) if place != self.usual]


def grid(run: Run) -> Grid | None:
    """The models that ran at the same multiples of their middle learning rates; None if too few."""
    found = [ladder for ladder in ladders(run) if len(ladder) >= RATES]
    shared = sorted(set.intersection(*(set(ladder) for ladder in found)) if found else [])
    if len(found) < MODELS or len(shared) < RATES or 1.0 not in shared:
        return None
    used = [ladder[times] for ladder in found for times in shared]
    table = pd.concat([_scores(run, one) for one in used], axis=1, join="inner")
    if table.empty:
        return None
    logs = table.to_numpy(float).reshape(len(table), len(found), len(shared))
    return Grid([int(seed) for seed in table.index], used, shared, logs)


def ladders(run: Run) -> list[dict[float, Contestant]]:
    """For each model: multiple of its middle learning rate -> contestant, equal in all else."""
    groups: dict[str, list[Contestant]] = defaultdict(list)
    for one in run.contestants:
        if one.usual() and one.config.get("learning_rate"):
            groups[f"{one.model} {sorted(without_rate(one).items())}"].append(one)
    best: dict[str, dict[float, Contestant]] = {}
    for group in groups.values():
        middle = middle_rate(group)
        ladder = {round(float(c.config["learning_rate"]) / middle, 3): c for c in group}
        if len(ladder) > len(best.get(group[0].model, {})):
            best[group[0].model] = ladder
    return list(best.values())


def _scores(run: Run, one: Contestant) -> pd.Series:
    """seed -> log of the final metric; inf, worse than any, where the trial was lost."""
    return with_lost(run.log_final(one, run.metric), run.seeds(one, *LOST), np.inf)


def rank_correlation(run: Run, tuned: bool) -> Effects | None:
    """Kendall's tau of the ranking at the usual rates with that at others, or at the best ones.

    tuned: at the best rate of each model in the same seed. A rate chosen on the other seeds would
    make the seeds depend on each other, and n of them would not be n.
    """
    found = grid(run)
    if found is None:
        return None
    tau = _tau_of_the_best if tuned else _tau_of_the_others
    values = [tau(found, place) for place in range(len(found.seeds))]
    kept = {s: x for s, x in zip(found.seeds, values, strict=True) if np.isfinite(x)}
    return _effects(run, found, list(kept.values()), "tau", list(kept)) if kept else None


def winners_changed(run: Run) -> Effects | None:
    """The share of the other learning rates whose best model is not that at the usual ones."""
    found = grid(run)
    if found is None:
        return None
    changed = [_changed(logs, found.usual) for logs in found.logs]
    kept = {seed: x for seed, x in zip(found.seeds, changed, strict=True) if np.isfinite(x)}
    return _effects(run, found, list(kept.values()), "share", list(kept)) if kept else None


def _effects(run: Run, found: Grid, values: list[float], unit: str, seeds: list[int]) -> Effects:
    """The values with the size of the grid and its lost trials as their note."""
    size = f"{found.logs.shape[1]} models, {len(found.times)} learning rates each"
    lost = int(np.isinf(found.logs).sum())
    ranked = f"{lost} of {found.logs.size} trials lost, ranked last" * bool(lost)
    cited = run.cited(*found.used, seeds=seeds)
    return Effects(values, unit, run.metric, cited, joined(size, ranked), middle=True)


def _changed(logs: np.ndarray, usual: int) -> float:
    """Of one seed's `logs` [models, rates]: the share; NaN where no two rates have a best model."""
    won = np.isfinite(logs).any(axis=0)
    others = won & (np.arange(logs.shape[1]) != usual)
    if not won[usual] or not others.any():
        return np.nan
    winners = logs.argmin(axis=0)
    return float((winners[others] != winners[usual]).mean())


def _tau_of_the_others(found: Grid, seed: int) -> float:
    usual = found.logs[seed, :, found.usual]
    taus = [kendalltau(usual, found.logs[seed, :, i]).statistic for i in found.others()]
    # Rounded, here and below, so that one swap among five models is 0.8 exactly.
    return float(np.nanmean(taus).round(9)) if np.isfinite(taus).any() else np.nan


def _tau_of_the_best(found: Grid, seed: int) -> float:
    own = found.logs[seed]  # [models, rates]
    tau = kendalltau(own[:, found.usual], own.min(axis=1)).statistic
    return float(np.round(tau, 9))


SOURCE = "the project's own question; Lucic et al. 2018, arXiv:1711.10337"
NEEDS = (
    f"{MODELS} models or more, each at the same {RATES} or more multiples of its usual learning "
    "rate, which is the middle one"
)
TAU = (
    "Kendall's tau, within a seed, between the ranking by FID or EMD at the usual learning rates "
    "and that with {}: above 0.8 (one swap of neighbours gives 0.8 with five models, 0.67 with "
    "four)"
)
RANKINGS = (
    Claim(
        number=16,
        part="other rates",
        statement="The ranking survives another learning rate for all",
        source=SOURCE,
        needs=NEEDS,
        rule=TAU.format("all rates times 1/4, 1/2, 2 or 4, mean over these"),
        claimed=above(0.8),
        measure=partial(rank_correlation, tuned=False),
    ),
    Claim(
        number=16,
        part="best rates",
        statement="The ranking survives tuning each model's learning rate",
        source=SOURCE,
        needs=NEEDS,
        rule=TAU.format("each model at its best rate of that seed"),
        claimed=above(0.8),
        measure=partial(rank_correlation, tuned=True),
    ),
    Claim(
        number=16,
        part="winner",
        statement="The winner stays the same at other learning rates",
        source=SOURCE,
        needs=NEEDS,
        rule="share of the other learning rates at which the best model is another one than at the "
        "usual rates, within a seed: below 0.2",
        claimed=below(0.2),
        measure=winners_changed,
    ),
)
