"""The results folder, written so that nothing is lost; results.py reads it.

experiment.toml  environment.json  index.parquet  scale.parquet
trials/<dataset>/<label>/s<seed>/
    trial.json  status.json  curves.parquet  evaluations.parquet  samples/<images>.png
    histograms.parquet  events.json  neighbours.png  generator.safetensors  checkpoint-<images>.pt
"""

import io
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import tomli_w

from ..digests import json_with_digest, parquet_with_digest, toml_with_digest
from ..files import HALF, write_bytes, write_json, write_text
from ..planning.trial import Trial
from .layout import CURVE_COLUMNS, EVALUATION_COLUMNS, HISTOGRAM_COLUMNS, OPTIONAL, TABLES
from .parquet import tables_in
from .pictures import require_picture
from .state import COMPLETE, digests, readable_facts

ENDED = ("finished", "diverged", "unsuited")  # trials that are not run again


@dataclass(frozen=True)
class Clock:
    """How far a trial has trained."""

    images: int = 0
    generator_steps: int = 0
    discriminator_steps: int = 0
    seconds: float = 0.0  # of training alone, without evaluation and writing


@dataclass(frozen=True)
class Measured:
    """A number of an evaluation, with its protocol."""

    metric: str
    value: float
    features: str = ""
    samples: int = 0
    reference: str = ""


class TrialRecord:
    """One trial's folder while it is being written."""

    def __init__(self, root: Path, dataset: str, label: str, seed: int) -> None:
        self.folder = root / "trials" / dataset / label / f"s{seed}"
        self._key = {"dataset": dataset, "model": label, "seed": seed}
        self._curves: list[dict[str, Any]] = []
        self._evaluations: list[dict[str, Any]] = []
        self._histograms: list[dict[str, Any]] = []

    @classmethod
    def of(cls, root: Path, trial: Trial) -> "TrialRecord":
        """The record of a trial in the results folder `root`."""
        return cls(root, trial.dataset, trial.label, trial.seed)

    @property
    def curves(self) -> list[dict[str, Any]]:
        """The rows of the curves so far."""
        return self._curves

    @property
    def rows(self) -> tuple[int, int]:
        """How many rows of curves and of evaluations there are."""
        return len(self._curves), len(self._evaluations)

    def start(self, trial: dict[str, Any]) -> None:
        """Write trial.json, with the attempts that failed; remove half-written files."""
        ended, failures = readable_facts(self.folder / "status.json"), self._failures()
        if ended.get("status") == "failed":
            failures.append({name: ended.get(name, "") for name in ("reason", "traceback")})
        write_facts(
            self.folder / "trial.json", trial | ({"failures": failures} if failures else {})
        )
        for name in ("status.json", "progress.json"):
            (self.folder / name).unlink(missing_ok=True)
        for leftover in self.folder.rglob(HALF):
            leftover.unlink()

    def remove(self) -> None:
        """Remove all that earlier attempts left, checkpoints too."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def clear(self) -> None:
        """Remove the rows and pictures of an earlier attempt."""
        for name in (*(f"{table}.parquet" for table in (*TABLES, *OPTIONAL)), "events.json"):
            (self.folder / name).unlink(missing_ok=True)
        self._remove_pictures(0)

    def resume(self, rows: tuple[int, int], images: int) -> None:
        """Go on after the first `rows` on disk; pictures from `images` on are removed.

        Raises ValueError if there are fewer rows, and Damaged for a table or picture that is.
        """
        tables = tables_in(self.folder, self._key, TABLES, OPTIONAL, complete=True)
        for name, count in zip(TABLES, rows, strict=True):
            if len(tables[name]) < count:
                raise ValueError(f"{name}.parquet has {len(tables[name])} rows of {count}")
        frames = {name: table.to_pandas(use_threads=False) for name, table in tables.items()}
        self._curves, self._evaluations = (
            frames[name][:count].to_dict("records")
            for name, count in zip(TABLES, rows, strict=True)
        )
        if "histograms" in frames:
            # Histograms belong to evaluations, and the one at `images` is still to come.
            table = frames["histograms"]
            self._histograms = table[table["images"] < images].to_dict("records")
        self._remove_pictures(images)
        for picture in self.sample_path(0).parent.glob("*.png"):
            require_picture(picture)  # those before stay as they are

    def add_curves(self, clock: Clock, values: Mapping[str, float]) -> None:
        common = {**self._key, **vars(clock)}
        self._curves += [{**common, "metric": m, "value": v} for m, v in values.items()]

    def add_evaluation(self, clock: Clock, measured: list[Measured]) -> None:
        common = {**self._key, **vars(clock)}
        self._evaluations += [{**common, **vars(m)} for m in measured]

    def add_histograms(self, images: int, rows: Iterable[dict[str, Any]]) -> None:
        self._histograms += [{**self._key, "images": images, **row} for row in rows]

    def events(self, found: list[dict[str, Any]]) -> None:
        """Write events.json: the alarms so far."""
        write_json(self.folder / "events.json", found)

    def flush(self) -> None:
        """Write all tables anew: milliseconds at 10,000 rows."""
        curves = pd.DataFrame(self._curves, columns=CURVE_COLUMNS)
        # The device summed in float32: more digits would only take room.
        write_parquet(self.folder / "curves.parquet", curves.astype({"value": "float32"}))
        write_table(self.folder / "evaluations.parquet", self._evaluations, EVALUATION_COLUMNS)
        if self._histograms:
            path = self.folder / "histograms.parquet"
            write_table(path, self._histograms, HISTOGRAM_COLUMNS)

    def sample_path(self, images: int) -> Path:
        return self.folder / "samples" / f"{images:09d}.png"

    def progress(self, values: dict[str, Any]) -> None:
        """Where the trial is: for `bench status` and the display."""
        write_facts(self.folder / "progress.json", values)

    def end(self, status: str, reason: str = "", **facts: Any) -> None:
        """Write status.json, the last of a trial's files.

        Of a complete trial it holds digests of the files that have no room for their own.
        """
        if failures := self._failures():
            facts |= {"attempts": len(failures) + 1, "failures": failures}
        if status in COMPLETE:  # nothing writes to it any more
            facts |= {"files": digests(self.folder)}
        write_facts(self.folder / "status.json", {"status": status, "reason": reason, **facts})
        (self.folder / "progress.json").unlink(missing_ok=True)

    def _failures(self) -> list[dict[str, str]]:
        """Reason and traceback of each earlier attempt, all of which failed."""
        found = readable_facts(self.folder / "trial.json").get("failures")
        return found if isinstance(found, list) else []

    def _remove_pictures(self, images: int) -> None:
        first = self.sample_path(images)
        for picture in first.parent.glob("*.png"):
            if picture.name >= first.name:
                picture.unlink()


def write_facts(path: Path, values: dict[str, Any]) -> None:
    """Write a JSON object that carries its digest."""
    write_text(path, json_with_digest(values))


def write_table(path: Path, rows: list[dict[str, Any]], columns: list[str]) -> None:
    write_parquet(path, pd.DataFrame(rows, columns=columns))


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    content = io.BytesIO()
    options: dict[str, Any] = {"write_page_checksum": True}  # a flipped bit is found, not plotted
    if "value" in frame.columns:
        # Lossless, and a quarter smaller: values split by bytes, all else as a dictionary.
        others = [name for name in frame.columns if name != "value"]
        options |= {"use_dictionary": others, "use_byte_stream_split": ["value"]}
    frame.to_parquet(content, index=False, compression="zstd", **options)
    write_bytes(path, parquet_with_digest(content.getvalue()))


def write_experiment(root: Path, plan: dict[str, Any], environment: dict[str, Any]) -> None:
    write_text(root / "experiment.toml", toml_with_digest(tomli_w.dumps(plan)))
    write_facts(root / "environment.json", environment)
