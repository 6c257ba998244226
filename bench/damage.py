"""What of a results folder can be read: a file may be cut off, emptied, overwritten or gone."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from .errors import Damaged
from .files import read_json

STATUSES = ("finished", "diverged", "failed", "unsuited", "interrupted")
NUMBERS = (  # facts of a trial that tables calculate with
    *("images", "total", "generator_steps", "discriminator_steps", "seconds"),
    *("evaluating_seconds", "images_per_second", "pid", "peak_memory_bytes"),
    *("generator_parameters", "discriminator_parameters"),
    *("discriminator_steps_per_generator_step", "probing_seconds"),
    *("collapse_alarms", "divergence_alarms"),
)
TEXTS = (  # columns of it
    *("dataset", "model", "metric", "features", "reference", "level"),
    *("network", "kind", "text"),
)
WORDS = ("reason", "config_hash")
FACT_TABLES = ("config", "streams", "not_measured", "not_probed")


def damage(
    folder: Path,
    key: Mapping[str, Any],
    tables: Mapping[str, list[str]],
    optional: Mapping[str, list[str]],
) -> str:
    """Why what a trial left in `folder` cannot be used, in a few words, or nothing."""
    try:
        tables_in(folder, key, tables, optional)
    except Damaged as error:
        return str(error)
    return ""


def tables_in(
    folder: Path,
    key: Mapping[str, Any],
    tables: Mapping[str, list[str]],
    optional: Mapping[str, list[str]],
) -> dict[str, pa.Table]:
    """The tables that a trial left in `folder`, as far as there are any; raises Damaged.

    `key` is what every row must hold, `tables` the columns of each parquet file, `optional` those
    of files that a whole trial may lack. Every byte is read: some milliseconds.
    """
    events_in(folder / "events.json")
    ended, trial = facts_in(folder / "status.json"), facts_in(folder / "trial.json")
    done = ended.get("status") in ("finished", "diverged")
    if ended:
        _require_ended(ended)
    else:
        _require_progress(facts_in(folder / "progress.json"))
    if done and not trial:
        raise Damaged("trial.json is missing")
    found = {}
    for name, columns in {**tables, **optional}.items():
        table = table_in(folder / f"{name}.parquet", columns)
        if table is None:
            if done and name in tables:
                raise Damaged(f"{name}.parquet is missing")
            continue
        if any(set(table[k].unique().to_pylist()) - {v} for k, v in key.items()):
            raise Damaged(f"{name}.parquet is of another trial")
        found[name] = table
    return found


def facts_in(path: Path) -> dict[str, Any]:
    """The object in a JSON file, empty where there is none; raises Damaged."""
    try:
        found = read_json(path)
    except (OSError, ValueError, RecursionError) as error:
        raise Damaged(f"{path.name} cannot be read") from error
    for name, value in found.items():
        if name in NUMBERS and not _is_number(value):
            raise Damaged(f"{path.name} has no number of {name}")
        if name in WORDS and not isinstance(value, str):
            raise Damaged(f"{path.name} has no text of {name}")
        if name in FACT_TABLES and not isinstance(value, dict):
            raise Damaged(f"{path.name} has no table of {name}")
    return found


def events_in(path: Path) -> list[dict[str, Any]]:
    """The alarms of a trial, none where there is no such file; raises Damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as error:
        raise Damaged(f"{path.name} cannot be read") from error
    if not isinstance(found, list) or not all(map(_is_event, found)):
        raise Damaged(f"{path.name} holds no list of events")
    return found


def _is_event(found: object) -> bool:
    return (
        isinstance(found, dict)
        and all(_is_number(found.get(name)) for name in ("step", "images"))
        and all(isinstance(found.get(name), str) for name in ("kind", "text"))
    )


def readable_facts(path: Path) -> dict[str, Any]:
    """The same, where damaged ones are as good as none."""
    try:
        return facts_in(path)
    except Damaged:
        return {}


def table_in(path: Path, columns: list[str]) -> pa.Table | None:
    """The table in a parquet file, or None where there is none; raises Damaged."""
    try:
        # Opened here: a path could be taken for a folder of tables, or for one with partitions.
        with path.open("rb") as file:
            table = pq.ParquetFile(file, page_checksum_verification=True).read(use_threads=False)
        table = table.select(columns).replace_schema_metadata(None)
        table.validate()
    except FileNotFoundError:
        return None
    except Exception as error:  # broken bytes make the reader raise almost anything
        raise Damaged(f"{path.name} cannot be read") from error
    for name in columns if len(table) else ():
        kind = table.schema.field(name).type
        if name in TEXTS and not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            raise Damaged(f"{path.name} has no text in its column {name}")
        if name not in TEXTS and not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            raise Damaged(f"{path.name} has no numbers in its column {name}")
    return table


def frame_of(tables: Iterable[pa.Table], columns: list[str]) -> pd.DataFrame:
    """The rows of all tables in one DataFrame."""
    filled = [table for table in tables if len(table)]
    if not filled:
        return no_rows(columns)
    whole = pa.concat_tables(filled, promote_options="permissive")
    frame: pd.DataFrame = whole.to_pandas(use_threads=False)
    return frame


def no_rows(columns: list[str]) -> pd.DataFrame:
    """A table without rows, whose columns can be calculated with all the same."""
    kinds = {name: "str" if name in TEXTS else "float64" for name in columns}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def _require_ended(ended: dict[str, Any]) -> None:
    if ended.get("status") not in STATUSES:
        raise Damaged("status.json has no status that is known here")
    if ended["status"] == "finished" and not {"images", "seconds"} <= ended.keys():
        raise Damaged("status.json lacks images or seconds")


def _require_progress(progress: dict[str, Any]) -> None:
    if progress.get("total", 1) <= 0:
        raise Damaged("progress.json has no number of total")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63
