"""What happened while training: losses, gradient norms, scores. Analysis in, Figure out."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..analysis import Analysis
from ..records.results import Results
from ..tables.protocol import contestants, unit
from . import legends, theme
from .lines import ended, games, mean_of_finished, of_curves, seed_lines, trained_on
from .reading import Reading

BINS = 48  # columns of the heat map
SHARING = 8  # lines that share the points of a figure


def _two_curves(
    results: Results,
    dataset: str,
    metrics: tuple[str, str],
    names: tuple[str, str],
    ylabel: str,
) -> Figure:
    models, ends = games(results, dataset), ended(results, dataset)
    every = theme.colours(contestants(results, dataset))
    rows = of_curves(results, dataset, *metrics)
    colour = {model: every[model] for model in models}
    budget = 3 * rows.groupby(["model", "seed", "metric"]).ngroups // 2
    figure, axes = theme.panels(len(models))
    for axis, model in zip(axes, models, strict=True):
        for metric, ink in zip(metrics, (theme.INK, colour[model]), strict=True):
            own = rows[(rows["model"] == model) & (rows["metric"] == metric)]
            seed_lines(axis, own, "images", ink, ends, budget, word=metric == metrics[1])
            mean = theme.thinned(mean_of_finished(own, "images", ends), "images", budget)
            axis.plot(mean["images"], mean["value"], color=ink, lw=1.9)
        axis.set_title(theme.clipped(model))
        theme.thousands(axis, f"real {unit(dataset)} shown")
        axis.axhline(0, color="#bbbbbb", lw=0.8, zorder=0)
    figure.supylabel(ylabel, fontsize=9.5)
    handles = [Line2D([], [], color=theme.INK, lw=2), legends.in_the_models_colours(colour, lw=2)]
    legends.above(figure, handles, list(names))
    return figure


LOSSES_READING = Reading(
    "discriminator and generator loss against {unit}, a panel a model",
    "A logistic loss is a negative log likelihood, 0.69 where the discriminator guesses; a "
    "critic's is a difference of mean scores without zero point or unit. They cannot be "
    "compared with each other, and neither measures quality: both players move.",
)


@theme.themed
def losses(analysis: Analysis, dataset: str) -> Figure:
    """Both losses against images, one panel a model."""
    results = analysis.results
    metrics = ("loss/discriminator", "loss/generator")
    figure = _two_curves(results, dataset, metrics, ("discriminator", "generator"), "loss")
    stands = trained_on(results, dataset, among=games(results, dataset))
    note = (
        "Thin: one seed; thick: the mean of "
        f"finished seeds; {stands}. Scales differ from panel to panel: "
        "losses are not comparable between models, and a lower one is no better generator."
    )
    theme.caption(figure, f"Losses while training, {dataset}", note)
    return figure


SCORES_READING = Reading(
    "the discriminator's mean score on real and on generated {unit}, a panel a model",
    "Two curves that part say that the discriminator tells real from generated with ease. For "
    "a logistic model 0 is undecided; a critic's level means nothing, only its gap.",
)


@theme.themed
def scores(analysis: Analysis, dataset: str) -> Figure:
    """The discriminator's mean output on real and on generated images, one panel a model."""
    results = analysis.results
    metrics = ("score/real", "score/fake")
    names = (f"score on real {unit(dataset)}", f"score on generated {unit(dataset)}")
    figure = _two_curves(results, dataset, metrics, names, "mean score (logit or critic value)")
    stands = trained_on(results, dataset, among=games(results, dataset))
    note = (
        "Thin: one seed; thick: the mean of "
        f"finished seeds; {stands}. The gap is what the discriminator can "
        "still tell apart; its scale differs from model to model."
    )
    theme.caption(figure, f"What the discriminator says, {dataset}", note)
    return figure


LIKELIHOOD = ("elbo", "elbo/log_likelihood")
LIKELIHOOD_TITLE = "the bound (ELBO); dotted: log p(x | z)"
KL = "elbo/kl"
LIKELIHOOD_READING = Reading(
    "the bound on the log likelihood that a VAE climbs, and its two terms, against {unit}",
    "The bound is log p(x | z) less KL. It is a likelihood, so higher fits the training data "
    "better, and VAEs of the same data can be compared by it. A GAN has no such number: its "
    "density is implicit. A KL near 0 is a generator that ignores its latents.",
)


@theme.themed
def likelihood(analysis: Analysis, dataset: str) -> Figure:
    """ELBO and log p(x | z), and KL beside them: a panel each, a colour a model."""
    results = analysis.results
    ends, colours = ended(results, dataset), theme.colours(contestants(results, dataset))
    figure, axes = theme.panels(2, height=2.8, columns=2)
    for axis, metrics in zip(axes, (LIKELIHOOD, (KL,)), strict=True):
        for metric, style in zip(metrics, ("-", ":"), strict=False):
            for model, own in of_curves(results, dataset, metric).groupby("model"):
                ink = colours[str(model)]
                seed_lines(axis, own, "images", ink, ends, SHARING)
                mean = theme.thinned(mean_of_finished(own, "images", ends), "images", SHARING)
                name = str(model) if style == "-" else "_"
                axis.plot(mean["images"], mean["value"], style, color=ink, lw=1.9, label=name)
        theme.thousands(axis, f"real {unit(dataset)} shown")
    axes[0].set_title(LIKELIHOOD_TITLE)
    axes[1].set_title("KL(q(z | x), p(z))")
    axes[0].set_ylabel("nats a sample")
    legends.outside(figure, axes[1])
    note = (
        "Thin: one seed; thick: the mean of finished seeds. Means over the training batches of a "
        f"row; {unit(dataset)} are continuous, so a density may exceed 1 and its logarithm 0."
    )
    theme.caption(figure, f"An explicit density: the bound that is climbed, {dataset}", note)
    return figure


NAMES = {"generator": "generator loss", "discriminator": "discriminator (critic) loss"}
BEYOND = 1.15  # times the reported step: where the axis ends
SHOWN = (0.02, 0.98)  # quantiles of the values that the axis shows


REPORTED_LOSSES_READING = Reading(
    "both losses against generator steps, with the values that a source reports",
    "A diamond within the bar of a model is what another seed of it could have given. A loss "
    "is no measure of quality: this asks whether a setup is the source's, not whether it is "
    "a good one.",
)


@theme.themed
def reported_losses(analysis: Analysis, dataset: str) -> Figure:
    """A panel a loss: seeds thin, their mean thick, the reported value a diamond."""
    results, table = analysis.results, analysis.reported
    table = table[table["dataset"] == dataset]
    labels = list(dict.fromkeys(table["model"]))
    colour, ends = theme.colours(labels), ended(results, dataset)
    figure, axes = theme.panels(2, height=3.8, columns=2)
    for axis, loss in zip(axes, NAMES, strict=True):
        rows = of_curves(results, dataset, f"loss/{loss}")
        own = table[table["loss"] == loss]
        limit = BEYOND * float(own["step"].max()) if len(own) else 1.0
        rows = rows[rows["model"].isin(labels) & (rows["generator_steps"] <= limit)]
        budget = 2 * max(rows.groupby(["model", "seed"]).ngroups, 1)
        for label in labels:
            mine = rows[rows["model"] == label]
            seed_lines(axis, mine, "generator_steps", colour[label], ends, budget)
            mean = mean_of_finished(mine, "generator_steps", ends)
            mean = theme.thinned(mean, "generator_steps", budget)
            axis.plot(
                mean["generator_steps"], mean["value"], color=colour[label], lw=1.9, label=label
            )
        axis.set_xlim(0, limit)
        axis.set_title(NAMES[loss])
        theme.thousands(axis, "generator steps")
        _mark(axis, own, colour, rows)
    axes[0].set_ylabel("loss, mean over the steps of a row")
    legends.outside(figure, axes[0])
    stands = "; ".join(f"{label}: {trained_on(results, dataset, label)}" for label in labels)
    note = (
        f"Thin: one seed; thick: the mean of finished seeds; {stands}. Diamond: the reported value "
        f"({'; '.join(table['source'].unique())}). Bars: where 95 % of further seeds are expected "
        f"at that step (Student's prediction interval); {unit(dataset)} of {dataset}."
    )
    theme.caption(figure, f"Losses reported elsewhere, and here, {dataset}", note)
    return figure


def _mark(axis: Axes, own: pd.DataFrame, colour: dict[str, str], rows: pd.DataFrame) -> None:
    """The reported values, and a bar a contestant beside them; the axis shows them all."""
    width = 0.012 * axis.get_xlim()[1]
    middle = (len(own) - 1) / 2
    for place, (_, row) in enumerate(own.iterrows()):
        x = row["step"] + (place - middle) * width
        ink = colour[row["model"]]
        axis.plot([x, x], [row["low"], row["high"]], color=ink, lw=3, alpha=0.85, zorder=4)
    for step, value in own[["step", "reported"]].drop_duplicates().to_numpy():
        axis.plot(step, value, "D", color=theme.INK, ms=7, mec="white", mew=1.2, zorder=6)
        axis.annotate(
            f"reported: {value}", (step, value), xytext=(-10, 8), textcoords="offset points",
            ha="right", fontsize=8.5, path_effects=theme.HALO, zorder=6,
        )  # fmt: skip
    bars = own[["low", "high", "reported"]].to_numpy(float).ravel()
    usual = rows.loc[rows["generator_steps"] > 0.1 * own["step"].max(), "value"]
    ends = usual.quantile(list(SHOWN)) if len(usual) else pd.Series(dtype=float)
    shown = np.concatenate([bars[np.isfinite(bars)], ends.to_numpy(float)])
    if not len(shown):
        return
    room = 0.08 * (shown.max() - shown.min() + 1e-9)
    axis.set_ylim(shown.min() - room, shown.max() + room)
