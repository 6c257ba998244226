"""Losses that a source prints, beside those of the seeds at the same generator step.

A preset of `gan_zoo.presets` may carry them. A reading (a contestant of that preset) reproduces
them where both lie in the range in which 95 % of further seeds are expected.
"""

import numpy as np
import pandas as pd

from gan_zoo.catalog import preset_of
from gan_zoo.presets import Reported

from .. import stats
from ..records.results import Results
from .protocol import datasets

LOSSES = ("generator", "discriminator")
COLUMNS = ["dataset", "model", "preset", "loss", "step", "averaged", "n", "mean", "sd"]
COLUMNS += ["least", "most", "low", "high", "reported", "verdict", "source"]


def reported_losses(results: Results) -> pd.DataFrame:
    """One row a contestant with reported losses, data set and loss; COLUMNS.

    Of the first row of the curves at or after `step`, a mean over the `averaged` generator steps
    up to it: the n seeds' mean, sd (ddof 1), least and most, and low and high, Student's
    prediction interval for one more seed at 95 %. verdict: within, below or above that interval
    is the reported value; or why there is none.
    """
    rows = []
    for dataset in datasets(results):
        for label, preset, told in _told(results, dataset):
            for loss in LOSSES:
                row: dict[str, object] = {"dataset": dataset, "model": label, "preset": preset}
                row |= {"loss": loss}
                row |= {"step": told.step, "source": told.source, "reported": getattr(told, loss)}
                rows.append(row | _compared(results, row))
    return pd.DataFrame(rows, columns=COLUMNS)


def _told(results: Results, dataset: str) -> list[tuple[str, str, Reported]]:
    """The contestants whose preset reports losses on such data: label, preset, what it reports."""
    found = []
    for entry in results.experiment["contestants"]:
        preset = preset_of(str(entry["model"]), entry.get("preset"))
        if preset and preset.reported and dataset in preset.reported.datasets:
            name = f"{entry['model']}@{entry['preset']}"
            found.append((str(entry["label"]), name, preset.reported))
    return found


def told_by(results: Results) -> list[tuple[str, str, Reported]]:
    """Data set, contestant, and what its preset reports, of those that report losses on it."""
    return [
        (dataset, label, told)
        for dataset in datasets(results)
        for label, _, told in _told(results, dataset)
    ]


def _compared(results: Results, row: dict[str, object]) -> dict[str, object]:
    curves = results.curves
    curves = curves[curves["metric"] == f"loss/{row['loss']}"]
    curves = curves[(curves["dataset"] == row["dataset"]) & (curves["model"] == row["model"])]
    met = [_at(own, int(str(row["step"]))) for _, own in curves.groupby("seed")]
    values = np.array([value for value, _ in met if np.isfinite(value)], dtype=float)
    if not len(values):
        last = int(curves["generator_steps"].max()) if len(curves) else 0
        return {"n": 0, "verdict": f"not reached: the last row is of step {last:,}"}
    found: dict[str, object] = {"n": len(values), "mean": values.mean()}
    found |= {"averaged": max(steps for _, steps in met)}
    found |= {"least": values.min(), "most": values.max()}
    if len(values) == 1:
        return found | {"verdict": "one seed has no spread"}
    interval = stats.prediction_interval(values)
    found |= {"sd": values.std(ddof=1), "low": interval.low, "high": interval.high}
    return found | {"verdict": _place(float(str(row["reported"])), interval.low, interval.high)}


def _at(own: pd.DataFrame, step: int) -> tuple[float, int]:
    """The value of the row that holds a generator step, and how many steps it is the mean of."""
    own = own.sort_values("generator_steps")
    steps = own["generator_steps"].to_numpy()
    at = int(np.searchsorted(steps, step))
    if at == len(steps):
        return float("nan"), 0
    return float(own["value"].iloc[at]), int(steps[at] - (steps[at - 1] if at else 0))


def _place(value: float, low: float, high: float) -> str:
    if value < low:
        return "below"
    return "above" if value > high else "within"


def sentences(table: pd.DataFrame, dataset: str) -> list[str]:
    """What the table says of each contestant on a data set."""
    found = []
    for label, own in table[table["dataset"] == dataset].groupby("model", sort=False):
        verdicts = dict(zip(own["loss"], own["verdict"], strict=True))
        n, step = int(own["n"].min()), int(own["step"].iloc[0])
        head = f"{label}: the losses reported after step {step:,} ({own['source'].iloc[0]})"
        odd = {k: v for k, v in verdicts.items() if v != "within"}
        if set(verdicts.values()) <= {"within", "below", "above"}:
            lies = " and ".join(f"the {k}'s lies {v}" for k, v in odd.items())
            end = f"both lie where another seed would ({n} seeds)."
            found.append(f"{head}: {f'{lies} what {n} seeds let expect.' if odd else end}")
        else:
            found.append(f"{head} cannot be judged: {next(iter(odd.values()))}.")
    return found
