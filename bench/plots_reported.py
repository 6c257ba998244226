"""Losses against generator steps, with those that a source reports. Findings in, Figure out."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import theme
from .findings import Findings
from .plots_lines import ended, mean_of_finished, of_curves, seed_lines, trained_on
from .protocol import unit

NAMES = {"generator": "generator loss", "discriminator": "discriminator (critic) loss"}
BEYOND = 1.15  # times the reported step: where the axis ends
SHOWN = (0.02, 0.98)  # quantiles of the values that the axis shows


@theme.themed
def reported_losses(findings: Findings, dataset: str) -> Figure:
    """A panel a loss: seeds thin, their mean thick, the reported value a diamond."""
    results, table = findings.results, findings.reported
    table = table[table["dataset"] == dataset]
    labels = list(dict.fromkeys(table["model"]))
    colour, ends = theme.colours(labels), ended(results, dataset)
    figure, axes = theme.panels(2, height=3.8, columns=2)
    for axis, loss in zip(axes, NAMES, strict=True):
        rows = of_curves(results, dataset, f"loss/{loss}")
        own = table[table["loss"] == loss]
        limit = BEYOND * float(own["step"].max()) if len(own) else 1.0
        rows = rows[rows["model"].isin(labels) & (rows["generator_steps"] <= limit)]
        budget = 2 * max(rows.groupby(["model", "seed"]).ngroups, 1)
        for label in labels:
            mine = rows[rows["model"] == label]
            seed_lines(axis, mine, "generator_steps", colour[label], ends, budget)
            mean = mean_of_finished(mine, "generator_steps", ends)
            mean = theme.thinned(mean, "generator_steps", budget)
            axis.plot(
                mean["generator_steps"], mean["value"], color=colour[label], lw=1.9, label=label
            )
        axis.set_xlim(0, limit)
        axis.set_title(NAMES[loss])
        theme.thousands(axis, "generator steps")
        _mark(axis, own, colour, rows)
    axes[0].set_ylabel("loss, mean over the steps of a row")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, [theme.clipped(name) for name in names], loc="outside right center")
    stands = "; ".join(f"{label}: {trained_on(results, dataset, label)}" for label in labels)
    note = (
        f"Thin: one seed; thick: the mean of finished seeds; {stands}. Diamond: the reported value "
        f"({'; '.join(table['source'].unique())}). Bars: where 95 % of further seeds are expected "
        f"at that step (Student's prediction interval); {unit(dataset)} of {dataset}."
    )
    theme.caption(figure, f"Losses reported elsewhere, and here, {dataset}", note)
    return figure


def _mark(axis: Axes, own: pd.DataFrame, colour: dict[str, str], rows: pd.DataFrame) -> None:
    """The reported values, and a bar a contestant beside them; the axis shows them all."""
    width = 0.012 * axis.get_xlim()[1]
    middle = (len(own) - 1) / 2
    for place, (_, row) in enumerate(own.iterrows()):
        x = row["step"] + (place - middle) * width
        ink = colour[row["model"]]
        axis.plot([x, x], [row["low"], row["high"]], color=ink, lw=3, alpha=0.85, zorder=4)
    for step, value in own[["step", "reported"]].drop_duplicates().to_numpy():
        axis.plot(step, value, "D", color=theme.INK, ms=7, mec="white", mew=1.2, zorder=6)
        axis.annotate(
            f"reported: {value}", (step, value), xytext=(-10, 8), textcoords="offset points",
            ha="right", fontsize=8.5, path_effects=theme.HALO, zorder=6,
        )  # fmt: skip
    bars = own[["low", "high", "reported"]].to_numpy(float).ravel()
    usual = rows.loc[rows["generator_steps"] > 0.1 * own["step"].max(), "value"]
    ends = usual.quantile(list(SHOWN)) if len(usual) else pd.Series(dtype=float)
    shown = np.concatenate([bars[np.isfinite(bars)], ends.to_numpy(float)])
    if not len(shown):
        return
    room = 0.08 * (shown.max() - shown.min() + 1e-9)
    axis.set_ylim(shown.min() - room, shown.max() + room)
