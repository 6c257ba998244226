"""Every figure, by name and as files. Analysis in, Figure out."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from ..analysis import Analysis
from ..datasets import primary_metric
from ..tables.protocol import contestants, datasets, final, primary
from . import theme
from .cost import cost
from .gradients import constraints, constraints_of, gradient_norms, gradient_norms_by_layer
from .losses import losses, reported_losses, scores
from .modes import coverage_of_modes, modes, modes_of, panels_of
from .pairs import pairs
from .probes import GUESSES, SLOPES, SPLITS, guesses, models_with, overfitting, score_bands, slopes
from .quality import final_quality, quality, quality_by
from .samples import neighbours, neighbours_of, samples
from .weights import UPDATES, diversity, diversity_of, histograms_of, updates, weights

__all__ = ["FIGURES", "constraints", "cost", "coverage_of_modes", "figures_of", "final_quality"]
__all__ += ["gradient_norms", "gradient_norms_by_layer", "losses", "modes", "neighbours", "pairs"]
__all__ += ["quality", "quality_by", "reported_losses", "samples", "scores", "write_plots"]
Draw = Callable[[Analysis, str], Figure]
FIGURES: dict[str, Draw] = {
    "samples": samples,
    "quality": quality,
    "final_quality": final_quality,
    "coverage_of_modes": coverage_of_modes,
    "pairs": pairs,
    "losses": losses,
    "reported_losses": reported_losses,
    "gradient_norms": gradient_norms,
    "gradient_norms_by_layer": gradient_norms_by_layer,
    "constraints": constraints,
    "scores": scores,
    "slopes": slopes,
    "score_bands": score_bands,
    "guesses": guesses,
    "overfitting": overfitting,
    "updates": updates,
    "weights": weights,
    "diversity": diversity,
    "modes": modes,
    "cost": cost,
    "neighbours": neighbours,
}


def figures_of(analysis: Analysis, dataset: str) -> dict[str, Draw]:
    """FIGURES without those that there is nothing to show in."""
    results, metric = analysis.results, primary_metric(dataset)
    ended = bool(len(final(results, metric, dataset)))
    there = {
        "quality": bool(len(primary(results, metric, dataset))),
        "final_quality": ended,
        "cost": ended,
        "pairs": len(contestants(results, dataset)) > 1,
        "constraints": bool(constraints_of(results, dataset)),
        "modes": bool(modes_of(results, dataset)),
        "coverage_of_modes": bool(panels_of(results, dataset)),
        "neighbours": bool(neighbours_of(results, dataset)),
        "reported_losses": bool((analysis.reported["dataset"] == dataset).any()),
        "slopes": bool(models_with(results, dataset, *SLOPES)),
        "score_bands": bool(models_with(results, dataset, "score/real/q50", "score/fake/q50")),
        "guesses": bool(models_with(results, dataset, *GUESSES)),
        "overfitting": bool(models_with(results, dataset, *SPLITS[:2])),
        "updates": bool(models_with(results, dataset, *UPDATES)),
        "weights": bool(len(histograms_of(results, dataset))),
        "diversity": bool(len(diversity_of(results, dataset))),
    }
    return {name: draw for name, draw in FIGURES.items() if there.get(name, True)}


def write_plots(analysis: Analysis, folder: Path) -> dict[tuple[str, str], Path]:
    """Each figure as PNG and SVG; (dataset, figure) -> path without suffix.

    Files are named after the figure, and after the data set too where there are several.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    several = len(datasets(analysis.results)) > 1
    for dataset in datasets(analysis.results):
        for name, draw in figures_of(analysis, dataset).items():
            path = folder / (f"{name}-{dataset}" if several else name)
            theme.save(draw(analysis, dataset), path)
            written[dataset, name] = path
    return written
