"""A results folder, read as DataFrames: what is damaged is told and left out."""

import json
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from .catalog import dataset_name
from .damage import (
    FACT_TABLES,
    damage,
    events_in,
    facts_in,
    frame_of,
    no_rows,
    readable_facts,
    table_in,
    tables_in,
)
from .environment import cores
from .errors import Damaged, InputError
from .plan import from_dict
from .provenance import presets
from .records import (
    EVENT_COLUMNS,
    KEY,
    OPTIONAL,
    SCALE_COLUMNS,
    TABLES,
    read_toml,
    write_parquet,
)

PLANNED = ("config_hash", "features")  # facts of trial.json in the table of trials


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
        return readable_facts(self.path / "environment.json")

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
        """One row a trial of the plan: its status, its facts, its preset ("dcgan@paper" or "")."""
        named = presets(self.experiment)
        rows = [{**self._trial_row(*key), "preset": named.get(key[1], "")} for key in self._keys()]
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
    def histograms(self) -> pd.DataFrame:
        """Weights through training: KEY, images, network, and the share of each bin low..high."""
        return self._read_all("histograms")

    @cached_property
    def events(self) -> pd.DataFrame:
        """Alarms: KEY, step (of the generator), images, kind (collapse, divergence), text."""
        whole = [key for key, left in self._left.items() if not isinstance(left, Damaged)]
        rows = [
            dict(zip(KEY, key, strict=True)) | found
            for key in whole
            for found in events_in(self._folder(*key) / "events.json")
        ]
        return pd.DataFrame(rows, columns=EVENT_COLUMNS) if rows else no_rows(EVENT_COLUMNS)

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

        def read(key: tuple[str, str, int]) -> dict[str, pa.Table] | Damaged:
            try:
                own = dict(zip(KEY, key, strict=True))
                return tables_in(self._folder(*key), own, TABLES, OPTIONAL)
            except Damaged as why:
                return why

        with ThreadPoolExecutor(cores()) as pool:  # decoding does not hold the interpreter
            return dict(zip(self._keys(), pool.map(read, self._keys()), strict=True))

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
        columns = {**TABLES, **OPTIONAL}[name]
        return frame_of((left[name] for left in whole if name in left), columns)


def damage_of(root: Path, dataset: str, label: str, seed: int) -> str:
    """Why a trial's record cannot be used, in a few words, or nothing."""
    folder = root / "trials" / dataset / label / f"s{seed}"
    return damage(folder, dict(zip(KEY, (dataset, label, seed), strict=True)), TABLES, OPTIONAL)


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
