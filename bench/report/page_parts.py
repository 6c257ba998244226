"""The pairs of models on the page: a row a pair, and a matrix of verdicts."""

from typing import Any, NamedTuple

import pandas as pd

from ..analysis import Analysis
from ..claims import text
from ..probes.alarms import COLLAPSED, GROWN
from ..tables.protocol import primary
from ..words import NONE, number, span
from .prose import power

MIRRORED = {"lower": "higher", "higher": "lower", "": ""}
WORDS = {"lower": "▼ lower", "higher": "▲ higher", "": "? cannot tell"}


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
        hint = f"n = {row['n']}, Holm p {number(row['holm_p'], 2)}, {row['verdict']}"
        known[a, b] = _cell(a, b, row["told"], (ratio, low, high), hint)
        # The other way round an upper end becomes the lower one.
        turned = tuple(1 / x if x else float("inf") for x in (ratio, high, low))
        known[b, a] = _cell(b, a, MIRRORED[row["told"]], turned, hint)
    empty = Cell("none", NONE, "", "")
    return [(a, [known.get((a, b), empty) for b in models]) for a in models if len(models) > 1]


def _cell(a: str, b: str, told: str, ratio: tuple[float, ...], hint: str) -> Cell:
    text = f"{a} / {b}: {number(ratio[0])} {span(*ratio[1:])}, {hint}"
    shown = "" if number(ratio[0]) == NONE else f"× {number(ratio[0])}"
    return Cell(told or "open", WORDS[told], shown, text)


def _row(row: pd.Series) -> dict[str, Any]:
    cells: dict[str, Any] = row.to_dict()
    cells["interval"] = span(row["ratio_low"], row["ratio_high"])
    cells["power"] = power(row) if row["n"] else NONE
    other = row["verdict_with_failures"]
    return cells | {"counted": other if isinstance(other, str) else NONE}


RULES = {"collapsed": f"{COLLAPSED:.0%}", "grown": f"{GROWN:g}"}  # of the alarms, in words
FELL = 0.5  # of the modes that a trial had covered: no more than this share is a collapse


def unfinished(analysis: Analysis, dataset: str) -> list[dict[str, Any]]:
    """The trials that did not finish, and where they stopped."""
    trials = analysis.results.trials
    columns = ["model", "seed", "status", "images", "generator_steps", "reason"]
    rows = trials[(trials["dataset"] == dataset) & (trials["status"] != "finished")]
    return [row.to_dict() for _, row in rows.reindex(columns=columns).iterrows()]


def alarms(analysis: Analysis, dataset: str) -> list[dict[str, Any]]:
    """What the alarms told while training, in the order of models, seeds and training."""
    rows = analysis.results.events
    rows = rows[rows["dataset"] == dataset]
    order = [str(model) for model in analysis.models(dataset)["model"]]
    rows = rows.assign(place=rows["model"].map(order.index))
    rows = rows.sort_values(["place", "seed", "images"], kind="stable")
    return [row.to_dict() for _, row in rows.iterrows()]


def collapsed(analysis: Analysis, dataset: str) -> list[dict[str, Any]]:
    """The trials that end on few of the modes that they had covered: most, end, since (images).

    The untrained generator does not count, nor does a model that is told which mode to draw.
    """
    rows = primary(analysis.results, "modes", dataset)
    models = analysis.models(dataset)
    told = set(models.loc[models["conditional"], "model"])
    rows = rows[(rows["images"] > 0) & ~rows["model"].isin(told)]
    found = [_fall(own.sort_values("images")) for _, own in rows.groupby(["model", "seed"])]
    return [fall for fall in found if fall]


def _fall(own: pd.DataFrame) -> dict[str, Any] | None:
    few = own["value"] <= FELL * own["value"].cummax()
    if not few.iloc[-1]:
        return None
    last_good = own.loc[~few, "images"].max()
    return {
        "model": own["model"].iloc[0],
        "seed": own["seed"].iloc[0],
        "most": own["value"].max(),
        "end": own["value"].iloc[-1],
        "since": own.loc[own["images"] > last_good, "images"].min(),
    }


def claims(analysis: Analysis) -> dict[str, Any]:
    """Rows, how many of each verdict, and what the other claims would need."""
    table = analysis.claims
    rows = [
        {
            **row.to_dict(),
            "shown": text.effect(row),
            "mark": text.MARKS[row["verdict"]],
            "kind": {"supported": "lower", "contradicted": "higher"}.get(row["verdict"], "open"),
            "power": number(row["planned_power"], 2),
        }
        for _, row in table.iterrows()
    ]
    return {
        "rows": rows,
        "tally": text.tally(table) if rows else "",
        "unspoken": text.unspoken(table),
        "reading": text.READING.replace("*", "").replace("`", ""),
    }
