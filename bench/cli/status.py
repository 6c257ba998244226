"""`bench status`: how far a results folder is, in lines."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import Damaged, printable
from ..records.derived import damaged
from ..records.layout import OPTIONAL, TABLES, ResultsFolder
from ..records.state import COMPLETE, events_in, facts_of, require_same

MAGIC = b"PAR1"  # what a parquet file begins and ends with


def lines(folder: Path) -> Iterator[str]:
    """One line of counts, then one for each trial that has not finished, and each damaged file.

    Only the ends of tables are read, so that hundreds of trials take less than a second. Damage
    within one is found by `bench report`, which leaves the trial out, and by `bench run`, which
    trains it again.
    """
    results = ResultsFolder(folder)
    facts = {key: _facts(results.trial_folder(*key)) for key in results.keys}
    counts = Counter(found["status"] for found in facts.values()).most_common()
    told = ", ".join(f"{count} {status}" for status, count in counts)
    yield f"{folder}: {len(facts)} trials: {told}"
    for (dataset, label, seed), found in facts.items():
        if found["status"] == "finished":
            continue
        line = f"  {dataset} {label} s{seed}: {found['status']}{_progress(found)}"
        yield line + (f": {printable(found['reason'])}" if found["reason"] else "")
    for name in damaged(folder):
        yield f"  {printable(name)}: damaged or edited; `bench report` writes it again"


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


def _progress(found: dict[str, Any]) -> str:
    """How far a running trial is, as far as it tells."""
    images, total, rate = (found.get(name) for name in ("images", "total", "images_per_second"))
    if found["status"] != "running" or images is None or total is None or rate is None:
        return ""
    left = f", {(total - images) / rate:,.0f} s left" if rate else ""
    return f", {images / total:.0%}, {rate:,.0f} images/s{left}"
