"""The figure and the table of `bench study vanishing`."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..plots import theme
from .averages import arithmetic, cell, fit_log_axis, geometric, label_decades, seed_count
from .settings import Vanishing

COLOURS = {
    "saturating": theme.REST[0],
    "non-saturating": theme.OWN["dcgan"],
    "clipping": theme.OWN["wgan"],
    "penalty": theme.OWN["wgangp"],
}
NORM = "generator_grad_norm"


def figures(tables: dict[str, pd.DataFrame], settings: Vanishing) -> dict[str, Figure]:
    """name -> Figure."""
    return {"vanishing": vanishing(tables["rows"], settings)}


@theme.themed
def vanishing(rows: pd.DataFrame, settings: Vanishing) -> Figure:
    """The generator's gradient norm while a fresh discriminator trains, a panel for each stage."""
    stages = list(rows["stage"].unique())
    figure = Figure(figsize=(theme.WIDTH, 5.6), layout="constrained")
    grid = figure.subplots(
        2, len(stages), sharex=True, sharey="row", squeeze=False, height_ratios=[3, 1]
    )
    rows = rows[rows["steps"] > 0]
    for column, stage in enumerate(stages):
        above, below = grid[0, column], grid[1, column]
        own = rows[rows["stage"] == stage]
        ends = _norms(above, own)
        _accuracy(below, own[own["game"] == "saturating"])
        above.set_title(f"generator after {stage} images")
        below.set_xlabel("steps of the fresh discriminator")
        label_decades(below.xaxis)
    grid[0, 0].set_ylabel("norm of the generator's gradient")
    grid[1, 0].set_ylabel("accuracy of the\ndiscriminator, %")
    fit_log_axis(grid[0, 0], rows[NORM])
    label_decades(grid[0, 0].yaxis)
    theme.label_ends(grid[0, -1], ends)
    note = (
        f"Thin: one seed; thick: the geometric mean of {seed_count(rows)}; band: its 95 % t "
        "interval, of the logarithm, cut at the frame. Every seed trains a dcgan of its own, whose "
        "generator is frozen at each stage for all four losses. The norm is over all of the "
        "generator's weights, on the same latents at every step. Norms of different losses have "
        "different units: compare how each changes. Accuracy is on held-out images and on fakes "
        "from those latents; the two logistic losses share one discriminator."
    )
    theme.caption(figure, "The generator's gradient as the discriminator improves", note)
    return figure


def _norms(axis: Axes, rows: pd.DataFrame) -> list[tuple[float, str, str]]:
    ends = []
    means = geometric(rows, ["game", "steps"], NORM)
    axis.set_xscale("log")
    axis.set_yscale("log")
    for game, colour in COLOURS.items():
        for _, one in rows[(rows["game"] == game) & (rows[NORM] > 0)].groupby("seed"):
            axis.plot(one["steps"], one[NORM], color=colour, alpha=0.35, lw=0.7)
        mean = means[means["game"] == game]
        axis.plot(mean["steps"], mean["mean"], color=colour, lw=2.2, label=game)
        axis.fill_between(mean["steps"], mean["low"], mean["high"], color=colour, alpha=0.15, lw=0)
        if len(mean):
            ends.append((float(mean["mean"].iloc[-1]), game, colour))
    return ends


def _accuracy(axis: Axes, rows: pd.DataFrame) -> None:
    for _, one in rows.groupby("seed"):
        axis.plot(one["steps"], 100 * one["accuracy"], color=theme.SOFT, alpha=0.4, lw=0.7)
    mean = rows.groupby("steps")["accuracy"].mean()
    axis.plot(mean.index, 100 * mean, color=theme.INK, lw=1.8)
    axis.set_ylim(40, 104)


def table(
    tables: dict[str, pd.DataFrame], settings: Vanishing
) -> tuple[list[str], list[list[str]]]:
    """A row for each stage and loss: the norm at the first and the last step, and their ratio."""
    rows = tables["rows"]
    by = ["stage", "game"]
    first = rows[rows["steps"] == 0].set_index([*by, "seed"])
    last = rows[rows["steps"] == rows["steps"].max()].set_index([*by, "seed"])
    early = rows[rows["steps"] == 1].set_index([*by, "seed"])
    ratio = (last[NORM] / early[NORM]).reset_index()
    named = {
        "norm at step 1": geometric(early.reset_index(), by, NORM),
        f"at step {rows['steps'].max()}": geometric(last.reset_index(), by, NORM),
        "last / first": geometric(ratio, by, NORM),
    }
    accuracy = arithmetic(last.reset_index().dropna(subset="accuracy"), by, "accuracy")
    heads = ["generator", "loss", *named, "accuracy, %", "n"]
    counts, lines = last.groupby(by).size(), []
    for stage, game in dict.fromkeys((stage, game) for stage, game, _ in first.index):
        cells = [cell(found, stage=stage, game=game) for found in named.values()]
        percent = accuracy.assign(**{c: 100 * accuracy[c] for c in ("mean", "low", "high")})
        n = counts[stage, game]
        lines.append([stage, game, *cells, cell(percent, stage=stage, game=game), str(n)])
    return heads, lines


def notes(tables: dict[str, pd.DataFrame], settings: Vanishing) -> list[str]:
    """Sentences to be printed below the table."""
    norm = "batch norm" if settings.batch_norm else "no batch norm"
    return [
        "Geometric means over seeds with 95 % t intervals of the logarithm (accuracy: of the "
        "mean). `generator`: real images that the dcgan had seen when its generator was frozen.",
        f"Discriminator and clipped critic have {norm}, the penalised critic none. Networks of "
        f"width {settings.width}, batches of {settings.batch_size}.",
    ]
