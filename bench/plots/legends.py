"""How lines are named: at their ends, in a legend outside, or above the panels of a figure."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from . import theme

SHORT = 12  # letters of a label that stands at the end of a line on a narrow sheet


def outside(figure: Figure, axis: Axes, names: list[str] | None = None, **options: Any) -> None:
    """The lines of an axis named beside the figure, or below it where that is narrow."""
    handles, found = axis.get_legend_handles_labels()
    of(figure, handles, names or found, **options)


def of(figure: Figure, handles: list[Any], names: list[str], **options: Any) -> None:
    """What is named beside the figure, or below it where that is narrow."""
    names = [theme.clipped(name) for name in names]
    place: dict[str, Any] = {"loc": "outside right center"}
    if theme.narrow():
        longest = max((len(name) for name in names), default=1)
        columns = int(12 * theme.width() / (longest + 7))  # 12 letters an inch, 7 for a handle
        columns = int(np.clip(columns, 1, max(len(names), 1)))
        place = {"loc": "outside lower center", "ncols": columns}
        _lengthened(figure, math.ceil(len(names) / columns) + ("title" in options))
    figure.legend(handles, names, **(options | place))


def _lengthened(figure: Figure, rows: int) -> None:
    """Room for so many rows of a legend below."""
    wide, high = figure.get_size_inches()
    figure.set_size_inches(wide, high + 0.05 + 0.2 * rows)


def above(figure: Figure, handles: list[Any], names: list[str]) -> None:
    """A legend beside the title, in rows of two; a tuple of lines is one line in their colours."""
    across = {tuple: HandlerTuple(ndivide=None, pad=0.0)}
    place: dict[str, Any] = {"loc": "outside upper right"}
    two = len(names) > 1
    if theme.narrow():
        place = {"loc": "outside lower center"}
        two = two and max(map(len, names)) < 5 * theme.width()
        _lengthened(figure, math.ceil(len(names) / (1 + two)))
    figure.legend(
        handles, names, ncols=1 + two, handler_map=across, fontsize=8.5, handlelength=2.6, **place
    )


def colour_bar(
    figure: Figure, axes: list[Axes], label: str, number: Callable[[float], str]
) -> Colorbar:
    """The scale of the panels' colours beside them, or below them where the figure is narrow."""
    shown = next(axis.collections[0] for axis in axes if axis.collections)
    words = FuncFormatter(lambda value, _: number(value))
    place = "bottom" if theme.narrow() else "right"
    if theme.narrow():
        _lengthened(figure, 3)
    bar = figure.colorbar(shown, ax=axes, shrink=0.8, aspect=30, location=place, format=words)
    bar.minorticks_off()
    bar.set_label(label)
    return bar


SEGMENTS = 5  # of a line in the models' colours


def in_the_models_colours(colours: dict[str, str], **line: Any) -> tuple[Line2D, ...]:
    """The handle of a line that has another colour in every panel."""
    shown = list(dict.fromkeys(colours.values()))[:SEGMENTS]
    return tuple(Line2D([], [], color=colour, solid_capstyle="butt", **line) for colour in shown)


def room_at_ends(labels: list[str]) -> bool:
    """Can lines be named where they end?"""
    short = not theme.narrow() or max(map(len, labels), default=0) <= SHORT
    return len(labels) <= theme.DIRECT and short


def name_lines(axis: Axes, ends: list[tuple[float, str, str]], labels: list[str]) -> None:
    """Name lines where they end if there is room, else in a legend outside."""
    if room_at_ends(labels):
        theme.label_ends(axis, ends)
    else:
        outside(theme.figure_of(axis), axis, fontsize=8.5)
