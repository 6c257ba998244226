"""How far apart the models are, pair by pair. Analysis in, Figure out."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..analysis import Analysis
from ..tables.protocol import title
from ..words import number, span
from . import theme
from .reading import Reading

MOST = 30  # pairs of a figure; of more, those of the best model
FAR = 4.0  # an interval is shown as far as this factor beyond the ratios
COLOURS = {"lower": "#0072B2", "higher": "#D55E00", "": theme.SOFT}


READING = Reading(
    "the ratio of the final {metric} of each pair of models, with its interval",
    "A dot left of the line says that the first of the pair has the lower {metric}. An interval "
    "that crosses the line is compatible with no difference. The intervals hold for all pairs at "
    "once, so a pair is told apart exactly where its interval does not cross the line.",
)


@theme.themed
def pairs(analysis: Analysis, dataset: str) -> Figure:
    """A forest plot: the ratio of the primary metric of each pair, with its interval."""
    rows = analysis.pairs(dataset).query("ratio > 0")
    few = rows if len(rows) <= MOST else rows[rows["model_a"] == rows["model_a"].iloc[0]]
    figure = theme.sheet(1.8 + 0.32 * max(len(few), 2))
    axis, name = figure.subplots(), title(dataset)
    axis.axvline(1, color=theme.SOFT, ls="--", lw=1, zorder=1)
    if few.empty:
        axis.text(0.5, 0.5, "no pair yet", transform=axis.transAxes, ha="center")
    else:
        _forest(axis, few)
    words = "log scale; below 1 the first is better"
    apart = "\n" if theme.narrow() else " "
    axis.set_xlabel(f"{name} of the first / {name} of the second{apart}({words})")
    if theme.narrow():  # the names may leave a small panel
        axis.xaxis.label.set_horizontalalignment("right")
        axis.xaxis.label.set_x(1.0)
    rest = f" The {len(few)} pairs of the best model of {len(rows)}." * (len(few) < len(rows))
    note = (
        "Dot: the ratio of a pair, seed against seed; line: its 95 % interval, simultaneous over "
        "all pairs, cut with an arrow where it reaches further. Blue: the first is told lower; "
        "orange: told higher; hollow, grey: cannot tell, which does not mean equal."
        + " Diamond: with a warning." * bool((few["warning"] != "").any())
        + rest
        + _seeds(few) * theme.narrow()
    )
    theme.caption(figure, f"Pairs, seed against seed, {dataset}", note)
    return figure


def _seeds(rows: pd.DataFrame) -> str:
    """What stands beside each interval where there is room for it."""
    few, most = rows["n"].min(), rows["n"].max()
    return "" if rows.empty else f" n = {few}." if few == most else f" n = {few} to {most}."


def _forest(axis: Axes, rows: pd.DataFrame) -> None:
    left, right = _reach(rows)
    for place, row in enumerate(rows.itertuples()):
        colour, warned = COLOURS[str(row.told)], bool(row.warning)
        ends = np.clip([row.ratio_low, row.ratio_high], left / FAR, right * FAR)
        axis.plot(ends, [place, place], color=colour, lw=1.6)
        for end, mark, beyond in ((left, "<", ends[0] < left), (right, ">", ends[1] > right)):
            if beyond:
                axis.plot(end, place, mark, color=colour, ms=6, clip_on=False)
        face = colour if row.told else "white"
        mark = "D" if warned else "o"
        axis.plot(row.ratio, place, mark, color=colour, mfc=face, ms=7, mew=1.6)
        if theme.narrow():
            continue
        text = f"{number(row.ratio)} {span(row.ratio_low, row.ratio_high)}  n = {row.n}"
        axis.text(1.01, place, text, transform=axis.get_yaxis_transform(), va="center", fontsize=9)
    labels = zip(rows["model_a"].astype(str), rows["model_b"].astype(str), strict=True)
    names = [f"{theme.clipped(a)} / {theme.clipped(b)}" for a, b in labels]
    axis.set_yticks(range(len(rows)), names)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.set_xscale("log")
    axis.set_xlim(left, right)
    theme.plain_log(axis, "x")


def _reach(rows: pd.DataFrame) -> tuple[float, float]:
    """The ends of the axis: all ratios, 1, and the intervals as far as FAR beyond those."""
    ratios = np.append(rows["ratio"].to_numpy(float), 1.0)
    low, high = float(ratios.min()), float(ratios.max())
    ends = rows[["ratio_low", "ratio_high"]].fillna(1).to_numpy(float)
    left, right = max(ends.min(), low / FAR), min(ends.max(), high * FAR)
    return 0.93 * min(left, low), 1.07 * max(right, high)
