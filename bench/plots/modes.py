"""Which modes the models draw, at the end and through training. Analysis in, Figure out."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..analysis import Analysis
from ..metrics import METRICS
from ..records.results import Results
from ..tables.protocol import UNTRAINED, contestants, final, primary, unit
from . import legends, theme
from .lines import ended, models_panel, trained_on
from .reading import Reading

SHARE = "class_share/"
THROUGH = ("modes", "high_quality", "mode_kl")  # the panels of `coverage_of_modes`
QUALITY = {"images": "precision", "points": "high_quality"}
CLAIMED_FROM = {"images": 0.3, "points": 0.2}  # of QUALITY; below, no mode is claimed
UNCLAIMED = {
    "images": f" Dotted lines: no modes are claimed, since the precision is below "
    f"{CLAIMED_FROM['images']} or the FID above {UNTRAINED} of the untrained generator's.",
    "points": f" Dotted lines: no modes are claimed, since less than "
    f"{CLAIMED_FROM['points']:.0%} of the samples are of high quality.",
}
CEILING = 100 * (1 - math.exp(-4.5))  # %, of true points: bench.metrics.points
CROWD = 12  # more modes than this are numbered by fives
AT_THE_END = {
    "images": "Classes are those that a classifier sees.",
    "points": "Each sample is counted for its nearest mode, however far away.",
}
TENTH = " Dotted red: a tenth of it, below which a class is no mode."
HANDED = " † handed its labels, not comparable: a conditional model is told which to draw."
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
        axis.set_title(theme.clipped(model) + " †" * (model in handed))
        if theme.numbered(axis):
            axis.set_xlabel("class" if unit(dataset) == "images" else "mode")
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
    across = (len(metrics), 1) if theme.narrow() else (1, len(metrics))
    figure, unclaimed = theme.sheet(1.9 * len(metrics) + 0.9 if theme.narrow() else 3.9), False
    axes = list(figure.subplots(*across, squeeze=False, sharex=theme.narrow()).flat)
    for axis, metric in zip(axes, metrics, strict=True):
        rows = primary(results, metric, dataset)
        rows = rows[np.isfinite(rows["value"].astype(float))]
        if metric == "high_quality":
            rows = rows.assign(value=100 * rows["value"])
        if metric == "modes":
            rows = _claimed(axis, rows, results, dataset, theme.colours(models))
            unclaimed = bool(axis.lines)
        models_panel(axis, rows, "images", theme.colours(models), ends, nested=True)
        if rows.empty and not axis.lines:
            axis.text(0.5, 0.5, "not evaluated yet", transform=axis.transAxes, ha="center")
        _limits(axis, metric, len(modes_of(results, dataset)))
        theme.thousands(axis, f"real {unit(dataset)} shown")
    _, names = axes[0].get_legend_handles_labels()
    names = [theme.clipped(name) + " †" * (name in handed) for name in names]
    legends.outside(figure, axes[0], names, fontsize=8.5)
    note = (
        "Thick: the mean of finished seeds; band: their range (lowest to highest seed); thin: "
        f"every seed; {trained_on(results, dataset)}. Dashed: true samples. "
        "Widths differ only to show lines that coincide."
        + UNCLAIMED[unit(dataset)] * unclaimed
        + HANDED_COUNTS * bool(handed)
    )
    theme.caption(figure, f"Coverage of modes through training, {dataset}", note)
    return figure


def claims_modes(results: Results, dataset: str) -> pd.DataFrame:
    """The evaluations whose samples are good enough for their modes to count: model, seed, images.

    Noise has a class too. Images: a precision of CLAIMED_FROM, about that of real images with
    noise of sd 0.8; and an FID below UNTRAINED of the untrained generator's, since samples that are
    all alike can lie in the balls of a few outliers and have precision 1 (Naeem et al. 2020).
    Points: a share of high quality that a uniform square does not have. Where the quality was not
    measured, every evaluation counts.
    """
    of, keys = unit(dataset), ["model", "seed", "images"]
    modes = primary(results, "modes", dataset)[keys]
    quality = primary(results, QUALITY[of], dataset)
    good = modes.merge(quality[[*keys, "value"]], on=keys, how="left")
    good = good[~(good["value"] < CLAIMED_FROM[of])].drop(columns="value")
    if of == "points":
        return good
    fid = primary(results, "fid", dataset).sort_values("images")
    start = fid.groupby(["model", "seed"])["value"].transform("first")
    alike = fid[(fid["value"] >= UNTRAINED * start) | (fid["images"] == 0)]
    return good.merge(alike[keys], on=keys, how="left", indicator="as").query("`as` != 'both'")[
        keys
    ]


def _claimed(
    axis: Axes, rows: pd.DataFrame, results: Results, dataset: str, colours: dict[str, str]
) -> pd.DataFrame:
    """The rows whose modes count, each seed from where all its later ones do; dots for the rest."""
    keys = ["model", "seed", "images"]
    marked = rows.merge(claims_modes(results, dataset), on=keys, how="left", indicator="counts")
    marked = marked.sort_values("images").assign(claimed=False)
    for (model, _), own in marked.groupby(["model", "seed"]):
        counts = (own["counts"] == "both").to_numpy()
        begin = len(own) if not counts[-1] else len(own) - int(np.argmin([*counts[::-1], False]))
        marked.loc[own.index, "claimed"] = np.arange(len(own)) >= begin
        before = own.iloc[: begin + 1]
        if begin:
            ink = colours[str(model)]
            axis.plot(before["images"], before["value"], color=ink, lw=0.9, ls=":", alpha=0.8)
    return marked[marked["claimed"].astype(bool)].drop(columns=["counts", "claimed"])


def _limits(axis: Axes, metric: str, classes: int) -> None:
    """The title of a panel, and the value of a perfect generator as a dashed line."""
    ideal = {"modes": float(classes), "high_quality": CEILING, "mode_kl": 0.0}[metric]
    words = {
        "modes": f"modes covered, of {classes}",
        "high_quality": "high-quality samples, %",
        "mode_kl": f"{METRICS['mode_kl'].title}, nats",
    }
    better = METRICS[metric].better
    apart = " " if theme.narrow() else "\n"
    axis.set_title(f"{words[metric]}{apart}({better} is better)")
    axis.axhline(ideal, color=theme.SOFT, ls="--", lw=1, zorder=1)
    if metric == "high_quality":
        axis.annotate(
            f"true samples: {ideal:.1f}", (1.0, ideal), xycoords=("axes fraction", "data"),
            xytext=(-3, 3), textcoords="offset points", ha="right", fontsize=8.5,
            color=theme.SOFT, path_effects=theme.HALO, zorder=6,
        )  # fmt: skip
    top = {"modes": 1.06 * max(classes, 1), "high_quality": 107.0}.get(metric)
    axis.set_ylim(-0.02 * (top or axis.get_ylim()[1]), top)
