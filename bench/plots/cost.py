"""What quality costs. Analysis in, Figure out."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..analysis import Analysis
from ..datasets import primary_metric
from ..tables.protocol import contestants, final, title
from . import theme
from .lines import trained_on
from .reading import Reading

READING = Reading(
    "final {metric} on a log scale against seconds of training, a colour a model",
    "Low and to the left is good and cheap. A model below and to the left of another beats it "
    "on both counts, as far as the intervals let one say so.",
)


@theme.themed
def cost(analysis: Analysis, dataset: str) -> Figure:
    """The final primary metric against seconds of training: a dot a seed, the mean a model."""
    results, metric = analysis.results, primary_metric(dataset)
    trials = results.trials[results.trials["dataset"] == dataset]
    trials = trials.reindex(columns=["model", "seed", "seconds"])
    values = final(results, metric, dataset).merge(trials, on=["model", "seed"])
    values = values[(values["value"] > 0) & (values["seconds"] > 0)]
    figure = Figure(figsize=(theme.WIDTH, 4.4), layout="constrained")
    axis = figure.subplots()
    if values.empty:
        axis.text(0.5, 0.5, "not evaluated yet", transform=axis.transAxes, ha="center")
    else:
        colours = theme.colours(contestants(results, dataset))
        _dots(axis, values, colours)
        _means(axis, analysis.models(dataset), metric, colours)
        theme.legend_outside(figure, axis, title="best first")
    axis.set_xlabel("seconds of training a trial (lower is better)")
    axis.set_ylabel(f"final {title(dataset)} (log scale, lower is better)")
    note = (
        "Small dot: a seed; large: the mean of finished seeds; line: its 95 % t interval, which "
        f"ends at the edge where it reaches further; {trained_on(results, dataset)}. Trials that "
        "ran side by side slow each other down."
    )
    theme.caption(figure, f"Quality against cost, {dataset}", note)
    return figure


def _dots(axis: Axes, values: pd.DataFrame, colours: dict[str, str]) -> None:
    sns.scatterplot(
        values, x="seconds", y="value", hue="model", palette=colours, s=22, alpha=0.7,
        legend=False, ax=axis, linewidth=0.4,
    )  # fmt: skip
    theme.plain_log(axis)
    low, high = values["value"].min(), values["value"].max()
    axis.set_ylim(0.75 * low, 1.3 * high)
    axis.set_xlim(0, 1.08 * values["seconds"].max())


def _means(axis: Axes, table: pd.DataFrame, metric: str, colours: dict[str, str]) -> None:
    bottom, top = axis.get_ylim()
    for _, row in table[table[f"{metric}_n"] > 0].iterrows():
        x, y, colour = row["seconds"], row[f"{metric}_mean"], colours[row["model"]]
        ends = np.clip([row[f"{metric}_low"], row[f"{metric}_high"]], bottom, top)
        axis.plot([x, x], ends, color=colour, lw=1.6)
        axis.plot(x, y, "o", color=colour, ms=9, mec="white", label=row["model"], zorder=4)
    theme.plain_log(axis)
