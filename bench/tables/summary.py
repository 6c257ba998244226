"""A row a contestant, a row a pair: DataFrame in, DataFrame out.

Every aggregate says how many of how many started trials it stands on.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from .. import stats
from ..datasets import primary_metric
from ..metrics import METRICS as METRIC_ENTRIES
from ..records.layout import PROTOCOL
from ..records.origins import presets
from ..records.results import Results
from . import failures
from .protocol import contestants, datasets, final, primary
from .verdicts import verdict

METRICS = list(METRIC_ENTRIES)
HANDED_LABELS = ["modes", "mode_kl"]  # a conditional model is told its classes
IQM_FROM = 8  # seeds; below, trimming a quarter at each end says nothing new
BEST_NOTE = "lowest through training, chosen on the number it reports: optimistic"
COMPARISON_COLUMNS = [
    "dataset",
    "metric",
    "outcome",
    "scale",
    "model_a",
    "model_b",
    "n",
]
COMPARISON_COLUMNS += [
    "difference",
    "low",
    "high",
    "ratio",
    "ratio_low",
    "ratio_high",
    "level",
]
COMPARISON_COLUMNS += [
    "method",
    "p",
    "holm_p",
    "probability_of_improvement",
    "variance_removed",
]
COMPARISON_COLUMNS += ["seeds_for_power", "told", "verdict"]
COMPARISON_COLUMNS += ["told_with_failures", "verdict_with_failures"]
FACTS = [
    "conditional",
    "images",
    "seconds",
    "images_per_second",
]  # absent before a trial has ended
FACTS += ["generator_parameters", "discriminator_parameters", "peak_memory_bytes"]
ALARMS = ["collapse_alarms", "divergence_alarms"]  # absent in what version 0.1.0 recorded
ENDS = ["finished", "diverged", "failed", "unsuited", "interrupted", "damaged"]


def summary(results: Results) -> pd.DataFrame:
    """One row a contestant and data set, best mean final primary metric first.

    Ranks are within a data set; unranked contestants are at the end of theirs.
    """
    tables = [_summary(results, dataset) for dataset in datasets(results)]
    return pd.concat(tables, ignore_index=True)


def _summary(results: Results, dataset: str) -> pd.DataFrame:
    outcome = primary_metric(dataset)
    trials = results.trials[results.trials["dataset"] == dataset]
    trials = trials.reindex(columns=[*trials.columns.union([*FACTS, *ALARMS])])
    finals = {metric: final(results, metric, dataset) for metric in METRICS}
    through, named = primary(results, outcome, dataset), presets(results.experiment)
    rows = []
    for label in contestants(results, dataset):
        row = {"dataset": dataset, "model": label, "preset": named.get(label, ""), "rank": pd.NA}
        row |= _trials(trials[trials["model"] == label])
        for metric, values in finals.items():
            row |= _mean(metric, values.loc[values["model"] == label, "value"].to_numpy(float))
        row |= _through(outcome, through[through["model"] == label], trials)
        rows.append(row | _protocol(through))
    table = pd.DataFrame(rows)
    table["rank"] = table[f"{outcome}_mean"].rank(method="min").astype("Int64")
    return table.sort_values("rank", na_position="last", kind="stable", ignore_index=True)


def _trials(trials: pd.DataFrame) -> dict[str, object]:
    done = trials[trials["status"] == "finished"]
    counts = {end: int((trials["status"] == end).sum()) for end in ENDS}
    started = int((trials["status"] != "waiting").sum())
    conditional = bool((trials["conditional"] == True).any())  # noqa: E712, NaN before the end
    return {
        "started": started,
        **counts,
        **{name: _alarmed(trials[name]) for name in ALARMS},
        "conditional": conditional,
        "modes_comparable": not conditional,
        "seconds": done["seconds"].mean(),
        "images_per_second": (done["images"] / done["seconds"]).mean(),
        **{name: trials[name].max() for name in FACTS if name.endswith(("parameters", "bytes"))},
    }


def _alarmed(counts: pd.Series) -> float:
    """How many trials had an alarm; NaN where none was listened to."""
    return float((counts > 0).sum()) if counts.notna().any() else np.nan


def _mean(metric: str, values: np.ndarray) -> dict[str, object]:
    values = values[np.isfinite(values)]
    row: dict[str, object] = {f"{metric}_n": len(values)}
    if len(values):
        interval = stats.mean_interval(values)
        row |= {f"{metric}_mean": interval.estimate}
        row |= {f"{metric}_low": interval.low, f"{metric}_high": interval.high}
        row |= {f"{metric}_iqm": np.nan}
    if len(values) >= IQM_FROM:
        row[f"{metric}_iqm"] = stats.interquartile_mean(values)
    names = ["mean", "low", "high", "n", "iqm"]
    return {f"{metric}_{name}": row.get(f"{metric}_{name}", np.nan) for name in names}


def _through(outcome: str, rows: pd.DataFrame, trials: pd.DataFrame) -> dict[str, object]:
    done = trials.loc[trials["status"] == "finished", ["model", "seed"]]
    rows = rows.merge(done, on=["model", "seed"]).sort_values("images")
    by_seed = rows.groupby("seed")["value"]
    start = rows[rows["images"] == 0].set_index("seed")["value"]
    ratio = by_seed.last() / start
    return {
        f"{outcome}_to_untrained": ratio.median(),
        f"best_{outcome}_mean": by_seed.min().mean(),
        f"best_{outcome}_note": BEST_NOTE,
    }


def _protocol(rows: pd.DataFrame) -> dict[str, object]:
    return {name: rows[name].iloc[0] if len(rows) else pd.NA for name in PROTOCOL}


def comparisons(results: Results, summaries: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row a pair and metric, by seed over the seeds that both finished.

    summaries: those of `summary`, where they are there already.

    `model_a` ranks before `model_b`. difference, low, high are a - b, for the primary outcome of
    logarithms; ratio, ratio_low, ratio_high are a / b. probability_of_improvement: the share of
    seeds at which a is the better. Holm's family is all pairs of that metric and data set. told:
    what a is, compared with b: "lower", "higher" or, where that cannot be told, ""; verdict: the
    same in words. told_with_failures, verdict_with_failures: of the primary outcome, where a or b
    lost a trial (`failures`).
    """
    summaries = summary(results) if summaries is None else summaries
    rows: list[dict[str, object]] = []
    for dataset in datasets(results):
        ranked = summaries[summaries["dataset"] == dataset]
        for metric in METRICS:
            pairs = _pairs(results, dataset, metric, ranked)
            judged = iter(_judged([pair for pair in pairs if not isinstance(pair, dict)]))
            family = [pair if isinstance(pair, dict) else next(judged) for pair in pairs]
            outcome = "secondary"
            if metric == primary_metric(dataset):
                outcome = "primary"
                named = [(str(row["model_a"]), str(row["model_b"])) for row in family]
                counted = failures.verdicts(results, dataset, named)
                family = [row | again for row, again in zip(family, counted, strict=True)]
            rows += [{"dataset": dataset, "metric": metric, "outcome": outcome} | r for r in family]
    return pd.DataFrame(rows, columns=COMPARISON_COLUMNS)


@dataclass(frozen=True)
class _Pair:
    """Two contestants' values of a metric by seed, [n] each; as logarithms where `log`."""

    metric: str
    log: bool
    model_a: str
    model_b: str
    a: np.ndarray
    b: np.ndarray


def _pairs(
    results: Results, dataset: str, metric: str, ranked: pd.DataFrame
) -> list[_Pair | dict[str, object]]:
    table = final(results, metric, dataset)
    log = metric == primary_metric(dataset)  # its ratio says more than its difference
    positive = table["value"] > 0 if log else True
    table = table[np.isfinite(table["value"]) & positive]
    values = table.pivot(index="seed", columns="model", values="value")
    conditional = ranked.loc[ranked["conditional"], "model"] if metric in HANDED_LABELS else []
    found: list[_Pair | dict[str, object]] = []
    # Who lost every trial still has its pairs on the primary metric: no row goes missing.
    there = set(values) | (failures.losers(results, dataset) if log else set())
    for a, b in combinations([label for label in ranked["model"] if label in there], 2):
        both = values.reindex(columns=[a, b]).dropna()
        row: dict[str, object] = {"model_a": a, "model_b": b, "n": len(both), "told": ""}
        handed = " and ".join(label for label in (a, b) if label in set(conditional))
        if handed:
            found.append(row | {"verdict": f"not comparable: {handed} is handed its labels"})
        elif both.empty:
            found.append(row | {"verdict": "cannot tell: no seed that both finished"})
        else:
            pair = both.to_numpy(float).T
            first, second = np.log(pair) if log else pair
            found.append(_Pair(metric, log, a, b, first, second))
    return found


def _judged(family: list[_Pair]) -> list[dict[str, object]]:
    """The rows of one family, whose p-values are adjusted together."""
    rng = np.random.default_rng(0)  # only for more than 20 seeds, whose flips are drawn
    p_values = [stats.sign_flip_test(pair.a - pair.b, rng) for pair in family]
    adjusted = stats.holm(p_values)
    return [
        _row(pair, p, float(holm_p), len(family))
        for pair, p, holm_p in zip(family, p_values, adjusted, strict=True)
    ]


def _row(pair: _Pair, p: float, holm_p: float, family: int) -> dict[str, object]:
    n, log = len(pair.a), pair.log
    interval = stats.paired_difference(pair.a, pair.b)
    told = stats.told(interval.estimate, holm_p, n)
    ends = {"": interval.estimate, "_low": interval.low, "_high": interval.high}
    ratios = {f"ratio{end}": float(np.exp(value)) for end, value in ends.items()}
    lower = METRIC_ENTRIES[pair.metric].better == "lower"
    better = (pair.a, pair.b) if lower else (pair.b, pair.a)
    power = stats.seeds_for_power(pair.a - pair.b, family) if n > 1 and log else None
    return {
        "model_a": pair.model_a,
        "model_b": pair.model_b,
        "n": n,
        "scale": "log" if log else "linear",
        "difference": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        **(ratios if log else {}),
        "level": interval.level,
        "method": interval.method,
        "p": p,
        "holm_p": holm_p,
        "probability_of_improvement": stats.probability_of_improvement(*better),
        "variance_removed": stats.variance_removed_by_pairing(pair.a, pair.b),
        "seeds_for_power": np.nan if power is None else power,
        "told": told,
        "verdict": verdict(told, pair.model_a, pair.model_b, n, family),
    }
