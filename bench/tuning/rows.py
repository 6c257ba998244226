"""search.parquet: a row for each trial of a search, from which the choice is made."""

import json
import math
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from ..datasets import primary_metric
from ..errors import Damaged
from ..extractors import extractor_name, without_hash
from ..planning.trial import Trial
from ..records.parquet import whole_table
from ..records.results import left_in
from ..records.writing import ENDED, write_parquet
from .protocol import Configuration, Protocol

NAME = "search.parquet"
FOLDER = "search"  # of trials under way
DEFAULT = -1  # the number of a contestant's defaults
Key = tuple[str, int, str]  # label, seed, hash of the configuration
COLUMNS = ["contestant", "configuration", "values", "label", "seed", "dataset", "status", "reason"]
COLUMNS += ["metric", "value", "features", "samples", "reference", "images", "generator_steps"]
COLUMNS += ["seconds", "evaluating_seconds", "config_hash"]


class Rows:
    """The rows of a folder's search; each is on the disk once it is added."""

    def __init__(self, root: Path, protocol: Protocol) -> None:
        """Raises Damaged for a table that cannot be read."""
        self._root, self._protocol = root, protocol
        self._rows: dict[Key, dict[str, Any]] = {}
        for row in read(root).to_dict("records"):
            self._rows[row["label"], row["seed"], row["config_hash"]] = row

    def __contains__(self, trial: Trial) -> bool:
        return _key(trial) in self._rows

    def of(self, trials: Iterable[Trial]) -> pd.DataFrame:
        """The rows of these trials, as far as there are any; COLUMNS."""
        rows = [self._rows[_key(trial)] for trial in trials if trial in self]
        return pd.DataFrame(rows, columns=COLUMNS)

    def collect(self, trials: Iterable[Trial]) -> None:
        """Make rows of the trials that have ended, and remove what these left beside them."""
        found = False
        for trial in trials:
            if trial not in self and (row := self._row(trial)):
                self._rows[_key(trial)] = row
                found = True
        if found:
            frame = pd.DataFrame(self._rows.values(), columns=COLUMNS)
            order = ["contestant", "configuration", "seed"]
            frame = frame.sort_values(order, kind="stable", ignore_index=True)
            write_parquet(self._root / NAME, frame)
        for trial in trials:
            if trial in self:
                shutil.rmtree(self._root / FOLDER / "trials" / trial.key, ignore_errors=True)

    def _row(self, trial: Trial) -> dict[str, Any] | None:
        """The row of a trial; None if it has not ended, or its record cannot be used."""
        folder = self._root / FOLDER / "trials" / trial.key
        try:
            left = left_in(folder, (trial.dataset, trial.label, trial.seed))
        except Damaged:
            return None
        facts = left.facts
        if facts["status"] not in ENDED or facts.get("config_hash") != trial.config_hash:
            return None
        metric = primary_metric(trial.dataset)
        known = ("images", "generator_steps", "seconds", "evaluating_seconds")
        row = {name: facts.get(name, 0) for name in known}
        row |= {"value": math.nan, "features": "", "samples": 0, "reference": ""}
        if facts["status"] == "finished":
            row |= _final(left.tables["evaluations"].to_pandas(), trial, metric)
        one = self._protocol.configurations[trial.label]
        return row | {
            "contestant": one.contestant,
            "configuration": DEFAULT if one.number is None else one.number,
            "values": json.dumps(one.values),
            "label": trial.label,
            "seed": trial.seed,
            "dataset": trial.dataset,
            "status": facts["status"],
            "reason": facts["reason"],
            "metric": metric,
            "config_hash": trial.config_hash,
        }


def _key(trial: Trial) -> Key:
    return trial.label, trial.seed, trial.config_hash


def _final(evaluations: pd.DataFrame, trial: Trial, metric: str) -> dict[str, Any]:
    """The last value of the primary metric, by the extractor of the plan, with its protocol."""
    own = evaluations["features"].map(without_hash) == extractor_name(trial.features)
    last = evaluations["images"] == trial.images
    (row,) = evaluations[own & last & (evaluations["metric"] == metric)].to_dict("records")
    return {name: row[name] for name in ("value", "features", "samples", "reference")}


def read(root: Path) -> pd.DataFrame:
    """The table COLUMNS, without rows where there is none yet; raises Damaged."""
    try:
        found: pd.DataFrame = whole_table(root / NAME).to_pandas()
        return found[COLUMNS]
    except FileNotFoundError:
        return pd.DataFrame(columns=COLUMNS)
    except Exception as error:  # the reader raises almost anything on broken bytes
        raise Damaged(f"{root / NAME} cannot be read: restore it, or remove it") from error


def scores(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each configuration: contestant, configuration, values, seeds, lost, score.

    score: the mean of the metric over the selection seeds; inf where a seed was lost.
    """
    rows = rows.assign(value=rows["value"].where(rows["status"] == "finished", math.inf))
    rows = rows.assign(lost=~rows["value"].map(math.isfinite))
    groups = rows.groupby(["contestant", "configuration", "values"], as_index=False, sort=False)
    found: pd.DataFrame = groups.agg(
        seeds=("seed", "nunique"), lost=("lost", "sum"), score=("value", "mean")
    )
    return found


def choose(protocol: Protocol, rows: pd.DataFrame) -> dict[str, Configuration]:
    """Contestant -> the configuration with the lowest score; absent where all were lost.

    Only drawn configurations are chosen from: the defaults had a budget of their own, before.
    """
    from .search import Search

    table, found = scores(rows), {}
    for contestant, own in table[table["configuration"] != DEFAULT].groupby("contestant"):
        search = Search(protocol.spaces[contestant], protocol.configs)
        best = search.best(own.sort_values("configuration")["score"].tolist())
        if best is not None:
            one = Configuration(contestant, best, {})
            found[contestant] = protocol.configurations[one.label]
    return found
