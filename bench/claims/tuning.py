"""Claim 16: does a ranking survive a change of the learning rate?"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from ..tables.failures import LOST
from .deciding import Finding, Region, decided
from .evidence import Contestant, Run, middle_rate, with_lost, without_rate

RATES = 3  # of each model, at least
MODELS = 3  # in a ranking, at least


@dataclass(frozen=True)
class Grid:
    """logs [seeds, models, rates] of the final FID or EMD; a lost trial is inf."""

    seeds: list[int]
    used: list[Contestant]
    times: list[float]  # each model's own usual rate
    logs: np.ndarray

    @property
    def usual(self) -> int:
        return self.times.index(1.0)

    def others(self) -> list[int]:
        return [place for place in range(len(self.times)) if place != self.usual]


def grid(run: Run) -> Grid | None:
    """Every model that ran with the same multiples of its own middle learning rate."""
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
    """A model each: multiple of its middle learning rate -> contestant, else equal."""
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


def same_ranking(run: Run, tuned: bool, claimed: Region) -> Finding | None:
    """Kendall's tau of the ranking at the usual rates with that at others, or at the best ones.

    tuned: the best rate is chosen by the mean over the other seeds, never on the one reported.
    """
    found = grid(run)
    if found is None or (tuned and len(found.seeds) < 2):
        return None
    values = [_tuned(found, i) if tuned else _untuned(found, i) for i in range(len(found.seeds))]
    note = f"{found.logs.shape[1]} models, {len(found.times)} learning rates each"
    cited = run.cited(*found.used, seeds=found.seeds)
    kept = [value for value in values if np.isfinite(value)]
    return decided(kept, claimed, "tau", run.metric, cited, _lost(found, note)) if kept else None


def same_winner(run: Run, claimed: Region) -> Finding | None:
    """The share of the other learning rates at which another model is best than at the usual."""
    found = grid(run)
    if found is None:
        return None
    changed = [_changed(logs, found.usual) for logs in found.logs]
    kept = {seed: x for seed, x in zip(found.seeds, changed, strict=True) if np.isfinite(x)}
    if not kept:
        return None
    note = f"{found.logs.shape[1]} models, {len(found.times)} learning rates each"
    cited = run.cited(*found.used, seeds=kept)
    values = list(kept.values())
    return decided(values, claimed, "share", run.metric, cited, _lost(found, note))


def _changed(logs: np.ndarray, usual: int) -> float:
    """Of one seed, [models, rates]: the share; a rate at which all are lost has no winner."""
    won = np.isfinite(logs).any(axis=0)
    others = won & (np.arange(logs.shape[1]) != usual)
    if not won[usual] or not others.any():
        return np.nan
    winners = logs.argmin(axis=0)
    return float((winners[others] != winners[usual]).mean())


def _untuned(found: Grid, seed: int) -> float:
    usual = found.logs[seed, :, found.usual]
    taus = [kendalltau(usual, found.logs[seed, :, i]).statistic for i in found.others()]
    # Rounded, as below: one swap among five is 0.8, and no rounding error less.
    return float(np.nanmean(taus).round(9)) if np.isfinite(taus).any() else np.nan


def _tuned(found: Grid, seed: int) -> float:
    elsewhere = np.delete(found.logs, seed, axis=0).mean(axis=0)  # [models, rates]
    best = elsewhere.argmin(axis=1)
    chosen = found.logs[seed, np.arange(len(best)), best]
    return float(np.round(kendalltau(found.logs[seed, :, found.usual], chosen).statistic, 9))


def _lost(found: Grid, note: str) -> str:
    lost = int(np.isinf(found.logs).sum())
    return f"{note}; {lost} of {found.logs.size} trials lost, ranked last" if lost else note
