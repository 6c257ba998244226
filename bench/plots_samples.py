"""What the models draw: samples through training, and their classes. Results in, Figure out."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from . import theme
from .plots_lines import ended, trained_on
from .protocol import contestants, final
from .records import Results
from .tables import summary

TILE, PADDING = (
    28,
    2,
)  # pixels of a sample and between two, where the plan names no size
CROP = (2, 5)  # rows and columns of each grid that are shown
TIMES = 6  # columns of the figure of samples


@theme.themed
def modes(results: Results, dataset: str) -> Figure:
    """Share of each class among the samples at the end, one panel a model."""
    models, colours = (
        contestants(results, dataset),
        theme.colours(contestants(results, dataset)),
    )
    names = results.evaluations["metric"].unique()
    classes = sorted(str(n).split("/")[1] for n in names if str(n).startswith("class_share/"))
    shares = [final(results, f"class_share/{k}", dataset).assign(digit=k) for k in classes]
    rows = pd.concat(shares) if shares else pd.DataFrame(columns=["model", "digit", "value"])
    rows = rows.assign(value=100 * rows["value"].astype(float))
    table = summary(results)
    told = set(table.loc[(table["dataset"] == dataset) & table["conditional"], "model"])
    figure, axes = theme.panels(len(models), height=1.9, sharey=True)
    uniform = 100 / max(len(classes), 1)
    for axis, model in zip(axes, models, strict=True):
        own = rows[rows["model"] == model]
        means = own.groupby("digit")["value"].mean().reindex(classes)
        axis.bar(classes, means, color=colours[model], width=0.7)
        axis.plot(own["digit"], own["value"], ".", color=theme.INK, ms=3, alpha=0.6)
        axis.axhline(uniform, color=theme.INK, lw=1, ls="--")
        axis.axhline(uniform / 10, color=theme.ALARM, lw=1, ls=":")
        axis.set_title(theme.clipped(model) + " † handed its labels" * (model in told))
        axis.grid(axis="x", visible=False)
    figure.supylabel("share of the samples, %", fontsize=9.5)
    note = (
        "x: class, as a classifier sees it. Bar: the mean of finished seeds; dots: every seed; "
        f"{trained_on(results, dataset)}. Dashed: a uniform share; dotted red: a tenth of it, "
        "below which a class is no mode. † not comparable: a conditional model is told which class "
        "to draw."
    )
    theme.caption(figure, f"Modes at the end of training, {dataset}", note)
    return figure


@theme.themed
def samples(results: Results, dataset: str) -> Figure:
    """Samples of fixed latents: models as rows, training time as columns."""
    models, ends = contestants(results, dataset), ended(results, dataset)
    strips, names, times = [], [], _times(results, dataset)
    for model in models:
        seeds = sorted(seed for m, seed in ends if m == model)
        done = [seed for seed in seeds if ends[model, seed] == "finished"]
        chosen = (done or seeds or [0])[0]
        grids = results.samples(model, dataset, chosen)
        tile = int(results.experiment.get("size") or TILE)
        strips.append([_crop(grids.get(at), tile) for at in times])
        names.append(theme.clipped(model, 20) + f"\nseed {chosen}")
        names[-1] += "" if done else f"\n({ends.get((model, chosen), 'no trial')})"
    picture, xs, ys = _mosaic(strips)
    height = 8.6 * picture.shape[0] / max(picture.shape[1], 1)
    figure = Figure(figsize=(theme.WIDTH, height + 1.1), layout="constrained")
    axis = figure.subplots()
    axis.imshow(picture, interpolation="none")
    axis.set_yticks(ys, names if ys else [])
    axis.set_xticks(xs, [f"{at / 1000:g}k" if at else "0" for at in times])
    axis.grid(False)
    axis.spines[:].set_visible(False)
    axis.set_xlabel("real images shown to the discriminator")
    note = f"The first {CROP[0]} x {CROP[1]} of each grid, from the same latents all along."
    note += " A conditional model draws class 0 in its first column, 1 in its second, and so on."
    theme.caption(figure, f"Samples through training, {dataset}", note)
    return figure


def _times(results: Results, dataset: str) -> list[int]:
    ends = ended(results, dataset)
    found: set[int] = set()
    for model, seed in ends:
        found |= set(results.samples(model, dataset, seed))
    points = sorted(found)
    if len(points) <= TIMES:
        return points
    # Early training changes more than late: squares of equal steps.
    wanted = (np.linspace(0, 1, TIMES) ** 1.5 * (len(points) - 1)).round().astype(int)
    return [points[i] for i in dict.fromkeys(wanted.tolist())]


def _crop(grid: Path | None, tile: int) -> np.ndarray:
    """[rows * step, columns * step, 3] the upper left of a grid; white where there is none."""
    step = tile + PADDING
    height, width = CROP[0] * step + PADDING, CROP[1] * step + PADDING
    if grid is None:
        return np.full((height, width, 3), 255, dtype=np.uint8)
    with Image.open(grid) as picture:
        return np.asarray(picture.convert("RGB").crop((0, 0, width, height)))


def _mosaic(
    strips: list[list[np.ndarray]], gap: int = 8
) -> tuple[np.ndarray, list[int], list[int]]:
    """One picture of all crops, and the middles of its columns and rows in pixels."""
    if not strips or not strips[0]:
        return np.full((10, 100, 3), 255, dtype=np.uint8), [], []
    height, width = strips[0][0].shape[:2]
    rows, columns = len(strips), len(strips[0])
    picture = np.full((rows * (height + gap), columns * (width + gap), 3), 255, dtype=np.uint8)
    for i, strip in enumerate(strips):
        for j, crop in enumerate(strip):
            y, x = i * (height + gap), j * (width + gap)
            picture[y : y + height, x : x + width] = crop
    xs = [j * (width + gap) + width // 2 for j in range(columns)]
    return picture, xs, [i * (height + gap) + height // 2 for i in range(rows)]
