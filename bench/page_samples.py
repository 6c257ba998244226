"""What a slider on the page moves through: samples of all models, moment by moment."""

from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from . import embedded, plots_samples
from .plots_samples import moments, shown_trial
from .prose import count
from .protocol import contestants, unit
from .results import Results

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
    return Slides(named, [_strip(results, dataset, model, at) for model in models])


def _strip(results: Results, dataset: str, model: str, at: list[int]) -> Strip:
    seed, end = shown_trial(results, dataset, model)
    grids = results.samples(model, dataset, seed)
    newest = [max((there for there in grids if there <= now), default=-1) for now in at]
    frames = []
    for taken, places in groupby(range(len(at)), key=lambda i: newest[i]):
        held = list(places)
        alt = f"{dataset}: samples of {model} after {_after(taken, dataset)}, seed {seed}"
        frames.append(_frame(grids.get(taken), alt, held[0], held[-1]))
    words = f"seed {seed}"
    if end != "finished":
        words += f", {end}" + (
            f": last picture after {_after(max(grids), dataset)}" if grids else ""
        )
    return Strip(model, words, frames)


def _frame(path: Path | None, alt: str, first: int, last: int) -> Frame:
    return Frame(embedded.samples(path) if path else "", alt, first, last)


def _after(images: int, dataset: str) -> str:
    return f"{count(images)} {unit(dataset)}"
