"""Do two extractors rank the contestants alike?"""

import numpy as np
import pandas as pd
from scipy import stats

from ..datasets import primary_metric
from ..records.results import Results
from .protocol import datasets, last, one_protocol, primary

LEAST = 3  # contestants of a ranking


def extractor_agreement(results: Results) -> pd.DataFrame:
    """Does the ranking by mean primary metric survive another extractor?

    A row for each other extractor: dataset, first, second (the extractors), order_first,
    order_second (labels, best first), n (contestants in both), tau (Kendall's), sentence.
    """
    rows = []
    for dataset in datasets(results):
        outcome = primary_metric(dataset)
        own, found = primary(results, outcome, dataset), results.evaluations
        found = found[(found["dataset"] == dataset) & (found["metric"] == outcome)]
        base = own["features"].iloc[0] if len(own) else ""
        for features, others in found[found["features"] != base].groupby("features"):
            means = [_means(one_protocol(r, outcome), results) for r in (own, others)]
            both = pd.concat(means, axis=1, keys=["first", "second"]).dropna()
            row = {"dataset": dataset, "first": base, "second": features, "n": len(both)}
            rows.append(row | _agreement(both))
    columns = [
        "dataset",
        "first",
        "second",
        "order_first",
        "order_second",
        "n",
        "tau",
        "sentence",
    ]
    return pd.DataFrame(rows, columns=columns)


def _means(rows: pd.DataFrame, results: Results) -> pd.Series:
    return last(rows, results.trials).groupby("model")["value"].mean()


def _agreement(both: pd.DataFrame) -> dict[str, object]:
    orders = [list(both.sort_values(name).index) for name in ("first", "second")]
    row: dict[str, object] = {"order_first": ", ".join(orders[0])}
    row |= {"order_second": ", ".join(orders[1])}
    if len(both) < LEAST:
        said = f"A ranking of fewer than {LEAST} contestants is not compared."
        return row | {"tau": np.nan, "sentence": said}
    tau = float(stats.kendalltau(both["first"], both["second"]).statistic)
    named = f"(Kendall's tau {tau:.2f} over {len(both)} contestants)"
    if orders[0] == orders[1]:
        text = f"The ranking survives a second extractor {named}."
    elif orders[0][0] == orders[1][0]:
        text = f"A second extractor keeps {orders[0][0]} first, but not the whole ranking {named}."
    else:
        text = (
            f"The ranking does not survive: a second extractor puts {orders[1][0]} first {named}."
        )
    return row | {"tau": tau, "sentence": text}
