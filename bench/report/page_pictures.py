"""The pictures of the page, each with words for those who cannot see it: figures and samples."""

from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, get_args
from urllib.parse import quote

import pandas as pd
from markupsafe import Markup

from ..analysis import Analysis
from ..datasets import primary_metric
from ..parallel import in_forks
from ..plots import figures as plots
from ..plots import samples as plots_samples
from ..plots import theme
from ..plots.quality import CLOCKS, quality_by
from ..plots.samples import moments, shown_trial
from ..records.results import Results
from ..tables.protocol import contestants, title, unit
from ..words import count, number
from . import embedded

DPI = 120  # of figures that are only on the page


def figures(
    analysis: Analysis, dataset: str, drawn: dict[str, Path], charts: dict[str, Markup]
) -> dict[str, list[dict[str, str]]]:
    """The figures of a data set by section of the page.

    drawn: their paths without suffix; charts: of those that are also drawn by the page's script.
    """
    table = analysis.models(dataset)
    found: dict[str, list[dict[str, str]]] = {section: [] for section in get_args(plots.Section)}
    for name, plot in plots.registry(analysis).items():
        if plot.section and name in drawn:
            figure = _figure(plot, dataset, drawn[name], table)
            found[plot.section].append(figure | {"chart": charts.get(name, "")})
    return found


def clocks(analysis: Analysis, dataset: str) -> dict[str, dict[str, str]]:
    """Quality against each clock, if it was measured; the files have all three side by side."""
    if not plots.FIGURES["quality"].when(analysis, dataset):
        return {}
    ends = _ends(analysis.models(dataset), dataset)
    found = {}
    pictures = in_forks([partial(_by_clock, analysis, dataset, clock) for clock in CLOCKS])
    for (clock, words), drawn in zip(CLOCKS.items(), pictures, strict=True):
        against = words.format(unit=unit(dataset))
        alt = f"{dataset}: {title(dataset)} on a log scale against {against}. {ends}"
        found[clock] = {"source": embedded.address("png", drawn), "alt": alt, "clock": against}
    return found


def _by_clock(analysis: Analysis, dataset: str, clock: str) -> bytes:
    return theme.pixels(quality_by(analysis, dataset, clock), DPI)


def _figure(plot: plots.Plot, dataset: str, path: Path, table: pd.DataFrame) -> dict[str, str]:
    shows, how = plot.reading(dataset)
    models = ", ".join(str(model) for model in table["model"])
    also = f". {_ends(table, dataset)}" if plot.tells_ends else f"; models: {models}."
    return {"source": embedded.figure(path), "alt": f"{dataset}: {shows}{also}", "reading": how}


def _ends(table: pd.DataFrame, dataset: str) -> str:
    """Where the models end, in words."""
    means = table[f"{primary_metric(dataset)}_mean"].map(number)
    ends = [f"{model} {mean}" for model, mean in zip(table["model"], means, strict=True)]
    return f"Mean final {title(dataset)}: {', '.join(ends)}."


MOMENTS = (3, 11)  # the fewest and the most on a slider
PICTURES = 100  # on a page, about: more models have fewer moments
NOTE = {
    "images": "Each picture: samples of the same latents all along. A conditional model draws "
    "class 0 in its first column, 1 in its second, and so on.",
    "points": plots_samples.NOTE["points"],
}


class Frame(NamedTuple):
    """A picture, and the first and the last moment (from 0) at which it is shown."""

    source: str  # a data address; "" where there is no picture
    file: str  # the picture itself, from the folder of the page; "" where it lies elsewhere
    alt: str
    first: int
    last: int


class Strip(NamedTuple):
    """A model's pictures: together its frames are shown at every moment, one at a time."""

    model: str
    words: str
    frames: list[Frame]


class Slides(NamedTuple):
    """The moments by name, and a strip a model."""

    moments: list[str]
    strips: list[Strip]


def slides(results: Results, dataset: str) -> Slides | None:
    """Pictures of one trial a model; None where there are none at all."""
    models = contestants(results, dataset)
    fewest, most = MOMENTS
    at = moments(results, dataset, min(most, max(fewest, PICTURES // max(len(models), 1))))
    if not at:
        return None
    named = [_after(images, dataset) for images in at]
    tasks = [partial(_strip, results, dataset, model, at) for model in models]
    return Slides(named, in_forks(tasks))


def _strip(results: Results, dataset: str, model: str, at: list[int]) -> Strip:
    seed, end = shown_trial(results, dataset, model)
    grids = results.samples(model, dataset, seed)
    newest = [max((there for there in grids if there <= now), default=-1) for now in at]
    frames = []
    for taken, places in groupby(range(len(at)), key=lambda i: newest[i]):
        held = list(places)
        alt = f"{dataset}: samples of {model} after {_after(taken, dataset)}, seed {seed}"
        path = grids.get(taken)
        source, file = (embedded.samples(path), beside(path, results.path)) if path else ("", "")
        frames.append(Frame(source, file, alt, held[0], held[-1]))
    words = f"seed {seed}"
    if end != "finished":
        words += f", {end}" + (
            f": last picture after {_after(max(grids), dataset)}" if grids else ""
        )
    return Strip(model, words, frames)


def beside(path: Path, folder: Path) -> str:
    """The address of a file from that of a page in `folder`; "" where it lies elsewhere."""
    inside = path.is_relative_to(folder)
    return quote(path.relative_to(folder).as_posix()) if inside else ""


def _after(images: int, dataset: str) -> str:
    return f"{count(images)} {unit(dataset)}"
