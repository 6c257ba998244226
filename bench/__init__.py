"""Trains GANs under matched seeds, measures them, and says what the difference is worth.

`bench.load("results/NAME")` gives a results folder as DataFrames.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .records.results import Results

__version__ = "0.1.0"


def load(folder: "str | Path") -> "Results":
    """The records of a results folder, each table read when it is asked for."""
    from .records.results import Results  # pandas is not imported before it is needed

    return Results(folder)
