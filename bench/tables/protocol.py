"""Which numbers of a results folder may be compared.

Only those measured under one protocol (extractor, samples, reference), at the end of trials that
finished. Asked to mix two protocols, these functions refuse and name the difference.
"""

import math

import pandas as pd

from ..datasets import dataset_name, primary_metric
from ..extensions import portable
from ..extractors import PIXELS, without_hash
from ..metrics import DEFAULT, METRICS, Metric, own_metrics
from ..records.layout import PROTOCOL
from ..records.results import Results

UNTRAINED = 0.9  # of the untrained network's score: a model that ends above it has learnt nothing
LAST = ["model", "seed", "images", "value"]  # of a last evaluation


def datasets(results: Results) -> list[str]:
    """The data sets of the plan, in its order."""
    return [dataset_name(str(reference)) for reference in results.experiment["datasets"]]


def contestants(results: Results, dataset: str) -> list[str]:
    """The labels with a trial on the data set, in the order of the plan."""
    known = [str(entry["label"]) for entry in results.experiment["contestants"]]
    there = results.trials.loc[results.trials["dataset"] == dataset, "model"].unique()
    return [label for label in known if label in there] + sorted(set(there) - set(known))


def unit(dataset: str) -> str:
    """What the discriminator is shown: "images" or "points"."""
    return "points" if primary_metric(dataset) == "emd" else "images"


def title(dataset: str) -> str:
    """What the primary metric is called: FID or EMD."""
    return METRICS[primary_metric(dataset)].title


def metrics(results: Results) -> dict[str, Metric]:
    """Ours, and those of a user's own that the trials recorded, with what they said of themselves.

    No code of theirs is run. One whose declaration is lost is left out: see `undeclared`.
    """
    return METRICS | _declared(results)


def undeclared(results: Results) -> list[str]:
    """The metrics of a user's own that are in the plan, and that no trial says anything of."""
    known = _declared(results)
    return [name for name in _planned(results) if name not in known]


def _declared(results: Results) -> dict[str, Metric]:
    planned = _planned(results)
    return {name: results.declared[name] for name in planned if name in results.declared}


def _planned(results: Results) -> list[str]:
    return [*map(portable, own_metrics(results.experiment.get("metrics", DEFAULT)))]


def one_protocol(evaluations: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The rows of one metric; raises ValueError if they were measured under several protocols."""
    rows = evaluations[evaluations["metric"] == metric]
    for name in PROTOCOL:
        values = sorted(rows[name].dropna().unique())
        if len(values) > 1:
            listed = ", ".join(str(value) for value in values)
            raise ValueError(f"{metric} was measured with different {name}: {listed}")
    return rows


def own_extractor(results: Results, rows: pd.DataFrame, dataset: str) -> pd.Series:
    """[rows] whether each row was measured with the extractor of the plan, or on pixels."""
    trials = results.trials
    planned = set(trials.loc[trials["dataset"] == dataset, "features"]) - {""} | {PIXELS}
    own = rows["features"].astype(str).map(without_hash).isin(planned)
    return own.astype(bool)


def named(results: Results, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows, with metrics of another extractor than the plan's named so: "fid@digits-lenet-2".

    A plain name is then one protocol, that of the summary.
    """
    metrics = rows["metric"].copy()
    for dataset, part in rows.groupby("dataset", sort=False):
        seen = part["features"].fillna("").astype(str) != ""  # by an extractor at all
        others = part[~own_extractor(results, part, str(dataset)) & seen]
        extractor = others["features"].astype(str).map(without_hash)
        metrics[others.index] = others["metric"] + "@" + extractor
    return rows.assign(metric=metrics)


def primary(results: Results, metric: str, dataset: str) -> pd.DataFrame:
    """Every evaluation of a metric on a data set, by the extractor of the plan."""
    rows = results.evaluations
    rows = rows[(rows["metric"] == metric) & (rows["dataset"] == dataset)]
    if rows.empty:  # of most metrics
        return rows
    return one_protocol(rows[own_extractor(results, rows, dataset)], metric)


def last(rows: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """The last evaluation of each finished trial: model, seed, images, value."""
    if rows.empty:
        return rows[LAST].astype({"value": float}).reset_index(drop=True)
    done = trials.loc[trials["status"] == "finished", ["dataset", "model", "seed"]]
    rows = rows.merge(done, on=["dataset", "model", "seed"]).sort_values("images")
    rows = rows.groupby(["model", "seed"], as_index=False, sort=True).tail(1)
    columns = rows[LAST].astype({"value": float})
    return columns.sort_values(["model", "seed"], ignore_index=True)


def to_untrained(results: Results, dataset: str, model: str, seed: int) -> float:
    """The last primary metric of a trial over that of its untrained networks; NaN without both."""
    rows = primary(results, primary_metric(dataset), dataset)
    own = rows[(rows["model"] == model) & (rows["seed"] == seed)].sort_values("images")
    start = own.loc[own["images"] == 0, "value"].sum()
    return float(own["value"].iloc[-1]) / float(start) if start > 0 else math.nan


def final(results: Results, metric: str, dataset: str) -> pd.DataFrame:
    """A row for each finished trial, from its last evaluation: model, seed, images, value."""
    return last(primary(results, metric, dataset), results.trials)
