"""`bench report --figures`: figures for a paper or for slides."""

import re
from collections.abc import Callable
from pathlib import Path

import click

from ..errors import InputError
from .errors import say

FORMATS = ("pdf", "svg", "png")
INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72.27}  # a point of TeX
WIDTHS = (2.0, 20.0)  # inches, the least and the most
COLUMN = "3.3in"


def figure_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds --figures, --only, --style and --width."""
    options = (
        click.option(
            "--figures",
            metavar="pdf,svg,png",
            help="Write figures alone, in these formats.  [default: pdf]",
        ),
        click.option(
            "--only",
            metavar="NAME,..",
            help="Which figures, also your own as file.py:Name.  [default: all]",
        ),
        click.option(
            "--style",
            type=click.Choice(["paper", "page"]),
            help="paper: as wide as a column, title and note in a text file; page: as on the page. "
            " [default: paper]",
        ),
        click.option(
            "--width",
            metavar="3.3in",
            help=f"Width of a figure for a paper, with in, cm, mm or pt.  [default: {COLUMN}]",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def write_figures(
    folder: Path, figures: str | None, only: str | None, style: str | None, width: str | None
) -> None:
    """Write figures alone, and say where they are. Raises InputError."""
    formats = _names(figures or "pdf")
    if unknown := [name for name in formats if name not in FORMATS]:
        raise InputError(f"--figures {unknown[0]}: the formats are {', '.join(FORMATS)}")
    if style == "page" and width:
        raise InputError("--width is of figures for a paper: leave out --style page")
    inches = None if style == "page" else _inches(width or COLUMN)
    wanted = _names(only) if only else None

    from ..extensions import entry_points, portable
    from ..plots.figures import FIGURES
    from ..report.figures import write
    from ..report.own import own_parts, resolved

    known = (*FIGURES, *entry_points("figure"))
    asked = [n for n in wanted or () if n not in FIGURES and (":" in n or n in known)]
    named = resolved(asked)
    own = own_parts(folder, named, False, say, page=False, kinds=("figure",))
    names = {name: portable(target) for name, target in zip(asked, named, strict=True)}
    wanted = wanted and [names.get(name, name) for name in wanted]
    for path in write(folder, formats, wanted, inches, own.figures):
        say(str(path))


def _names(text: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _inches(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(in|cm|mm|pt)", text.strip())
    inches = float(found[1]) * INCHES[found[2]] if found else 0.0
    if not WIDTHS[0] <= inches <= WIDTHS[1]:
        told = f"from {WIDTHS[0]:g} to {WIDTHS[1]:g} inches, with its unit"
        raise InputError(f"--width {text} is no width: give one {told}, such as 3.3in or 84mm")
    return inches
