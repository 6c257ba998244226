"""Results as benchopt has them: a row an evaluation, in one parquet file.

The columns are those of benchopt's documentation ("Manage benchmark results"): names of objective,
solver and data set, their parameters as p_*, time, stop_val, idx_rep, and objective_* for each
metric. A solver is a contestant, a repetition a seed, and stop_val counts images.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from ..datasets import primary_metric
from ..records.layout import CLOCK, KEY, PROTOCOL
from ..records.results import Results
from ..records.writing import write_parquet
from ..tables.protocol import named

NAME = "benchopt.parquet"
PLACES = {"dataset": "data_name", "model": "solver_name", "seed": "idx_rep"}
ENVIRONMENT = {  # our name -> benchopt's
    "omp_num_threads": "env_OMP_NUM_THREADS",
    "platform": "platform",
    "cores": "system-cpus",
    "processor": "system-processor",
    "cuda": "version-cuda",
    "numpy": "version-numpy",
    "scipy": "version-scipy",
    "commit": "benchmark-git-tag",
}


def write_benchopt(results: Results) -> Path:
    """Write DIR/benchopt.parquet; its path."""
    path = results.path / NAME
    write_parquet(path, benchopt(results))
    return path


def benchopt(results: Results) -> pd.DataFrame:
    """A row for each trial and evaluation; its columns are told above.

    objective_value is the primary metric of the data set; every other is objective_NAME, those of
    another extractor objective_NAME@EXTRACTOR. The shares of the classes are left out.
    """
    rows = named(results, results.evaluations)
    rows = rows[~rows["metric"].str.startswith("class_share/")]
    clock = [*KEY, *CLOCK]
    table = rows.pivot(index=clock, columns="metric", values="value").add_prefix("objective_")
    table = table.rename_axis(columns=None).reset_index()
    primary = table["dataset"].map(primary_metric)
    value = pd.Series(float("nan"), index=table.index)
    for metric in primary.unique():
        own = primary == metric
        value[own] = table.loc[own, f"objective_{metric}"]
    table["objective_value"] = value
    table["objective_name"] = primary.map(lambda metric: _objective(results, metric))
    table["sampling_strategy"] = "callback"
    table = table.rename(columns={**PLACES, "seconds": "time", "images": "stop_val"})
    table = table.merge(_parameters(results), on=list(PLACES.values()))
    known = {ENVIRONMENT[k]: v for k, v in results.environment.items() if k in ENVIRONMENT}
    return table.assign(**known)


def _objective(results: Results, metric: str) -> str:
    """The primary metric with its protocol, as benchopt names an objective with parameters."""
    rows = results.evaluations
    rows = rows[rows["metric"] == metric].iloc[0]
    return f"{metric}[{','.join(f'{name}={rows[name]}' for name in PROTOCOL)}]"


def _parameters(results: Results) -> pd.DataFrame:
    """The hyperparameters of each trial, as p_solver_NAME; lists as text."""
    table = results.trials
    found: list[dict[str, Any]] = []
    for _, trial in table.iterrows():
        config = json.loads(trial.get("config") or "{}")
        plain = {k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in config.items()}
        key = {PLACES[name]: trial[name] for name in KEY}
        found.append(key | {f"p_solver_{name}": value for name, value in plain.items()})
    return pd.DataFrame(found)
