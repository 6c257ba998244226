"""The experiments by name, without importing torch or pandas."""

from dataclasses import dataclass

from .settings import Depth, Distances, Landscape, Settings, Vanishing


@dataclass(frozen=True)
class Experiment:
    """An experiment NAME is `bench.studies.NAME`; its figures are in `NAME_figures` beside it."""

    settings: type[Settings]
    help: str
    source: str
    single: tuple[str, ...] = ()  # columns that float32 is enough for


EXPERIMENTS: dict[str, Experiment] = {
    "vanishing": Experiment(
        Vanishing,
        "what is left of the generator's gradient as a fresh discriminator nears its optimum",
        "Arjovsky & Bottou 2017, figure 2",
    ),
    "depth": Experiment(
        Depth,
        "gradients through twelve layers of a critic, clipped and penalised",
        "Gulrajani et al. 2017, figure 1b",
    ),
    "landscape": Experiment(
        Landscape,
        "the values of a critic near its optimum, clipped and penalised, as contours",
        "Gulrajani et al. 2017, figure 1a",
        single=("x", "y", "value"),
    ),
    "distances": Experiment(
        Distances,
        "JS, KL and earth mover's distance as two distributions move apart (no seeds)",
        "Arjovsky et al. 2017, example 1",
    ),
}
