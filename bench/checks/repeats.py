"""A trial as it was recorded and as it was trained again: the same bits, or at least alike?"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from ..files import read_json
from ..records.layout import PROTOCOL
from ..stats import prediction_interval
from .result import OK, Check, Found

UNTRAINED = 1e-3  # relative: the rounding of one forward pass, with no training to amplify it
SEEDS = 3  # finished, at least, for a spread that can judge
LEVEL = 0.99  # of the interval that another seed would fall into
ROW = ["images", "generator_steps", "discriminator_steps", "metric", *PROTOCOL]


@dataclass(frozen=True)
class Repeat:
    """Where a trial's record and its repetition lie, and what they are judged by."""

    there: Path
    here: Path
    metric: str  # the primary one
    ends: NDArray[np.float64]  # [seeds] its final values in the record, this contestant's
    tolerance: float | None = None  # relative, of the final value; None: the spread of `ends`


def streams(repeat: Repeat) -> Found:
    """Every stream draws the recorded numbers."""
    there, here = hashes(repeat.there), hashes(repeat.here)
    if not there:
        return "skipped", "the record has no hashes of what was drawn"
    other = sorted(name for name in there | here if there.get(name) != here.get(name))
    if other:
        return "failed", f"other numbers are drawn from {', '.join(other)}"
    return "ok", f"{len(there)} streams draw the recorded numbers"


def hashes(folder: Path) -> dict[str, str]:
    facts = read_json(folder / "trial.json") | read_json(folder / "status.json")
    return dict(facts.get("streams") or {})


def evaluations(repeat: Repeat) -> Found:
    """Every recorded value of every evaluation is equal, bit for bit."""
    return equal(beside(repeat, "evaluations.parquet"))


def curves(repeat: Repeat) -> Found:
    """Every recorded value of the curves is equal, but for those that hang on the clock.

    A value is a mean since the row before it: rows that another version placed elsewhere say
    nothing here.
    """
    both = beside(repeat, "curves.parquet")
    both = both[~both["metric"].str.startswith("cost/")]
    places = [rows_of(folder / "curves.parquet") for folder in (repeat.there, repeat.here)]
    shared = both["images"].map(places[0].get) == both["images"].map(places[1].get)
    if shared.all():
        return equal(both)
    if not shared.any():
        return "skipped", "another version, which placed the rows elsewhere, recorded them"
    outcome, told = equal(both[shared])
    return outcome, f"{told}; {(~shared).sum():,} lie elsewhere"


def rows_of(path: Path) -> dict[int, int]:
    """Where each row of a curve ends -> where it begins, in images."""
    ends = np.unique(pd.read_parquet(path, columns=["images"])["images"]).tolist()
    return dict(zip(ends, [0, *ends], strict=False))


def beside(repeat: Repeat, name: str) -> pd.DataFrame:
    """A recorded table, its values as `there`, those of the repetition as `here`."""
    there, here = (pd.read_parquet(folder / name) for folder in (repeat.there, repeat.here))
    keys = [column for column in ROW if column in there.columns]
    both = there[[*keys, "value"]].merge(here[[*keys, "value"]], on=keys, how="left")
    return both.rename(columns={"value_x": "there", "value_y": "here"})


def equal(both: pd.DataFrame) -> Found:
    same = (both["there"] == both["here"]) | (both["there"].isna() & both["here"].isna())
    if same.all():
        return "ok", f"{len(both):,} values are equal, bit for bit"
    first = both[~same].iloc[0]
    return "failed", (
        f"{(~same).sum():,} of {len(both):,} values differ, first {first['metric']} after "
        f"{first['images']:,} images: {first['there']:.6g} there, {first['here']:.6g} here"
    )


def weights(repeat: Repeat) -> Found:
    """The generator's final weights are equal, bit for bit."""
    there, here = (f / "generator.safetensors" for f in (repeat.there, repeat.here))
    if not there.exists():
        return "skipped", "the folder has none: a published one leaves them out"
    return OK if there.read_bytes() == here.read_bytes() else ("failed", "they differ")


def pictures(repeat: Repeat) -> Found:
    """The pictures of samples are equal, pixel for pixel."""
    there = sorted((repeat.there / "samples").glob("*.png"))
    if not there:
        return "skipped", "the folder has none: a published one keeps those of one seed"
    other = [path.name for path in there if not same_picture(path, repeat.here / "samples")]
    return ("failed", f"{', '.join(other)} differ") if other else OK


def same_picture(path: Path, folder: Path) -> bool:
    with Image.open(path) as there, Image.open(folder / path.name) as here:
        return there.size == here.size and there.tobytes() == here.tobytes()


def untrained(repeat: Repeat) -> Found:
    """The untrained generator measures alike, to the rounding of a forward pass."""
    both = beside(repeat, "evaluations.parquet")
    first = both[(both["images"] == 0) & (both["metric"] == repeat.metric)].iloc[0]
    there, here = float(first["there"]), float(first["here"])
    outcome = abs(here - there) <= UNTRAINED * abs(there)
    told = f"{repeat.metric} {there:.6g} there, {here:.6g} here"
    return "ok" if outcome else "failed", f"{told} (tolerance {UNTRAINED:g} of it)"


def end(repeat: Repeat) -> Found:
    """The final primary metric lies where another seed of the contestant could have ended."""
    both = beside(repeat, "evaluations.parquet")
    both = both[both["metric"] == repeat.metric]
    both = both[both["features"] == both["features"].iloc[0]]
    start = float(both["there"].iloc[0])
    there, here = float(both["there"].iloc[-1]), float(both["here"].iloc[-1])
    told = f"final {repeat.metric} {there:.4g} there, {here:.4g} here"
    if repeat.tolerance is not None:
        near = abs(here - there) <= repeat.tolerance * abs(there)
        return "ok" if near else "failed", f"{told} (tolerance {repeat.tolerance:g} of it)"
    if len(repeat.ends) < SEEDS:
        return "failed", f"{len(repeat.ends)} seeds have no spread to judge by: give --tolerance"
    # As ratios, on the log scale: neither FID nor EMD can be negative.
    interval = prediction_interval(np.log(repeat.ends), LEVEL)
    low, high = np.exp((interval.low, interval.high))
    told += f" (another of {len(repeat.ends)} seeds: {low:.3g} to {high:.3g}, 99 of 100 times)"
    if not low <= here <= high:
        return "failed", told
    if low <= start <= high:
        return "warning", f"{told}; but the untrained {start:.3g} lies there too"
    return "ok", told


SAME: dict[str, Check] = {
    name: Check(look, "was it recorded by this code, on this machine? see environment.json")
    for name, look in (
        ("streams", streams),
        ("evaluations", evaluations),
        ("curves", curves),
        ("weights", weights),
        ("pictures", pictures),
    )
}
ALIKE: dict[str, Check] = {
    "streams": Check(streams, "torch's generators give other numbers: install the recorded torch"),
    "untrained": Check(untrained, "other data, networks or extractor: check out the commit"),
    "end": Check(end, "verify on the recorded processor and versions, or with more seeds"),
}
