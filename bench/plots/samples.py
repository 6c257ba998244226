"""What the models draw, through training. Analysis in, Figure out."""

import math
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from ..analysis import Analysis
from ..records.results import Results
from ..tables.protocol import contestants, unit
from ..words import count
from . import theme
from .lines import ended
from .reading import Reading

ACROSS, PADDING = 10, 2  # samples side by side in a grid, and pixels between two
SMALL = 28  # pixels of a sample where there is none to be seen
CROP = (2, 5)  # rows and columns of each grid that are shown
TIMES, FEW_TIMES = 6, 4  # columns of the figure of samples, and of a narrow one
NAMES = 1.2  # inches beside the pictures
SIDE = 128  # pixels of a picture of points
FRAME = 200  # the grey around it, whatever the colour of its empty places
NOTE = {
    "images": f"The first {CROP[0]} x {CROP[1]} of each grid, from the same latents all along. A "
    "conditional model draws class 0 in its first column, 1 in its second, and so on.",
    "points": "Each picture: the density of the samples in the plane, from the same latents all "
    "along; bright is dense, on a log scale of its own. All show the same part of the plane, "
    "around the origin.",
}


SAMPLES_READING = Reading(
    "generated images, a row a model and a column a moment of training",
    "Look down a column for the better model at that moment, along a row for how it got "
    "there. Few images of one seed: a first impression, not a measurement.",
)
SAMPLES_READING_OF_POINTS = Reading(
    "the density of generated points, a row a model and a column a moment of training",
    "Look down a column for the better model at that moment, along a row for how it got "
    "there. Spots that are missing are modes not reached; haze between them is points of low "
    "quality. One seed: a first impression, not a measurement.",
)


@theme.themed
def samples(analysis: Analysis, dataset: str) -> Figure:
    """Samples of fixed latents: models as rows, training time as columns."""
    results = analysis.results
    strips, names = [], []
    times = moments(results, dataset, FEW_TIMES if theme.narrow() else TIMES)
    trials = {
        model: shown_trial(results, dataset, model) for model in contestants(results, dataset)
    }
    seeds = {seed for seed, _ in trials.values()}
    for model, (seed, end) in trials.items():
        grids = results.samples(model, dataset, seed)
        strips.append([_picture(results, dataset, grids.get(at)) for at in times])
        names.append(theme.clipped(model, 20) + f"\nseed {seed}" * (len(seeds) > 1))
        names[-1] += "" if end == "finished" else f"\n({end})"
    picture, xs, ys = _mosaic(strips)
    height = (theme.width() - NAMES) * picture.shape[0] / max(picture.shape[1], 1)
    figure = theme.sheet(height + (1.3 if theme.narrow() else 1.1))
    axis = figure.subplots()
    axis.imshow(picture, interpolation="none")
    axis.set_yticks(ys, names if ys else [])
    axis.set_xticks(xs, [count(at) for at in times])
    axis.grid(False)
    axis.spines[:].set_visible(False)
    axis.set_xlabel(f"real {unit(dataset)} shown to the discriminator")
    note = f"{NOTE[unit(dataset)]} One trial a model" + f", seed {min(seeds)}" * (len(seeds) == 1)
    theme.caption(figure, f"Samples through training, {dataset}", f"{note}.")
    return figure


NEIGHBOURS_READING = Reading(
    "final samples, each above the three training images nearest to it, a panel a model",
    "A sample that has a twin below it may be copied. Near is what the extractor finds near, "
    "and ten samples prove nothing: the data-copying statistic, where the table above has it, "
    "looks at all of them.",
)


@theme.themed
def neighbours(analysis: Analysis, dataset: str) -> Figure:
    """Final samples, and under each the training images nearest to it; a panel a model."""
    results = analysis.results
    found = neighbours_of(results, dataset)
    across = 1 if theme.narrow() else 2
    rows = max(1, math.ceil(len(found) / across))
    figure = theme.sheet((1.7 if theme.narrow() else 2.1) * rows + 0.9)
    axes = figure.subplots(rows, across, squeeze=False).flatten()
    for axis in axes:
        axis.set_axis_off()
    for axis, ((model, seed), path) in zip(axes, found.items(), strict=False):
        picture = _opened(path)
        if picture is None:
            continue
        pixels = np.asarray(picture)
        axis.imshow(pixels, interpolation="none")
        axis.set_axis_on()
        axis.grid(False)
        axis.spines[:].set_visible(False)
        step = (pixels.shape[1] - PADDING) // ACROSS
        named = ["sample", *(f"nearest {k}" for k in range(1, pixels.shape[0] // step))]
        axis.set_yticks([step // 2 + k * step for k in range(len(named))], named, fontsize=8.5)
        axis.set_xticks([])
        axis.axhline(step + PADDING / 2 - 0.5, color="white", lw=1.5)
        axis.set_title(f"{theme.clipped(model)}, seed {seed}", loc="left", fontsize=10)
    note = (
        "Top row: final samples; below each, the training images nearest to it in the features "
        "of the extractor that measures the FID, the nearest first."
    )
    theme.caption(figure, f"Nearest training images, {dataset}", note)
    return figure


def neighbours_of(results: Results, dataset: str) -> dict[tuple[str, int], Path]:
    """(model, seed) -> picture of neighbours, of the first seed of each model that has one."""
    found: dict[tuple[str, int], Path] = {}
    for model, seed in sorted(ended(results, dataset), key=lambda key: key[1]):
        path = results.neighbours(model, dataset, seed)
        if path and model not in {known for known, _ in found}:
            found[model, seed] = path
    order = contestants(results, dataset)
    return dict(sorted(found.items(), key=lambda item: order.index(item[0][0])))


def shown_trial(results: Results, dataset: str, model: str) -> tuple[int, str]:
    """The seed that pictures are shown of, and how its trial ended.

    The first that has pictures, one that finished before one that did not: a published folder may
    keep those of a single seed.
    """
    ends = {seed: end for (m, seed), end in sorted(ended(results, dataset).items()) if m == model}
    pictured = {seed: bool(results.samples(model, dataset, seed)) for seed in ends}
    order = sorted(ends, key=lambda seed: (not pictured[seed], ends[seed] != "finished", seed))
    return (order[0], ends[order[0]]) if order else (0, "no trial")


def moments(results: Results, dataset: str, most: int) -> list[int]:
    """At most so many of the numbers of images after which there are pictures."""
    found: set[int] = set()
    for model, seed in ended(results, dataset):
        found |= set(results.samples(model, dataset, seed))
    points = sorted(found)
    if len(points) <= most:
        return points
    # Early training changes more than late: squares of equal steps.
    wanted = (np.linspace(0, 1, most) ** 1.5 * (len(points) - 1)).round().astype(int)
    return [points[i] for i in dict.fromkeys(wanted.tolist())]


def _picture(results: Results, dataset: str, path: Path | None) -> np.ndarray:
    """What is shown of a picture of samples: the upper left of a grid, all of a density."""
    if unit(dataset) == "points":
        return _density(path)
    return _crop(path, _tile(results, dataset))


def _tile(results: Results, dataset: str) -> int:
    """The side of a sample in pixels, read off a grid."""
    for model, seed in ended(results, dataset):
        for path in results.samples(model, dataset, seed).values():
            if picture := _opened(path):
                return max(1, (picture.width - PADDING) // ACROSS - PADDING)
    return SMALL


def _opened(path: Path | None) -> Image.Image | None:
    """The picture of a file, or None where there is none that can be read."""
    try:
        return Image.open(path, formats=["PNG"]).convert("RGB") if path else None
    except Exception:  # a broken file makes the decoder raise almost anything
        return None


def _density(path: Path | None) -> np.ndarray:
    """[SIDE + 2, SIDE + 2, 3] a density in a thin frame; white where there is none."""
    picture = _opened(path)
    if picture is None:
        return np.full((SIDE + 2, SIDE + 2, 3), 255, dtype=np.uint8)
    pixels = np.asarray(picture.resize((SIDE, SIDE)))
    return np.pad(pixels, ((1, 1), (1, 1), (0, 0)), constant_values=FRAME)


def _crop(grid: Path | None, tile: int) -> np.ndarray:
    """[rows * step, columns * step, 3] the upper left of a grid; white where there is none."""
    step = tile + PADDING
    height, width = CROP[0] * step + PADDING, CROP[1] * step + PADDING
    picture = _opened(grid)
    if picture is None:
        return np.full((height, width, 3), 255, dtype=np.uint8)
    return np.asarray(picture.crop((0, 0, width, height)))


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
