"""What every plot of lines needs: a trial's end, its thin line, the mean of finished seeds."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..records.results import Results
from ..tables.protocol import contestants, unit
from . import legends, theme


def ended(results: Results, dataset: str) -> dict[tuple[str, int], str]:
    """How each trial ended: (label, seed) -> status."""
    trials = results.trials[results.trials["dataset"] == dataset]
    return {(str(t.model), int(t.seed)): str(t.status) for t in trials.itertuples()}


def trained_on(
    results: Results, dataset: str, model: str | None = None, among: list[str] | None = None
) -> str:
    """How many trials a figure stands on, of how many, for its caption.

    Of all contestants, of one `model`, or of those `among` them that the figure shows.
    """
    shown = {model} if model else set(contestants(results, dataset) if among is None else among)
    ends = [end for (m, _), end in ended(results, dataset).items() if m in shown]
    done = ends.count("finished")
    per = ("seed" if model else "trial") + "s" * (len(ends) != 1)
    text = f"{done} of {len(ends)} {per} finished" if done < len(ends) else f"{done} {per}"
    lost = ends.count("diverged")
    return text + f" ({lost} diverged)" * bool(lost)


def of_curves(results: Results, dataset: str, *metrics: str) -> pd.DataFrame:
    """The finite rows of some curves on a data set."""
    rows = results.curves
    rows = rows[(rows["dataset"] == dataset) & rows["metric"].isin(metrics)]
    return rows[np.isfinite(rows["value"].astype(float))]


def games(results: Results, dataset: str) -> list[str]:
    """The contestants but those that train without a discriminator; all if no other is left."""
    known, rows = contestants(results, dataset), results.curves
    train = set(rows.loc[rows["dataset"] == dataset, "model"])
    play = set(of_curves(results, dataset, "loss/discriminator")["model"])
    return [model for model in known if model in play or model not in train] or known


def seed_lines(
    axis: Axes,
    rows: pd.DataFrame,
    x: str,
    colour: str,
    ends: dict[tuple[str, int], str],
    budget: int,
    word: bool = True,
) -> None:
    """A thin line a seed; that of a diverged trial ends with a cross, and the word for it."""
    for (model, seed), frame in rows.groupby(["model", "seed"]):
        frame = theme.thinned(frame, x, budget)
        axis.plot(frame[x], frame["value"], color=colour, alpha=0.4, lw=0.7)
        if ends.get((model, seed)) == "diverged":
            end = (frame[x].iloc[-1], frame["value"].iloc[-1])
            axis.plot(*end, "x", color=theme.ALARM, ms=7, mew=2, zorder=5)
            axis.annotate(
                "diverged" * word, end, xytext=(6, 6), textcoords="offset points", fontsize=8,
                color=theme.ALARM, path_effects=theme.HALO, zorder=6,
            )  # fmt: skip
            word = False  # once is enough


def of_finished(rows: pd.DataFrame, ends: dict[tuple[str, int], str]) -> pd.DataFrame:
    """The rows of trials that finished."""
    keys = zip(rows["model"], rows["seed"], strict=True)
    return rows.loc[np.array([ends.get(key) == "finished" for key in keys], dtype=bool)]


def of_all_finished(rows: pd.DataFrame, ends: dict[tuple[str, int], str]) -> pd.DataFrame:
    """The rows of finished seeds at places that all of them have: two versions may differ there."""
    rows = of_finished(rows, ends)
    seeds = rows.groupby("images")["seed"].transform("nunique")
    return rows[seeds == rows["seed"].nunique()]


def mean_of_finished(
    rows: pd.DataFrame,
    x: str,
    ends: dict[tuple[str, int], str],
    logarithmic: bool = False,
) -> pd.DataFrame:
    """The mean over finished seeds at each number of images that all of them have: x, value."""
    rows = of_all_finished(rows, ends)
    value = np.log(rows["value"].clip(lower=1e-12)) if logarithmic else rows["value"]
    means = rows.assign(value=value).groupby("images")[list(dict.fromkeys([x, "value"]))]
    table = means.mean()
    table[x] = table.index if x == "images" else table[x]
    if logarithmic:
        table["value"] = np.exp(table["value"])
    return table.reset_index(drop=True)


def models_panel(
    axis: Axes,
    rows: pd.DataFrame,
    clock: str,
    colours: dict[str, str],
    ends: dict[tuple[str, int], str],
    word: bool = True,
    nested: bool = False,
) -> list[tuple[float, str, str]]:
    """A thick line and a band a model, a thin line a seed; where each ends: y, label, colour.

    word: whether the first cross of a diverged trial is named. nested: each mean is wider than
    those that are drawn over it, so that means that coincide are all seen.
    """
    last = []
    for place, (model, colour) in enumerate(colours.items()):
        width = 1.5 + 0.9 * (len(colours) - 1 - place) if nested else 2.2
        own = rows[rows["model"] == model]
        budget = 3 * own["seed"].nunique() * len(colours)
        seed_lines(axis, own, clock, colour, ends, budget, word)
        line = mean_of_finished(own, clock, ends)
        axis.plot(line[clock], line["value"], color=colour, lw=width, label=model)
        done = of_all_finished(own, ends)
        band = done.groupby("images")["value"]
        if done["seed"].nunique() > 1:
            axis.fill_between(line[clock], band.min(), band.max(), color=colour, alpha=0.15, lw=0)
        if len(line):
            last.append((float(line["value"].iloc[-1]), model, colour))
        elif len(own):
            end = own.loc[own["images"].idxmax(), "value"]
            last.append((float(end), f"{model} (none finished)", colour))
    return last


NETWORKS = ("discriminator", "generator")
SMOOTH = 50  # points of a line, whose noise would hide the others


def both_networks(
    results: Results, dataset: str, prefix: str, ylabel: str, usual: float | None = None
) -> Figure:
    """The curves `prefix`/discriminator and `prefix`/generator on one log scale.

    A line a model: the geometric mean of its finished seeds. `usual`, a rule of thumb, is dashed.
    """
    models, ends = contestants(results, dataset), ended(results, dataset)
    colour = theme.colours(models)
    height = 2.4 if theme.narrow() else 3.4
    figure, axes = theme.panels(2, height, columns=2, sharey=True)
    last: list[list[tuple[float, str, str]]] = [[], []]
    for axis, network, found in zip(axes, NETWORKS, last, strict=True):
        rows = of_curves(results, dataset, f"{prefix}/{network}")
        rows = rows[rows["value"] > 0]
        for model in models:
            line = mean_of_finished(rows[rows["model"] == model], "images", ends, logarithmic=True)
            line = theme.thinned(line, "images", theme.BUDGET // SMOOTH)
            axis.plot(line["images"], line["value"], color=colour[model], lw=1.8, label=model)
            if len(line):
                found.append((float(line["value"].iloc[-1]), model, colour[model]))
        if usual is not None:
            axis.axhline(usual, color=theme.SOFT, ls="--", lw=1, zorder=1)
        axis.set_title(network)
        theme.thousands(axis, f"real {unit(dataset)} shown")
    theme.plain_log(axes[0])
    axes[0].set_ylabel(ylabel)
    if legends.room_at_ends(models) and not theme.narrow():
        for axis, found in zip(axes, last, strict=True):
            theme.label_ends(axis, found)
    else:
        legends.outside(figure, axes[0])
    return figure
