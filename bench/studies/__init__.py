"""The studies by name: stand-alone experiments on why training fails (`bench study NAME`).

Importing this needs neither torch nor pandas.
"""

from dataclasses import dataclass

from .settings import Depth, Distances, Landscape, Settings, Vanishing


@dataclass(frozen=True)
class Study:
    """A study NAME is computed by `bench.studies.NAME` and drawn by `NAME_figures` beside it."""

    settings: type[Settings]
    help: str
    source: str
    float32: tuple[str, ...] = ()  # columns that are stored as float32


STUDIES: dict[str, Study] = {
    "vanishing": Study(
        Vanishing,
        "what is left of the generator's gradient as a fresh discriminator nears its optimum",
        "Arjovsky & Bottou 2017, figure 2",
    ),
    "depth": Study(
        Depth,
        "gradients through twelve layers of a critic, clipped and penalised",
        "Gulrajani et al. 2017, figure 1b",
    ),
    "landscape": Study(
        Landscape,
        "the values of a critic near its optimum, clipped and penalised, as contours",
        "Gulrajani et al. 2017, figure 1a",
        float32=("x", "y", "value"),
    ),
    "distances": Study(
        Distances,
        "JS, KL and earth mover's distance as two distributions move apart (no seeds)",
        "Arjovsky et al. 2017, example 1",
    ),
}
