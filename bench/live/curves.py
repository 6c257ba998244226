"""The charts of a folder as far as it has trained: of each trial, the rows that have changed."""

from typing import Any

import numpy as np

from ..datasets import primary_metric
from ..errors import Damaged
from ..extractors import without_hash
from ..metrics import METRICS
from ..records.layout import CURVE_COLUMNS, EVALUATION_COLUMNS
from ..report.charts import (
    CLOCKS,
    LOSSES,
    NORMS,
    Chart,
    Curve,
    by_model,
    by_network,
    thinned,
    through_training,
)
from .reading import Folder, Seen

PREVIEW = "Thin: one seed; dashed: one that runs; thick: the mean of finished seeds"


def charts(folder: Folder, trials: list[Seen]) -> dict[str, dict[str, Chart]]:
    """Data set -> the charts that can be drawn of it so far."""
    found: dict[str, dict[str, Chart]] = {}
    for dataset in dict.fromkeys(trial.key[0] for trial in trials):
        own = [trial for trial in trials if trial.key[0] == dataset]
        models = list(dict.fromkeys(trial.key[1] for trial in own))
        curves = [curve for trial in own for curve in recorded(folder, trial)]
        found[dataset] = _charts(dataset, models, curves)
    return found


def stamp(folder: Folder, trials: list[Seen]) -> tuple[object, ...]:
    """What the charts depend on: they are the same while this is."""
    return tuple((t.key, t.status, *folder.stamps(_files(t))) for t in trials)


def recorded(folder: Folder, trial: Seen) -> list[Curve]:
    """The curves of a trial that the charts show; none of a trial whose rows are damaged."""

    def read() -> list[Curve]:
        try:
            return _curves(trial)
        except Damaged:
            return []

    stamps = folder.stamps(_files(trial))
    if not any(stamps):
        return []
    found = folder.kept(("rows", trial.key), stamps, read)
    return [curve._replace(status=trial.status) for curve in found]


def _files(trial: Seen) -> list[Any]:
    return [trial.folder / f"{name}.parquet" for name in ("curves", "evaluations")]


def _curves(trial: Seen) -> list[Curve]:
    from ..records.parquet import table_in  # pyarrow, when somebody looks

    curves, evaluations = _files(trial)
    metric, planned = primary_metric(trial.key[0]), trial.facts.get("features", "")
    found = []
    for path, columns, wanted in (
        (curves, CURVE_COLUMNS, (*LOSSES, *NORMS)),
        (evaluations, EVALUATION_COLUMNS, (metric,)),
    ):
        table = table_in(path, columns)
        if table is None:
            continue
        names = np.array(table["metric"].to_pylist(), str)
        own = np.ones(len(names), bool)
        if "features" in columns and planned:
            own = np.array([without_hash(f) == planned for f in table["features"].to_pylist()])
        numbers = {n: np.array(table[n].to_pylist(), float) for n in (*CLOCKS, "value")}
        order = np.argsort(numbers["images"], kind="stable")
        for name in wanted:
            rows = order[(own & (names == name))[order]]
            if len(rows):
                clocks = {clock: numbers[clock][rows] for clock in CLOCKS}
                curve = Curve(*trial.key[1:], name, "", clocks, numbers["value"][rows])
                found.append(thinned(curve))
    return found


def _charts(dataset: str, models: list[str], curves: list[Curve]) -> dict[str, Chart]:
    metric = primary_metric(dataset)
    unit, title = "points" if metric == "emd" else "images", METRICS[metric].title

    def of(*metrics: str) -> list[Curve]:
        return [curve for curve in curves if curve.metric in metrics]

    y = f"{title} (log scale, lower is better)"
    made = {
        "quality": through_training(of(metric), models, unit, y)
        | {"title": f"Quality so far, {dataset}"},
        "losses": by_model(of(*LOSSES), models, unit, "loss", LOSSES)
        | {"title": f"Losses so far, {dataset}"},
        "gradient_norms": by_network(of(*NORMS), models, unit, "norm of all parameters' gradient")
        | {"title": f"Gradient norms so far, {dataset}"},
    }
    shown = {name: c for name, c in made.items() if any(p["lines"] for p in c["panels"])}
    return {name: chart | {"note": f"{PREVIEW}."} for name, chart in shown.items()}
