"""What the numbers stand on: their scale, their extractor, and whether trials were matched."""

import json

import numpy as np
import pandas as pd
from scipy import stats

from .catalog import primary_metric
from .columns import PROTOCOL
from .protocol import contestants, datasets, last, one_protocol, own_extractor, primary
from .results import Results

UNTRAINED = "untrained generator"
BESIDE = {"fid": "kid", "emd": "high_quality"}  # what stands beside a primary metric


def scale(results: Results) -> pd.DataFrame:
    """What real, noisy and untrained samples score under the primary extractor, best first.

    One row a level and data set. `fid`, for points `emd`, is the median of `n` values from low to
    high: one each, but for the untrained generator, which has one a contestant and seed. The
    protocol is that of this primary metric; `kid`, for points `high_quality`, may have been
    measured against another reference, as `kid_reference` says.
    """
    tables = [_scale(results, dataset) for dataset in datasets(results)]
    return pd.concat(tables, ignore_index=True)


def _scale(results: Results, dataset: str) -> pd.DataFrame:
    levels = results.scale[results.scale["dataset"] == dataset]
    levels = levels[own_extractor(results, levels, dataset)].set_index("level")
    outcome = primary_metric(dataset)
    metrics = (outcome, BESIDE[outcome])
    rows = []
    for level in levels.index.unique():
        rows.append(_level(level, {m: one_protocol(levels.loc[[level]], m) for m in metrics}))
    start = {metric: _untrained(results, metric, dataset) for metric in metrics}
    if len(start[outcome]):
        rows.append(_level(UNTRAINED, start))
    columns = ["level", outcome, "low", "high", "n", *PROTOCOL, metrics[1]]
    table = pd.DataFrame(rows, columns=[*columns, f"{metrics[1]}_reference"])
    table.insert(0, "dataset", dataset)
    return table.sort_values(outcome, ignore_index=True)


def _untrained(results: Results, metric: str, dataset: str) -> pd.DataFrame:
    rows = primary(results, metric, dataset)
    return rows[(rows["images"] == 0) & np.isfinite(rows["value"].astype(float))]


def _level(level: str, found: dict[str, pd.DataFrame]) -> dict[str, object]:
    outcome, beside = found
    values, others = (found[metric]["value"].to_numpy(float) for metric in found)
    row: dict[str, object] = {"level": level, "n": len(values)}
    if len(values):
        row |= {outcome: float(np.median(values)), "low": values.min(), "high": values.max()}
        row |= {name: found[outcome][name].iloc[0] for name in PROTOCOL}
    if len(others):
        row |= {beside: float(np.median(others))}
        row |= {f"{beside}_reference": found[beside]["reference"].iloc[0]}
    return row


def extractor_agreement(results: Results) -> pd.DataFrame:
    """Does the ranking by mean primary metric survive another extractor? One row an extractor.

    dataset, first, second (extractors), order_first, order_second (labels, best first), n
    (contestants in both), tau (Kendall's), sentence.
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
    if len(both) < 2:
        return row | {"tau": np.nan, "sentence": "One contestant has no ranking."}
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


def matched(results: Results) -> pd.DataFrame:
    """Did trials of one seed draw the same numbers? One row a stream: dataset, stream, verdict.

    verdict: "all equal", "equal among those that use it (...)" or "differs: ... | ...", the
    contestants grouped by equal hashes of their first draws.
    """
    rows = []
    for dataset in datasets(results):
        hashes = _hashes(results, dataset)
        everyone = [c for c in contestants(results, dataset) if c in set(hashes["model"])]
        for stream, found in hashes.groupby("stream"):
            verdict = _verdict(found, everyone)
            rows.append({"dataset": dataset, "stream": stream, "verdict": verdict})
    return pd.DataFrame(rows, columns=["dataset", "stream", "verdict"])


def _hashes(results: Results, dataset: str) -> pd.DataFrame:
    trials = results.trials[results.trials["dataset"] == dataset]
    rows = [
        {"model": trial.model, "seed": trial.seed, "stream": stream, "hash": digest}
        for trial in trials.itertuples()
        if isinstance(trial.streams, str)
        for stream, digest in json.loads(trial.streams or "{}").items()
    ]
    return pd.DataFrame(rows, columns=["model", "seed", "stream", "hash"])


def _verdict(found: pd.DataFrame, everyone: list[str]) -> str:
    users = [model for model in everyone if model in set(found["model"])]
    if len(users) == 1:
        return f"only {users[0]} uses it"
    table = found.pivot(index="seed", columns="model", values="hash")[users]
    apart = table.nunique(axis=1) > 1
    if apart.any():
        first = table[apart].iloc[0]
        groups = [", ".join(m for m in users if first[m] == h) for h in first.dropna().unique()]
        return "differs: " + " | ".join(groups)
    if len(users) == len(everyone):
        return "all equal"
    return f"equal among those that use it ({', '.join(users)})"
