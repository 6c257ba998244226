"""Figures of a search: what a search of k configurations is expected to find."""

import math

import pandas as pd
from matplotlib.figure import Figure

from ..metrics import METRICS
from ..plots import theme
from .rows import DEFAULT, scores

NOTE = (
    "Line: the expected {title} of the best of k configurations, drawn from the {n} that were "
    "tried (Dodge et al. 2019). Band: the middle {level:.0%} of such draws. Dots, in order of "
    "trial: every configuration; a cross at the top: one that was lost. Dashed: the defaults. All "
    "are means over the {seeds} selection seeds on the selection split, where lower is better."
)


@theme.themed
def best_of_k(curve: pd.DataFrame, rows: pd.DataFrame) -> Figure:
    """A panel for each contestant, on one logarithmic axis."""
    names = list(dict.fromkeys(curve["contestant"]))
    table, title = scores(rows), METRICS[rows["metric"].iloc[0]].title
    columns = 3 if len(names) > 4 else 4  # five in a row would be narrow
    figure, axes = theme.panels(len(names), height=2.6, columns=columns, sharey=True)
    finite = table["score"][table["score"].map(math.isfinite)]
    colours = theme.colours(names)
    for axis, name in zip(axes, names, strict=True):
        own, line = table[table["contestant"] == name], curve[curve["contestant"] == name]
        drawn, usual = own[own["configuration"] != DEFAULT], own[own["configuration"] == DEFAULT]
        top = float(finite.max()) * 1.6
        lost = ~drawn["score"].map(math.isfinite)
        places = drawn["configuration"] + 1
        kept = drawn["score"][~lost]
        axis.plot(places[~lost], kept, "o", color=colours[name], ms=3.5, alpha=0.45, lw=0)
        axis.plot(places[lost], [top] * int(lost.sum()), "x", color=theme.ALARM, ms=5)
        axis.fill_between(
            line["k"], line["low"], line["high"].clip(upper=top), color=colours[name], alpha=0.18
        )
        axis.plot(line["k"], line["expected"], color=colours[name], lw=2.2)
        axis.axhline(float(usual["score"].iloc[0]), color=theme.INK, lw=1.2, ls="--")
        axis.set_title(theme.clipped(name))
        if theme.numbered(axis):
            axis.set_xlabel("configurations tried")
        place = axis.get_subplotspec()
        if place is not None and place.is_first_col():
            axis.set_ylabel(f"{title}, selection split")
        theme.plain_log(axis)
    seeds, n = int(table["seeds"].max()), int(curve["k"].max())
    note = NOTE.format(title=title, n=n, level=float(curve["level"].iloc[0]), seeds=seeds)
    theme.caption(figure, "What a search of k configurations finds", note)
    return figure
