"""Were the trials really matched? Each stream is checked by the hashes of what was drawn."""

import json

import pandas as pd

from ..records.results import Results
from .protocol import contestants, datasets


def matched(results: Results) -> pd.DataFrame:
    """Did the trials of one seed draw the same numbers? A row for each stream.

    dataset, stream, drawn: "all equal", "equal among those that use it (...)" or "differs: a, b |
    c", where contestants with equal hashes of their first draws stand together.
    """
    rows = []
    for dataset in datasets(results):
        hashes = _hashes(results, dataset)
        everyone = [c for c in contestants(results, dataset) if c in set(hashes["model"])]
        for stream, found in hashes.groupby("stream"):
            rows.append({"dataset": dataset, "stream": stream, "drawn": _drawn(found, everyone)})
    return pd.DataFrame(rows, columns=["dataset", "stream", "drawn"])


def _hashes(results: Results, dataset: str) -> pd.DataFrame:
    trials = results.trials[results.trials["dataset"] == dataset]
    rows = [
        {"model": trial.model, "seed": trial.seed, "stream": stream, "hash": digest}
        for trial in trials.itertuples()
        if isinstance(trial.streams, str)
        for stream, digest in json.loads(trial.streams or "{}").items()
    ]
    return pd.DataFrame(rows, columns=["model", "seed", "stream", "hash"])


def _drawn(found: pd.DataFrame, everyone: list[str]) -> str:
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
