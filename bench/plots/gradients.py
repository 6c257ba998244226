"""What holds a critic back, where a model recorded it. Analysis in, Figure out."""

import re

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ..analysis import Analysis
from ..records.results import Results
from ..tables.protocol import contestants, unit
from . import legends, theme
from .lines import both_networks, ended, games, mean_of_finished, of_curves, seed_lines, trained_on
from .losses import BINS
from .reading import Reading

PANELS = {
    "slope/mean": "slope of the critic",
    "penalty": "gradient penalty, unweighted",
    "clip/saturated": "weights on the clip bound, %",
}
AIM = {"slope/mean": 1.0, "penalty": 0.0}  # what the penalty pulls towards


NUMBERED = re.compile(r"^(layers?|main|net|model|blocks?)?\.?\d+$")  # says nothing but a number


def constraints_of(results: Results, dataset: str) -> list[str]:
    """Those of PANELS that a model recorded on the data set."""
    return [name for name in PANELS if len(of_curves(results, dataset, name))]


CONSTRAINTS_READING = Reading(
    "slope of the critic, gradient penalty and share of weights on the clip bound against "
    "{unit}, of the models that have them",
    "A penalised critic should have a slope near 1 between real and generated samples. A "
    "clipped one whose weights all sit on the bound has little left to express itself with.",
)


@theme.themed
def constraints(analysis: Analysis, dataset: str) -> Figure:
    """Slope, penalty and clip saturation while training: a panel each, where recorded."""
    results = analysis.results
    metrics = constraints_of(results, dataset) or ["slope/mean"]
    figure, axes = theme.panels(len(metrics), height=2.6)
    for axis, metric in zip(axes, metrics, strict=True):
        _panel(axis, results, dataset, metric)
        axis.set_title(PANELS[metric])
        theme.thousands(axis, f"real {unit(dataset)} shown")
        if metric in AIM:
            axis.axhline(AIM[metric], color=theme.SOFT, ls="--", lw=1, zorder=1)
    named = {
        name: handle
        for axis in axes
        for handle, name in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    legends.of(figure, list(named.values()), list(named), fontsize=8.5)
    stands = "; ".join(f"{model}: {trained_on(results, dataset, model)}" for model in named)
    note = (
        f"Thin: one seed; thick: the mean of finished seeds; {stands}. Dashed: what the penalty "
        "pulls towards. Only models that have such a constraint are shown."
    )
    theme.caption(figure, f"Constraints on the critic, {dataset}", note)
    return figure


def _panel(axis: Axes, results: Results, dataset: str, metric: str) -> None:
    rows, ends = of_curves(results, dataset, metric), ended(results, dataset)
    if metric.startswith("clip/"):
        rows = rows.assign(value=100 * rows["value"])
    colours = theme.colours(contestants(results, dataset))
    budget = 6 * max(rows.groupby(["model", "seed"]).ngroups, 1)
    for model, own in rows.groupby("model"):
        colour = colours[str(model)]
        seed_lines(axis, own, "images", colour, ends, budget)
        mean = theme.thinned(mean_of_finished(own, "images", ends), "images", budget)
        axis.plot(mean["images"], mean["value"], color=colour, lw=1.9, label=str(model))


GRADIENT_NORMS_READING = Reading(
    "gradient norms of discriminator and generator on a log scale against {unit}",
    "A norm that falls by orders of magnitude says that the other network leaves ever less to "
    "learn from; one that grows without end, or jumps, that the game is unstable.",
)


@theme.themed
def gradient_norms(analysis: Analysis, dataset: str) -> Figure:
    """The global gradient norm of both networks, one line a model."""
    results = analysis.results
    what = "norm of the gradient of all parameters"
    figure = both_networks(results, dataset, "grad_norm", what)
    note = (
        f"Geometric mean over finished seeds, log scale; {trained_on(results, dataset)}. Compare "
        "trends, not heights: Adam and RMSProp divide a gradient by its usual size."
    )
    theme.caption(figure, f"Gradient norms, {dataset}", note)
    return figure


BY_LAYER_READING = Reading(
    "heat maps of the discriminator's gradient norm by layer and {unit}, a panel a model",
    "Colour from top to bottom shows what happens to a gradient on its way through the "
    "network: one colour is healthy, a steady change is vanishing or exploding.",
)


@theme.themed
def gradient_norms_by_layer(analysis: Analysis, dataset: str) -> Figure:
    """A heat map, layer by images, of the discriminator's gradient norms, one panel a model."""
    results = analysis.results
    prefix = "grad_norm/discriminator/"
    names = [m for m in results.curves["metric"].unique() if str(m).startswith(prefix)]
    rows = of_curves(results, dataset, *names)
    rows = rows.assign(layer=rows["metric"].str.removeprefix(prefix))
    rows = rows.assign(value=np.log10(rows["value"].clip(lower=1e-8)))
    models = games(results, dataset)
    figure, axes = theme.panels(len(models), height=2.1)
    span = rows["value"].quantile([0.01, 0.99]) if len(rows) else pd.Series([-1.0, 1.0])
    norm = Normalize(np.floor(span.iloc[0]), np.ceil(span.iloc[-1]))
    for axis, model in zip(axes, models, strict=True):
        _heat(axis, rows[rows["model"] == model], norm)
        axis.set_title(theme.clipped(model))
        theme.thousands(axis, f"real {unit(dataset)} shown")
    if any(axis.collections for axis in axes):
        label = "gradient norm of a layer (log colours)"
        bar = legends.colour_bar(figure, axes, label, lambda value: f"{10.0**value:g}")
        bar.set_ticks(np.arange(norm.vmin or 0, (norm.vmax or 0) + 1).tolist())
    figure.supylabel("layer, from the input on", fontsize=9.5)
    note = (
        f"Geometric mean over seeds; {trained_on(results, dataset, among=models)}. Rows that "
        "darken towards the top are gradients that vanish on their way back to the input; a lone "
        "dark row is a norm's."
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
    axis.set_yticks(rows_at[:-1] + 0.5, _names(layers))
    axis.invert_yaxis()
    axis.grid(False)


def _names(layers: list[str]) -> list[str]:
    """Numbers from the input on; what a name says beside its number is kept."""
    names = [NUMBERED.sub("", layer) for layer in layers]
    return [f"{place} {name}".strip() for place, name in enumerate(names, 1)]


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]
