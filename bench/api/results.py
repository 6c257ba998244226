"""`Results`: what a run has left, as tables, figures and pictures."""

from collections.abc import Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from gan_zoo.catalog import unknown

from ..analysis import Analysis
from ..datasets import primary_metric
from ..errors import InputError, require
from ..errors import shown as shown_value
from ..extensions import resolve
from ..plots import figures as plots
from ..records.layout import KEY
from ..records.results import Results as Records
from ..report.benchopt import benchopt
from ..report.own import own_figure
from ..report.peers import PEERS, write_as
from ..tables.looks import shared
from ..tables.protocol import contestants, datasets, last, named, one_protocol
from . import shown
from .samples import Key, Samples

VERDICT_COLUMNS = ["dataset", "metric", "model_a", "model_b", "n", "ratio", "ratio_low"]
VERDICT_COLUMNS += ["ratio_high", "adjusted_p", "told", "verdict"]
TOLD = ["status", "reason", "images", "generator_steps", "discriminator_steps", "seconds"]
TOLD += ["evaluating_seconds", "generator_parameters", "discriminator_parameters"]


def load(folder: str | PathLike[str]) -> "Results":
    """The results folder; each table is read when it is first used. Raises InputError."""
    return Results(folder)


class Results:
    """A results folder: tables as DataFrames, figures, pictures and verdicts.

    A metric's plain name ("fid") means the headline protocol, that of the summary: the extractor of
    the plan. What was measured with another extractor is called by its name too
    ("fid@digits-lenet-2").
    """

    def __init__(self, folder: str | PathLike[str]) -> None:
        """Raises InputError if `folder` is not a results folder."""
        self.records = Records(Path(folder))

    def __repr__(self) -> str:
        return shown.text(self.records)

    def _repr_html_(self) -> str:
        return shown.html(self.records)

    # What is recorded.

    @property
    def path(self) -> Path:
        """The folder."""
        return self.records.path

    @property
    def experiment(self) -> dict[str, Any]:
        """The resolved plan."""
        return self.records.experiment

    @property
    def environment(self) -> dict[str, Any]:
        """Versions, machine and commit that it was made with."""
        return self.records.environment

    @property
    def damaged(self) -> list[str]:
        """Each trial and file that cannot be used and is left out, and why."""
        return self.records.damaged

    @cached_property
    def trials(self) -> pd.DataFrame:
        """A row for each trial: status, reason, seconds, parameters, hashes of what was drawn."""
        found = self.records.trials
        missing = [name for name in TOLD if name not in found]  # where no trial has ended yet
        return found.reindex(columns=[*found.columns, *missing])

    @property
    def curves(self) -> pd.DataFrame:
        """Long: losses, gradient norms, probes. Each value is the mean since the row before."""
        return self.records.curves

    @cached_property
    def evaluations(self) -> pd.DataFrame:
        """Long: every metric of every evaluation, with the protocol of each value."""
        return named(self.records, self.records.evaluations)

    @property
    def histograms(self) -> pd.DataFrame:
        """Weights through training: network, and the share in each bin low..high."""
        return self.records.histograms

    @property
    def events(self) -> pd.DataFrame:
        """Alarms: step of the generator, images, kind (collapse, divergence), text."""
        return self.records.events

    @cached_property
    def scale(self) -> pd.DataFrame:
        """What real, noisy and random samples score, with the names of `evaluations`."""
        return named(self.records, self.records.scale)

    # What follows from it.

    @property
    def summary(self) -> pd.DataFrame:
        """A row for each data set and contestant, best first; as the last report wrote it."""
        return self.records.summary

    @property
    def comparisons(self) -> pd.DataFrame:
        """A row for each pair of contestants and metric; as the last report wrote it."""
        return self.records.comparisons

    @cached_property
    def analysis(self) -> Analysis:
        """All tables that the page is made from."""
        return Analysis(self.records)

    @property
    def verdicts(self) -> pd.DataFrame:
        """A row for each pair, on the primary metric: ratio a / b, its interval, the verdict."""
        rows = self.analysis.comparisons
        rows = rows.loc[rows["outcome"] == "primary", VERDICT_COLUMNS]
        return rows.reset_index(drop=True)

    @property
    def datasets(self) -> list[str]:
        """The data sets, in the order of the plan."""
        return datasets(self.records)

    @property
    def contestants(self) -> list[str]:
        """The labels, in the order of the plan."""
        return shown.labels(self.records)

    @property
    def metrics(self) -> list[str]:
        """What `final`, `pivot` and `curve` take, without the shares of the classes."""
        names = sorted(self.evaluations["metric"].unique())
        return [name for name in names if not name.startswith("class_share/")]

    def final(self, metric: str | None = None, *, every_seed: bool = False) -> pd.DataFrame:
        """A row for each finished trial, from its last evaluation: KEY, images, metric, value.

        Their mean is the one of the summary: of the seeds that all contestants of a data set
        train, unless `every_seed`. None is the primary metric of each data set. Raises InputError.
        """
        _require_name(metric)
        rows = self._measured(metric)
        tables = []
        for dataset, own in rows.groupby("dataset", sort=False):
            table = last(own, self.trials)
            if not every_seed:
                table = table[table["seed"].isin(shared(self.records, str(dataset)))]
            table.insert(0, "dataset", dataset)
            table.insert(3, "metric", own["metric"].iloc[0])
            tables.append(self._in_order(table, str(dataset)))
        return pd.concat(tables, ignore_index=True)

    def pivot(self, metric: str | None = None, *, every_seed: bool = False) -> pd.DataFrame:
        """`final` as a matrix: a row a seed, a column a contestant, in the order of the plan.

        With several data sets, rows are (dataset, seed).
        """
        table = self.final(metric, every_seed=every_seed)
        index = ["dataset", "seed"] if table["dataset"].nunique() > 1 else "seed"
        wide = table.pivot(index=index, columns="model", values="value")
        return wide.reindex(columns=[name for name in self.contestants if name in wide])

    def curve(self, metric: str | None = None) -> pd.DataFrame:
        """A row for each value through training: KEY, CLOCK, metric, value.

        metric: of `metrics`, or of `curves` such as "loss/generator". None is the primary metric of
        each data set. Raises InputError.
        """
        _require_name(metric)
        rows = self.curves[self.curves["metric"] == metric]
        rows = rows if len(rows) else self._measured(metric, sorted(self.curves["metric"].unique()))
        return rows[self.curves.columns].reset_index(drop=True)

    def to_benchopt(self) -> pd.DataFrame:
        """A row for each trial and evaluation, with the columns that benchopt has."""
        return benchopt(self.records)

    def convert(self, name: str) -> Path:
        """Write the folder as another program reads it (PEERS), such as "mlflow"; the path.

        Raises InputError for an unknown name, and where the program's package is missing.
        """
        require(name, PEERS, "format")
        return write_as(name, self.records)

    # What can be looked at.

    @property
    def figures(self) -> list[str]:
        """The names that `plot` takes here: figures with something to show in them."""
        there = {
            name for dataset in self.datasets for name in plots.figures_of(self.analysis, dataset)
        }
        return [name for name in plots.FIGURES if name in there]

    def plot(self, name: str, *, dataset: str | None = None) -> Figure:
        """A figure of the page, by its name (FIGURES), or one of your own, "file.py:Name".

        Raises InputError.
        """
        dataset = self._dataset(dataset)
        analysis = self.analysis.matched_seeds
        reference = resolve("figure", name, plots.FIGURES)
        if ":" in reference:
            return own_figure(reference).draw(analysis, dataset)
        there = plots.figures_of(analysis, dataset)
        if name not in there:
            raise InputError(
                f"nothing to show in {name} of {dataset}; there are {', '.join(there)}"
            )
        return there[name].draw(analysis, dataset)

    def samples(
        self, contestant: str, seed: int | None = None, *, dataset: str | None = None
    ) -> Samples:
        """The pictures of a trial's samples, by default of its first seed; raises InputError."""
        dataset = self._dataset(dataset)
        require(contestant, dict.fromkeys(contestants(self.records, dataset)), "contestant")
        own = self.trials[(self.trials[KEY[:2]] == [dataset, contestant]).all(axis=1)]
        seeds = own["seed"].tolist()
        seed = seeds[0] if seed is None else seed
        if seed not in seeds:
            there = ", ".join(map(str, seeds))
            raise InputError(f"{contestant} has no seed {seed} on {dataset}; there are {there}")
        key = Key(dataset, contestant, seed)
        return Samples(key, self.records.samples(contestant, dataset, seed))

    def neighbours(
        self, contestant: str, seed: int | None = None, *, dataset: str | None = None
    ) -> Path | None:
        """The PNG of final samples and their nearest training images, if there is one."""
        found = self.samples(contestant, seed, dataset=dataset).of
        return self.records.neighbours(found.model, found.dataset, found.seed)

    def _measured(self, metric: str | None, beside: Sequence[str] = ()) -> pd.DataFrame:
        """The evaluations of a metric under one protocol a data set; raises InputError.

        beside: what else could have been meant.
        """
        rows = self.evaluations
        wanted = rows["dataset"].map(primary_metric) if metric is None else metric
        found = rows[rows["metric"] == wanted]
        if found.empty:
            if rows.empty:
                raise InputError(f"{self.path}: nothing has been measured yet")
            known = [*self.metrics, *beside]
            raise InputError(unknown("metric", str(metric or "measured"), known))
        for _, own in found.groupby("dataset"):
            try:
                one_protocol(own, str(own["metric"].iloc[0]))
            except ValueError as error:
                raise InputError(f"{self.path}: {error}") from error
        return found

    def _dataset(self, asked: str | None) -> str:
        names = self.datasets
        if asked is None and len(names) > 1:
            raise InputError(f"which data set? dataset={' or '.join(map(repr, names))}")
        if asked is None:
            return names[0]
        require(asked, dict.fromkeys(names), "data set here")
        return asked

    def _in_order(self, table: pd.DataFrame, dataset: str) -> pd.DataFrame:
        """The rows by contestant, in the order of the plan, then by seed."""
        order = {label: at for at, label in enumerate(contestants(self.records, dataset))}
        return table.sort_values("model", key=lambda labels: labels.map(order), kind="stable")


def _require_name(metric: object) -> None:
    if not isinstance(metric, str | None):
        raise InputError(f"metric is one name, such as 'fid', not {shown_value(metric)}")
