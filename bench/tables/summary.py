"""A row a contestant: DataFrame in, DataFrame out.

Every aggregate says how many of how many started trials it stands on.
"""

import numpy as np
import pandas as pd

from .. import stats
from ..datasets import primary_metric
from ..records.layout import PROTOCOL
from ..records.origins import presets
from ..records.results import Results
from .looks import shared
from .protocol import contestants, datasets, final, metrics, primary

IQM_FROM = 8  # seeds; below, trimming a quarter at each end says nothing new
BEST_NOTE = "lowest through training, chosen on the number it reports: optimistic"
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
    # Matched: contestants of unlike numbers of seeds are ranked by the seeds that all have.
    common = shared(results, dataset)
    finals = {metric: final(results, metric, dataset) for metric in metrics(results)}
    finals = {metric: rows[rows["seed"].isin(common)] for metric, rows in finals.items()}
    through, named = primary(results, outcome, dataset), presets(results.experiment)
    through = through[through["seed"].isin(common)]
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
