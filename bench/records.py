"""The results folder: written so that nothing is lost, read as DataFrames.

experiment.toml  environment.json  index.parquet  scale.parquet
trials/<dataset>/<label>/s<seed>/
    trial.json  status.json  curves.parquet  evaluations.parquet  samples/<images>.png
    generator.safetensors  checkpoint-<images>.pt
"""

import io
import json
import os
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import tomli_w

from .errors import InputError
from .files import read_json, write_bytes, write_json, write_text

CLOCK = ["images", "generator_steps", "discriminator_steps", "seconds"]
KEY = ["dataset", "model", "seed"]
CURVE_COLUMNS = [*KEY, *CLOCK, "metric", "value"]
PROTOCOL = ["features", "samples", "reference"]
EVALUATION_COLUMNS = [*CURVE_COLUMNS, *PROTOCOL]
SCALE_COLUMNS = ["dataset", "level", "metric", "value", *PROTOCOL]
ENDED = ("finished", "diverged", "unsuited")  # a trial that is not run again


@dataclass(frozen=True)
class Clock:
    """Where in its training a trial is."""

    images: int = 0
    generator_steps: int = 0
    discriminator_steps: int = 0
    seconds: float = 0.0  # of training; evaluation and writing are left out


@dataclass(frozen=True)
class Measured:
    """One number of an evaluation, with the protocol that it belongs to."""

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

    @property
    def rows(self) -> tuple[int, int]:
        """How many rows of curves and of evaluations there are."""
        return len(self._curves), len(self._evaluations)

    def start(self, trial: dict[str, Any]) -> None:
        """Write trial.json, with the tries that failed; what a kill left half written goes."""
        ended, failures = read_json(self.folder / "status.json"), self._failures()
        if ended.get("status") == "failed":
            failures.append({name: ended.get(name, "") for name in ("reason", "traceback")})
        write_json(self.folder / "trial.json", trial | ({"failures": failures} if failures else {}))
        for name in ("status.json", "progress.json"):
            (self.folder / name).unlink(missing_ok=True)
        for leftover in self.folder.rglob(".*.tmp"):
            leftover.unlink()

    def clear(self) -> None:
        """Begin without the rows and pictures of an earlier try."""
        for name in ("curves.parquet", "evaluations.parquet"):
            (self.folder / name).unlink(missing_ok=True)
        self._remove_pictures(0)

    def resume(self, rows: tuple[int, int], images: int) -> None:
        """Begin with the first `rows` on disk, without pictures from `images` on.

        Raises ValueError if there are fewer, and whatever reading a damaged table does.
        """
        tables = []
        for name, count in zip(("curves", "evaluations"), rows, strict=True):
            table = pd.read_parquet(self.folder / f"{name}.parquet")
            if len(table) < count:
                raise ValueError(f"{name}.parquet has {len(table)} rows of {count}")
            tables.append(table[:count].to_dict("records"))
        self._curves, self._evaluations = tables
        self._remove_pictures(images)

    def add_curves(self, clock: Clock, values: Mapping[str, float]) -> None:
        common = {**self._key, **vars(clock)}
        self._curves += [{**common, "metric": m, "value": v} for m, v in values.items()]

    def add_evaluation(self, clock: Clock, measured: list[Measured]) -> None:
        common = {**self._key, **vars(clock)}
        self._evaluations += [{**common, **vars(m)} for m in measured]

    def flush(self) -> None:
        """Write both tables anew: milliseconds at 10,000 rows."""
        curves = pd.DataFrame(self._curves, columns=CURVE_COLUMNS)
        # What the device summed was float32: more digits would only take room.
        write_parquet(self.folder / "curves.parquet", curves.astype({"value": "float32"}))
        write_table(self.folder / "evaluations.parquet", self._evaluations, EVALUATION_COLUMNS)

    def sample_path(self, images: int) -> Path:
        return self.folder / "samples" / f"{images:09d}.png"

    def progress(self, values: dict[str, Any]) -> None:
        """Where the trial is: for `bench status` and the display."""
        write_json(self.folder / "progress.json", values)

    def end(self, status: str, reason: str = "", **facts: Any) -> None:
        """Write status.json, the last of a trial's files."""
        if failures := self._failures():
            facts |= {"attempts": len(failures) + 1, "failures": failures}
        write_json(self.folder / "status.json", {"status": status, "reason": reason, **facts})
        (self.folder / "progress.json").unlink(missing_ok=True)

    def _failures(self) -> list[dict[str, str]]:
        """Reason and traceback of each try before this one that failed."""
        found: list[dict[str, str]] = read_json(self.folder / "trial.json").get("failures", [])
        return found

    def _remove_pictures(self, images: int) -> None:
        first = self.sample_path(images)
        for picture in first.parent.glob("*.png"):
            if picture.name >= first.name:
                picture.unlink()


def write_table(path: Path, rows: list[dict[str, Any]], columns: list[str]) -> None:
    write_parquet(path, pd.DataFrame(rows, columns=columns))


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    content, options = io.BytesIO(), {}
    if "value" in frame.columns:
        # Values by bytes of equal weight, all else by dictionary: a quarter smaller, and lossless.
        others = [name for name in frame.columns if name != "value"]
        options = {"use_dictionary": others, "use_byte_stream_split": ["value"]}
    frame.to_parquet(content, index=False, compression="zstd", **options)
    write_bytes(path, content.getvalue())


def write_experiment(root: Path, plan: dict[str, Any], environment: dict[str, Any]) -> None:
    write_text(root / "experiment.toml", tomli_w.dumps(plan))
    write_json(root / "environment.json", environment)


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file; raises InputError in one line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}") from error


class Results:
    """A results folder as DataFrames, each read when it is first asked for."""

    def __init__(self, folder: str | Path) -> None:
        """Raises InputError if `folder` is not a results folder."""
        self.path = Path(folder)
        if not (self.path / "experiment.toml").is_file():
            raise InputError(f"{self.path} is not a results folder: it has no experiment.toml")

    @cached_property
    def experiment(self) -> dict[str, Any]:
        """The resolved plan."""
        return read_toml(self.path / "experiment.toml")

    @cached_property
    def environment(self) -> dict[str, Any]:
        return read_json(self.path / "environment.json")

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row a trial of the plan: its status and its facts."""
        rows = [self._trial_row(*key) for key in self._keys()]
        return pd.DataFrame(rows)

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Long: KEY, CLOCK, metric, value; each value the mean since the row before."""
        return self._read_all("curves.parquet", CURVE_COLUMNS)

    @cached_property
    def evaluations(self) -> pd.DataFrame:
        """Long: as curves, and the protocol (features, samples, reference) of each value."""
        return self._read_all("evaluations.parquet", EVALUATION_COLUMNS)

    @cached_property
    def scale(self) -> pd.DataFrame:
        """What real, noisy and random images score, under the same protocols."""
        path = self.path / "scale.parquet"
        return pd.read_parquet(path) if path.exists() else pd.DataFrame(columns=SCALE_COLUMNS)

    @cached_property
    def summary(self) -> pd.DataFrame:
        return pd.read_csv(self.path / "summary.csv")

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        return pd.read_csv(self.path / "comparisons.csv")

    def samples(self, model: str, dataset: str, seed: int) -> dict[int, Path]:
        """images -> PNG grid of the same latents, in the order of training."""
        folder = self._folder(dataset, model, seed) / "samples"
        return {int(path.stem): path for path in sorted(folder.glob("*.png"))}

    def _keys(self) -> list[tuple[str, str, int]]:
        plan = self.experiment
        labels = [contestant["label"] for contestant in plan["contestants"]]
        seeds = plan["seeds"]
        return [(d, m, s) for d in plan["datasets"] for m in labels for s in seeds]

    def _folder(self, dataset: str, model: str, seed: int) -> Path:
        return self.path / "trials" / dataset / model / f"s{seed}"

    def _trial_row(self, dataset: str, model: str, seed: int) -> dict[str, Any]:
        folder = self._folder(dataset, model, seed)
        trial, ended = (
            read_json(folder / "trial.json"),
            read_json(folder / "status.json"),
        )
        progress = read_json(folder / "progress.json")
        status = ("running" if is_alive(progress) else "interrupted") if progress else "waiting"
        facts = {"status": status, "reason": ""} | progress | ended
        for name in ("config", "streams", "not_measured", "resumed"):
            facts[name] = json.dumps(facts.get(name) or trial.get(name) or {})
        row = {"dataset": dataset, "model": model, "seed": seed}
        return row | {"config_hash": trial.get("config_hash", "")} | facts

    def _read_all(self, name: str, columns: list[str]) -> pd.DataFrame:
        paths = [self._folder(*key) / name for key in self._keys()]
        frames = [pd.read_parquet(path) for path in paths if path.exists()]
        filled = [frame for frame in frames if len(frame)]
        return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)


def is_alive(progress: dict[str, Any]) -> bool:
    """Does the process that wrote progress.json still run? Told only on its own machine."""
    if progress.get("host") != socket.gethostname():
        return True
    try:
        os.kill(int(progress["pid"]), 0)
    except (KeyError, ProcessLookupError):
        return False
    except PermissionError:
        pass  # it runs, as somebody else
    return True


def write_index(results: Results) -> None:
    """index.parquet: one row a trial, for other tools that want them all at once."""
    frame = results.trials.drop(columns=["traceback", "failures"], errors="ignore")
    write_parquet(results.path / "index.parquet", frame)
