"""What went wrong while training, on the page: lost trials, alarms, lost modes."""

from typing import Any

import pandas as pd

from ..analysis import Analysis
from ..probes.alarms import COLLAPSED, GROWN
from ..tables.protocol import primary

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
    conditional = models.loc[models["conditional"], "model"]
    rows = rows[(rows["images"] > 0) & ~rows["model"].isin(conditional)]
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
