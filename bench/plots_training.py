"""What happened while training: losses, gradient norms, scores. Findings in, Figure out."""

import re

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from . import theme
from .findings import Findings
from .plots_lines import ended, mean_of_finished, of_curves, seed_lines, trained_on
from .plots_networks import both_networks
from .protocol import contestants, unit
from .results import Results

BINS = 48  # columns of the heat map


def _two_curves(
    results: Results,
    dataset: str,
    metrics: tuple[str, str],
    names: tuple[str, str],
    ylabel: str,
) -> Figure:
    models, ends = contestants(results, dataset), ended(results, dataset)
    colour, rows = theme.colours(models), of_curves(results, dataset, *metrics)
    budget = 3 * rows.groupby(["model", "seed", "metric"]).ngroups // 2
    figure, axes = theme.panels(len(models))
    for axis, model in zip(axes, models, strict=True):
        for metric, ink in zip(metrics, (theme.INK, colour[model]), strict=True):
            own = rows[(rows["model"] == model) & (rows["metric"] == metric)]
            seed_lines(axis, own, "images", ink, ends, budget, word=metric == metrics[1])
            mean = theme.thinned(mean_of_finished(own, "images", ends), "images", budget)
            axis.plot(mean["images"], mean["value"], color=ink, lw=1.9)
        axis.set_title(theme.clipped(model))
        theme.thousands(axis, "")
        axis.axhline(0, color="#bbbbbb", lw=0.8, zorder=0)
    figure.supylabel(ylabel, fontsize=9.5)
    handles = [Line2D([], [], color=ink, lw=2) for ink in (theme.INK, colour[models[0]])]
    names = (names[0], f"{names[1]} (in the model's colour)")
    figure.legend(handles, names, loc="outside upper right", ncols=2)
    return figure


@theme.themed
def losses(findings: Findings, dataset: str) -> Figure:
    """Both losses against images, one panel a model."""
    results = findings.results
    metrics = ("loss/discriminator", "loss/generator")
    figure = _two_curves(results, dataset, metrics, ("discriminator", "generator"), "loss")
    note = (
        f"x: real {unit(dataset)} shown to the discriminator. Thin: one seed; thick: the mean of "
        f"finished seeds; {trained_on(results, dataset)}. Scales differ from panel to panel: "
        "losses are not comparable between models, and a lower one is no better generator."
    )
    theme.caption(figure, f"Losses while training, {dataset}", note)
    return figure


@theme.themed
def scores(findings: Findings, dataset: str) -> Figure:
    """The discriminator's mean output on real and on generated images, one panel a model."""
    results = findings.results
    metrics = ("score/real", "score/fake")
    names = (f"score on real {unit(dataset)}", f"score on generated {unit(dataset)}")
    figure = _two_curves(results, dataset, metrics, names, "mean score (logit or critic value)")
    note = (
        f"x: real {unit(dataset)} shown to the discriminator. Thin: one seed; thick: the mean of "
        f"finished seeds; {trained_on(results, dataset)}. The gap is what the discriminator can "
        "still tell apart; its scale differs from model to model."
    )
    theme.caption(figure, f"What the discriminator says, {dataset}", note)
    return figure


@theme.themed
def gradient_norms(findings: Findings, dataset: str) -> Figure:
    """The global gradient norm of both networks, one line a model."""
    results = findings.results
    what = "norm of the gradient of all parameters"
    figure = both_networks(results, dataset, "grad_norm", what)
    note = (
        f"Geometric mean over finished seeds, log scale; {trained_on(results, dataset)}. Compare "
        "trends, not heights: Adam and RMSProp divide a gradient by its usual size."
    )
    theme.caption(figure, f"Gradient norms, {dataset}", note)
    return figure


@theme.themed
def gradient_norms_by_layer(findings: Findings, dataset: str) -> Figure:
    """A heat map, layer by images, of the discriminator's gradient norms, one panel a model."""
    results = findings.results
    prefix = "grad_norm/discriminator/"
    names = [m for m in results.curves["metric"].unique() if str(m).startswith(prefix)]
    rows = of_curves(results, dataset, *names)
    rows = rows.assign(layer=rows["metric"].str.removeprefix(prefix))
    rows = rows.assign(value=np.log10(rows["value"].clip(lower=1e-8)))
    models = contestants(results, dataset)
    figure, axes = theme.panels(len(models), height=2.1)
    span = rows["value"].quantile([0.01, 0.99]) if len(rows) else pd.Series([-1.0, 1.0])
    norm = Normalize(np.floor(span.iloc[0]), np.ceil(span.iloc[-1]))
    for axis, model in zip(axes, models, strict=True):
        _heat(axis, rows[rows["model"] == model], norm)
        axis.set_title(theme.clipped(model))
        theme.thousands(axis, "")
    shown = [axis for axis in axes if axis.collections]
    if shown:
        bar = figure.colorbar(shown[0].collections[0], ax=axes, shrink=0.8, aspect=30)
        bar.set_ticks(np.arange(norm.vmin or 0, (norm.vmax or 0) + 1).tolist())
        bar.ax.yaxis.set_major_formatter(lambda value, _: f"{10.0**value:g}")
        bar.set_label("gradient norm of a layer (log colours)")
    note = (
        f"x: real {unit(dataset)} shown to the discriminator; y: its layers, the input at the top. "
        f"Geometric mean over seeds; {trained_on(results, dataset)}. Rows that darken towards the "
        "top are gradients that vanish on their way back to the input; a lone dark row is a norm's."
    )
    theme.caption(figure, f"The discriminator's gradients by layer, {dataset}", note)
    return figure


def _heat(axis: Axes, rows: pd.DataFrame, norm: Normalize) -> None:
    layers = sorted(rows["layer"].unique(), key=_natural)
    if not layers:
        axis.text(
            0.5,
            0.5,
            "not recorded",
            transform=axis.transAxes,
            ha="center",
            color=theme.SOFT,
        )
        return
    edges = np.linspace(0, rows["images"].max(), min(BINS, rows["images"].nunique()) + 1)
    places = np.clip(np.digitize(rows["images"], edges, right=True) - 1, 0, len(edges) - 2)
    table = rows.assign(bin=places).pivot_table(index="layer", columns="bin", values="value")
    table = table.reindex(layers).reindex(columns=range(len(edges) - 1))
    colours = sns.color_palette("mako", as_cmap=True)
    rows_at = np.arange(len(layers) + 1)
    axis.pcolormesh(edges, rows_at, table.to_numpy(), cmap=colours, norm=norm, rasterized=True)
    axis.set_yticks(rows_at[:-1] + 0.5, layers)
    axis.invert_yaxis()
    axis.grid(False)


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]
