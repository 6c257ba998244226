"""Why the verdict on a pair is not all that there is to say: collapses, alarms, lost trials."""

import numpy as np
import pandas as pd

from .. import stats
from ..records.results import Results
from .failures import LOST


def of_seeds(layout: np.ndarray, names: tuple[str, str]) -> list[str]:
    """As "1 of 10 seeds of a ended far higher": [n, k] with the pair `names` first."""
    found, middle = stats.lie_apart(layout), np.median(layout, axis=0)
    parts = []
    for place, name in enumerate(names):
        own = found[:, place]
        for side, beyond in (
            ("higher", layout[:, place] > middle[place]),
            ("lower", layout[:, place] < middle[place]),
        ):
            if count := int((own & beyond).sum()):
                parts.append(f"{count} of {len(layout)} seeds of {name} ended far {side}")
    return parts


def of_trials(results: Results, dataset: str) -> dict[str, list[str]]:
    """Contestant -> what its trials say: how many were lost, how many raised a collapse alarm.

    Alarms in more than half of the seeds are no rare event: the middle of the scores has them.
    """
    trials = results.trials[results.trials["dataset"] == dataset]
    trials = trials.reindex(columns=[*trials.columns.union(["collapse_alarms"])])
    return {str(model): _of_one(str(model), own) for model, own in trials.groupby("model")}


def _of_one(model: str, own: pd.DataFrame) -> list[str]:
    ended = own[own["status"].isin(("finished", *LOST))]
    lost = int(ended["status"].isin(LOST).sum())
    alarmed = int((ended.loc[ended["status"] == "finished", "collapse_alarms"] > 0).sum())
    parts = []
    if lost:
        was = "was" if lost == 1 else "were"
        parts.append(f"{lost} of {len(ended)} trials of {model} {was} lost")
    if 0 < alarmed <= (len(ended) - lost) / 2:
        parts.append(f"{alarmed} of {len(ended) - lost} seeds of {model} raised a collapse alarm")
    return parts
