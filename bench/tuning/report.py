"""The report of a search, written from its rows and from the results folder of its report."""

from pathlib import Path

from ..analysis import Analysis
from ..files import write_bytes, write_text
from ..formats import spreadsheet
from ..plots import theme
from ..records.results import Results
from . import figures, tables, text
from .protocol import Configuration, Protocol
from .rows import Rows

REPORTED = "reported"  # the results folder of defaults and tuned configurations


def write_report(
    root: Path, protocol: Protocol, rows: Rows, chosen: dict[str, Configuration]
) -> str:
    """Write tuned.md, tuned.csv, configurations.csv, best_of_k.csv and .png.

    Returns the text of tuned.md."""
    trials = protocol.trials()
    found = tables.Tuned(protocol, rows.of(trials), chosen, Analysis(Results(root / REPORTED)))
    curve = tables.best_of_k(found.rows)
    for name, table in (
        ("tuned", tables.gains(found)),
        ("pairs", tables.survival(found)),
        ("configurations", tables.configurations(found.rows)),
        ("best_of_k", curve),
    ):
        write_text(root / f"{name}.csv", spreadsheet(table))
    figure = figures.best_of_k(curve, found.rows)
    write_bytes(root / "best_of_k.png", theme.content(figure, "png"))
    page = text.text(found)
    write_text(root / "tuned.md", page)
    return page
