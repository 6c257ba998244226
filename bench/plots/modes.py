"""Which modes the models draw, at the end and through training. Analysis in, Figure out."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..analysis import Analysis
from ..metrics import METRICS
from ..records.results import Results
from ..tables.protocol import contestants, final, primary, unit
from . import theme
from .lines import ended, models_panel, trained_on
from .reading import Reading

SHARE = "class_share/"
THROUGH = ("modes", "high_quality", "mode_kl")  # the panels of `coverage_of_modes`
CEILING = 100 * (1 - math.exp(-4.5))  # %, of true points: bench.metrics.points
CROWD = 12  # more modes than this are numbered by fives
AT_THE_END = {
    "images": "x: class, as a classifier sees it.",
    "points": "x: mode, each sample counted for its nearest, however far away.",
}
TENTH = " Dotted red: a tenth of it, below which a class is no mode."
HANDED = " † not comparable: a conditional model is told which to draw."
HANDED_COUNTS = " † is told which modes to draw: its modes and mode KL are not comparable."


def modes_of(results: Results, dataset: str) -> list[str]:
    """The classes or modes that shares were measured of, in the order of their numbers."""
    rows = results.evaluations
    names = rows.loc[rows["dataset"] == dataset, "metric"].unique()
    found = [str(name).removeprefix(SHARE) for name in names if str(name).startswith(SHARE)]
    return sorted(found, key=lambda name: (len(name), name))


def panels_of(results: Results, dataset: str) -> list[str]:
    """Those of THROUGH that were measured on the data set."""
    rows = results.evaluations
    there = set(rows.loc[rows["dataset"] == dataset, "metric"])
    return [metric for metric in THROUGH if metric in there]


MODES_READING = Reading(
    "the share of each class among the final samples, a panel a model",
    "A bar under the dotted line is a class that the model forgot: mode collapse. A "
    "conditional model is told which class to draw, so equal bars are no merit of its own.",
)
MODES_READING_OF_POINTS = Reading(
    "the share of each mode among the final samples, a panel a model",
    "Each sample counts for the mode nearest to it, however far away it is: equal bars are "
    "good only with a high share of high-quality samples. A bar near 0 is a mode that the "
    "model forgot. A conditional model is told which mode to draw, so equal bars are no merit "
    "of its own.",
)


@theme.themed
def modes(analysis: Analysis, dataset: str) -> Figure:
    """Share of each class or mode among the samples at the end, one panel a model."""
    results = analysis.results
    models = contestants(results, dataset)
    colours, handed = theme.colours(models), _handed(analysis, dataset)
    classes = modes_of(results, dataset)
    shares = [final(results, SHARE + k, dataset).assign(place=i) for i, k in enumerate(classes)]
    rows = pd.concat(shares) if shares else pd.DataFrame(columns=["model", "place", "value"])
    rows = rows.assign(value=100 * rows["value"].astype(float))
    figure, axes = theme.panels(len(models), height=1.9, sharey=True)
    for axis, model in zip(axes, models, strict=True):
        _histogram(axis, rows[rows["model"] == model], classes, colours[model])
        if unit(dataset) == "images":
            axis.axhline(10 / max(len(classes), 1), color=theme.ALARM, lw=1, ls=":")
        axis.set_title(theme.clipped(model) + " † handed its labels" * (model in handed))
    figure.supylabel("share of the samples, %", fontsize=9.5)
    note = (
        f"{AT_THE_END[unit(dataset)]} Bar: the mean of finished seeds; dots: every seed; "
        f"{trained_on(results, dataset)}. Dashed: a uniform share."
        + TENTH * (unit(dataset) == "images")
        + HANDED * bool(handed)
    )
    theme.caption(figure, f"Modes at the end of training, {dataset}", note)
    return figure


def _handed(analysis: Analysis, dataset: str) -> set[str]:
    table = analysis.models(dataset)
    return set(table.loc[table["conditional"], "model"])


def _histogram(axis: Axes, own: pd.DataFrame, classes: list[str], colour: str) -> None:
    means = own.groupby("place")["value"].mean().reindex(range(len(classes)))
    axis.bar(range(len(classes)), means, color=colour, width=0.7)
    axis.plot(own["place"], own["value"], ".", color=theme.INK, ms=3, alpha=0.6)
    axis.axhline(100 / max(len(classes), 1), color=theme.INK, lw=1, ls="--")
    step = 5 if len(classes) > CROWD else 1
    axis.set_xticks(range(0, len(classes), step), classes[::step])
    axis.grid(axis="x", visible=False)


COVERAGE_READING = Reading(
    "modes covered and mode KL against images",
    "A number of modes that falls, or stays low, is mode collapse; mode KL also sees classes "
    "that are drawn too often. Neither says that an image looks like its class: noise has a "
    "class too. Read them beside the FID.",
)
COVERAGE_READING_OF_POINTS = Reading(
    "modes covered, the share of high-quality samples and mode KL against points",
    "A sample is of high quality within three sigma of a mode. 98.9 % of true samples are, so "
    "more than that says that the modes are drawn too narrow, not that they are drawn better. "
    "One high-quality sample covers a mode; mode KL says whether all are visited equally, "
    "whatever the quality: a blob around the centre has a mode KL near 0. So look at both.",
)


@theme.themed
def coverage_of_modes(analysis: Analysis, dataset: str) -> Figure:
    """Modes covered, for points the share of high quality, and mode KL, through training."""
    results = analysis.results
    models, ends = contestants(results, dataset), ended(results, dataset)
    handed, metrics = _handed(analysis, dataset), panels_of(results, dataset) or ["modes"]
    figure = Figure(figsize=(theme.WIDTH, 3.9), layout="constrained")
    axes = list(figure.subplots(1, len(metrics), squeeze=False).flat)
    for axis, metric in zip(axes, metrics, strict=True):
        rows = primary(results, metric, dataset)
        rows = rows[np.isfinite(rows["value"].astype(float))]
        if metric == "high_quality":
            rows = rows.assign(value=100 * rows["value"])
        models_panel(axis, rows, "images", theme.colours(models), ends, nested=True)
        if rows.empty:
            axis.text(0.5, 0.5, "not evaluated yet", transform=axis.transAxes, ha="center")
        _limits(axis, metric, len(modes_of(results, dataset)))
        theme.thousands(axis, f"real {unit(dataset)} shown")
    handles, names = axes[0].get_legend_handles_labels()
    names = [theme.clipped(name) + " †" * (name in handed) for name in names]
    figure.legend(handles, names, loc="outside right center", fontsize=8.5)
    note = (
        "Thick: the mean of finished seeds; band: their range (lowest to highest seed); thin: "
        f"every seed; {trained_on(results, dataset)}. Dashed: true samples. "
        "Widths differ only to show lines that coincide." + HANDED_COUNTS * bool(handed)
    )
    theme.caption(figure, f"Coverage of modes through training, {dataset}", note)
    return figure


def _limits(axis: Axes, metric: str, classes: int) -> None:
    """The title of a panel, and the value of a perfect generator as a dashed line."""
    ideal = {"modes": float(classes), "high_quality": CEILING, "mode_kl": 0.0}[metric]
    words = {
        "modes": f"modes covered, of {classes}",
        "high_quality": "high-quality samples, %",
        "mode_kl": f"{METRICS['mode_kl'].title}, nats",
    }
    better = METRICS[metric].better
    axis.set_title(f"{words[metric]}\n({better} is better)")
    axis.axhline(ideal, color=theme.SOFT, ls="--", lw=1, zorder=1)
    if metric == "high_quality":
        axis.annotate(
            f"true samples: {ideal:.1f}", (1.0, ideal), xycoords=("axes fraction", "data"),
            xytext=(-3, 3), textcoords="offset points", ha="right", fontsize=8.5,
            color=theme.SOFT, path_effects=theme.HALO, zorder=6,
        )  # fmt: skip
    top = {"modes": 1.06 * max(classes, 1), "high_quality": 107.0}.get(metric)
    axis.set_ylim(-0.02 * (top or axis.get_ylim()[1]), top)
