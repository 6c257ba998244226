"""The house look of every figure: colours, type, panels, labels at line ends, saving."""

import base64
import io
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import EngFormatter, FuncFormatter
from PIL import Image

from ..files import write_bytes
from .colours import INK as INK
from .colours import OWN as OWN
from .colours import REST as REST
from .colours import colours as colours
from .ticks import PlainTicks

WIDTH = 10.0  # inches; 1,000 px at 100 dpi
NARROW = 7.0  # inches; below, there are two columns of panels and legends lie under them
SOFT, ALARM = "#666666", "#b00020"
POINTS, BUDGET = 400, 1800  # the most points a line; the most a figure (an SVG near 100 KB)
DPI = 160  # of the .png files
IN_NOTEBOOK = 100
DIRECT = 8  # more lines than this are named in a legend outside
THEME = {
    **sns.axes_style("whitegrid"),
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.5,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "axes.edgecolor": "#bbbbbb",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelcolor": INK,
    "text.color": INK,
    "text.parse_math": False,  # a label with dollar signs is a label
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "grid.color": "#ececec",
    "grid.linewidth": 0.8,
    "path.simplify_threshold": 0.3,
    "svg.fonttype": "path",
    "pdf.fonttype": 42,  # TrueType: what journals ask for; type 3 is refused by some
    "svg.hashsalt": "bench",
}
themed = matplotlib.rc_context(THEME)  # a decorator: the look holds while the figure is drawn


_width: ContextVar[float] = ContextVar("width", default=WIDTH)


@contextmanager
def as_wide_as(inches: float) -> Iterator[None]:
    """Within it, sheets have another width, and the same type."""
    token = _width.set(inches)
    try:
        yield
    finally:
        _width.reset(token)


def interval_of(n: int) -> dict[str, Any]:
    """How the line of an interval over n seeds is drawn: two seeds hardly make one."""
    return {"lw": 1.2, "ls": ":"} if n == 2 else {"lw": 1.5}


def width() -> float:
    """Of a sheet at present, in inches."""
    return _width.get()


def narrow() -> bool:
    """Is there no room for three columns, or for a legend at the right?"""
    return _width.get() < NARROW


class Sheet(Figure):
    """A figure that a notebook shows by itself, in the look of the page."""

    def _repr_png_(self) -> bytes:
        return pixels(self, IN_NOTEBOOK)


def sheet(height: float) -> Figure:
    """An empty figure, as wide as all are at present."""
    return Sheet(figsize=(_width.get(), height), layout="constrained")


def panels(
    n: int, height: float = 2.3, columns: int = 3, sharey: bool = False
) -> tuple[Figure, list[Axes]]:
    """A figure of n small multiples with a shared x-axis, [n] axes, three in a row."""
    columns = min(n, columns, 2 if narrow() else columns)
    rows = math.ceil(n / columns)
    figure = sheet(height * rows + 1.0)
    grid = figure.subplots(rows, columns, sharex=True, sharey=sharey, squeeze=False)
    axes = list(grid.flat)
    for unused in axes[n:]:
        unused.set_visible(False)
    for axis in axes[max(0, n - columns) : n]:  # the lowest of each column has the numbers
        axis.tick_params(labelbottom=True)
    for axis in axes[: max(0, n - columns)]:
        axis.tick_params(labelbottom=False)
    return figure, axes[:n]


def figure_of(axis: Axes) -> Figure:
    """The figure that a panel is drawn in."""
    figure = axis.get_figure(root=True)
    assert figure is not None
    return figure


def caption(figure: Figure, title: str, note: str) -> None:
    """The figure's name above, and below what was drawn, from how many seeds."""
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
    across = round(15 * figure.get_size_inches()[0])
    lines = [line for text in note.split("\n") for line in wrapped(text, across)]
    figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=8.5, color=SOFT)


def wrapped(text: str, width: int = 150) -> list[str]:
    """A text in lines of at most `width` characters, broken at spaces."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def clipped(label: str, length: int = 28) -> str:
    """A label short enough for a panel's title."""
    return label if len(label) <= length else label[: length - 1] + "…"


def thousands(axis: Axes, label: str = "real images shown to the discriminator") -> None:
    """Counts on the x-axis as 64k, 128k, ..., where it has numbers."""
    axis.xaxis.set_major_formatter(EngFormatter(sep=""))
    if numbered(axis):
        axis.set_xlabel(label)


def numbered(axis: Axes) -> bool:
    """Has its x-axis numbers? Of `panels`, the lowest of each column has."""
    return bool(axis.xaxis.get_tick_params().get("labelbottom", True))


def plain_log(axis: Axes, which: str = "y") -> None:
    """A log axis whose ticks read 3, 10, 30 and not powers."""
    line = axis.yaxis if which == "y" else axis.xaxis
    (axis.set_yscale if which == "y" else axis.set_xscale)("log")
    line.set_major_locator(PlainTicks())
    line.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    line.set_minor_locator(matplotlib.ticker.NullLocator())


AIM = {"shrinkB": 0, "relpos": (0.0, 0.5)}  # a leader ends at the left of its word
HALO = [withStroke(linewidth=3, foreground="white")]  # keeps words on a line readable


def thinned(frame: pd.DataFrame, x: str, lines: int) -> pd.DataFrame:
    """A long line as the means of equal bins of x, so that `lines` of them stay within BUDGET."""
    points = int(np.clip(BUDGET / max(lines, 1), 25, POINTS))
    if len(frame) <= points:
        return frame
    bins = np.arange(len(frame)) * points // len(frame)
    means = frame.sort_values(x).groupby(bins)[[x, "value"]].mean()
    means.iloc[-1, 0] = frame[x].max()  # a reader looks at where a line ends
    return means


def label_ends(axis: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Name lines at the right edge, (y, text, colour) each, pushed apart where they would meet."""
    to_axes = axis.transData + axis.transAxes.inverted()
    x = axis.get_xlim()[1]
    places = sorted((float(to_axes.transform((x, y))[1]), t, c) for y, t, c in ends)
    # A line of type, as a share of the axes; the caption will take a sixth of the height.
    height = float(figure_of(axis).get_size_inches()[1]) * axis.get_position().height
    gap = 0.2 / max(0.85 * height, 0.8)
    spots = np.array([min(max(place, 0.0), 1.0) for place, _, _ in places])
    for _ in range(200):
        for i in range(len(spots) - 1):
            overlap = gap - (spots[i + 1] - spots[i])
            if overlap > 1e-6:
                spots[i], spots[i + 1] = (
                    spots[i] - overlap / 2,
                    spots[i + 1] + overlap / 2,
                )
    for spot, (place, text, colour) in zip(spots, places, strict=True):
        axis.annotate(
            clipped(text, 40),
            xy=(1.0, place),
            xytext=(1.04, float(spot)),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            fontsize=9.5,
            color=INK,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 2, "shrinkA": 1, **AIM},
        )


def save(figure: Figure, path: Path) -> None:
    """PATH.png (160 dpi, 256 colours), equal bytes for an equal figure."""
    write_bytes(path.with_name(f"{path.name}.png"), pixels(figure, DPI))


def content(figure: Figure, kind: str, dpi: int = DPI) -> bytes:
    """A figure as "png", "svg" or "pdf": equal bytes for an equal figure."""
    made = {"svg": drawing, "pdf": printed}.get(kind)
    return made(figure) if made else pixels(figure, dpi)


@themed
def printed(figure: Figure) -> bytes:
    """A figure as PDF, its fonts embedded, pictures with DPI pixels an inch."""
    content = io.BytesIO()
    figure.savefig(content, format="pdf", metadata={"CreationDate": None}, dpi=300)
    return content.getvalue()


@themed
def pixels(figure: Figure, dpi: int) -> bytes:
    """A figure as PNG in 256 colours."""
    content = io.BytesIO()
    figure.savefig(content, format="rgba", dpi=dpi)  # a PNG would be encoded for nothing
    before, figure.dpi = figure.dpi, dpi
    size = figure.canvas.get_width_height(physical=True)  # as the renderer rounds it
    figure.dpi = before
    return _in_256_colours(Image.frombytes("RGBA", size, content.getvalue()))


@themed
def drawing(figure: Figure) -> bytes:
    """A figure as SVG, its paths to a hundredth of a point."""
    content = io.BytesIO()
    figure.savefig(content, format="svg", metadata={"Date": None})
    paths = rb"(?m)^([ML]) (-?\d+\.\d\d)\d* (-?\d+\.\d\d)\d*"
    lines = re.sub(paths, rb"\1 \2 \3", content.getvalue())
    return re.sub(rb"(?<=data:image/png;base64,)[^\"]+", _smaller_inside, lines)


def smaller(png: bytes) -> bytes:
    """The same picture in 256 colours; figures and grey samples have no more."""
    picture = Image.open(io.BytesIO(png))
    # A transparent picture keeps its transparency: only opaque ones lose their fourth channel.
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() != (255, 255):
        return png
    return _in_256_colours(picture)


def _in_256_colours(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    # Half the time of Pillow's median cut, and a fifth of its largest error. Level 9 of compression
    # takes eight times as long for 7 % less.
    how = Image.Quantize.MAXCOVERAGE
    few = picture.convert("RGB").quantize(256, method=how, dither=Image.Dither.NONE)
    few.save(content, format="png", compress_level=6)
    return content.getvalue()


def _smaller_inside(picture: re.Match[bytes]) -> bytes:
    return base64.b64encode(smaller(base64.b64decode(picture[0])))
