"""Do both losses that a source prints lie together where another seed would end?

`reported_losses` looks at each loss alone. Here the pair is a point in the plane, and the seeds'
pairs have a prediction region (`bench.stats.prediction_region`): its size says what it supports.
"""

import numpy as np
import pandas as pd

from .. import stats
from ..records.results import Results
from .reported_losses import LOSSES, told_by

COLUMNS = ["dataset", "model", "step", "over", "n"]
COLUMNS += [f"{loss}_{what}" for loss in LOSSES for what in ("mean", "half", "reported")]
COLUMNS += ["area", "distance", "bound", "verdict"]
LEAST = 3  # seeds, without which two losses have no region


def joint_losses(results: Results, step: int | None = None, over: int = 1) -> pd.DataFrame:
    """A row a contestant whose preset reports losses, and data set; COLUMNS.

    step: of the generator; None: the one that the source names. over: the pair is the mean of so
    many steps up to it, at least those of a row of the curves. half: how far the region reaches
    from the mean in a loss; distance and bound: of the reported pair (`stats.Region`). verdict:
    "within" or "outside", or "cannot tell" for fewer than three seeds.
    """
    rows = []
    for dataset, label, told in told_by(results):
        at = told.step if step is None else step
        pairs = pair_of_seeds(results, dataset, label, at, over)
        reported = np.array([getattr(told, loss) for loss in LOSSES])
        row: dict[str, object] = {"dataset": dataset, "model": label, "step": at, "over": over}
        row |= {"n": len(pairs), "verdict": "cannot tell"}
        row |= dict(zip((f"{loss}_reported" for loss in LOSSES), reported, strict=True))
        if len(pairs):
            row |= dict(zip((f"{loss}_mean" for loss in LOSSES), pairs.mean(), strict=True))
        if len(pairs) >= LEAST:
            region = stats.prediction_region(pairs)
            halves = zip((f"{loss}_half" for loss in LOSSES), region.half_widths, strict=True)
            row |= {**dict(halves), "area": region.volume, "bound": region.bound}
            inside = region.holds(reported)
            row |= {"distance": region.distance(reported)}
            row |= {"verdict": "within" if inside else "outside"}
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def pair_of_seeds(
    results: Results, dataset: str, label: str, step: int, over: int = 1
) -> pd.DataFrame:
    """[seeds, losses] the means over the steps of the generator in (step - over, step].

    Rows of the curves are means over a few steps; those that end within count by their steps, and
    the row that holds `step` always. Seeds that did not get there are left out.
    """
    rows = results.curves
    rows = rows[(rows["dataset"] == dataset) & (rows["model"] == label)]
    found = {}
    for seed, of_seed in rows[rows["metric"].isin(f"loss/{x}" for x in LOSSES)].groupby("seed"):
        wide = of_seed.pivot_table(index="generator_steps", columns="metric", values="value")
        ends = wide.index.to_numpy()
        at = int(np.searchsorted(ends, step))
        if at == len(ends):
            continue
        lengths = np.diff(ends, prepend=0)
        used = (ends > step - over) & (np.arange(len(ends)) <= at) | (np.arange(len(ends)) == at)
        means = np.average(wide[used], axis=0, weights=lengths[used])
        found[seed] = dict(zip(wide.columns, means, strict=True))
    table = pd.DataFrame.from_dict(found, orient="index")
    return table.reindex(columns=[f"loss/{loss}" for loss in LOSSES])
