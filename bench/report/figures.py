"""Figures alone, to take away: for a paper or as the page has them."""

from collections.abc import Iterator
from pathlib import Path

from ..analysis import Analysis
from ..errors import InputError, require
from ..plots import paper
from ..plots.figures import FIGURES, figures_of, file_name
from ..records.results import Results
from ..tables.protocol import datasets


def write(
    folder: Path, formats: list[str], wanted: list[str] | None, width: float | None
) -> Iterator[Path]:
    """Write figures to DIR/figures; their paths, as each is there.

    formats: of "pdf", "svg", "png". wanted: names of FIGURES, None for all that there is anything
    to show in. width: inches, in the style of a paper, with the caption as text beside each; None:
    as on the page. Raises InputError for a name that is unknown or has nothing to show.
    """
    for name in wanted or ():
        require(name, FIGURES, "figure")
    analysis = Analysis(Results(folder))
    for dataset in datasets(analysis.results):
        shown = figures_of(analysis, dataset)
        for name in wanted or shown:
            if name not in shown:
                raise InputError(f"{folder} has nothing to show in {name} of {dataset}")
            if width is None:
                figure, words = shown[name].draw(analysis, dataset), ""
            else:
                figure, words = paper.drawn(analysis, dataset, name, width)
            path = folder / "figures" / file_name(analysis, dataset, name)
            yield from paper.write(figure, words, path, formats)
