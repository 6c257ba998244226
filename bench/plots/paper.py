"""A figure as a paper has it: as wide as its column, without title or note, its words apart.

It is drawn on a narrower sheet with the type of the page, then all of it is made smaller by one
factor, so that nothing depends on how the figure is drawn.
"""

import textwrap
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.collections import Collection, PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation, Text

from ..analysis import Analysis
from ..files import write_bytes, write_text
from . import theme
from .figures import registry

FACTOR = 0.8  # of the page's type and lines: 8 pt of 10, and lines of 1.5 pt
DPI = 600  # of a .png: journals ask for 300 to 600
LETTERS = 12.5  # of a label an inch
WORDS = 0.64  # inches of the page's title, and of the two lines of a note


@theme.themed  # new ticks look as the theme says
def drawn(analysis: Analysis, dataset: str, name: str, width: float) -> tuple[Figure, str]:
    """A figure of FIGURES, `width` inches wide, and its caption."""
    with theme.as_wide_as(width / FACTOR):
        figure = registry(analysis)[name].draw(analysis, dataset)
    words = _without_words(figure)
    _wrap_labels(figure)
    _smaller(figure, FACTOR)
    return figure, words


def write(figure: Figure, words: str, path: Path, formats: list[str]) -> list[Path]:
    """PATH.pdf, PATH.svg, PATH.png as asked for, and PATH.txt with the caption; what is written."""
    with matplotlib.rc_context(theme.THEME):
        figure.draw_without_rendering()
    figure.set_layout_engine("none")
    written = [path.with_name(f"{path.name}.{kind}") for kind in formats]
    for file, kind in zip(written, formats, strict=True):
        write_bytes(file, theme.content(figure, kind, DPI))
    if words:
        write_text(path.with_name(f"{path.name}.txt"), words + "\n")
    return written


def _without_words(figure: Figure) -> str:
    """Takes title and note off a figure, and the room that they had; returns them as one text."""
    title, note = figure.get_suptitle(), figure.get_supxlabel()
    for empty in (figure.suptitle(""), figure.supxlabel("")):
        empty.set_in_layout(False)
    wide, high = figure.get_size_inches()
    figure.set_size_inches(wide, max(high - WORDS, 0.5 * high))
    return f"{title}. {' '.join(note.split())}"


def _wrap_labels(figure: Figure) -> None:
    """The words above and beside a panel in as many lines as its sides ask for."""
    for axis in figure.axes:
        wide, high = figure.get_size_inches() * axis.get_position().size
        axis.set_ylabel(textwrap.fill(axis.get_ylabel(), max(14, round(LETTERS * high))))
        title = textwrap.fill(axis.get_title(loc="left"), max(14, round(LETTERS * wide)))
        axis.set_title(title, loc="left")


def _smaller(figure: Figure, factor: float) -> None:
    """All of a figure by one factor: its sides, its type, its lines, its marks.

    Ticks that do not exist yet will look like the first one.
    """
    figure.set_size_inches(*(factor * figure.get_size_inches()))
    for axis in figure.axes:
        axis.xaxis.reset_ticks()
        axis.yaxis.reset_ticks()
    for artist in figure.findobj():
        if isinstance(artist, Text):
            artist.set_fontsize(factor * float(artist.get_fontsize()))
            if isinstance(artist, Annotation) and artist.anncoords == "offset points":
                x, y = artist.xyann
                artist.xyann = (factor * x, factor * y)
            if isinstance(artist, Annotation) and artist.arrow_patch:
                patch = artist.arrow_patch
                patch.set_linewidth(factor * patch.get_linewidth())
        elif isinstance(artist, Line2D):
            artist.set_linewidth(factor * artist.get_linewidth())
            artist.set_markersize(factor * artist.get_markersize())
            artist.set_markeredgewidth(factor * artist.get_markeredgewidth())
        elif isinstance(artist, Collection):
            artist.set_linewidth((factor * np.atleast_1d(artist.get_linewidth())).tolist())
            if isinstance(artist, PathCollection):
                artist.set_sizes(factor**2 * artist.get_sizes())
        elif isinstance(artist, Patch):
            artist.set_linewidth(factor * artist.get_linewidth())
