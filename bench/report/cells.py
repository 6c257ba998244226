"""Contestants and pairs as cells of text."""

import pandas as pd

from ..analysis import Analysis
from ..datasets import primary_metric
from ..records.origins import presets
from ..stats import MOST_SEEDS
from ..tables.pairs import HANDED_LABELS
from ..tables.protocol import final, metrics, title
from ..tables.summary import IQM_FROM
from ..words import NONE, number, span
from .columns import SECONDARY, with_own


def done(row: pd.Series, what: str = "") -> str:
    """Finished of started, and what became of the others: "2 of 3 seeds finished (1 diverged)"."""
    ends = ("diverged", "failed", "unsuited", "interrupted", "damaged")
    lost = ", ".join(f"{row[end]} {end}" for end in ends if row[end] > 0)
    return f"{row['finished']} of {row['started']}" + what + f" ({lost})" * bool(lost)


def estimate(row: pd.Series, metric: str) -> str:
    """The mean of a metric, and its interval where there is one."""
    interval = span(row[f"{metric}_low"], row[f"{metric}_high"])
    return f"{number(row[f'{metric}_mean'])} {interval}".strip()


def secondary(row: pd.Series, metric: str) -> str:
    """The mean of a metric, with a dagger where a model was handed what it measures."""
    handed = bool(row["conditional"]) and metric in HANDED_LABELS
    return number(row[f"{metric}_mean"]) + "†" * handed


def power(pair: pd.Series) -> str:
    """How many seeds would show a difference like this one, as far as these can tell."""
    seeds = pair["seeds_for_power"]
    if seeds <= MOST_SEEDS:
        return f"{seeds:.0f}"
    return f"more than {MOST_SEEDS}" if pair["n"] > 2 else NONE


def model_table(
    analysis: Analysis, dataset: str, table: pd.DataFrame
) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of text, a row a row of `Analysis.models`."""
    metric = primary_metric(dataset)
    known = metrics(analysis.results)
    beside = analysis.measured(dataset, with_own(SECONDARY[metric], known))
    values = final(analysis.results, metric, dataset)
    named = presets(analysis.results.experiment)
    apart = any(label != reference for label, reference in named.items())  # of a name of its own
    heads = ["rank", "model", *["preset"] * apart]
    heads += [f"{title(dataset)}, mean [95 % t]", "every seed", "finished"]
    seeds = int(max(table["finished"].max(), 0))
    heads += ["IQM"] * (seeds >= IQM_FROM)
    heads += [known[name].title for name in beside] + ["training, s"]
    rows = []
    for _, row in table.iterrows():
        own = values.loc[values["model"] == row["model"], "value"]
        every = " ".join(number(v) for v in own)
        cells = [NONE if pd.isna(row["rank"]) else str(row["rank"]), str(row["model"])]
        cells += [named.get(str(row["model"]), NONE)] * apart
        cells += [estimate(row, metric), every, done(row)]
        cells += [number(row[f"{metric}_iqm"])] * (seeds >= IQM_FROM)
        cells += [secondary(row, name) for name in beside]
        rows.append([*cells, number(row["seconds"])])
    return heads, rows


def pair_table(pairs: pd.DataFrame, title: str) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of text, a row a row of `Analysis.pairs`."""
    heads = [
        "pair",
        f"{title} ratio [simultaneous 95 %]",
        "n",
        "p",
        "verdict",
        "seeds for power .8",
    ]
    rows = []
    for _, row in pairs.iterrows():
        cells = [f"{row['model_a']} / {row['model_b']}"]
        cells += [f"{number(row['ratio'])} {span(row['ratio_low'], row['ratio_high'])}".strip()]
        cells += [str(row["n"]), number(row["adjusted_p"], 2), row["verdict"], power(row)]
        rows.append(cells)
    return heads, rows
