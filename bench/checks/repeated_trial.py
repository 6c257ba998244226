"""Checks of a trial that was trained again: is it equal to its record in every bit, or alike?"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from ..files import read_json
from ..records.layout import PROTOCOL
from ..stats import prediction_interval
from .check import OK, Check, Found

UNTRAINED = 1e-3  # relative tolerance: the rounding of one forward pass, not yet amplified
SEEDS = 3  # the fewest finished seeds whose spread is used
LEVEL = 0.99  # of the prediction interval for the final metric of another seed
ROW = ["images", "generator_steps", "discriminator_steps", "metric", *PROTOCOL]


@dataclass(frozen=True)
class Repeat:
    """A trial's record and its repetition, and what decides whether they are alike."""

    there: Path  # the folder of the recorded trial
    here: Path  # the folder of the trial that was trained again
    metric: str  # the primary metric
    ends: NDArray[np.float64]  # [seeds] recorded final values of the contestant
    tolerance: float | None = None  # relative, of the final value; None: by the spread of `ends`


def streams(repeat: Repeat) -> Found:
    """Every random stream draws the recorded numbers."""
    there, here = stream_hashes(repeat.there), stream_hashes(repeat.here)
    if not there:
        return "skipped", "the record has no hashes of its streams"
    other = sorted(name for name in there | here if there.get(name) != here.get(name))
    if other:
        return "failed", f"these streams draw other numbers: {', '.join(other)}"
    return "ok", f"{len(there)} streams draw the recorded numbers"


def stream_hashes(folder: Path) -> dict[str, str]:
    facts = read_json(folder / "trial.json") | read_json(folder / "status.json")
    return dict(facts.get("streams") or {})


def evaluations(repeat: Repeat) -> Found:
    """Every value of every evaluation is equal, bit for bit."""
    return equal(beside(repeat, "evaluations.parquet"))


def curves(repeat: Repeat) -> Found:
    """Every value of the curves is equal, except those that depend on the clock.

    A value is a mean since the row before. If another version recorded the curves, its rows may
    begin or end at other images; those are left out.
    """
    both = beside(repeat, "curves.parquet")
    both = both[~both["metric"].str.startswith("cost/")]
    places = [rows_of(folder / "curves.parquet") for folder in (repeat.there, repeat.here)]
    shared = both["images"].map(places[0].get) == both["images"].map(places[1].get)
    if shared.all():
        return equal(both)
    if not shared.any():
        return "skipped", "another version recorded them, with rows at other images"
    outcome, note = equal(both[shared])
    return outcome, f"{note}; {(~shared).sum():,} are of other images"


def rows_of(path: Path) -> dict[int, int]:
    """End of each row of the curves -> its beginning, in images."""
    ends = np.unique(pd.read_parquet(path, columns=["images"])["images"]).tolist()
    return dict(zip(ends, [0, *ends], strict=False))


def beside(repeat: Repeat, name: str) -> pd.DataFrame:
    """A recorded table with its values as `there` and those of the repetition as `here`."""
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
        return "skipped", "the folder has none: published folders leave them out"
    return OK if there.read_bytes() == here.read_bytes() else ("failed", "they differ")


def pictures(repeat: Repeat) -> Found:
    """The pictures of samples are equal, pixel for pixel."""
    there = sorted((repeat.there / "samples").glob("*.png"))
    if not there:
        return "skipped", "the folder has none: published folders keep those of one seed"
    other = [path.name for path in there if not same_picture(path, repeat.here / "samples")]
    return ("failed", f"{', '.join(other)} differ") if other else OK


def same_picture(path: Path, folder: Path) -> bool:
    with Image.open(path) as there, Image.open(folder / path.name) as here:
        return there.size == here.size and there.tobytes() == here.tobytes()


def untrained(repeat: Repeat) -> Found:
    """The untrained generator scores the same, up to the rounding of a forward pass."""
    both = beside(repeat, "evaluations.parquet")
    first = both[(both["images"] == 0) & (both["metric"] == repeat.metric)].iloc[0]
    there, here = float(first["there"]), float(first["here"])
    near = abs(here - there) <= UNTRAINED * abs(there)
    note = f"{repeat.metric} {there:.6g} there, {here:.6g} here"
    return "ok" if near else "failed", f"{note} (relative tolerance {UNTRAINED:g})"


def end(repeat: Repeat) -> Found:
    """The final primary metric is one that another seed of the contestant could have."""
    both = beside(repeat, "evaluations.parquet")
    both = both[both["metric"] == repeat.metric]
    both = both[both["features"] == both["features"].iloc[0]]
    start = float(both["there"].iloc[0])
    there, here = float(both["there"].iloc[-1]), float(both["here"].iloc[-1])
    note = f"final {repeat.metric} {there:.4g} there, {here:.4g} here"
    if repeat.tolerance is not None:
        near = abs(here - there) <= repeat.tolerance * abs(there)
        return "ok" if near else "failed", f"{note} (relative tolerance {repeat.tolerance:g})"
    if len(repeat.ends) < SEEDS:
        return "failed", f"{len(repeat.ends)} seeds have no spread to judge by: give --tolerance"
    # On the log scale, as ratios: neither FID nor EMD is negative.
    interval = prediction_interval(np.log(repeat.ends), LEVEL)
    low, high = np.exp((interval.low, interval.high))
    of = f"{100 * LEVEL:g} % prediction interval of {len(repeat.ends)} seeds"
    note += f" ({of}: {low:.3g} to {high:.3g})"
    if not low <= here <= high:
        return "failed", note
    if low <= start <= high:
        return "warning", f"{note}; but the untrained generator's {start:.3g} lies in it too"
    return "ok", note


SAME: dict[str, Check] = {
    name: Check(look, "was it recorded with this code on this machine? see environment.json")
    for name, look in (
        ("streams", streams),
        ("evaluations", evaluations),
        ("curves", curves),
        ("weights", weights),
        ("pictures", pictures),
    )
}
ALIKE: dict[str, Check] = {
    "streams": Check(streams, "torch draws other numbers: install the recorded version of torch"),
    "untrained": Check(untrained, "data, networks or extractor differ: use the recorded commit"),
    "end": Check(end, "verify on the recorded processor and versions, or record more seeds"),
}
