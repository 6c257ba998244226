"""The claims in one picture: how far on the claimed side of its margin each effect lies."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..claims import looked_at
from ..claims.text import effect
from . import theme

COLOURS = {"supported": "#0072B2", "contradicted": "#D55E00", "cannot tell": theme.SOFT}
SHAPES = {"supported": "o", "contradicted": "s", "cannot tell": "o"}
FAR = 30.0  # standard deviations: what lies beyond is drawn at the edge, with an arrow
ROW = 0.235  # inches a row
LABELS = 447  # points from the axis to where the statements begin
NOTE = (
    "Dot: the mean over seeds, as its distance from the margin that was fixed beforehand, in "
    "standard deviations over seeds (linear to 1, logarithmic beyond; arrows lie beyond {far:g}). "
    "Line: its 95 % interval, by inversion of the sign-flip test (fewer than 6 seeds: Student's t, "
    "and no verdict). Right of 0: on the claimed side. Blue disc: supported; orange square: "
    "contradicted; hollow grey: cannot tell. At the right the effect, its interval, what was "
    "claimed of it, and n, the number of seeds."
)


@theme.themed
def board(table: pd.DataFrame) -> Figure:
    """A forest plot of all rows that something was recorded for, claim by claim."""
    rows = looked_at(table).reset_index(drop=True)
    height = 1.9 + ROW * max(len(rows), 2)
    figure = Figure(figsize=(theme.WIDTH * 1.35, height), layout="constrained")
    axis = figure.subplots()
    axis.axvline(0, color=theme.INK, lw=1, zorder=1)
    if rows.empty:
        axis.text(0.5, 0.5, "no claim was looked at", transform=axis.transAxes, ha="center")
    for place, (_, row) in enumerate(rows.iterrows()):
        _row(axis, place, row)
    _bands(axis, rows)
    axis.set_xscale("symlog", linthresh=1, linscale=0.8)
    axis.set_xlim(-FAR * 1.25, FAR * 1.25)
    ticks = [-30, -10, -3, -1, 0, 1, 3, 10, 30]
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_xticks([], minor=True)
    axis.set_xlabel("contradicts  ←  distance from the margin, in sd over seeds  →  supports")
    _name(axis, rows)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.grid(False, axis="y")
    theme.caption(figure, "What was said, and what the runs say of it", NOTE.format(far=FAR))
    return figure


def _row(axis: Axes, place: int, row: pd.Series) -> None:
    colour, shape = COLOURS[row["verdict"]], SHAPES[row["verdict"]]
    told = row["verdict"] != "cannot tell"
    depth = float(row["depth"])
    if np.isfinite(depth):
        ends = np.clip([float(row["depth_low"]), float(row["depth_high"])], -FAR, FAR)
        axis.plot(ends, [place, place], color=colour, lw=1.6, solid_capstyle="butt")
        beyond = abs(depth) > FAR
        mark = (">" if depth > 0 else "<") if beyond else shape
        face = colour if told else "white"
        at = float(np.clip(depth, -FAR, FAR))
        axis.plot(at, place, mark, color=colour, mfc=face, ms=6, mew=1.4, zorder=3)
    text = f"{effect(row)} ({row['claimed']}), n = {row['n']}"
    at_right = axis.get_yaxis_transform()
    axis.text(1.01, place, text, transform=at_right, va="center", fontsize=8, color=colour)


def _bands(axis: Axes, rows: pd.DataFrame) -> None:
    """Every second claim on a grey ground, so that the eye keeps its line."""
    for i, (_, own) in enumerate(rows.groupby("claim", sort=False)):
        if i % 2 == 0:
            first, last = own.index[0], own.index[-1]
            axis.axhspan(first - 0.5, last + 0.5, color="#f3f3f1", lw=0, zorder=0)


def _name(axis: Axes, rows: pd.DataFrame) -> None:
    """The statement once, at the left, and beside the axis the data set of each row."""
    said = rows["claim"].astype(str) + "  " + rows["statement"]
    labels = said.mask(said == said.shift(), "").map(lambda x: theme.clipped(x, 84))
    axis.set_yticks(range(len(rows)), list(labels), ha="left", color=theme.INK)
    axis.tick_params(axis="y", pad=LABELS)
    for place, dataset in enumerate(rows["dataset"]):
        axis.annotate(
            theme.clipped(str(dataset), 18),
            (0, place),
            (-5, 0),
            xycoords=axis.get_yaxis_transform(),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=8,
            color=theme.SOFT,
        )
