"""`bench status`: how far a results folder is, in lines."""

import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import Damaged, InputError, printable, require
from ..records.derived import damaged
from ..records.failures import PRINTED, told
from ..records.layout import OPTIONAL, TABLES, ResultsFolder
from ..records.state import (
    COMPLETE,
    events_in,
    facts_of,
    images_held,
    readable_facts,
    require_same,
)

MAGIC = b"PAR1"  # what a parquet file begins and ends with
GOES_ON = ("interrupted", "failed")  # trials that go on from their last checkpoint


def lines(folder: Path) -> Iterator[str]:
    """One line of counts, then one for each trial that has not finished, and each damaged file.

    Only the ends of tables are read, so that hundreds of trials take less than a second. Damage
    within one is found by `bench report`, which leaves the trial out, and by `bench run`, which
    trains it again.
    """
    results = ResultsFolder(folder)
    facts = {key: _facts(results.trial_folder(*key)) for key in results.keys}
    counts = Counter(found["status"] for found in facts.values()).most_common()
    counted = ", ".join(f"{count} {status}" for status, count in counts)
    yield f"{folder}: {len(facts)} trial{'s' * (len(facts) != 1)}: {counted}"
    for (dataset, label, seed), found in facts.items():
        if found["status"] == "finished":
            continue
        line = f"  {dataset} {label} s{seed}: {found['status']}"
        line += _progress(found, results.trial_folder(dataset, label, seed))
        why = printable(told(found))
        yield line + (f": {why}" if why else "")
    for label in dict.fromkeys(key[1] for key, found in facts.items() if found.get("traceback")):
        yield f"  `{traceback_command(folder, label)}` prints where {label} failed, in full"
    printed = {k[1]: p for k in facts if (p := results.trial_folder(*k) / PRINTED).exists()}
    yield from (f"  what {label} printed: {path}" for label, path in printed.items())
    for name in damaged(folder):
        yield f"  {printable(name)}: damaged or edited; `bench report` writes it again"


def tracebacks(folder: Path, label: str) -> Iterator[str]:
    """The traceback of each failed trial of a contestant; equal ones are printed once.

    Raises InputError for a label that the folder does not have, and where no trial of it failed.
    """
    results = ResultsFolder(folder)
    require(label, {key[1]: key for key in results.keys}, "contestant")
    found: dict[str, list[str]] = {}
    for dataset, name, seed in results.keys:
        facts = readable_facts(results.trial_folder(dataset, name, seed) / "status.json")
        if name == label and isinstance(facts.get("traceback"), str):
            found.setdefault(facts["traceback"], []).append(f"{dataset} {name} s{seed}")
    if not found:
        raise InputError(f"no trial of {label} in {folder} has failed with an error")
    for text, trials in found.items():
        yield f"{', '.join(trials)}:"
        yield text.rstrip()


def traceback_command(folder: Path, label: str) -> str:
    return shlex.join(["bench", "status", str(folder), "--traceback", label])


def _facts(folder: Path) -> dict[str, Any]:
    try:
        found = facts_of(folder)
        events_in(folder / "events.json")
        require_same(folder / "events.json", found)
        for name in (*TABLES, *OPTIONAL):
            needed = name in TABLES and found["status"] in COMPLETE
            _require_whole(folder / f"{name}.parquet", needed)
    except Damaged as why:
        return {"status": "damaged", "reason": str(why)}
    return found


def _require_whole(path: Path, needed: bool) -> None:
    """Raises Damaged if `path` is no parquet file from its first bytes to its last."""
    try:
        with path.open("rb") as file:
            begin = file.read(len(MAGIC))
            file.seek(-len(MAGIC), 2)
            if begin != MAGIC or file.read() != MAGIC:
                raise Damaged(f"{path.name} cannot be read")
    except FileNotFoundError:
        if needed:
            raise Damaged(f"{path.name} is missing") from None
    except OSError as error:
        raise Damaged(f"{path.name} cannot be read") from error


def _progress(found: dict[str, Any], folder: Path) -> str:
    """How far a trial is that runs, or that goes on from its last checkpoint."""
    if found["status"] in GOES_ON:
        total = readable_facts(folder / "trial.json").get("images")
        return f", {images_held(folder):,} of {total:,} images" if total else ""
    images, total, rate = (found.get(name) for name in ("images", "total", "images_per_second"))
    if found["status"] != "running" or images is None or total is None or rate is None:
        return ""
    phase = found.get("phase", "training")
    line = f", {images:,} of {total:,} images" + f", {phase}" * (phase != "training")
    left = f", {(total - images) / rate:,.0f} s of training left" if rate else ""
    return f"{line}, {rate:,.0f} images/s of training{left}" if rate else line
