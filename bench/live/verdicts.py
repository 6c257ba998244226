"""What the last report says of the pairs, read from its files."""

import csv
import html
import math
import re
from pathlib import Path
from typing import Any

from ..datasets import primary_metric
from ..metrics import METRICS
from ..report.charts import Chart, pair_rows
from ..words import number, span
from .reading import Folder, Seen

MOST = 30  # pairs of a chart


def verdicts(folder: Folder, trials: list[Seen]) -> dict[str, Any] | None:
    """The headline, pairs and seeds of each data set, and when they were written; None of none."""
    files = [folder.root / name for name in ("summary.md", "comparisons.csv")]
    stamps = folder.stamps(files)
    if stamps[0] is None or stamps[1] is None:
        return None
    found = folder.kept("verdicts", stamps, lambda: _read(*files))
    written = stamps[0][0] / 1e9
    since = sum(trial.ended > written for trial in trials)
    return {"at": written, "since": since, "datasets": found} if found else None


def covers(folder: Folder, trials: list[Seen]) -> bool:
    """Is the last report of these trials, whatever the times of its files say?

    A copy or a clone of a folder gives its files times in any order; the seconds that trials took
    are their own.
    """
    path = folder.root / "summary.csv"
    stamp = folder.stamp(path)
    told = folder.kept("covered", stamp, lambda: _ends(path)) if stamp else None
    found: dict[tuple[str, str], list[Seen]] = {}
    for trial in trials:
        found.setdefault(trial.key[:2], []).append(trial)
    if not told or set(told) != set(found):
        return False
    for key, own in found.items():
        started, finished, seconds = told[key]
        took = [float(t.facts["seconds"]) for t in own if t.status == "finished"]
        if (started, finished) != (len(own), len(took)):
            return False
        if took and not math.isclose(sum(took) / len(took), seconds, rel_tol=1e-9):
            return False
    return True


def _ends(summary: Path) -> dict[tuple[str, str], tuple[int, int, float]]:
    """(data set, contestant) -> trials that started and that finished, and their mean seconds."""
    try:
        with summary.open(encoding="utf-8", newline="") as file:
            return {
                (row["dataset"], row["model"]): (
                    int(row["started"]),
                    int(row["finished"]),
                    float(row["seconds"] or "nan"),
                )
                for row in csv.DictReader(file)
            }
    except (OSError, ValueError, KeyError, TypeError):  # damaged
        return {}


def _read(summary: Path, comparisons: Path) -> dict[str, Any]:
    try:
        headlines = _headlines(summary.read_text(encoding="utf-8"))
        with comparisons.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row.get("outcome") == "primary"]
        pairs = {
            name: _pairs([r for r in rows if r["dataset"] == name], name) for name in headlines
        }
    except (OSError, ValueError, KeyError, TypeError):  # damaged: `bench report` writes them again
        return {}
    return {name: {"headline": text, "pairs": pairs[name]} for name, text in headlines.items()}


def _headlines(text: str) -> dict[str, str]:
    """Data set -> the first sentence of its section in summary.md, without Markdown's escapes."""
    found = re.findall(r"^# (\S+), [^\n]*\n\n([^\n]+)$", text, re.M)
    return {
        html.unescape(name): html.unescape(re.sub(r"\\([|`*(\]])", r"\1", said))
        for name, said in found
    }


def _pairs(rows: list[dict[str, str]], dataset: str) -> Chart | None:
    told = [_pair(row) for row in rows if row["ratio"] and float(row["ratio"]) > 0]
    if len(told) > MOST:
        told = [pair for pair in told if pair["model_a"] == told[0]["model_a"]]
    if not told:
        return None
    return pair_rows(told, METRICS[primary_metric(dataset)].title) | {
        "title": f"Pairs, seed against seed, {dataset}",
        "note": "Dot: the ratio of a pair; line: its 95 % interval, simultaneous over all pairs. "
        "Hollow, grey: cannot tell, which does not mean equal.",
    }


def _pair(row: dict[str, str]) -> dict[str, Any]:
    ends = {name: float(row[name] or "nan") for name in ("ratio", "ratio_low", "ratio_high")}
    text = f"{number(ends['ratio'])} {span(ends['ratio_low'], ends['ratio_high'])}  n = {row['n']}"
    names = ("model_a", "model_b", "told", "verdict")
    return ends | {name: row[name] for name in names} | {"text": text.strip()}
