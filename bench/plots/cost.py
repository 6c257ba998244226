"""What quality costs. Analysis in, Figure out."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..analysis import Analysis
from ..datasets import primary_metric
from ..tables.protocol import contestants, final, title
from . import legends, theme
from .lines import trained_on
from .reading import Reading

READING = Reading(
    "final {metric} on a log scale against seconds of training, a colour a model",
    "Low and to the left is good and cheap. A model below and to the left of another beats it "
    "on both counts, as far as the intervals let one say so.",
)

WAITED = 0.1  # of its seconds: a trial that was without a processor for longer is marked
BESIDE = (
    f" Cross: a seed that waited for a processor for more than {WAITED:.0%} of its seconds, as "
    "beside other work: its seconds, and the mean that they enter, say little."
)


def disturbed(trials: pd.DataFrame) -> pd.Series:
    """[trials] whether each was trained beside other work; False where nothing tells.

    Only known of trials on a CPU with one thread, from the version on that records cpu_seconds.
    """
    share = trials["cpu_seconds"].astype(float) / trials["seconds"].astype(float)
    return (share < 1 - WAITED) & (share > 0)


@theme.themed
def cost(analysis: Analysis, dataset: str) -> Figure:
    """The final primary metric against seconds of training: a dot a seed, the mean a model."""
    results, metric = analysis.results, primary_metric(dataset)
    trials = results.trials[results.trials["dataset"] == dataset]
    trials = trials.reindex(columns=["model", "seed", "seconds", "cpu_seconds"])
    trials = trials.assign(disturbed=disturbed(trials))
    values = final(results, metric, dataset).merge(trials, on=["model", "seed"])
    values = values[(values["value"] > 0) & (values["seconds"] > 0)]
    figure = theme.sheet(4.4)
    axis = figure.subplots()
    if values.empty:
        axis.text(0.5, 0.5, "not evaluated yet", transform=axis.transAxes, ha="center")
    else:
        colours = theme.colours(contestants(results, dataset))
        _dots(axis, values[~values["disturbed"]], colours)
        _crosses(axis, values[values["disturbed"]], colours)
        _axes(axis, values)
        _means(axis, analysis.models(dataset), metric, colours)
        legends.outside(figure, axis, title="best first")
    axis.set_xlabel("seconds of training a trial (lower is better)")
    axis.set_ylabel(f"final {title(dataset)} (log scale, lower is better)")
    note = (
        "Small dot: a seed; large: the mean of finished seeds; line: its 95 % t interval, which "
        f"ends at the edge where it reaches further; {trained_on(results, dataset)}. Trials that "
        "ran side by side slow each other down." + BESIDE * bool(values["disturbed"].any())
    )
    theme.caption(figure, f"Quality against cost, {dataset}", note)
    return figure


def _dots(axis: Axes, values: pd.DataFrame, colours: dict[str, str]) -> None:
    if values.empty:
        return
    sns.scatterplot(
        values, x="seconds", y="value", hue="model", palette=colours, s=22, alpha=0.7,
        legend=False, ax=axis, linewidth=0.4,
    )  # fmt: skip


def _crosses(axis: Axes, values: pd.DataFrame, colours: dict[str, str]) -> None:
    for model, own in values.groupby("model"):
        axis.plot(own["seconds"], own["value"], "x", color=colours[str(model)], ms=6, mew=1.4)


def _axes(axis: Axes, values: pd.DataFrame) -> None:
    theme.plain_log(axis)
    low, high = values["value"].min(), values["value"].max()
    axis.set_ylim(0.75 * low, 1.3 * high)
    axis.set_xlim(0, 1.08 * values["seconds"].max())


def _means(axis: Axes, table: pd.DataFrame, metric: str, colours: dict[str, str]) -> None:
    bottom, top = axis.get_ylim()
    for _, row in table[table[f"{metric}_n"] > 0].iterrows():
        x, y, colour = row["seconds"], row[f"{metric}_mean"], colours[row["model"]]
        ends = np.clip([row[f"{metric}_low"], row[f"{metric}_high"]], bottom, top)
        axis.plot([x, x], ends, color=colour, **theme.interval_of(row[f"{metric}_n"]))
        axis.plot(x, y, "o", color=colour, ms=9, mec="white", label=row["model"], zorder=4)
    theme.plain_log(axis)
