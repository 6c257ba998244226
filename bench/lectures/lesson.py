"""What a topic of the lectures gives: a table of numbers, sentences on them, and one picture."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from ..errors import InputError
from ..formats import Table
from ..records.results import Results
from ..words import NONE, number

PUBLISHED = Path(__file__).parents[2] / "results"


@dataclass(frozen=True)
class Row:
    """One quantity: the number computed here, and the number that the notes print, if any."""

    quantity: str
    value: float
    unit: str = ""
    notes: str = ""  # as printed


@dataclass(frozen=True, eq=False)
class Lesson:
    """A topic, computed. `draw` makes its picture."""

    table: Table
    says: list[str]  # a sentence or two each
    draw: Callable[[], Figure] = field(repr=False)


def table(title: str, rows: list[Row]) -> Table:
    """Rows as a table with the number of the notes beside ours."""
    frame = pd.DataFrame(
        [(row.quantity, float(row.value), row.unit, row.notes) for row in rows],
        columns=["quantity", "value", "unit", "notes"],
    )
    frame["notes"] = pd.to_numeric(frame["notes"].str.replace(",", ""))
    cells = [[row.quantity, _cell(row.value), row.unit, row.notes or NONE] for row in rows]
    return Table(title, ["quantity", "computed", "unit", "the notes"], cells, frame)


def _cell(value: float) -> str:
    """A count as it is, other numbers to four digits."""
    return f"{value:,}" if isinstance(value, int) else number(value, 4)


def published(name: str) -> Results:
    """A published results folder, such as "reference-ring8"; raises InputError if it is absent."""
    return Results(_there(name))


def published_claims() -> pd.DataFrame:
    """The published verdicts on the claims; raises InputError if they are absent."""
    return pd.read_csv(_there("reference-claims/claims.csv"))


def _there(name: str) -> Path:
    if not (PUBLISHED / name).exists():
        raise InputError(f"this topic reads the published results/{name}: use a full checkout")
    return PUBLISHED / name
