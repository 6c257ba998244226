"""What a results folder says of itself, as text and in a notebook."""

from html import escape

import pandas as pd

from ..datasets import dataset_name, primary_metric
from ..errors import InputError, printable
from ..records.results import Results as Records
from ..report.cells import estimate
from ..tables.protocol import title
from ..words import count, number

TABLES = {
    "trials": "a row a trial: status, seconds, parameters, hashes of what was drawn",
    "curves": "losses, gradient norms and probes through training, long",
    "evaluations": "metrics through training, long; other protocols as fid@EXTRACTOR",
    "summary": "a row a contestant: rank, means and intervals of every metric",
    "comparisons": "a row a pair and metric; `verdicts` has those of the primary metric",
    "scale": "what real, noisy and random samples score",
    "events": "alarms: collapse, divergence",
}
CALLS = {
    'final("fid")': 'a row a trial at its end; pivot("fid") as seeds x contestants',
    'curve("fid")': "a row an evaluation, or a row of a curve such as loss/generator",
    'plot("quality")': "a figure of the page; figures lists their names",
    'samples("NAME", seed=0)': "pictures of samples through training",
    'convert("mlflow")': "as other programs read it: benchopt, tensorboard, mlflow, wandb",
    "environment, experiment": "what it was made with, and the plan",
}


def text(records: Records) -> str:
    """The folder, its trials and contestants, and what can be asked of it."""
    lines = [f"{records.path}: {trials(records)}", plan(records)]
    lines += [f"contestants: {printable(', '.join(labels(records)))}", ""]
    asked = {**TABLES, **CALLS}
    width = max(map(len, asked))
    lines += [f"  .{name:<{width}}  {words}" for name, words in asked.items()]
    return "\n".join(lines)


def html(records: Records) -> str:
    """The same, with the contestants as a table, as a notebook shows it."""
    rows = "".join(
        f"<tr><td><code>.{escape(name)}</code></td><td style='text-align:left'>{escape(words)}</td>"
        "</tr>"
        for name, words in (*TABLES.items(), *CALLS.items())
    )
    return (
        f"<div><b>{escape(str(records.path))}</b>: {escape(trials(records))}<br>"
        f"{escape(plan(records))}{_ranking(records)}"
        f"<details><summary>tables and calls</summary><table>{rows}</table></details></div>"
    )


def trials(records: Records) -> str:
    """How many trials there are, and how they ended: "15 trials: 14 finished, 1 diverged"."""
    ends = records.trials["status"].value_counts()
    many = f"{len(records.trials)} trial{'s' * (len(records.trials) != 1)}"
    return f"{many}: " + ", ".join(f"{n} {end}" for end, n in ends.items())


def plan(records: Records) -> str:
    """Data sets, budget and seeds in words."""
    asked = records.experiment
    names = ", ".join(dataset_name(str(reference)) for reference in asked["datasets"])
    seeds = ", ".join(map(str, asked["seeds"]))
    word = "seed" + "s" * (len(asked["seeds"]) != 1)
    return f"{names}, {count(asked['images'])} images a trial, {word} {seeds}"


def labels(records: Records) -> list[str]:
    """The contestants, in the order of the plan."""
    return [str(entry["label"]) for entry in records.experiment["contestants"]]


def _ranking(records: Records) -> str:
    """The summary's headline columns as a table; without a summary, the contestants alone."""
    try:
        summary = records.summary
    except InputError:  # not reported yet, or damaged
        return f"<br>contestants: {escape(', '.join(labels(records)))}"
    return "".join(_table(name, rows) for name, rows in summary.groupby("dataset", sort=False))


def _table(dataset: object, rows: pd.DataFrame) -> str:
    name = str(dataset)
    metric = primary_metric(name)
    heads = ("rank", "model", f"{title(name)}, mean [95 % t]", "finished")
    cells = "".join(
        f"<tr><td>{number(row['rank'], 1)}</td><td>{escape(str(row['model']))}</td>"
        f"<td>{escape(estimate(row, metric))}</td>"
        f"<td>{row['finished']} of {row['started']}</td></tr>"
        for _, row in rows.iterrows()
    )
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    return (
        f"<table><caption>{escape(name)}</caption><thead><tr>{top}</tr></thead>"
        f"<tbody>{cells}</tbody></table>"
    )
