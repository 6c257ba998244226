"""The pairs of models on the page: a row a pair, and a matrix of verdicts."""

from typing import Any, NamedTuple

import pandas as pd

from ..analysis import Analysis
from ..words import NONE, number, span
from .cells import power

MIRRORED = {"lower": "higher", "higher": "lower", "": ""}
WORDS = {"lower": "▼ lower", "higher": "▲ higher", "": "?"}


class Cell(NamedTuple):
    """What is known of the row's model against the column's."""

    kind: str  # "lower", "higher", "open", or "none" where there is no such pair
    words: str
    ratio: str
    hint: str


def pairs(analysis: Analysis, dataset: str) -> list[dict[str, Any]]:
    """The rows of `Analysis.pairs` as cells."""
    return [_row(row) for _, row in analysis.pairs(dataset).iterrows()]


def matrix(analysis: Analysis, dataset: str) -> list[tuple[str, list[Cell]]]:
    """A row a model, best first: its name, and a cell a model in the same order."""
    models = [str(model) for model in analysis.models(dataset)["model"]]
    known: dict[tuple[str, str], Cell] = {}
    for _, row in analysis.pairs(dataset).iterrows():
        a, b = str(row["model_a"]), str(row["model_b"])
        ratio, low, high = (float(row[name]) for name in ("ratio", "ratio_low", "ratio_high"))
        hint = f"n = {row['n']}, p {number(row['adjusted_p'], 2)} over all pairs, {row['verdict']}"
        warned = bool(row["warning"])
        known[a, b] = _cell(a, b, row["told"], (ratio, low, high), hint, warned)
        # The other way round an upper end becomes the lower one.
        turned = tuple(1 / x if x else float("inf") for x in (ratio, high, low))
        known[b, a] = _cell(b, a, MIRRORED[row["told"]], turned, hint, warned)
    empty = Cell("none", NONE, "", "")
    return [(a, [known.get((a, b), empty) for b in models]) for a in models if len(models) > 1]


def _cell(a: str, b: str, told: str, ratio: tuple[float, ...], hint: str, warned: bool) -> Cell:
    words = WORDS[told] + " !" * warned
    text = f"{a} / {b}: {number(ratio[0])} {span(*ratio[1:])}, {hint}"
    shown = "" if number(ratio[0]) == NONE else f"× {number(ratio[0])}"
    return Cell(told or "open", words, shown, text)


def _row(row: pd.Series) -> dict[str, Any]:
    cells: dict[str, Any] = row.to_dict()
    cells["interval"] = span(row["ratio_low"], row["ratio_high"])
    cells["power"] = power(row) if row["n"] else NONE
    return cells
