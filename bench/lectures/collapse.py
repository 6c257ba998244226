"""Mode collapse in both senses of the notes: few different samples, and gradients near zero.

Read from published runs on eight Gaussians (reference-claims/points, ring8, 640k points, eight
seeds). If the two senses meant one thing, a model that draws few modes would have a generator
whose gradient is near zero, and one that draws all would not.
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..plots import legends, theme
from ..words import number
from .lesson import Lesson, Row, published, table

MODELS = ("gan", "wgangp-steps1", "wgan", "wgangp")
MEASURES = {  # recorded name -> what it is here
    "modes": "modes drawn, of 8",
    "grad_norm/generator": "gradient norm of the generator, last tenth",
    "diversity/fake": "mean distance of two samples, last tenth",
    "output/fake": "mean output of D on samples, last tenth",
}


def measured() -> pd.DataFrame:
    """model, seed, a column for each of MEASURES: at the end, or the median of the last tenth."""
    results = published("reference-claims/points")
    modes = results.evaluations
    modes = modes[(modes["metric"] == "modes") & (modes["images"] == modes["images"].max())]
    late = results.curves
    late = late[late["metric"].isin(MEASURES) & (late["images"] > 0.9 * late["images"].max())]
    rows = pd.concat([modes, late])
    rows = rows[(rows["dataset"] == "ring8") & rows["model"].isin(MODELS)]
    wide = rows.pivot_table("value", ["model", "seed"], "metric", aggfunc="median")
    return wide.reindex(columns=list(MEASURES)).astype(float).reset_index()


def lesson() -> Lesson:
    found = measured()
    means = found.groupby("model")[list(MEASURES)].mean()
    rows = [
        Row(f"{model}: {said}", float(means.loc[model, name]))
        for model in MODELS
        for name, said in MEASURES.items()
        if pd.notna(means.loc[model, name])
    ]
    drawn, norms = means["modes"], means["grad_norm/generator"]
    says = [
        f"They are two things. The gan draws {number(drawn['gan'], 2)} of 8 modes while its "
        f"generator gets a gradient of {number(norms['gan'], 2)}; the clipped wgan draws "
        f"{drawn['wgan']:.3g} with one of {norms['wgan']:.1g}, as its critic's slopes are small.",
        "So collapse means few samples. A vanishing gradient is a cause of standing still (the "
        "topic vanishing), not what collapse is. A WGAN-GP with one critic step collapses too.",
    ]
    return Lesson(table("Mode collapse on ring8", rows), says, lambda: figure(found))


@theme.themed
def figure(found: pd.DataFrame) -> Figure:
    drawn = Figure(figsize=(theme.WIDTH, 4.2), layout="constrained")
    axis = drawn.subplots()
    _dots(axis, found)
    theme.plain_log(axis, "x")
    axis.set(xlabel="gradient norm of the generator (log scale)", ylabel="modes drawn, of 8")
    axis.set(ylim=(-0.4, 8.6), yticks=range(0, 9, 2))
    legends.outside(drawn, axis)
    note = (
        "A dot a seed (8 a model): modes at the end, and the median gradient norm of the last "
        "tenth of training. Dots at the same height are shifted a little. Collapse as vanishing "
        "would put few modes to the left and all to the right."
    )
    theme.caption(drawn, "Few modes and small gradients are two things", note)
    return drawn


def _dots(axis: Axes, found: pd.DataFrame) -> None:
    colours = theme.colours(list(MODELS))
    for model in MODELS:
        own = found[found["model"] == model]
        lift = (own["seed"].rank() - 4.5) * 0.05
        axis.plot(
            own["grad_norm/generator"], own["modes"] + lift, "o",
            color=colours[model], mec="white", ms=8, label=model,
        )  # fmt: skip
