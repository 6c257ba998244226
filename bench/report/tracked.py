"""What programs that track experiments are told of a trial: rows, pictures, settings."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from ..errors import InputError
from ..records.layout import KEY
from ..records.results import Results
from ..tables.protocol import own_extractor


class Tracked(NamedTuple):
    """A trial as such a program has it: a run."""

    dataset: str
    label: str
    seed: int
    rows: pd.DataFrame  # images, seconds, metric, value, in the order of training
    pictures: dict[int, Path]
    config: dict[str, Any]  # its hyperparameters
    status: str

    @property
    def name(self) -> str:
        return f"{self.label} s{self.seed}"


def tracked(results: Results) -> Iterator[Tracked]:
    """Every trial that has rows.

    Metrics of an evaluation are called evaluation/NAME; of another extractor than the plan's,
    "evaluation/fid (digits-lenet-2)".
    """
    rows = pd.concat([_curves(results), _evaluations(results)], ignore_index=True)
    trials = results.trials.set_index(KEY)
    for (dataset, label, seed), own in rows.groupby(KEY, sort=False):
        facts = trials.loc[(dataset, label, seed)]
        yield Tracked(
            *(str(dataset), str(label), int(seed), own.sort_values("images", kind="stable")),
            results.samples(label, dataset, seed),
            json.loads(facts.get("config") or "{}"),
            str(facts["status"]),
        )


def require_package(name: str, package: str, wanted_by: str) -> None:
    """Raises InputError if an optional package is not installed."""
    if find_spec(name) is None:
        raise InputError(f"{wanted_by} needs a package: pip install {package}")


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """A context that gives an empty folder, which takes the place of `folder` if it succeeds."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.{time.monotonic_ns()}.tmp")
    temporary.mkdir()
    try:
        yield temporary
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _curves(results: Results) -> pd.DataFrame:
    return results.curves[[*KEY, "images", "seconds", "metric", "value"]]


def _evaluations(results: Results) -> pd.DataFrame:
    rows = results.evaluations
    own = pd.Series(False, index=rows.index)
    for dataset, part in rows.groupby("dataset"):
        own[part.index] = own_extractor(results, part, str(dataset))
    others = " (" + rows["features"].astype(str).str.partition(":")[0] + ")"
    names = "evaluation/" + rows["metric"] + others.where(~own, "")
    return rows.assign(metric=names)[[*KEY, "images", "seconds", "metric", "value"]]
