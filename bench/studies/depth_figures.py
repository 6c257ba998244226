"""The figure and the table of `bench study depth`."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..plots import theme
from .averages import cell, fit_log_axis, geometric, label_decades, seed_count
from .settings import Depth

NORM = "activation_grad_norm"
CLIPPED = [theme.REST[0], theme.OWN["gan"], theme.OWN["wgan"], theme.OWN["cgan"], theme.REST[1]]
PENALISED = [theme.OWN["wgangp"], theme.OWN["dcgan"], theme.REST[2]]


def figures(tables: dict[str, pd.DataFrame], settings: Depth) -> dict[str, Figure]:
    """name -> Figure."""
    return {"depth": depth(tables, settings)}


def colours(rows: pd.DataFrame) -> dict[str, str]:
    """Constraint -> colour, in the order of the rows."""
    names = list(rows["constraint"].unique())
    clips = [name for name in names if name.startswith("clip")]
    found = {name: CLIPPED[i % len(CLIPPED)] for i, name in enumerate(clips)}
    rest = [name for name in names if name not in found]
    return found | {name: PENALISED[i % len(PENALISED)] for i, name in enumerate(rest)}


@theme.themed
def depth(tables: dict[str, pd.DataFrame], settings: Depth) -> Figure:
    """The gradient's norm layer by layer, and a histogram of the weights for each constraint."""
    rows, bars = tables["rows"], tables["histograms"]
    chosen = colours(rows)
    count = len(chosen)
    figure = Figure(figsize=(theme.WIDTH, max(4.4, 1.1 * count + 0.9)), layout="constrained")
    grid = figure.add_gridspec(count, 2, width_ratios=[2.1, 1])
    left = figure.add_subplot(grid[:, 0])
    right = [figure.add_subplot(grid[i, 1]) for i in range(count)]
    _layers(left, rows, chosen)
    for axis, (constraint, colour) in zip(right, chosen.items(), strict=True):
        _histogram(axis, bars[bars["constraint"] == constraint], colour)
        axis.set_title(constraint, color=colour)
    right[-1].set_xlabel("weight of the critic")
    note = (
        f"Left, after {rows['steps'].max():,} steps of the critic: thin: one seed; thick: the "
        f"geometric mean of {seed_count(rows)}; band: its 95 % t interval, of the logarithm, cut "
        "at the frame. Norm: of the gradient of the critic's loss with respect to a layer's "
        "activations, over the batch. "
        "Right: share of the weights in each bin at the end, %, mean of the seeds; scales differ."
    )
    title = f"Gradients through a critic of {settings.layers} layers, {settings.dataset}"
    theme.caption(figure, title, note)
    return figure


def _layers(axis: Axes, rows: pd.DataFrame, chosen: dict[str, str]) -> None:
    last = rows[rows["steps"] == rows["steps"].max()]
    last = last[(last[NORM] > 0) & np.isfinite(last[NORM])]
    means = geometric(last, ["constraint", "layer"], NORM)
    axis.set_yscale("log")
    ends = []
    for constraint, colour in chosen.items():
        for _, one in last[last["constraint"] == constraint].groupby("seed"):
            axis.plot(one["layer"], one[NORM], color=colour, alpha=0.35, lw=0.7)
        mean = means[means["constraint"] == constraint].sort_values("layer")
        axis.plot(mean["layer"], mean["mean"], "o-", color=colour, lw=2.2, ms=3.5)
        axis.fill_between(mean["layer"], mean["low"], mean["high"], color=colour, alpha=0.15, lw=0)
        if len(mean):  # labelled at the input, where the lines are apart
            ends.append((float(mean["mean"].iloc[0]), constraint, colour))
    fit_log_axis(axis, last[NORM])
    layers = sorted(rows["layer"].unique())
    axis.set_xticks(layers[:: max(1, len(layers) // 12)])
    axis.set_xlim(layers[-1] + 0.3, layers[0] - 0.3)  # backwards, as the gradient goes
    axis.set_xlabel("layer, from the score (left) back to the input (right)")
    axis.set_ylabel("norm of the gradient, log scale")
    label_decades(axis.yaxis)
    theme.label_ends(axis, ends)


def _histogram(axis: Axes, bars: pd.DataFrame, colour: str) -> None:
    # Seeds with the same clip have the same range; those of a penalty are drawn in the widest.
    most = bars["high"].abs().max()
    edges = np.linspace(-most, most, 61)
    centres = (bars["low"] + bars["high"]) / 2
    shares, _ = np.histogram(centres, edges, weights=bars["share"])
    shares = 100 * shares / max(bars["seed"].nunique(), 1)
    axis.stairs(shares, edges, fill=True, color=colour, alpha=0.85)
    axis.tick_params(labelsize=7.5)
    axis.grid(False, axis="x")


def table(tables: dict[str, pd.DataFrame], settings: Depth) -> tuple[list[str], list[list[str]]]:
    """A row for each constraint: the norm at both ends, its factor a layer, outermost weights."""
    rows = tables["rows"]
    last = rows[rows["steps"] == rows["steps"].max()]
    bottom, top = last["layer"].min(), last["layer"].max()
    ends = {layer: last[last["layer"] == layer] for layer in (bottom, top)}
    found = {layer: geometric(rows, ["constraint"], NORM) for layer, rows in ends.items()}
    wide = last.pivot_table(index=["constraint", "seed"], columns="layer", values=NORM)
    factor = ((wide[bottom] / wide[top]) ** (1 / max(top - bottom, 1))).rename(NORM).reset_index()
    found[-1] = geometric(factor, ["constraint"], NORM)
    heads = ["constraint", f"norm, layer {bottom} (input)", f"layer {top}", "factor a layer back"]
    heads += ["weights in the outer bins, %", "n"]
    lines = []
    for constraint in rows["constraint"].unique():
        cells = [cell(found[i], constraint=constraint) for i in (bottom, top, -1)]
        edge = _edges(tables["histograms"], constraint)
        n = last.loc[last["constraint"] == constraint, "seed"].nunique()
        lines.append([constraint, *cells, f"{edge:.3g}", str(n)])
    return heads, lines


def _edges(bars: pd.DataFrame, constraint: str) -> float:
    """The share of the weights in the lowest and the highest bin, %, mean of the seeds."""
    own = bars[bars["constraint"] == constraint]
    outer = own.groupby("seed")["share"].agg(lambda share: share.iloc[0] + share.iloc[-1])
    return 100 * float(outer.mean()) if len(outer) else math.nan


def notes(tables: dict[str, pd.DataFrame], settings: Depth) -> list[str]:
    """Sentences to be printed below the table."""
    return [
        "Geometric means over seeds with 95 % t intervals of the logarithm. A factor of 1 keeps "
        "the gradient; above 1 it explodes towards the input, below 1 it vanishes.",
        f"Generator and critic: {settings.layers} ReLU layers of {settings.width}, He's initial "
        f"weights, no normalisation; {settings.critic_steps} critic steps a generator step; "
        f"RMSprop at {settings.clip_rate:g} under clipping, Adam at {settings.penalty_rate:g} "
        "under the penalty.",
    ]
