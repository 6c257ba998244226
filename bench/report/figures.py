"""Figures alone, to take away: for a paper or as the page has them."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from ..analysis import Analysis
from ..errors import InputError, require
from ..plots import paper
from ..plots.figures import Plot, figures_of, file_name, registry
from ..records.results import Results
from ..tables.protocol import datasets
from .own import drawn, failing


def write(
    folder: Path,
    formats: list[str],
    wanted: list[str] | None,
    width: float | None,
    own: Mapping[str, Plot] | None = None,
) -> Iterator[Path]:
    """Write figures to DIR/figures; their paths, as each is there.

    formats: of "pdf", "svg", "png". wanted: names of FIGURES, None for all that there is anything
    to show in. width: inches, in the style of a paper, with the caption as text beside each; None:
    as on the page. own: figures of the user's own, for `wanted` too. Raises InputError for a name
    that is unknown or has nothing to show, and where one of the user's own fails.
    """
    analysis = Analysis(Results(folder), own_figures=own or {})
    for name in wanted or ():
        require(name, registry(analysis), "figure")
    for name, plot in (own or {}).items():
        if why := failing(partial(drawn, analysis, plot)):
            raise InputError(f"{name} cannot be drawn: {why}")
    there = {name: figures_of(analysis, name) for name in datasets(analysis.results)}
    for name in wanted or ():
        if not any(name in shown for shown in there.values()):
            raise InputError(f"{folder} has nothing to show in {name}")
    for dataset, shown in there.items():
        for name in (name for name in wanted or shown if name in shown):
            if width is None:
                figure, words = shown[name].draw(analysis, dataset), ""
            else:
                figure, words = paper.drawn(analysis, dataset, name, width)
            path = folder / "figures" / file_name(analysis, dataset, name)
            yield from paper.write(figure, words, path, formats)
