"""The results folder: written so that nothing is lost, read as DataFrames.

experiment.toml  environment.json  index.parquet  scale.parquet
trials/<dataset>/<label>/s<seed>/
    trial.json  status.json  curves.parquet  evaluations.parquet  samples/<images>.png
    neighbours.png  generator.safetensors  checkpoint-<images>.pt
"""

import io
import json
import os
import socket
import stat
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import tomli_w

from .catalog import dataset_name
from .damage import (
    FACT_TABLES,
    damage,
    facts_in,
    frame_of,
    readable_facts,
    table_in,
    tables_in,
)
from .errors import Damaged, InputError
from .files import write_bytes, write_json, write_text
from .plan import from_dict

CLOCK = ["images", "generator_steps", "discriminator_steps", "seconds"]
KEY = ["dataset", "model", "seed"]
CURVE_COLUMNS = [*KEY, *CLOCK, "metric", "value"]
PROTOCOL = ["features", "samples", "reference"]
EVALUATION_COLUMNS = [*CURVE_COLUMNS, *PROTOCOL]
TABLES = {"curves": CURVE_COLUMNS, "evaluations": EVALUATION_COLUMNS}
SCALE_COLUMNS = ["dataset", "level", "metric", "value", *PROTOCOL]
PLANNED = ("config_hash", "features")  # facts of trial.json in the table of trials
ENDED = ("finished", "diverged", "unsuited")  # a trial that is not run again
LONGEST_LINE = 20_000
LONGEST_PLAN = 1 << 20  # bytes; a thousand contestants are 100,000


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
        ended, failures = readable_facts(self.folder / "status.json"), self._failures()
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
        found = readable_facts(self.folder / "trial.json").get("failures")
        return found if isinstance(found, list) else []

    def _remove_pictures(self, images: int) -> None:
        first = self.sample_path(images)
        for picture in first.parent.glob("*.png"):
            if picture.name >= first.name:
                picture.unlink()


def write_table(path: Path, rows: list[dict[str, Any]], columns: list[str]) -> None:
    write_parquet(path, pd.DataFrame(rows, columns=columns))


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    content = io.BytesIO()
    options: dict[str, Any] = {"write_page_checksum": True}  # a flipped bit is found, not plotted
    if "value" in frame.columns:
        # Values by bytes of equal weight, all else by dictionary: a quarter smaller, and lossless.
        others = [name for name in frame.columns if name != "value"]
        options |= {"use_dictionary": others, "use_byte_stream_split": ["value"]}
    frame.to_parquet(content, index=False, compression="zstd", **options)
    write_bytes(path, content.getvalue())


def write_experiment(root: Path, plan: dict[str, Any], environment: dict[str, Any]) -> None:
    write_text(root / "experiment.toml", tomli_w.dumps(plan))
    write_json(root / "environment.json", environment)


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file; raises InputError in one line."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):  # a pipe could be waited for without end
            raise InputError(f"cannot read {path}: it is not a regular file")
        if facts.st_size > LONGEST_PLAN:
            raise InputError(f"cannot read {path}: a plan has at most {LONGEST_PLAN:,} bytes")
        text = path.read_text(encoding="utf-8")
        # A key of n dots takes the parser n^2 steps.
        if any(len(line) > LONGEST_LINE for line in text.splitlines()):
            raise InputError(f"cannot read {path}: a line has at most {LONGEST_LINE:,} characters")
        return tomllib.loads(text)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except RecursionError as error:
        raise InputError(f"{path} is not a plan: its lists or tables are too deep") from error
    except ValueError as error:  # not TOML, not UTF-8, a number of thousands of digits
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
        """The resolved plan. Raises InputError if it is none that this version knows."""
        path = self.path / "experiment.toml"
        return from_dict(read_toml(path), str(path)).as_dict()  # checked: its names become paths

    @cached_property
    def environment(self) -> dict[str, Any]:
        """What it was made with; empty where that cannot be read."""
        try:
            return facts_in(self.path / "environment.json")
        except Damaged:
            return {}

    @cached_property
    def damaged(self) -> list[str]:
        """What cannot be read and is left out, with the reason: trials, then other files."""
        found = [
            f"{d} {m} s{s}: {left}"
            for (d, m, s), left in self._left.items()
            if isinstance(left, Damaged)
        ]
        for read in (
            lambda: facts_in(self.path / "environment.json"),
            lambda: table_in(self.path / "scale.parquet", SCALE_COLUMNS),
        ):
            try:
                read()
            except Damaged as error:
                found.append(str(error))
        return found

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row a trial of the plan: its status and its facts."""
        rows = [self._trial_row(*key) for key in self._keys()]
        return pd.DataFrame(rows)

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Long: KEY, CLOCK, metric, value; each value the mean since the row before."""
        return self._read_all("curves")

    @cached_property
    def evaluations(self) -> pd.DataFrame:
        """Long: as curves, and the protocol (features, samples, reference) of each value."""
        return self._read_all("evaluations")

    @cached_property
    def scale(self) -> pd.DataFrame:
        """What real, noisy and random images score, under the same protocols."""
        table = None
        with suppress(Damaged):
            table = table_in(self.path / "scale.parquet", SCALE_COLUMNS)
        return frame_of([] if table is None else [table], SCALE_COLUMNS)

    @cached_property
    def summary(self) -> pd.DataFrame:
        return self._derived("summary.csv")

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        return self._derived("comparisons.csv")

    def samples(self, model: str, dataset: str, seed: int) -> dict[int, Path]:
        """images -> PNG grid of the same latents, in the order of training."""
        folder = self._folder(dataset, model, seed) / "samples"
        found = [path for path in sorted(folder.glob("*.png")) if path.stem.isdecimal()]
        return {int(path.stem): path for path in found}

    def neighbours(self, model: str, dataset: str, seed: int) -> Path | None:
        """The PNG of final samples and their nearest training images, if there is one."""
        path = self._folder(dataset, model, seed) / "neighbours.png"
        return path if path.exists() else None

    def _keys(self) -> list[tuple[str, str, int]]:
        plan = self.experiment
        labels = [contestant["label"] for contestant in plan["contestants"]]
        seeds = plan["seeds"]
        names = [dataset_name(reference) for reference in plan["datasets"]]
        return [(d, m, s) for d in names for m in labels for s in seeds]

    def _folder(self, dataset: str, model: str, seed: int) -> Path:
        return self.path / "trials" / dataset / model / f"s{seed}"

    @cached_property
    def _left(self) -> dict[tuple[str, str, int], dict[str, pa.Table] | Damaged]:
        """What each trial left: its tables, each read once, or why they cannot be used."""
        found: dict[tuple[str, str, int], dict[str, pa.Table] | Damaged] = {}
        for key in self._keys():
            try:
                found[key] = tables_in(self._folder(*key), dict(zip(KEY, key, strict=True)), TABLES)
            except Damaged as why:
                found[key] = why
        return found

    def _derived(self, name: str) -> pd.DataFrame:
        try:
            return pd.read_csv(self.path / name)
        except (OSError, ValueError) as error:
            told = f"`bench report {self.path}` writes it"
            raise InputError(f"{self.path / name} cannot be read; {told}") from error

    def _trial_row(self, dataset: str, model: str, seed: int) -> dict[str, Any]:
        key = {"dataset": dataset, "model": model, "seed": seed}
        try:
            return key | self._facts(dataset, model, seed) | key
        except Damaged as error:
            facts = {"status": "damaged", "reason": str(error)}
            facts |= dict.fromkeys(PLANNED, "")
            return key | facts | dict.fromkeys(FACT_TABLES, "{}")

    def _facts(self, dataset: str, model: str, seed: int) -> dict[str, Any]:
        if isinstance(why := self._left[dataset, model, seed], Damaged):
            raise why
        folder = self._folder(dataset, model, seed)
        trial, ended = facts_in(folder / "trial.json"), facts_in(folder / "status.json")
        progress = facts_in(folder / "progress.json")
        status = ("running" if is_alive(progress) else "interrupted") if progress else "waiting"
        facts = {name: trial.get(name, "") for name in PLANNED} | {"status": status, "reason": ""}
        facts = facts | progress | {"status": status} | ended
        for name in FACT_TABLES:
            facts[name] = facts.get(name) or trial.get(name) or {}
        return {k: json.dumps(v) if isinstance(v, dict | list) else v for k, v in facts.items()}

    def _read_all(self, name: str) -> pd.DataFrame:
        whole = [left for left in self._left.values() if not isinstance(left, Damaged)]
        return frame_of((left[name] for left in whole if name in left), TABLES[name])


def damage_of(root: Path, dataset: str, label: str, seed: int) -> str:
    """Why a trial's record cannot be used, in a few words, or nothing."""
    folder = root / "trials" / dataset / label / f"s{seed}"
    return damage(folder, dict(zip(KEY, (dataset, label, seed), strict=True)), TABLES)


def is_alive(progress: dict[str, Any]) -> bool:
    """Does the process that wrote progress.json still run? Told only on its own machine."""
    if progress.get("host") != socket.gethostname():
        return True
    try:
        os.kill(int(progress["pid"]), 0)
    except (KeyError, ProcessLookupError, OverflowError, ValueError):
        return False
    except PermissionError:
        pass  # it runs, as somebody else
    return True


def write_index(results: Results) -> None:
    """index.parquet: one row a trial, for other tools that want them all at once."""
    frame = results.trials.drop(columns=["traceback", "failures"], errors="ignore")
    # A fact of a type of its own in each trial cannot be a column.
    mixed = [name for name in frame if frame[name].dropna().map(type).nunique() > 1]
    frame = frame.astype(dict.fromkeys(mixed, str))
    write_parquet(results.path / "index.parquet", frame)
