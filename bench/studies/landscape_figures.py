"""The figures and the table of `bench study landscape`."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from ..plots import theme
from .averages import arithmetic, as_text, label_decades, seed_count
from .settings import Landscape

LEVELS = 14


def figures(tables: dict[str, pd.DataFrame], settings: Landscape) -> dict[str, Figure]:
    """name -> Figure."""
    return {"landscape": landscape(tables, settings), "losses": losses(tables["losses"])}


@theme.themed
def landscape(tables: dict[str, pd.DataFrame], settings: Landscape) -> Figure:
    """Contours of the critic's scores: a column for each data set, a row for each constraint."""
    rows = tables["rows"]
    above = arithmetic(tables["critics"], ["dataset", "constraint"], "real_above_fake")
    sets, constraints = (list(rows[name].unique()) for name in ("dataset", "constraint"))
    side = theme.WIDTH / max(len(sets), 2)
    size = (side * len(sets), (side + 0.45) * len(constraints) + 0.9)
    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(h_pad=0.1))
    grid = figure.subplots(len(constraints), len(sets), sharex="col", sharey="col", squeeze=False)
    seed = rows["seed"].min()
    for i, constraint in enumerate(constraints):
        for j, dataset in enumerate(sets):
            key = f"dataset == {dataset!r} and constraint == {constraint!r}"
            own = rows.query(key)
            points = tables["points"].query(f"dataset == {dataset!r} and seed == {seed}")
            _contours(grid[i, j], own[own["seed"] == seed], points)
            mean = 100 * float(above.query(key)["mean"].iloc[0])
            grid[i, j].set_title(f"{dataset}, {constraint}")
            grid[i, j].set_xlabel(f"real above fake: {mean:.0f} % of pairs", fontsize=8.5)
    note = (
        f"Seed {seed}, after {settings.steps:,} steps. Fakes are real points plus N(0, 1). Each "
        f"panel: {LEVELS} levels between its own lowest and highest score, light is high (more "
        "real); red: real points. Below each: how often the critic scores a held-out real point "
        f"above a fake, mean of {seed_count(tables['critics'])}. summary.md has the intervals; the "
        "figure of losses shows how near each critic has come to its optimum."
    )
    theme.caption(figure, "What a critic trained towards its optimum has learned", note)
    return figure


def _contours(axis: Axes, rows: pd.DataFrame, points: pd.DataFrame) -> None:
    if np.isfinite(rows["value"]).all():
        values = rows.pivot_table(index="y", columns="x", values="value")
        grid = (values.columns, values.index, values, LEVELS)
        axis.contourf(*grid, cmap="cividis")
        axis.contour(*grid, colors="white", linewidths=0.4, linestyles="solid")
    else:
        axis.text(0.5, 0.5, "diverged", transform=axis.transAxes, ha="center")
    axis.scatter(points["x"], points["y"], s=2.5, color=theme.REST[0], lw=0)
    axis.set_aspect("equal")
    axis.set_xticks([])
    axis.set_yticks([])


@theme.themed
def losses(rows: pd.DataFrame) -> Figure:
    """The critic's loss while it trains: has it come near its optimum?

    The first step is left out: nothing has been clipped before it.
    """
    rows = rows[(rows["steps"] > 1) | (rows["steps"].max() <= 1)]
    sets, constraints = (list(rows[name].unique()) for name in ("dataset", "constraint"))
    figure, axes = theme.panels(len(sets) * len(constraints), 2.1, len(sets))
    panels = [(constraint, dataset) for constraint in constraints for dataset in sets]
    for axis, (constraint, dataset) in zip(axes, panels, strict=True):
        own = rows[(rows["dataset"] == dataset) & (rows["constraint"] == constraint)]
        colour = theme.OWN["wgan" if constraint.startswith("clip") else "wgangp"]
        for _, one in own.groupby("seed"):
            axis.plot(one["steps"], one["loss"], color=colour, lw=1.2)
        axis.set_xscale("log")
        label_decades(axis.xaxis)
        axis.set_title(f"{dataset}, {constraint}")
        axis.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))
    for axis in axes[-len(sets) :]:
        axis.set_xlabel("steps of the critic")
    note = (
        "One line per seed: the critic's loss (with the penalty, if it has one), mean of the steps "
        "since the point before, from the second step on. Lower is nearer the optimum; scales "
        "differ, since a clip bounds the critic's slope."
    )
    theme.caption(figure, "The critic's loss", note)
    return figure


def table(
    tables: dict[str, pd.DataFrame], settings: Landscape
) -> tuple[list[str], list[list[str]]]:
    """A row for each data set and constraint: pairs in order, last loss, range of the scores."""
    by = ["dataset", "constraint"]
    above = arithmetic(tables["critics"], by, "real_above_fake")
    above[["mean", "low", "high"]] *= 100
    above[["low", "high"]] = above[["low", "high"]].clip(0, 100)  # a t interval may leave the scale
    rows, losses = tables["rows"], tables["losses"]
    last = arithmetic(losses[losses["steps"] == losses["steps"].max()], by, "loss")
    values = rows.groupby([*by, "seed"])["value"]
    span = arithmetic((values.max() - values.min()).reset_index(), by, "value")
    heads = [
        "data set",
        "constraint",
        "real above fake, % of pairs",
        "last loss",
        "range of values",
    ]
    lines = []
    for dataset, constraint in above[by].itertuples(index=False):
        at = [found.set_index(by).loc[(dataset, constraint)] for found in (above, last, span)]
        lines.append([dataset, constraint, *map(as_text, at), str(at[0]["n"].astype(int))])
    return [*heads, "n"], lines


def notes(tables: dict[str, pd.DataFrame], settings: Landscape) -> list[str]:
    """Sentences to be printed below the table."""
    return [
        "Means over seeds with 95 % t intervals. Real above fake: the share of all pairs of a "
        "held-out real point and a fake in which the critic scores the real point higher; 50 is "
        "chance.",
        f"Critics: {settings.layers} ReLU layers of {settings.width}, {settings.steps} steps of "
        f"{settings.batch_size}; fakes: real points plus N(0, 1).",
    ]
