"""What the discriminator does to the space of samples: slopes, scores, guesses, overfitting."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..analysis import Analysis
from ..records.results import Results
from ..tables.protocol import contestants, unit
from . import legends, theme
from .lines import ended, mean_of_finished, of_curves, seed_lines, trained_on
from .reading import Reading

SLOPES = tuple(f"slope/{where}/mean" for where in ("real", "fake", "between"))
QUOTIENT = "lipschitz/max"
QUANTILES = ("q05", "q25", "q50", "q75", "q95")
GUESSES = ("output/real", "output/fake", "accuracy/real", "accuracy/fake")
SPLITS = ("score/train", "score/holdout", "score/fake/q50")
BETWEEN = "#999999"
THIN = 1.2  # of dotted lines


def models_with(results: Results, dataset: str, *metrics: str) -> list[str]:
    """The contestants that recorded one of the metrics, in the order of the plan."""
    there = set(of_curves(results, dataset, *metrics)["model"])
    return [model for model in contestants(results, dataset) if model in there]


SLOPES_READING = Reading(
    "mean slope of the discriminator on real, generated and interpolated {unit} on a log scale "
    "against {unit}, with the largest quotient of pairs, a panel a model",
    "The slope is what a generator learns from. A penalised critic stays near 1, a clipped one "
    "far from it, at a level that its bound and depth decide; a free discriminator may become "
    "steep without end. A slope that falls towards 0 on generated {unit} alone is a gradient "
    "that vanishes.",
)


@theme.themed
def slopes(analysis: Analysis, dataset: str) -> Figure:
    """The critic's mean slope on real, fake and interpolated samples, one panel a model."""
    results = analysis.results
    metrics = (*SLOPES, QUOTIENT)

    def draw(axis: Axes, own: pd.DataFrame, colour: str) -> None:
        inks = (theme.INK, colour, BETWEEN, colour)
        for metric, ink, style in zip(metrics, inks, ("-", "-", "-", ":"), strict=True):
            _line(axis, own[own["metric"] == metric], results, dataset, ink, style)
        axis.axhline(1, color=theme.SOFT, ls="--", lw=1, zorder=1)
        theme.plain_log(axis)

    figure, inks = _panels(results, dataset, metrics, draw)
    what = unit(dataset)
    _legend(
        figure,
        [
            (Line2D([], [], color=theme.INK, lw=2), f"on real {what}"),
            (legends.in_the_models_colours(inks, lw=2), "on generated"),
            (Line2D([], [], color=BETWEEN, lw=2), "between the two"),
            (legends.in_the_models_colours(inks, lw=THIN, ls=":"), "largest quotient of pairs"),
        ],
    )
    figure.supylabel("mean slope (log scale)", fontsize=9.5)
    note = (
        f"Slope: norm of the gradient of the score with "
        "respect to the sample, mean over 128 fixed samples. Quotient: |s(x1) - s(x2)| / |x1 - "
        "x2|. Dashed: slope 1, the bound that the Wasserstein critics are meant to keep, up to a "
        f"factor. {_stands(results, dataset)}."
    )
    theme.caption(figure, f"How steep the discriminator is, {dataset}", note)
    return figure


SCORE_BANDS_READING = Reading(
    "quantiles of the discriminator's scores on real and on generated {unit} as bands, a panel "
    "a model",
    "Bands that overlap are {unit} that the discriminator cannot tell apart; bands that lie "
    "apart say that it nearly always can. Wide bands of real {unit} are a discriminator that "
    "is unsure of some.",
)


@theme.themed
def score_bands(analysis: Analysis, dataset: str) -> Figure:
    """Quantiles of the scores on real and fake samples as bands, one panel a model."""
    results = analysis.results
    metrics = [f"score/{kind}/{q}" for kind in ("real", "fake") for q in QUANTILES]

    def draw(axis: Axes, own: pd.DataFrame, colour: str) -> None:
        for kind, ink in (("real", theme.INK), ("fake", colour)):
            _bands(axis, own, kind, ink, results, dataset)

    figure, inks = _panels(results, dataset, metrics, draw)
    _legend(
        figure,
        [
            (Line2D([], [], color=theme.INK, lw=2), f"real {unit(dataset)}"),
            (legends.in_the_models_colours(inks, lw=2), "generated"),
            (Patch(color=BETWEEN, alpha=0.5, lw=0), "the middle 50 %"),
            (Patch(color=BETWEEN, alpha=0.25, lw=0), "the middle 90 %"),
        ],
    )
    figure.supylabel("score (logit or critic value)", fontsize=9.5)
    note = (
        f"Line: median of 128 fixed samples; "
        "bands: 25 to 75 % and 5 to 95 % of them; each quantile is a mean over finished seeds. "
        f"Scales differ from panel to panel. {trained_on(results, dataset)}."
    )
    theme.caption(figure, f"Scores of real and generated {unit(dataset)}, {dataset}", note)
    return figure


GUESSES_READING = Reading(
    "accuracy and mean output of the logistic discriminators on real and on generated {unit}",
    "At the game's equilibrium the output is 0.5 everywhere. Output 1 on real and 0 on "
    "generated {unit} is a discriminator that has won, and in the saturating game one that "
    "teaches nothing any more. With batch norm these are outputs under running statistics, "
    "which may be biased to one side.",
)


@theme.themed
def guesses(analysis: Analysis, dataset: str) -> Figure:
    """Accuracy and mean output of discriminators whose scores are logits, one panel a model."""
    results = analysis.results

    def draw(axis: Axes, own: pd.DataFrame, colour: str) -> None:
        inks, styles = (theme.INK, colour, theme.INK, colour), ("-", "-", ":", ":")
        for metric, ink, style in zip(GUESSES, inks, styles, strict=True):
            _line(axis, own[own["metric"] == metric], results, dataset, ink, style)
        axis.axhline(0.5, color=theme.SOFT, ls="--", lw=1, zorder=1)
        axis.set_ylim(-0.03, 1.03)

    figure, inks = _panels(results, dataset, GUESSES, draw)
    _legend(
        figure,
        [
            (Line2D([], [], color=theme.INK, lw=2), "output on real"),
            (Line2D([], [], color=theme.INK, lw=THIN, ls=":"), "accuracy on real"),
            (legends.in_the_models_colours(inks, lw=2), "output on generated"),
            (legends.in_the_models_colours(inks, lw=THIN, ls=":"), "accuracy on generated"),
        ],
    )
    figure.supylabel("output; accuracy", fontsize=9.5)
    note = (
        f"Output: mean sigmoid(score) of 128 "
        "fixed samples of each kind; accuracy: the share of them on the right side of 0. Dashed: "
        "0.5, where the game's equilibrium is. Only models whose score is a logit are shown. "
        f"{_stands(results, dataset)}."
    )
    theme.caption(figure, f"Does the discriminator see through it? {dataset}", note)
    return figure


OVERFITTING_READING = Reading(
    "the discriminator's mean score on training, held-out and generated {unit}, a panel a model",
    "Training and held-out {unit} should score alike: nobody trains on the second. Where the "
    "held-out line sinks towards the generated one, the discriminator knows its training "
    "{unit} by heart, and what it then teaches is to copy them.",
)


@theme.themed
def overfitting(analysis: Analysis, dataset: str) -> Figure:
    """Mean scores of training, held-out and generated samples, one panel a model."""
    results = analysis.results

    def draw(axis: Axes, own: pd.DataFrame, colour: str) -> None:
        inks, styles = (theme.INK, theme.ALARM, colour), ("-", "--", "-")
        for metric, ink, style in zip(SPLITS, inks, styles, strict=True):
            _line(axis, own[own["metric"] == metric], results, dataset, ink, style)

    figure, inks = _panels(results, dataset, SPLITS, draw)
    _legend(
        figure,
        [
            (Line2D([], [], color=theme.INK, lw=2), f"training {unit(dataset)}"),
            (Line2D([], [], color=theme.ALARM, lw=2, ls="--"), "held out"),
            (legends.in_the_models_colours(inks, lw=2), "generated"),
        ],
    )
    figure.supylabel("mean score", fontsize=9.5)
    note = (
        f"As many training as held-out "
        f"{unit(dataset)}, of the same classes (128 at most); of generated ones the median. A "
        "held-out line that leaves the training line for the generated one is a discriminator "
        f"that learns by heart. {_stands(results, dataset)}."
    )
    theme.caption(figure, f"Does the discriminator overfit? {dataset}", note)
    return figure


def _panels(
    results: Results,
    dataset: str,
    metrics: tuple[str, ...] | list[str],
    draw: Callable[[Axes, pd.DataFrame, str], None],
) -> tuple[Figure, dict[str, str]]:
    """One panel a model that recorded any of the metrics; their colours, for a legend."""
    models = models_with(results, dataset, *metrics) or contestants(results, dataset)[:1]
    colour = theme.colours(contestants(results, dataset))
    rows = of_curves(results, dataset, *metrics)
    figure, axes = theme.panels(len(models))
    for axis, model in zip(axes, models, strict=True):
        draw(axis, rows[rows["model"] == model], colour[model])
        axis.set_title(theme.clipped(model))
        theme.thousands(axis, f"real {unit(dataset)} shown")
    return figure, {model: colour[model] for model in models}


def _line(
    axis: Axes, own: pd.DataFrame, results: Results, dataset: str, ink: str, style: str
) -> None:
    """A thin line a seed and the mean of finished seeds, unless there is nothing."""
    ends, budget = ended(results, dataset), 4 * len(contestants(results, dataset))
    if style == "-":
        seed_lines(axis, own, "images", ink, ends, budget * max(own["seed"].nunique(), 1), False)
    mean = theme.thinned(mean_of_finished(own, "images", ends), "images", budget)
    axis.plot(mean["images"], mean["value"], color=ink, lw=THIN if style == ":" else 1.9, ls=style)


def _bands(
    axis: Axes, own: pd.DataFrame, kind: str, ink: str, results: Results, dataset: str
) -> None:
    ends, budget = ended(results, dataset), 10 * len(contestants(results, dataset))
    lines = {}
    for q in QUANTILES:
        mean = mean_of_finished(own[own["metric"] == f"score/{kind}/{q}"], "images", ends)
        lines[q] = theme.thinned(mean, "images", budget)
    for low, high, alpha in (("q05", "q95", 0.13), ("q25", "q75", 0.25)):
        if len(lines[low]) and len(lines[low]) == len(lines[high]):
            x, y = lines[low]["images"], lines[high]["value"]
            axis.fill_between(x, lines[low]["value"], y, color=ink, alpha=alpha, lw=0)
    axis.plot(lines["q50"]["images"], lines["q50"]["value"], color=ink, lw=1.9)


def _legend(figure: Figure, named: list[tuple[Any, str]]) -> None:
    handles, names = zip(*named, strict=True)
    legends.above(figure, list(handles), list(names))


def _stands(results: Results, dataset: str) -> str:
    return f"Thin: one seed; thick: the mean of finished seeds; {trained_on(results, dataset)}"
