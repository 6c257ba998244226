"""A VAE beside GANs: an explicit density beside none, and whether GAN samples are sharp.

Read from a published run (reference-lectures/vae: mnist5k, 64k images, equal seeds and budgets).
Sharpness is the share of the power of images at more than a quarter of a cycle a pixel, over that
of held-out digits (`bench.metrics.sharpness`): 1 is as sharp as real, less is blurred.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch.nn.functional import avg_pool2d

from ..datasets.dataset import load_dataset, to_unit
from ..metrics.sharpness import fine, sharpness
from ..plots import legends, theme
from ..records.results import Results
from ..stats import Interval, mean_interval
from ..words import number, span
from .lesson import Lesson, Row, published, table

MODELS = ("vae", "vae-free", "gan", "dcgan", "wgangp")
METRIC = "sharpness"
TERMS = {  # recorded name -> what it is here, and its unit
    "sigma": ("sigma of a pixel", ""),
    "elbo": ("log p(x) of a digit, at least (ELBO)", "nats"),
    "elbo/log_likelihood": ("of that log p(x | z)", "nats"),
    "elbo/kl": ("less KL(q(z | x), p(z))", "nats"),
}


def measured(results: Results) -> pd.DataFrame:
    """model, seed, images, value: sharpness of the samples at every evaluation."""
    rows = results.evaluations
    return rows[rows["metric"] == METRIC][["model", "seed", "images", "value"]]


def last(results: Results) -> pd.DataFrame:
    """The rows of `measured` at the end of training."""
    rows = measured(results)
    return rows[rows["images"] == rows["images"].max()]


def of_digits() -> dict[str, float]:
    """The share of fine detail in held-out digits, and the sharpness of two other kinds of them."""
    dataset = load_dataset("mnist5k")
    real = to_unit(dataset.holdout.samples)
    blurred = avg_pool2d(real, 3, 1, 1, count_include_pad=False)
    return {
        "share": fine(real),
        "train": sharpness(to_unit(dataset.train.samples), fine(real)),
        "blurred": sharpness(blurred, fine(real)),
    }


def lesson() -> Lesson:
    results, digits = published("reference-lectures/vae"), of_digits()
    end, pairs = last(results), results.comparisons
    n = end["seed"].nunique()
    rows = [
        Row("held-out digits: power above 0.25 cycles a pixel", digits["share"], "share"),
        Row("training digits: sharpness", digits["train"]),
        Row("held-out digits, blurred 3 x 3: sharpness", digits["blurred"]),
    ]
    found = {model: interval_of(end, model) for model in MODELS}
    rows += [Row(f"{model}: sharpness", found[model].estimate) for model in MODELS]
    ratios = {model: ratio_of(pairs, "vae", model) for model in MODELS[1:]}
    rows += [Row(f"vae / {model}: sharpness", of[0], "ratio") for model, of in ratios.items()]
    fids = results.summary.set_index("model")["fid_mean"]
    rows += [Row(f"{model}: FID", float(fids[model])) for model in MODELS]
    late = results.curves[results.curves["images"] == end["images"].max()]
    terms = late.groupby(["model", "metric"])["value"].mean()
    rows += [
        Row(f"{model}: {text}", float(terms[model, term]), unit)
        for model in MODELS[:2]
        for term, (text, unit) in TERMS.items()
    ]
    intervals = [f"{m} {number(i.estimate, 2)} {span(i.low, i.high)}" for m, i in found.items()]
    beside = [f"{m} {number(r, 2)} {span(low, high)}" for m, (r, low, high) in ratios.items()]
    says = [
        f"Sharpness, 95 % over {n} seeds: {'; '.join(intervals)}.",
        f"The usual VAE's over that of others, simultaneous 95 %: {'; '.join(beside)}.",
        "So a VAE is as blurred as its sigma makes it. The sigma that is best for the likelihood "
        "blurs nothing, and the samples come out worse by FID: likelihood is not quality. More "
        "than 1 is rough: a fully connected generator leaves noise.",
        "Only the VAEs say how probable a digit is, in nats; pixels lie in [-1, 1] and are "
        "continuous. The density of a GAN is implicit, so it has no such row.",
    ]
    shown = measured(results)
    return Lesson(table("A VAE beside GANs", rows), says, lambda: figure(shown, digits["blurred"]))


def interval_of(end: pd.DataFrame, model: str) -> Interval:
    return mean_interval(end.loc[end["model"] == model, "value"].to_numpy(float))


def ratio_of(pairs: pd.DataFrame, one: str, other: str) -> tuple[float, float, float]:
    """The sharpness of one contestant over that of another, and its simultaneous interval."""
    pairs = pairs[(pairs["metric"] == METRIC) & pairs["model_a"].isin([one, other])]
    (row,) = pairs[pairs["model_b"].isin([one, other])].to_dict("records")
    found = row["ratio"], row["ratio_low"], row["ratio_high"]
    return found if row["model_a"] == one else (1 / found[0], 1 / found[2], 1 / found[1])


@theme.themed
def figure(shown: pd.DataFrame, blurred: float) -> Figure:
    drawn = Figure(figsize=(theme.WIDTH, 4.2), layout="constrained")
    left, right = drawn.subplots(1, 2, sharey=True, width_ratios=(1, 1.3))
    colours = theme.colours(list(MODELS))
    end = shown[shown["images"] == shown["images"].max()]
    for place, model in enumerate(MODELS):
        _ended(left, place, end[end["model"] == model]["value"].to_numpy(float), colours[model])
        own = shown[(shown["model"] == model) & (shown["images"] > 0)]
        for _, of_seed in own.groupby("seed"):
            right.plot(of_seed["images"], of_seed["value"], color=colours[model], lw=0.7, alpha=0.4)
        mean = np.exp(np.log(own["value"].astype(float)).groupby(own["images"]).mean())
        right.plot(mean.index, mean, "o-", color=colours[model], lw=2, ms=4, label=model)
    for axis in (left, right):
        axis.axhline(1, color=theme.INK, lw=1)
        axis.axhline(blurred, color=theme.SOFT, lw=1, ls="--")
    theme.plain_log(left)
    left.set_xticks(range(len(MODELS)), MODELS)
    left.set(ylabel="sharpness (log scale; 1 is as sharp as real)", xlim=(-0.6, len(MODELS) - 0.4))
    theme.thousands(right, "real images shown")
    right.set_title("through training")
    left.set_title("at the end")
    legends.outside(drawn, right)
    n = end["seed"].nunique()
    note = (
        "Power above 0.25 cycles a pixel as a share of all, over that of held-out digits. Dots and "
        f"thin lines: {n} seeds; bars: 95 % t intervals of their means; thick: geometric means. "
        "Dashed: held-out digits blurred by 3 x 3."
    )
    theme.caption(drawn, "Which samples are sharp, mnist5k", note)
    return drawn


def _ended(axis: Axes, place: int, values: NDArray[np.float64], colour: str) -> None:
    interval = mean_interval(values)
    across = place + np.linspace(-0.15, 0.15, len(values))
    axis.plot(across, values, "o", color=colour, ms=5, alpha=0.6)
    axis.plot([place, place], [interval.low, interval.high], color=colour, lw=2)
    axis.plot(place, interval.estimate, "_", color=colour, ms=22, mew=2.5)
