"""The figures of the page: each with words for those who cannot see it, and how to read it."""

from pathlib import Path

import pandas as pd

from . import embedded, prose, theme
from .catalog import primary_metric
from .findings import Findings
from .plots import figures_of, quality_by
from .plots_quality import CLOCKS
from .protocol import title, unit
from .reading import reading

DPI = 120  # of figures that are only on the page
BETTER = ("samples", "quality")  # figures in place of which the page has a slider and a switch


def figures(findings: Findings, dataset: str, drawn: dict[str, Path]) -> dict[str, dict[str, str]]:
    """The figures of a data set by name; `drawn` are their paths without suffix."""
    table = findings.models(dataset)
    shown = {name: path for name, path in drawn.items() if name not in BETTER}
    return {name: _figure(name, dataset, path, table) for name, path in shown.items()}


def clocks(findings: Findings, dataset: str) -> dict[str, dict[str, str]]:
    """Quality against each clock, if it was measured; the files have all three side by side."""
    if "quality" not in figures_of(findings, dataset):
        return {}
    ends = _ends(findings.models(dataset), dataset)
    found = {}
    for clock, words in CLOCKS.items():
        drawn = theme.pixels(quality_by(findings, dataset, clock), DPI)
        against = words.format(unit=unit(dataset))
        alt = f"{dataset}: {title(dataset)} on a log scale against {against}. {ends}"
        found[clock] = {"source": embedded.address("png", drawn), "alt": alt, "clock": against}
    return found


def _figure(name: str, dataset: str, path: Path, table: pd.DataFrame) -> dict[str, str]:
    shows, words = reading(name, unit(dataset))
    models = ", ".join(str(model) for model in table["model"])
    alt = f"{dataset}: {shows}; models: {models}."
    if name == "final_quality":
        alt = f"{dataset}: {shows}. {_ends(table, dataset)}"
    return {"source": embedded.figure(path), "alt": alt, "reading": words}


def _ends(table: pd.DataFrame, dataset: str) -> str:
    """Where the models end, in words."""
    means = table[f"{primary_metric(dataset)}_mean"].map(prose.number)
    ends = [f"{model} {mean}" for model, mean in zip(table["model"], means, strict=True)]
    return f"Mean final {title(dataset)}: {', '.join(ends)}."
