"""`bench clean`: removes what a results folder keeps beyond its results, and says what that costs.

What is kept of a trial that has ended is what growing its budget needs: its last checkpoint.
"""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from ..files import HALF
from ..records.layout import ResultsFolder
from ..records.state import COMPLETE, checkpoints_in, readable_facts
from ..words import size

Say = Callable[[str], None]


class Kind(NamedTuple):
    """Files of one kind that can go, and what can then no longer be done."""

    name: str
    files: list[Path]
    lost: str

    @property
    def bytes(self) -> int:
        return sum(path.stat().st_size for path in self.files)


def clean(folder: Path, weights: bool, dry_run: bool, say: Say) -> None:
    """Remove the checkpoints of trials that have ended, and `weights` too if asked for.

    Checkpoints of trials that have not ended stay: the run goes on from them. Raises InputError
    if `folder` is not a results folder, or if a run holds it.
    """
    from ..training.runner import locked  # torch, which `bench --help` must not import

    results = ResultsFolder(folder)
    with nullcontext() if dry_run else locked(folder):
        found = [kind for kind in kinds(results, weights) if kind.files]
        for kind in found:
            done = "would remove" if dry_run else "removed"
            say(f"{done} {len(kind.files)} {kind.name}, {size(kind.bytes)}: {kind.lost}")
            for path in kind.files if not dry_run else ():
                path.unlink()
        if not found:
            say(f"nothing to remove from {folder}")
        there = sum(kind.bytes for kind in found) if dry_run else 0
        say(f"kept: {size(size_of(folder) - there)}")


def kinds(results: ResultsFolder, weights: bool) -> Iterator[Kind]:
    trials = [results.trial_folder(*key) for key in results.keys]
    ended = [t for t in trials if readable_facts(t / "status.json").get("status") in COMPLETE]
    yield Kind(
        "checkpoints of trials that have ended",
        [path for trial in ended for path in checkpoints_in(trial)],
        "a larger --images now trains these trials from the start, to the same bits; "
        "more seeds and contestants, report, compare and sample work as before",
    )
    if weights:
        yield Kind(
            "trained generators",
            [path for trial in ended for path in trial.glob("generator.safetensors")],
            "bench sample, interpolate, arithmetic, neighbours and export can no longer be used; "
            "to have them back, train again (--retrain)",
        )
    yield Kind(
        "half-written files",
        list(results.path.rglob(HALF)),
        "nothing is lost",
    )


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
