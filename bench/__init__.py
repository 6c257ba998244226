"""Trains GANs under matched seeds, measures them, and tests whether their differences are real.

`bench.load("results/NAME")` reads a results folder as DataFrames.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .records.results import Results

__version__ = "0.1.0"


def load(folder: "str | Path") -> "Results":
    """The records of a results folder; each table is read when it is first used."""
    from .records.results import Results  # here, so that `import bench` needs no pandas

    return Results(folder)
