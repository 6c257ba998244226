"""What it costs to reach a given quality: images and seconds to levels of the primary metric."""

import math

import numpy as np
import pandas as pd

from ..datasets import primary_metric
from ..records.results import Results
from .protocol import contestants, datasets, primary

LEVELS = 3  # for each data set
COLUMNS = ["dataset", "model", "level", "started", "reached", "images", "seconds"]


def reaching(results: Results) -> pd.DataFrame:
    """A row for each data set, contestant and level; COLUMNS.

    `reached` of the `started` trials have an evaluation at or below `level`. `images` and
    `seconds` tell when the first such evaluation came: the median over all started trials, NaN if
    half of them or more never got there. Nothing is interpolated between evaluations.
    """
    rows = []
    for dataset in datasets(results):
        values = primary(results, primary_metric(dataset), dataset)
        trials = results.trials[results.trials["dataset"] == dataset]
        trials = trials[~trials["status"].isin(["waiting", "unsuited"])]
        for level in levels(values):
            for model in contestants(results, dataset):
                own, started = values[values["model"] == model], trials[trials["model"] == model]
                if len(started):
                    row = {"dataset": dataset, "model": model, "level": level}
                    rows.append(row | first(own, level, len(started)))
    return pd.DataFrame(rows, columns=COLUMNS)


def levels(values: pd.DataFrame) -> list[float]:
    """The lowest LEVELS of the numbers .., 1, 2, 5, 10, 20, 50, .. that the best model reaches.

    They lie below the median score of the untrained generators.
    """
    if values.empty:
        return []
    ends = values.sort_values("images").groupby(["model", "seed"])["value"]
    best = ends.last().groupby("model").median().min()
    untrained = ends.first().median()
    if not 0 < best < untrained < math.inf:
        return []
    decades = range(math.floor(math.log10(best)), math.ceil(math.log10(untrained)) + 1)
    series = [float(f"{digit}e{decade}") for decade in decades for digit in (1, 2, 5)]
    return [level for level in series if best <= level < untrained][:LEVELS]


def first(own: pd.DataFrame, level: float, started: int) -> dict[str, float]:
    """Of one model's evaluations: how many trials reached the level, and the median of when."""
    there = own[own["value"] <= level].sort_values("images").groupby("seed").first()
    never = [math.inf] * (started - len(there))
    row: dict[str, float] = {"started": started, "reached": len(there)}
    for clock in ("images", "seconds"):
        median = float(np.median([*there[clock].astype(float), *never]))
        row[clock] = median if math.isfinite(median) else math.nan
    return row
