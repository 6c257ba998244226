"""What happens to the weights, and to the variety of samples: updates, histograms, diversity."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from ..analysis import Analysis
from ..probes.alarms import COLLAPSED, START
from ..records.results import Results
from ..tables.protocol import contestants, unit
from . import legends, theme
from .lines import both_networks, ended, models_panel, of_curves, trained_on
from .reading import Reading

UPDATES = ("update_ratio/discriminator", "update_ratio/generator")
DIVERSITY = ("diversity/fake", "diversity/real")
USUAL = 1e-3  # a rule of thumb for |update| / |weights|
LEAST = 1e-4  # share of a bin that has a colour


UPDATES_READING = Reading(
    "update-to-weight ratio of discriminator and generator on a log scale against {unit}",
    "How much of itself a network changes in one step. Around 0.001 is usual; a hundred times "
    "less hardly learns, a hundred times more forgets. The two networks need not agree.",
)


@theme.themed
def updates(analysis: Analysis, dataset: str) -> Figure:
    """The update-to-weight ratio of both networks, one line a model."""
    results = analysis.results
    what = "|update| / |weights| of a step"
    figure = both_networks(results, dataset, "update_ratio", what, USUAL)
    note = (
        "All weights of a network, L2, over its last step before a row; clipping is part of it. "
        f"Geometric mean over finished seeds, log scale; {trained_on(results, dataset)}. Dashed: "
        "0.001, a rule of thumb; near 1 a step replaces the network."
    )
    theme.caption(figure, f"How far a step moves the weights, {dataset}", note)
    return figure


DIVERSITY_READING = Reading(
    "the distance between two generated {unit} as a share of that between two real ones, "
    "against {unit}",
    "A fall towards 0 is a generator whose {unit} become one and the same: collapse. Generated "
    "{unit} that vary as much as real ones may still look like nothing, and a generator that "
    "knows few modes far apart is not seen here: read it beside the modes.",
)


@theme.themed
def diversity(analysis: Analysis, dataset: str) -> Figure:
    """The distance between two fakes in percent of that between two real ones, a line a model."""
    results = analysis.results
    rows = diversity_of(results, dataset)
    models = contestants(results, dataset)
    figure, axes = theme.panels(1, height=3.2)
    last = models_panel(
        axes[0], rows, "images", theme.colours(models), ended(results, dataset), word=True
    )
    axes[0].axhline(100, color=theme.SOFT, ls="--", lw=1, zorder=1)
    axes[0].axhline(100 * COLLAPSED, color=theme.ALARM, ls=":", lw=1.2, zorder=1)
    axes[0].set_ylim(bottom=0)
    axes[0].set_ylabel("distance of two generated, % of two real")
    theme.thousands(axes[0], f"real {unit(dataset)} shown to the discriminator")
    legends.name_lines(axes[0], last, models)
    note = (
        "Mean L2 distance over the pairs of 64 fixed samples. Thin: one seed; thick: the mean of "
        "finished seeds; band: from the lowest to the highest of them; "
        f"{trained_on(results, dataset)}. Dashed: as varied as real {unit(dataset)}. Dotted: "
        f"{COLLAPSED:.0%}, below which a fall is called a collapse, but not in the first "
        f"{START:,} generator steps."
    )
    theme.caption(figure, f"How varied the generated {unit(dataset)} are, {dataset}", note)
    return figure


def diversity_of(results: Results, dataset: str) -> pd.DataFrame:
    """Rows of curves whose value is the diversity of fakes, in percent of that of real samples."""
    rows = of_curves(results, dataset, *DIVERSITY)
    keys = ["model", "seed", "images"]
    fake, real = (rows[rows["metric"] == name] for name in DIVERSITY)
    both = fake.merge(real[[*keys, "value"]], on=keys, suffixes=("", "_real"))
    both = both[both["value_real"] > 0]
    return both.assign(value=100 * both["value"] / both["value_real"])


WEIGHTS_READING = Reading(
    "heat maps of the discriminator's weights by value and {unit}, a panel a model",
    "A clipped critic has bright lines at both edges: weights that would go further and may "
    "not. Others thin out towards the edges.",
)


@theme.themed
def weights(analysis: Analysis, dataset: str) -> Figure:
    """Histograms of the discriminator's weights through training, a heat map a model."""
    results = analysis.results
    rows = histograms_of(results, dataset)
    models = [m for m in contestants(results, dataset) if m in set(rows["model"])]
    models = models or contestants(results, dataset)[:1]
    figure, axes = theme.panels(len(models), height=2.1)
    norm = LogNorm(LEAST, 1)
    for axis, model in zip(axes, models, strict=True):
        _through_training(axis, rows[rows["model"] == model], norm)
        axis.set_title(theme.clipped(model))
        theme.thousands(axis, f"real {unit(dataset)} shown")
        largest = rows.loc[(rows["model"] == model) & (rows["images"] > 0), "high"].max()
        if largest > 0:  # what the first step cuts off would hide the rest
            axis.set_ylim(-largest, largest)
    if any(axis.collections for axis in axes):
        label = "share of the weights, % (log colours)"
        legends.colour_bar(figure, axes, label, lambda value: f"{100 * value:g}")
    figure.supylabel("weight of the discriminator", fontsize=9.5)
    seeds = rows.groupby("model")["seed"].min()
    note = (
        "x: a column an evaluation; y: 40 equal "
        "bins from minus to plus the largest weight then, on a scale of its own in each panel; "
        "biases and batch norm are left out. Of one trial a model, seed "
        f"{', '.join(map(str, sorted(seeds.unique())))}. Bright lines at both edges are weights "
        "that pile up at a bound."
    )
    theme.caption(figure, f"The discriminator's weights through training, {dataset}", note)
    return figure


def histograms_of(results: Results, dataset: str) -> pd.DataFrame:
    """The rows of the discriminator's histograms, of the first seed of each model."""
    rows = results.histograms
    rows = rows[(rows["dataset"] == dataset) & (rows["network"] == "discriminator")]
    return rows[rows["seed"] == rows.groupby("model")["seed"].transform("min")]


def _through_training(axis: Axes, rows: pd.DataFrame, norm: LogNorm) -> None:
    colours = sns.color_palette("mako", as_cmap=True)
    points = sorted(rows["images"].unique())
    half = np.diff(points) / 2 if len(points) > 1 else np.array([0.5])
    middles = [*(points[:-1] + half), points[-1] + half[-1]] if points else []
    left = points[0] - half[0] if points else 0.0
    for point, right in zip(points, middles, strict=True):
        column = rows[rows["images"] == point].sort_values("low")
        edges = [*column["low"], column["high"].iloc[-1]]
        share = np.clip(column["share"].to_numpy(float), LEAST, None)[:, None]
        axis.pcolormesh([left, right], edges, share, cmap=colours, norm=norm, rasterized=True)
        left = right
    axis.set_facecolor(colours(0.0))
    axis.grid(False)
