"""How much of the noise in a single score comes from the seed, the sample and the extractor.

Every image trial measures its last FID by a second extractor too: that tells seed and extractor
apart. A trial that ends with `fid_again` (`emd_again` for points) measured the primary metric a
second time, on samples from other latents: that tells the sample apart.
"""

import numpy as np
import pandas as pd

from .. import stats
from ..datasets import primary_metric
from ..records.results import Results
from .protocol import contestants, datasets, final, last, one_protocol, own_extractor

COLUMNS = ["dataset", "model", "part", "sd", "share", "share_low", "share_high", "n", "df"]
COLUMNS += ["negative"]
LEAST = 3  # seeds of a contestant, and contestants; of fewer, no share is said
BETWEEN = "between seeds"


def noise(results: Results) -> pd.DataFrame:
    """The parts of the noise in the final primary metric, on the log scale.

    A row for each contestant: its sd between seeds. Then, without a model, a row for each part of
    the contestants' mean variance: sd (of logarithms: 0.05 is about 5 % of the value), share of
    the sum of variances with its 95 % interval share_low, share_high (for LEAST contestants that
    have LEAST seeds), n (trials), df. negative: the estimate was below 0 and is shown as 0.
    """
    rows: list[dict[str, object]] = []
    for dataset in datasets(results):
        scores = _scores(results, dataset)
        for label in contestants(results, dataset):
            own = np.log(scores.loc[scores["model"] == label, "first"])
            sd = float(own.std(ddof=1)) if len(own) > 1 else np.nan
            row = {"dataset": dataset, "model": label, "part": BETWEEN, "sd": sd}
            rows.append(row | {"n": len(own), "df": max(len(own) - 1, 0)})
        rows += [{"dataset": dataset} | row for row in _parts(scores)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _parts(scores: pd.DataFrame) -> list[dict[str, object]]:
    measured = [name for name in ("first", "again", "second") if _repeats(scores, name)]
    if not measured:
        return []
    scores = scores.dropna(subset=measured)
    logs = {name: np.log(scores[name].to_numpy(float)) for name in measured}
    parts = stats.noise_parts(logs, scores["model"].to_numpy(str))
    said = (scores["model"].value_counts() >= LEAST).sum() >= LEAST
    return [
        {
            "part": part.name,
            "sd": np.sqrt(part.variance),
            "share": part.share if said else np.nan,
            "share_low": part.low if said else np.nan,
            "share_high": part.high if said else np.nan,
            "n": len(scores),
            "df": part.df,
            "negative": part.estimate < 0,
        }
        for part in parts
    ]


def _repeats(scores: pd.DataFrame, name: str) -> bool:
    """Does a contestant have two trials with both `name` and `first`?"""
    there = scores.dropna(subset=["first", name])
    return bool((there.groupby("model").size() > 1).any())


def _scores(results: Results, dataset: str) -> pd.DataFrame:
    """A row for each finished trial: model, seed, first, again, second (NaN: not measured)."""
    outcome = primary_metric(dataset)
    rows = results.evaluations
    rows = rows[rows["dataset"] == dataset]
    own = own_extractor(results, rows, dataset)
    first = final(results, outcome, dataset)
    again = last(one_protocol(rows[own], f"{outcome}_again"), results.trials)
    others = rows[~own & (rows["metric"] == outcome)]
    names = sorted(others["features"].unique())[:1]  # one extractor beside the primary
    second = last(others[others["features"].isin(names)], results.trials)
    table = first[["model", "seed"]]
    for name, values in {"first": first, "again": again, "second": second}.items():
        columns = values[["model", "seed", "value"]].rename(columns={"value": name})
        table = table.merge(columns, "left", ["model", "seed"])
        table[name] = table[name].astype(float).where(lambda x: (x > 0) & np.isfinite(x))
    return table
