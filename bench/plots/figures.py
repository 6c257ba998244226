"""Every figure: how it is drawn, when, how to read it, and where it stands on the page."""

from collections.abc import Callable, Collection, Sized
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from matplotlib.figure import Figure

from ..analysis import Analysis
from ..datasets import primary_metric
from ..parallel import in_forks
from ..records.results import Results
from ..tables.protocol import contestants, datasets, final, primary, unit
from . import cost, gradients, losses, modes, pairs, probes, quality, samples, theme, weights
from .lines import of_curves
from .reading import Reading

Draw = Callable[[Analysis, str], Figure]  # of one data set
When = Callable[[Analysis, str], bool]
# The places of the page that show figures, from its top: templates/section.html.j2.
Section = Literal["quality", "copying", "pairs", "losses", "reported", "why", "cost"]


def _always(analysis: Analysis, dataset: str) -> bool:
    return True


def _measured(analysis: Analysis, dataset: str) -> bool:
    return bool(len(primary(analysis.results, primary_metric(dataset), dataset)))


def _finished(analysis: Analysis, dataset: str) -> bool:
    return bool(len(final(analysis.results, primary_metric(dataset), dataset)))


def _found(of: Callable[[Results, str], Sized]) -> When:
    """Is there anything of this in the results?"""
    return lambda analysis, dataset: len(of(analysis.results, dataset)) > 0


def _recorded(*metrics: str) -> When:
    """Has a model recorded one of these curves?"""
    return _found(lambda results, dataset: of_curves(results, dataset, *metrics))


def _played(analysis: Analysis, dataset: str) -> bool:
    """Is there a contestant with a discriminator, or none that has trained?"""
    rows = of_curves(analysis.results, dataset, "loss/discriminator", "loss/encoder")
    return not len(rows) or bool((rows["metric"] == "loss/discriminator").any())


@dataclass(frozen=True)
class Plot:
    """A figure of FIGURES."""

    draw: Draw
    words: Reading
    section: Section | None  # None: the page has something better in its place
    when: When = _always  # is there something to draw?
    words_for_points: Reading | None = None  # where they are others
    tells_ends: bool = False  # who cannot see it is told the mean at which each model ends

    def reading(self, dataset: str) -> Reading:
        """How to read it on a data set."""
        words = self.words_for_points if unit(dataset) == "points" else None
        return (words or self.words).on(dataset)


FIGURES: dict[str, Plot] = {  # in the order of the page
    "samples": Plot(
        samples.samples,
        samples.SAMPLES_READING,
        section=None,  # a slider
        words_for_points=samples.SAMPLES_READING_OF_POINTS,
    ),
    "quality": Plot(
        quality.quality,
        quality.QUALITY_READING,
        section=None,  # a switch between the clocks
        when=_measured,
        words_for_points=quality.QUALITY_READING_OF_POINTS,
    ),
    "final_quality": Plot(
        quality.final_quality,
        quality.FINAL_QUALITY_READING,
        "quality",
        when=_finished,
        tells_ends=True,
    ),
    "coverage_of_modes": Plot(
        modes.coverage_of_modes,
        modes.COVERAGE_READING,
        "quality",
        when=_found(modes.panels_of),
        words_for_points=modes.COVERAGE_READING_OF_POINTS,
    ),
    "neighbours": Plot(
        samples.neighbours,
        samples.NEIGHBOURS_READING,
        "copying",
        when=_found(samples.neighbours_of),
    ),
    "pairs": Plot(
        pairs.pairs,
        pairs.READING,
        "pairs",
        when=lambda analysis, dataset: len(contestants(analysis.results, dataset)) > 1,
    ),
    "losses": Plot(losses.losses, losses.LOSSES_READING, "losses", when=_played),
    "likelihood": Plot(
        losses.likelihood, losses.LIKELIHOOD_READING, "losses", when=_recorded(losses.KL)
    ),
    "reported_losses": Plot(
        losses.reported_losses,
        losses.REPORTED_LOSSES_READING,
        "reported",
        when=lambda analysis, dataset: bool((analysis.reported["dataset"] == dataset).any()),
    ),
    "scores": Plot(losses.scores, losses.SCORES_READING, "why", when=_played),
    "score_bands": Plot(
        probes.score_bands,
        probes.SCORE_BANDS_READING,
        "why",
        when=_recorded("score/real/q50", "score/fake/q50"),
    ),
    "guesses": Plot(probes.guesses, probes.GUESSES_READING, "why", when=_recorded(*probes.GUESSES)),
    "overfitting": Plot(
        probes.overfitting,
        probes.OVERFITTING_READING,
        "why",
        when=_recorded("score/train", "score/holdout"),
    ),
    "gradient_norms": Plot(gradients.gradient_norms, gradients.GRADIENT_NORMS_READING, "why"),
    "gradient_norms_by_layer": Plot(
        gradients.gradient_norms_by_layer, gradients.BY_LAYER_READING, "why", when=_played
    ),
    "slopes": Plot(probes.slopes, probes.SLOPES_READING, "why", when=_recorded(*probes.SLOPES)),
    "constraints": Plot(
        gradients.constraints,
        gradients.CONSTRAINTS_READING,
        "why",
        when=_recorded(*gradients.PANELS),
    ),
    "weights": Plot(
        weights.weights,
        weights.WEIGHTS_READING,
        "why",
        when=_found(weights.histograms_of),
    ),
    "updates": Plot(
        weights.updates, weights.UPDATES_READING, "why", when=_recorded(*weights.UPDATES)
    ),
    "diversity": Plot(
        weights.diversity,
        weights.DIVERSITY_READING,
        "why",
        when=_found(weights.diversity_of),
    ),
    "modes": Plot(
        modes.modes,
        modes.MODES_READING,
        "why",
        when=_found(modes.modes_of),
        words_for_points=modes.MODES_READING_OF_POINTS,
    ),
    "cost": Plot(cost.cost, cost.READING, "cost", when=_finished),
}


def registry(analysis: Analysis) -> dict[str, Plot]:
    """FIGURES, then those of a user's own."""
    return {**FIGURES, **analysis.own_figures}


def figures_of(analysis: Analysis, dataset: str) -> dict[str, Plot]:
    """The figures without those that there is nothing to show in."""
    known = registry(analysis)
    return {name: plot for name, plot in known.items() if plot.when(analysis, dataset)}


def file_name(analysis: Analysis, dataset: str, name: str) -> str:
    """After the figure, and after the data set too where there are several; without ending.

    One of a user's own, mine.py:Ends, is mine-Ends.
    """
    name = name.replace(".py:", "-").replace(":", "-").replace(".", "-")
    return f"{name}-{dataset}" if len(datasets(analysis.results)) > 1 else name


def write_plots(
    analysis: Analysis, folder: Path, drawn: Collection[str] = ()
) -> dict[tuple[str, str], Path]:
    """Each figure as PNG; (dataset, figure) -> path without suffix.

    drawn: data sets whose figures are kept where they are there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[tuple[str, str], Path] = {}
    tasks: list[Callable[[], None]] = []
    for dataset in datasets(analysis.results):
        for name, plot in figures_of(analysis, dataset).items():
            path = folder / file_name(analysis, dataset, name)
            if dataset not in drawn or not is_there(path):
                tasks.append(partial(_write, plot, analysis, dataset, path))
            written[dataset, name] = path
    in_forks(tasks)
    return written


def is_there(path: Path) -> bool:
    return path.with_name(f"{path.name}.png").exists()


def _write(plot: Plot, analysis: Analysis, dataset: str, path: Path) -> None:
    theme.save(plot.draw(analysis, dataset), path)
    path.with_name(f"{path.name}.svg").unlink(missing_ok=True)  # of an earlier version: outdated
