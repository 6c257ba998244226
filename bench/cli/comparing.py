"""`bench compare`: the pairs of a folder, or the same trials of two folders, as tables of text."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from rich.console import Console

from ..datasets import primary_metric
from ..errors import InputError, require
from ..formats import Table, show
from ..metrics import METRICS, Metric
from ..records.results import Results
from ..report.cells import power
from ..report.prose import COUNTED
from ..tables.folders import Both, changes, require_common, unchanged
from ..tables.pairs import comparisons
from ..tables.protocol import datasets, metrics
from ..tables.provenance import circumstances, coverage
from ..words import NONE, number, span

Say = Callable[[str], None]


class Rows(NamedTuple):
    """Rows on one metric of one data set."""

    dataset: str
    metric: str
    table: pd.DataFrame
    entry: Metric


def pairs_of(
    results: Results, metric: str | None, dataset: str | None, known: pd.DataFrame | None = None
) -> list[Rows]:
    """The rows of `comparisons` of each data set on a metric; raises InputError if there are none.

    None: the primary metric, and all data sets. known: the comparisons, where they are there.
    """
    names = _chosen(datasets(results), dataset)
    try:
        table = comparisons(results) if known is None else known
    except ValueError as error:  # two protocols in one folder
        raise InputError(f"{results.path}: {error}") from error
    found = []
    for name in names:
        chosen = _metric(metric, name, metrics(results))
        rows = table[(table["dataset"] == name) & (table["metric"] == chosen)]
        if len(rows):
            found.append(Rows(name, chosen, rows, metrics(results)[chosen]))
    if not found:
        there = ", ".join(table.loc[table["dataset"].isin(names), "metric"].unique())
        what = metric or "a pair"
        hint = f"there is {there}" if there else "a pair needs two models with a finished trial"
        raise InputError(f"{results.path} has no {what} on {', '.join(names)}; {hint}")
    return found


def changes_of(
    both: Both, metric: str | None, dataset: str | None, margin: float
) -> tuple[list[Rows], list[str]]:
    """The rows of `changes` of each data set, and a line for each that cannot be compared.

    margin: of equivalence, 0.05 for 5 %. Raises InputError.
    """
    require_common(both)
    known = {name: one for name, one in metrics(both.a).items() if name in metrics(both.b)}
    found, refused = [], []
    for name in _chosen(both.datasets(), dataset):
        chosen = _metric(metric, name, known)
        try:
            rows = changes(both, name, chosen, margin)
        except ValueError as error:
            refused.append(f"not compared on {name}: {error}")
            continue
        if len(rows):
            found.append(Rows(name, chosen, rows, known[chosen]))
    return found, refused


def require_margin(percent: float | None) -> float:
    """A margin of equivalence as a share, 0.05 for 5 %, the default; raises InputError."""
    percent = 5.0 if percent is None else percent
    if not 0 < percent < 100:
        raise InputError(f"--margin is a percentage between 0 and 100, such as 5, not {percent:g}")
    return percent / 100


def compare_pairs(
    folder: Path, metric: str | None, dataset: str | None, wanted: str, console: Console
) -> None:
    """Print the table of pairs of each data set, in the format `wanted`; raises InputError."""
    found = pairs_of(Results(folder), metric, dataset)
    _print(
        [_pairs(rows.table, rows.dataset, rows.metric, rows.entry) for rows in found],
        wanted,
        console,
    )


def compare_folders(
    first: Path,
    second: Path,
    metric: str | None,
    dataset: str | None,
    margin: float,
    wanted: str,
    console: Console,
    say: Say,
) -> bool:
    """Print what differs between two folders; True if the primary metric is equal in every bit.

    margin: of equivalence, 0.05 for 5 %. A metric of two protocols is refused in a line that names
    the difference. Raises InputError.
    """
    both = Both(Results(first), Results(second))
    found, refused = changes_of(both, metric, dataset, margin)
    say(f"A: {both.a.path}\nB: {both.b.path}\n")
    for line in (*circumstances(both), *coverage(both), *refused):
        say(f"- {line}")
    say("")
    _print(
        [_changes(r.table, r.dataset, r.metric, r.entry.title, margin) for r in found],
        wanted,
        console,
    )
    return unchanged(both)


def _chosen(known: list[str], asked: str | None) -> list[str]:
    if asked is not None:
        require(asked, dict.fromkeys(known), "data set here")
    return known if asked is None else [asked]


def _metric(asked: str | None, dataset: str, known: Mapping[str, Metric]) -> str:
    if asked is not None and asked.lower() in METRICS:
        asked = asked.lower()  # FID is what people call it
    if asked is not None:
        require(asked, known, "metric")
    return asked or primary_metric(dataset)


def _print(tables: list[Table], wanted: str, console: Console) -> None:
    if wanted == "csv" and tables:  # one table, so that it can be read back
        frame = pd.concat([table.frame for table in tables], ignore_index=True)
        tables = [Table("", [], [], frame)]
    for table in tables:
        show(table, wanted, console)
    if wanted == "table" and any((table.frame["told"] == "").any() for table in tables):
        console.print("Cannot tell does not mean equal.", highlight=False)


def _pairs(rows: pd.DataFrame, dataset: str, metric: str, entry: Metric) -> Table:
    log = bool((rows["scale"] == "log").any())
    kind = "ratio" if log else "difference"
    heads = ["pair", f"{entry.title} {kind} [simultaneous 95 %]", "n", "p", "sign-flip p"]
    heads += ["first is better", "verdict", "seeds for power .8"]
    cells = []
    for _, row in rows.iterrows():
        few = row["n"] < COUNTED or entry.better == "neither"
        better = NONE if few else number(row["probability_of_improvement"], 2)
        needed = power(row) if metric == primary_metric(dataset) else NONE
        line = [f"{row['model_a']} / {row['model_b']}", _estimate(row, log), str(row["n"])]
        line += [number(row["adjusted_p"], 2), number(row["sign_flip_holm_p"], 2)]
        line += [better, row["verdict"], needed]
        cells.append(line)
    primary = primary_metric(dataset)
    note = (
        "" if metric == primary else f" (exploratory; the headline, fixed beforehand, is {primary})"
    )
    return Table(f"{dataset}, pairs by {entry.title}{note}", heads, cells, rows)


def _changes(rows: pd.DataFrame, dataset: str, metric: str, title: str, margin: float) -> Table:
    log = metric == primary_metric(dataset)
    within = f"within ±{100 * margin:g} %"
    heads = ["model", f"{title} {'B / A' if log else 'B - A'} [interval]", "n", "identical"]
    heads += ["through training", "p", "Holm p", f"TOST Holm p, ±{100 * margin:g} %", "verdict"]
    cells = [
        [
            row["model"],
            _estimate(row, log),
            str(row["n"]),
            f"{row['identical']} of {row['n']}",
            f"{row['identical_rows']} of {row['rows']}",
            number(row["p"], 2),
            number(row["holm_p"], 2),
            number(row["equivalence_holm_p"], 2),
            row["verdict"].replace("within the margin", within),
        ]
        for _, row in rows.iterrows()
    ]
    return Table(f"{dataset}, {title} of the same trials in A and B", heads, cells, rows)


def _estimate(row: pd.Series, log: bool) -> str:
    names = ("ratio", "ratio_low", "ratio_high") if log else ("difference", "low", "high")
    value, low, high = (row[name] for name in names)
    return f"{number(value)} {span(low, high)}".strip()
