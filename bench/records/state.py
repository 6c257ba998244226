"""What a trial's JSON files tell of its state: read, and checked as far as tables rely on it."""

import hashlib
import json
import os
import socket
from pathlib import Path
from typing import Any

from ..errors import Damaged
from ..files import read_json

STATUSES = ("finished", "diverged", "failed", "unsuited", "interrupted")
NUMBERS = (  # facts that tables calculate with
    *("images", "total", "generator_steps", "discriminator_steps", "seconds"),
    *("evaluating_seconds", "images_per_second", "pid", "peak_memory_bytes"),
    *("generator_parameters", "discriminator_parameters"),
    *("discriminator_steps_per_generator_step", "probing_seconds"),
    *("collapse_alarms", "divergence_alarms"),
)
WORDS = ("reason", "config_hash")
FACT_TABLES = ("config", "streams", "not_measured", "not_probed")
PLANNED = ("config_hash", "features")  # facts of trial.json that stand beside those of the end
FILES = ("events.json", "generator.safetensors")  # files that cannot carry their digest
COMPLETE = ("finished", "diverged")  # a trial that must have left all its tables


def facts_of(folder: Path) -> dict[str, Any]:
    """What the JSON files of the trial in `folder` tell; raises Damaged.

    There is always a `status` (waiting, running or one of STATUSES), a `reason`, and the facts of
    PLANNED and FACT_TABLES.
    """
    trial, ended = facts_in(folder / "trial.json"), facts_in(folder / "status.json")
    progress = facts_in(folder / "progress.json")
    _require_ended(ended, trial) if ended else _require_progress(progress)
    status = ("running" if is_alive(progress) else "interrupted") if progress else "waiting"
    found = {name: trial.get(name, "") for name in PLANNED} | {"reason": ""}
    found |= progress | {"status": status} | ended
    return found | {name: found.get(name) or trial.get(name) or {} for name in FACT_TABLES}


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
        if name in (*FACT_TABLES, "files") and not isinstance(value, dict):
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


def digests(folder: Path) -> dict[str, str]:
    """Name -> sha256 of those of FILES that are in the folder of a trial."""
    found = (name for name in FILES if (folder / name).exists())
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in found}


def require_same(path: Path, facts: dict[str, Any]) -> None:
    """Raises Damaged if `path`, one of FILES, is not the file that the facts have a digest of.

    Published folders leave some files out, and trials of earlier versions have no digests.
    """
    try:
        there = hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return
    except OSError as error:
        raise Damaged(f"{path.name} cannot be read") from error
    if facts.get("files", {}).get(path.name, there) != there:
        raise Damaged(f"{path.name} is damaged: its sha256 is another")


def _is_event(found: object) -> bool:
    return (
        isinstance(found, dict)
        and all(_is_number(found.get(name)) for name in ("step", "images"))
        and all(isinstance(found.get(name), str) for name in ("kind", "text"))
    )


def readable_facts(path: Path) -> dict[str, Any]:
    """As `facts_in`, but empty where the file is damaged."""
    try:
        return facts_in(path)
    except Damaged:
        return {}


def is_alive(progress: dict[str, Any]) -> bool:
    """Does the process that wrote progress.json still run? On another machine: taken for yes."""
    if progress.get("host") != socket.gethostname():
        return True
    try:
        os.kill(int(progress["pid"]), 0)
    except (KeyError, ProcessLookupError, OverflowError, ValueError):
        return False
    except PermissionError:
        pass  # it runs, as somebody else
    return True


def _require_ended(ended: dict[str, Any], trial: dict[str, Any]) -> None:
    if ended.get("status") not in STATUSES:
        raise Damaged("status.json has no status that is known here")
    if ended["status"] == "finished" and not {"images", "seconds"} <= ended.keys():
        raise Damaged("status.json lacks images or seconds")
    if ended["status"] in COMPLETE and not trial:
        raise Damaged("trial.json is missing")


def _require_progress(progress: dict[str, Any]) -> None:
    if progress.get("total", 1) <= 0:
        raise Damaged("progress.json has no number of total")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63
