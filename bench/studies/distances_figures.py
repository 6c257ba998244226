"""The figure and the table of `bench study distances`."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..plots import theme
from .averages import label_decades
from .settings import Distances

NAMES = {"js": "JS", "kl": "KL", "emd": "EMD"}
COLOURS = {"js": theme.REST[0], "kl": theme.OWN["cgan"], "emd": theme.OWN["wgangp"]}
EXAMPLES = {"": "two parallel lines, which never meet", "gaussians/": "N(0, 1) and N(shift, 1)"}
TALL = 8.5  # upper end of the axis of distances, which KL of the Gaussians leaves
LEAST = 1e-5  # below it the axis of gradients is linear


def figures(tables: dict[str, pd.DataFrame], settings: Distances) -> dict[str, Figure]:
    """name -> Figure."""
    return {"distances": distances(tables["rows"], settings)}


@theme.themed
def distances(rows: pd.DataFrame, settings: Distances) -> Figure:
    """Each distance and the size of its gradient against the shift, for both examples."""
    figure = Figure(figsize=(theme.WIDTH, 6.2), layout="constrained")
    grid = figure.subplots(2, len(EXAMPLES), sharex=True, sharey="row", squeeze=False)
    for column, (prefix, title) in enumerate(EXAMPLES.items()):
        _distances(grid[0, column], rows, prefix)
        _gradients(grid[1, column], rows, prefix)
        grid[0, column].set_title(title)
        grid[1, column].set_xlabel("shift")
    grid[0, 0].set_ylabel("distance (EMD: unit of the shift;\nJS and KL: nats)")
    grid[1, 0].set_ylabel("its gradient by the shift\n(0, then a log scale)")
    note = (
        "Computed, not estimated: no seeds, no interval. On the lines JS is 0 at shift 0 (the open "
        "point) and log 2 = 0.693 beyond it, where KL is infinite: neither tells near from far. "
        "Where distributions overlap, all three have a gradient; that of JS falls like "
        "exp(-shift^2 / 8). Gradients are central differences. That of JS is half the gradient of "
        "a saturating generator against a perfect discriminator."
    )
    theme.caption(
        figure, "Which distance still points the way when two distributions are apart", note
    )
    return figure


def values(rows: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """The finite rows of a quantity, by shift."""
    own = rows[(rows["quantity"] == quantity) & np.isfinite(rows["value"])]
    return own.sort_values("shift")


def _distances(axis: Axes, rows: pd.DataFrame, prefix: str) -> None:
    ends = []
    for name, colour in COLOURS.items():
        own = values(rows, prefix + name)
        if name != "emd" and not prefix:  # both jump at 0
            axis.plot([0], [0], "o", color=theme.INK, mfc="white", ms=6, zorder=4, clip_on=False)
            own = own[own["shift"] > 0]
        axis.plot(own["shift"], own["value"], color=colour, lw=2.2)
        if len(own):
            ends.append((min(float(own["value"].iloc[-1]), TALL), NAMES[name], colour))
        else:
            ends.append((TALL, "KL: infinite", colour))
    axis.set_ylim(0, TALL)
    axis.set_xlim(0, rows["shift"].max())
    theme.label_ends(axis, ends)


def _gradients(axis: Axes, rows: pd.DataFrame, prefix: str) -> None:
    ends = []
    axis.set_yscale("symlog", linthresh=LEAST, linscale=0.4)
    axis.set_ylim(-LEAST / 2, 20)
    label_decades(axis.yaxis)
    for name, colour in COLOURS.items():
        own = values(rows, f"{prefix}{name}_grad")
        axis.plot(own["shift"], own["value"].abs(), color=colour, lw=2.2, clip_on=False)
        if len(own):
            ends.append((float(own["value"].abs().iloc[-1]), NAMES[name], colour))
        else:
            ends.append((20.0, f"{NAMES[name]}: none", colour))
    theme.label_ends(axis, ends)


def table(
    tables: dict[str, pd.DataFrame], settings: Distances
) -> tuple[list[str], list[list[str]]]:
    """A row for each of nine shifts: every distance and its gradient."""
    wide = tables["rows"].pivot_table(index="shift", columns="quantity", values="value")
    names = [prefix + name + end for prefix in EXAMPLES for name in NAMES for end in ("", "_grad")]
    shifts = wide.index.to_numpy()
    chosen = shifts[np.unique(np.linspace(0, len(shifts) - 1, 9).round().astype(int))]
    lines = []
    for shift in chosen:
        found = [wide[name].get(shift, np.nan) if name in wide else np.nan for name in names]
        lines.append([f"{shift:g}", *("–" if np.isnan(v) else f"{v:.4g}" for v in found)])
    return ["shift", *names], lines


def notes(tables: dict[str, pd.DataFrame], settings: Distances) -> list[str]:
    """Sentences to be printed below the table."""
    return [
        "Computed, so without seeds or intervals (n = 1). JS and KL in nats. A dash: the number "
        "does not exist (the gradient of an infinite value, or at a jump).",
    ]
