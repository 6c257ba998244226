"""How good the models became: through training, at the end, and against its cost.

Analysis in, Figure out.
"""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..analysis import Analysis
from ..datasets import primary_metric
from ..tables.protocol import contestants, final, primary, title, unit
from ..words import number
from . import theme
from .lines import ended, models_panel, trained_on
from .reading import Reading

CLOCKS = {
    "images": "real {unit} shown to the discriminator",
    "generator_steps": "generator steps",
    "seconds": "seconds of training",
}


QUALITY_READING = Reading(
    "{metric} on a log scale against {unit}, generator steps and seconds",
    "FID compares the features of generated and real images as two Gaussians; 0 is equal. A "
    "critic that is trained several times a generator step uses up the images in fewer steps, "
    "so places can change with the clock: look at the panel whose cost you pay.",
)
QUALITY_READING_OF_POINTS = Reading(
    QUALITY_READING.shows,
    "EMD, the earth mover's distance, is how far a point has to go on average for the samples "
    "to become true ones. Two sets of true samples are not at 0 but at the dashed floor: "
    "differences near it are noise. A critic that is trained several times a generator step "
    "uses up the points in fewer steps: look at the panel whose cost you pay.",
)


@theme.themed
def quality(analysis: Analysis, dataset: str) -> Figure:
    """The primary metric against images, generator steps and seconds."""
    figure = Figure(figsize=(theme.WIDTH, 4.6), layout="constrained")
    axes = list(figure.subplots(1, 3, sharey=True, width_ratios=[1.7, 1, 1]))
    _through(analysis, dataset, dict(zip(CLOCKS, axes, strict=True)))
    return figure


@theme.themed
def quality_by(analysis: Analysis, dataset: str, clock: str) -> Figure:
    """The primary metric against one of CLOCKS: a panel of `quality`, larger."""
    figure = Figure(figsize=(theme.WIDTH, 4.6), layout="constrained")
    _through(analysis, dataset, {clock: figure.subplots()})
    return figure


def _through(analysis: Analysis, dataset: str, axes: dict[str, Axes]) -> None:
    """Draw a panel a clock, the first with names and reference levels, and the caption."""
    results, first = analysis.results, next(iter(axes.values()))
    rows = primary(results, primary_metric(dataset), dataset)
    rows = rows[rows["value"] > 0]
    models, ends = contestants(results, dataset), ended(results, dataset)
    lines = []
    for clock, axis in axes.items():
        word = axis is first
        lines.append(models_panel(axis, rows, clock, theme.colours(models), ends, word))
        theme.thousands(axis, CLOCKS[clock].format(unit=unit(dataset)))
    first.set_ylabel(f"{title(dataset)} (log scale, lower is better)")
    if rows.empty:
        first.text(0.5, 0.5, "not evaluated yet", transform=first.transAxes, ha="center")
    floor = _references(list(axes.values()), analysis.scale, dataset)
    theme.plain_log(first)
    figure = theme.figure_of(first)
    if len(models) <= theme.DIRECT:
        theme.label_ends(first, lines[0])
    else:
        theme.legend_outside(figure, first, fontsize=8)
    note = (
        "Thick: the mean of finished seeds; band: their range (lowest to highest seed); thin: "
        f"every seed; {trained_on(results, dataset)}.{floor}{_protocol(rows, dataset)}"
    )
    theme.caption(figure, f"Quality through training, {dataset}{_best(analysis, dataset)}", note)


def _references(axes: list[Axes], levels: pd.DataFrame, dataset: str) -> str:
    """Draw the floor and the untrained level in all panels, named in the first; their samples."""
    levels = levels[levels["dataset"] == dataset].set_index("level")
    text = ""
    names = {
        "held-out real": "real, held out",
        "untrained generator": "untrained generator",
    }
    for level, name in names.items():
        if level not in levels.index:
            continue
        value = float(levels.loc[level, primary_metric(dataset)])
        samples = levels.loc[level, "samples"]
        for axis in axes:
            axis.axhline(value, color=theme.SOFT, ls="--", lw=1, zorder=1)
        axes[0].annotate(
            f"{name}: {number(value)}",
            (1.0, value),
            xycoords=("axes fraction", "data"),
            xytext=(-3, 3),
            textcoords="offset points",
            ha="right",
            fontsize=8.5,
            color=theme.SOFT,
            path_effects=theme.HALO,
            zorder=6,
        )
        text += f" {name}: {samples:,} samples;"
    return f" Dashed:{text[:-1]}." if text else ""


def _best(analysis: Analysis, dataset: str) -> str:
    """Whose mean is the lowest at the end, as far as the verdicts tell that from the others."""
    pairs = analysis.pairs(dataset)
    pairs = pairs[pairs["ratio"].notna()] if len(pairs) else pairs
    if pairs.empty:
        return ""
    best = str(pairs["model_a"].iloc[0])
    own = pairs[pairs["model_a"] == best]
    level = [str(row["model_b"]) for _, row in own.iterrows() if not row["told"]]
    if not level:
        return f": {theme.clipped(best)} ends lowest"
    rest = theme.clipped(level[0]) if len(level) == 1 else f"{len(level)} others"
    return f": {theme.clipped(best)} ends lowest, not told apart from (nor shown equal to) {rest}"


def _protocol(rows: pd.DataFrame, dataset: str) -> str:
    if not len(rows):
        return ""
    first = rows.iloc[0]
    against = f"{first.samples:,} samples against {first.reference}"
    return f" {title(dataset)}: {first.features}, {against}."


FINAL_QUALITY_READING = Reading(
    "final {metric} of every seed, with mean and interval, a row a model",
    "Overlapping dots are models that a lucky seed could swap. Intervals are of one model "
    "each; whether two differ is answered by the pairs below, seed against seed.",
)


@theme.themed
def final_quality(analysis: Analysis, dataset: str) -> Figure:
    """The final primary metric: a dot a seed, the mean and its interval, best model on top."""
    table = analysis.models(dataset).reset_index(drop=True)
    metric = primary_metric(dataset)
    values = final(analysis.results, metric, dataset)
    figure = Figure(figsize=(theme.WIDTH, 1.6 + 0.34 * len(table)), layout="constrained")
    axis = figure.subplots()
    if len(values):
        named = {f"{metric}_{end}": end for end in ("mean", "low", "high", "n")}
        colours = theme.colours(contestants(analysis.results, dataset))
        _seeds_and_interval(axis, table.rename(columns=named), values, colours)
    axis.set(xlabel=f"final {title(dataset)} (log scale, lower is better)", ylabel="")
    note = (
        "Dot: a seed; bar: the mean; line: its 95 % t interval, which ends at the edge where it "
        "reaches further. Right: mean (trials finished of started)."
    )
    theme.caption(figure, f"Final quality, {dataset}{_best(analysis, dataset)}", note)
    return figure


def _seeds_and_interval(
    axis: Axes, table: pd.DataFrame, values: pd.DataFrame, colours: dict[str, str]
) -> None:
    sns.stripplot(
        values, x="value", y="model", order=table["model"], hue="model", palette=colours,
        size=6, alpha=0.8, jitter=False, legend=False, ax=axis, log_scale=True, edgecolor="white",
        linewidth=0.5,
    )  # fmt: skip
    low, high = axis.get_xlim()
    left = min(low, 0.7 * float(values["value"].min()))
    for place, row in enumerate(table.itertuples()):
        ends = np.clip([row.low, row.high], left, None)
        axis.plot(ends, [place, place], color=theme.INK, lw=1.4, zorder=1)
        if row.n > 1:  # of one seed, the dot says it all
            axis.plot(row.mean, place, "|", color=theme.INK, ms=16, mew=2.2, zorder=4)
        text = f"{number(row.mean)}   ({row.finished} of {row.started})"
        axis.text(
            1.01,
            place,
            text,
            transform=axis.get_yaxis_transform(),
            va="center",
            fontsize=9,
        )
    # An interval of two seeds may be so wide that the dots would be lost in it.
    right = min(float(table["high"].fillna(0).max()), 1.6 * float(values["value"].max()))
    axis.set_xlim(left, max(high, 1.05 * right))
    theme.plain_log(axis, "x")
    axis.set_ylim(len(table) - 0.4, -0.6)
    axis.set_yticks(range(len(table)), [theme.clipped(label) for label in table["model"]])
