"""What docs/tuning.md and docs/questions.md say of the published searches."""

import pandas as pd

from bench.datasets import primary_metric
from bench.formats import plain
from bench.metrics import METRICS
from bench.words import number

from .marks import ROOT

SEARCHES = ROOT / "results" / "reference-tuned"
DATASETS = ("mnist5k", "ring8")
QUOTED = ("## Defaults and tuned configurations", "## The pairs")


def quoted(dataset: str) -> str:
    """The two tables of a published tuned.md that the page shows."""
    page = (SEARCHES / dataset / "tuned.md").read_text()
    parts = [page.split(f"{heading}\n\n")[1].split("\n\n")[0] for heading in QUOTED]
    return "\n\n".join(parts)


def answer() -> str:
    """A row for each published search: what becomes of the verdicts on its defaults."""
    rows = []
    for dataset in DATASETS:
        pairs = pd.read_csv(SEARCHES / dataset / "pairs.csv", keep_default_na=False)
        tuned = pd.read_csv(SEARCHES / dataset / "tuned.csv").set_index("contestant")
        title = METRICS[primary_metric(dataset)].title
        lowest = []
        for kind in ("default", "tuned"):
            means = tuned[f"{kind}_mean"]
            lowest.append(f"{means.idxmin()}, {title} {number(means.min())}")
        counts = pairs["change"].value_counts()
        told = [str(counts.get(name, 0)) for name in ("kept", "lost", "reversed", "new")]
        shifted = int((pairs["shifted"] != "").sum())
        rows.append([dataset, *lowest, *told, f"{shifted} of {len(pairs)}"])
    heads = ["data", "lowest mean, defaults", "lowest mean, tuned", "told both times"]
    heads += ["no longer told", "turned round", "told once tuned", "ratio changed"]
    return "\n".join(plain(heads, rows))
