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
from . import legends, theme
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
    if theme.narrow():
        figure = theme.sheet(5.6)
        places = figure.subplot_mosaic([["images"] * 2, ["generator_steps", "seconds"]])
        axes = [places[clock] for clock in CLOCKS]
        for axis in axes[1:]:
            axis.sharey(axes[0])
        axes[2].tick_params(labelleft=False)
    else:
        figure = theme.sheet(4.6)
        axes = list(figure.subplots(1, 3, sharey=True, width_ratios=[1.7, 1, 1]))
    _through(analysis, dataset, dict(zip(CLOCKS, axes, strict=True)))
    return figure


@theme.themed
def quality_by(analysis: Analysis, dataset: str, clock: str) -> Figure:
    """The primary metric against one of CLOCKS: a panel of `quality`, larger."""
    figure = theme.sheet(4.6)
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
    _limits(first, rows)
    floor = _references(list(axes.values()), analysis.scale, dataset, rows)
    theme.plain_log(first)
    figure = theme.figure_of(first)
    legends.name_lines(first, lines[0], models)
    note = (
        "Thick: the mean of finished seeds; band: their range (lowest to highest seed); thin: "
        f"every seed; {trained_on(results, dataset)}.{floor}{_protocol(rows, dataset)}"
    )
    theme.caption(figure, f"Quality through training, {dataset}{best(analysis, dataset)}", note)


FLOOR = "held-out real"
ROOM = 0.06  # of the height, above and below the values
NEAR = 0.35  # of the height that the values take: a level further below them is only told of


def _limits(axis: Axes, rows: pd.DataFrame) -> None:
    """An axis that the values fill."""
    values = rows["value"].to_numpy(float)
    values = np.log(values[np.isfinite(values)])
    if len(values):
        room = max(ROOM * np.ptp(values), 0.05)
        axis.set_yscale("log")
        axis.set_ylim(np.exp(values.min() - room), np.exp(values.max() + room))


def _brought_in(axis: Axes, value: float) -> bool:
    """Widens the axis so that it has a level in it, unless this would squeeze the values."""
    low, high = axis.get_ylim()
    low, high = max(low, 1e-300), max(high, 1e-300)
    if value < low * (low / high) ** NEAR:
        return False
    room = (high / low) ** (2 * ROOM)
    axis.set_ylim(min(low, value / room), max(high, value * room))
    return True


LEVELS = {FLOOR: "real, held out", "untrained generator": "untrained generator"}
SIDES = ("left", "center", "right")


def _emptiest(axis: Axes, rows: pd.DataFrame, level: float) -> str:
    """On which of SIDES a word above a level meets the fewest values."""
    low, high = axis.get_ylim()
    above = np.log(rows["value"].to_numpy(float) / level) / np.log(high / low)
    near = rows["images"].to_numpy(float)[(above > -0.02) & (above < 0.09)]
    thirds = np.clip(3 * near / max(float(rows["images"].max()), 1.0), 0, 2.99).astype(int)
    met = np.bincount(thirds, minlength=3)
    return SIDES[2 - int(np.argmin(met[::-1]))]  # of equal ones the one furthest to the right


def _references(axes: list[Axes], levels: pd.DataFrame, dataset: str, rows: pd.DataFrame) -> str:
    """Draw the floor and the untrained level in all panels, named in the first; their samples."""
    levels = levels[levels["dataset"] == dataset].set_index("level")
    text = ""
    for level, name in LEVELS.items():
        if level not in levels.index:
            continue
        value = float(levels.loc[level, primary_metric(dataset)])
        samples = levels.loc[level, "samples"]
        there = value > 0 and _brought_in(axes[0], value)
        for axis in axes if there else ():
            axis.axhline(value, color=theme.SOFT, ls="--", lw=1, zorder=1)
        # Curves come from the upper left: a floor that is not in the panel is named at the left.
        side = _emptiest(axes[0], rows, value) if there else "left"
        place = SIDES.index(side)
        axes[0].annotate(
            f"{name}: {number(value)}" + " (further down)" * (not there),
            (place / 2, value if there else 0.0),
            xycoords=("axes fraction", "data" if there else "axes fraction"),
            xytext=(3 - 3 * place, 3),
            textcoords="offset points",
            ha=side,
            fontsize=8.5,
            color=theme.SOFT,
            path_effects=theme.HALO,
            zorder=6,
        )
        text += f" {name}: {samples:,} samples;"
    return f" Levels:{text[:-1]}." if text else ""


def best(analysis: Analysis, dataset: str) -> str:
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


BELOW = 0.27  # rows from the dots of a contestant to its interval
OF_TWO = " Dotted: an interval of two seeds, which reaches 13 standard errors to either side."


@theme.themed
def final_quality(analysis: Analysis, dataset: str) -> Figure:
    """The final primary metric: a dot a seed, the mean and its interval, best model on top."""
    table = analysis.models(dataset).reset_index(drop=True)
    metric = primary_metric(dataset)
    values = final(analysis.results, metric, dataset)
    figure = theme.sheet(1.6 + 0.46 * len(table))
    axis = figure.subplots()
    if len(values):
        named = {f"{metric}_{end}": end for end in ("mean", "low", "high", "n")}
        colours = theme.colours(contestants(analysis.results, dataset))
        _seeds_and_interval(axis, table.rename(columns=named), values, colours)
    axis.set(xlabel=f"final {title(dataset)} (log scale, lower is better)", ylabel="")
    note = (
        "Dots: the seeds; below them a bar, the mean, and a line, its 95 % t interval, which ends "
        "at the edge where it reaches further. Right: mean (trials finished of started)."
        + OF_TWO
        * bool((table[f"{metric}_n"] == 2).any())
    )
    theme.caption(figure, f"Final quality, {dataset}{best(analysis, dataset)}", note)
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
        ends, below = np.clip([row.low, row.high], left, None), place + BELOW
        axis.plot(ends, [below, below], color=theme.INK, zorder=1, **theme.interval_of(row.n))
        if row.n > 1:  # of one seed, the dot says it all
            axis.plot(row.mean, below, "|", color=theme.INK, ms=9, mew=2.2, zorder=4)
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
    room = (float(values["value"].max()) / left) ** 0.05
    axis.set_xlim(left, max(high, 1.05 * right, room * float(values["value"].max())))
    theme.plain_log(axis, "x")
    axis.set_ylim(len(table) - 0.4, -0.6)
    axis.set_yticks(range(len(table)), [theme.clipped(label) for label in table["model"]])
