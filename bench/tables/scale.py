"""The scale of a score: what real, noisy and untrained samples score under the same protocol."""

import numpy as np
import pandas as pd

from ..datasets import primary_metric
from ..records.layout import PROTOCOL
from ..records.results import Results
from .protocol import datasets, one_protocol, own_extractor, primary

UNTRAINED = "untrained generator"
BESIDE = {"fid": "kid", "emd": "high_quality"}  # primary metric -> the one shown beside it


def scale(results: Results) -> pd.DataFrame:
    """What real, noisy and untrained samples score under the primary extractor, best first.

    A row for each level and data set. `fid` (`emd` for points) is the median of `n` values, which
    lie between `low` and `high`: the untrained generator has one for each contestant and seed,
    every other level a single one. The protocol is that of this primary metric; `kid_reference`
    tells against what `kid` (`high_quality` for points) was measured.
    """
    tables = [_scale(results, dataset) for dataset in datasets(results)]
    return pd.concat(tables, ignore_index=True)


def _scale(results: Results, dataset: str) -> pd.DataFrame:
    levels = results.scale[results.scale["dataset"] == dataset]
    levels = levels[own_extractor(results, levels, dataset)].set_index("level")
    outcome = primary_metric(dataset)
    metrics = (outcome, BESIDE[outcome])
    rows = []
    for level in levels.index.unique():
        rows.append(_level(level, {m: one_protocol(levels.loc[[level]], m) for m in metrics}))
    start = {metric: _untrained(results, metric, dataset) for metric in metrics}
    if len(start[outcome]):
        rows.append(_level(UNTRAINED, start))
    columns = ["level", outcome, "low", "high", "n", *PROTOCOL, metrics[1]]
    table = pd.DataFrame(rows, columns=[*columns, f"{metrics[1]}_reference"])
    table.insert(0, "dataset", dataset)
    return table.sort_values(outcome, ignore_index=True)


def _untrained(results: Results, metric: str, dataset: str) -> pd.DataFrame:
    rows = primary(results, metric, dataset)
    return rows[(rows["images"] == 0) & np.isfinite(rows["value"].astype(float))]


def _level(level: str, found: dict[str, pd.DataFrame]) -> dict[str, object]:
    outcome, beside = found
    values, others = (found[metric]["value"].to_numpy(float) for metric in found)
    row: dict[str, object] = {"level": level, "n": len(values)}
    if len(values):
        row |= {outcome: float(np.median(values)), "low": values.min(), "high": values.max()}
        row |= {name: found[outcome][name].iloc[0] for name in PROTOCOL}
    if len(others):
        row |= {beside: float(np.median(others))}
        row |= {f"{beside}_reference": found[beside]["reference"].iloc[0]}
    return row
