"""A results folder, read as DataFrames; damaged trials are named and left out."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from ..environment import cores
from ..errors import Damaged, InputError
from ..metrics import Metric
from ..metrics.own import entry_of
from .derived import damaged
from .layout import EVENT_COLUMNS, KEY, OPTIONAL, SCALE_COLUMNS, TABLES, ResultsFolder
from .origins import presets
from .parquet import frame_of, no_rows, table_in, tables_in
from .pictures import is_whole, require_picture
from .state import (
    COMPLETE,
    FACT_TABLES,
    PLANNED,
    events_in,
    facts_in,
    facts_of,
    readable_facts,
    require_same,
)
from .writing import write_parquet


class Left(NamedTuple):
    """What a trial has left: the facts of its JSON files, its alarms, and its tables."""

    facts: dict[str, Any]
    events: list[dict[str, Any]]
    tables: dict[str, pa.Table]


class Results(ResultsFolder):
    """A results folder as DataFrames, each read when it is first asked for."""

    @cached_property
    def environment(self) -> dict[str, Any]:
        """Versions, machine and commit that it was made with; empty where they cannot be read."""
        return readable_facts(self.path / "environment.json")

    @cached_property
    def damaged(self) -> list[str]:
        """Each trial, then each other file, that cannot be used and is left out, and why.

        Reads every picture and all weights, beside what the tables need.
        """
        found = [
            f"{d} {m} s{s}: {left}"
            for (d, m, s), left in self._left.items()
            if isinstance(left, Damaged)
        ]
        for (d, m, s), left in self._left.items():
            if not isinstance(left, Damaged):
                beside = damaged_beside(self.trial_folder(d, m, s))
                found += [f"{d} {m} s{s}: {why}" for why in beside]
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
        """A row for each trial of the plan: status, facts, preset ("dcgan@paper" or "")."""
        named = presets(self.experiment)
        rows = [{**self._trial_row(*key), "preset": named.get(key[1], "")} for key in self.keys]
        return pd.DataFrame(rows)

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Long: KEY, CLOCK, metric, value. Each value is the mean since the row before."""
        return self._read_all("curves")

    @cached_property
    def evaluations(self) -> pd.DataFrame:
        """Long: as `curves`, with the protocol (features, samples, reference) of each value."""
        return self._read_all("evaluations")

    @cached_property
    def histograms(self) -> pd.DataFrame:
        """Weights through training: KEY, images, network, and the share in each bin low..high."""
        return self._read_all("histograms")

    @cached_property
    def events(self) -> pd.DataFrame:
        """Alarms: KEY, step (of the generator), images, kind (collapse, divergence), text."""
        rows = [
            dict(zip(KEY, key, strict=True)) | found
            for key, left in self._left.items()
            if not isinstance(left, Damaged)
            for found in left.events
        ]
        return pd.DataFrame(rows, columns=EVENT_COLUMNS) if rows else no_rows(EVENT_COLUMNS)

    @cached_property
    def scale(self) -> pd.DataFrame:
        """What real, noisy and random images score under the same protocols."""
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
        """images -> PNG grid of samples from the same latents, in the order of training.

        Damaged pictures are left out.
        """
        folder = self.trial_folder(dataset, model, seed) / "samples"
        found = [path for path in sorted(folder.glob("*.png")) if path.stem.isdecimal()]
        return {int(path.stem): path for path in found if is_whole(path)}

    def neighbours(self, model: str, dataset: str, seed: int) -> Path | None:
        """The PNG of final samples and their nearest training images, if there is a whole one."""
        path = self.trial_folder(dataset, model, seed) / "neighbours.png"
        return path if is_whole(path) else None

    @cached_property
    def declared(self) -> dict[str, Metric]:
        """What trials recorded of metrics of a user's own, by name; damaged ones are left out."""
        found: dict[str, Metric] = {}
        for key in self.keys:
            told = readable_facts(self.trial_folder(*key) / "trial.json").get("declared")
            for name, entry in told.items() if isinstance(told, dict) else ():
                with suppress(ValueError, TypeError):
                    found[name] = entry_of(name, entry)
        return found

    @cached_property
    def _left(self) -> dict[tuple[str, str, int], Left | Damaged]:
        """What each trial has left, or why it cannot be used. Each file is read once."""

        def read(key: tuple[str, str, int]) -> Left | Damaged:
            try:
                return left_in(self.trial_folder(*key), key)
            except Damaged as why:
                return why

        with ThreadPoolExecutor(cores()) as pool:  # decoding does not hold the interpreter
            return dict(zip(self.keys, pool.map(read, self.keys), strict=True))

    def _derived(self, name: str) -> pd.DataFrame:
        try:
            if name in damaged(self.path):
                raise ValueError("its sha256 is another")
            return pd.read_csv(self.path / name)
        except (OSError, ValueError) as error:
            told = f"`bench report {self.path}` writes it"
            raise InputError(f"{self.path / name} cannot be read; {told}") from error

    def _trial_row(self, dataset: str, model: str, seed: int) -> dict[str, Any]:
        key = {"dataset": dataset, "model": model, "seed": seed}
        left = self._left[dataset, model, seed]
        if isinstance(left, Damaged):
            facts: dict[str, Any] = {"status": "damaged", "reason": str(left)}
            facts |= dict.fromkeys(PLANNED, "") | dict.fromkeys(FACT_TABLES, "{}")
        else:
            facts = left.facts
        packed = {k: json.dumps(v) if isinstance(v, dict | list) else v for k, v in facts.items()}
        return key | packed | key

    def _read_all(self, name: str) -> pd.DataFrame:
        whole = [left.tables for left in self._left.values() if not isinstance(left, Damaged)]
        columns = {**TABLES, **OPTIONAL}[name]
        return frame_of((tables[name] for tables in whole if name in tables), columns)


def left_in(folder: Path, key: tuple[str, str, int]) -> Left:
    """What the trial `key` (data set, label, seed) has left in `folder`; raises Damaged."""
    facts = facts_of(folder)
    require_same(folder / "events.json", facts)
    events = events_in(folder / "events.json")
    facts.pop("files", None)
    own, complete = dict(zip(KEY, key, strict=True)), facts["status"] in COMPLETE
    return Left(facts, events, tables_in(folder, own, TABLES, OPTIONAL, complete))


def damaged_beside(folder: Path) -> list[str]:
    """What is damaged in a trial beside its numbers: pictures and weights, with the reason."""
    found = []
    pictures = [*sorted(folder.glob("samples/*.png")), *folder.glob("neighbours.png")]
    ended = readable_facts(folder / "status.json")
    for read in (
        *(partial(require_picture, path) for path in pictures),
        partial(require_same, folder / "generator.safetensors", ended),
    ):
        try:
            read()
        except Damaged as why:
            found.append(str(why))
    return found


def write_index(results: Results) -> None:
    """Write index.parquet: a row for each trial, for tools that want all of them at once."""
    frame = results.trials.drop(columns=["traceback", "failures"], errors="ignore")
    # A column of parquet has one type: facts whose type varies are written as text.
    mixed = [name for name in frame if frame[name].dropna().map(type).nunique() > 1]
    frame = frame.astype(dict.fromkeys(mixed, str))
    write_parquet(results.path / "index.parquet", frame)
