"""Folders to which seeds are added until it is decided: which looks are complete, what they say."""

import copy
from collections.abc import Sequence

import numpy as np
import pandas as pd

from .. import stats
from ..records.layout import KEY
from ..records.results import Results
from ..records.state import STATUSES

OVER = set(STATUSES) - {"interrupted"}
Pair = tuple[str, str]


def reached(results: Results, dataset: str) -> list[stats.Look] | None:
    """The looks whose trials have all ended, in their order; None of a folder judged once."""
    counts: list[int] = results.experiment.get("looks", [])
    if not counts:
        return None
    trials = results.trials[results.trials["dataset"] == dataset]
    over = trials["status"].isin(OVER)
    seeds, found = results.experiment["seeds"], []
    for look in stats.looks(counts):
        if not over[trials["seed"].isin(seeds[: look.n])].all():
            break
        found.append(look)
    return found


def in_looks(
    results: Results,
    values: pd.DataFrame,
    judged: Sequence[Pair],
    family: int,
    asked: Sequence[stats.Look],
    log: bool,
) -> dict[Pair, stats.Decision]:
    """What the looks `asked` decide of the pairs `judged`, of `family` in all; nothing of no look.

    values [seeds, models] on the natural scale, logarithms if `log`: a margin is of ratios, and
    holds for them alone.
    """
    if not judged or not asked:
        return {}
    margin = results.experiment.get("margin")
    margin = float(np.log1p(margin)) if log and margin is not None else None
    rows = values.reindex(index=results.experiment["seeds"])
    labels = list(rows)
    found = stats.decide(rows.to_numpy(float), asked, family, margin)
    names = [(labels[i], labels[j]) for i, j in zip(*stats.pairs_of(len(labels)), strict=True)]
    by_pair = dict(zip(names, found, strict=True))
    return {
        pair: by_pair[pair] if pair in by_pair else by_pair[pair[::-1]].turned() for pair in judged
    }


def shared(results: Results, dataset: str) -> list[int]:
    """The seeds that all contestants of a data set train; all, where they have none in common."""
    trials = results.trials[results.trials["dataset"] == dataset]
    counts = trials.groupby("seed")["model"].nunique()
    common = counts[counts == trials["model"].nunique()].index
    return list(common) if len(common) else list(counts.index)


def of_shared_seeds(results: Results) -> Results:
    """The results of the seeds that all contestants train: `results` itself, where all are."""
    trials = results.trials
    kept = pd.Series(False, index=trials.index)
    for dataset in trials["dataset"].unique():
        kept |= trials["seed"].isin(shared(results, dataset)) & (trials["dataset"] == dataset)
    if kept.all():
        return results
    found, keys = copy.copy(results), trials.loc[kept, KEY]
    for name in ("trials", "curves", "evaluations", "histograms", "events"):
        table = getattr(results, name)
        setattr(found, name, table.merge(keys, on=KEY) if len(table) else table)
    return found
