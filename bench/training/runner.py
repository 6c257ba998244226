"""Walks the plan: skips what has ended, trains the rest, records how each trial ended."""

import fcntl
import os
import socket
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

from ..environment import environment
from ..errors import Damaged, DiskError, InputError
from ..extractors import NONE, extractor_name, without_hash
from ..planning.growing import RAISED, merged
from ..planning.plan import Plan
from ..planning.trial import CHECKPOINT_EVERY, Trial
from ..records.layout import SCALE_COLUMNS
from ..records.results import Results, left_in
from ..records.state import STATUSES, readable_facts
from ..records.writing import ENDED, write_experiment, write_table
from .executors import Outcome, in_process, local_processes
from .trial_runs import record_of, run_trial

RECORDING = threading.Lock()


class Display(Protocol):
    """What the runner tells whoever watches."""

    def started(self, trial: Trial) -> None: ...
    def ended(self, trial: Trial, outcome: Outcome) -> None: ...
    def retried(self, trial: Trial, outcome: Outcome) -> None: ...


def run(
    plan: Plan,
    root: Path,
    trials: list[Trial],
    jobs: int,
    display: Display,
    retries: int = 0,
    checkpoint_every: float = CHECKPOINT_EVERY,
    gpus: Sequence[str] = (),
) -> None:
    """Train the trials of `trials` that have not ended, `jobs` at a time, into `root`.

    One that fails is tried again, `retries` times at most, from its last checkpoint. Raises
    InputError if the folder cannot take them, DiskError if it can no longer be written.
    """
    with locked(root):
        whole = merged(plan, root)
        refuse_changed(trials, root)
        todo = [trial for trial in trials if not has_ended(root, trial)]
        # Told before the plan is, so that a kill in between leaves no claim that is not so.
        for trial in todo:
            if status_of(root, trial) in ENDED:
                record_of(root, trial).end("interrupted", RAISED.format(trial.images))
        write_experiment(root, whole.as_dict(), environment())
        for trial in trials:
            if trial.unsuited:
                record_of(root, trial).end("unsuited", trial.unsuited)
                display.ended(trial, ("unsuited", trial.unsuited))
        todo.sort(key=cost, reverse=True)
        work = partial(run_trial, root=root, checkpoint_every=checkpoint_every)
        unfinished = {trial.key: trial for trial in todo}
        tries_left = dict.fromkeys(unfinished, retries)

        def ended(trial: Trial, outcome: Outcome) -> bool:
            status, reason = outcome
            if status == "disk":
                raise DiskError(reason)
            if status == "failed" and status_of(root, trial) not in ("failed", *ENDED):
                record_of(root, trial).end(*outcome)  # a killed worker could not
            if status == "failed" and tries_left[trial.key] > 0:
                tries_left[trial.key] -= 1
                display.retried(trial, outcome)
                return True
            del unfinished[trial.key]
            display.ended(trial, outcome)
            return False

        try:
            if jobs == 1:
                in_process(todo, work, display.started, ended)
            else:
                local_processes(todo, work, display.started, ended, jobs, gpus)
        except KeyboardInterrupt:
            record_interrupts(root, unfinished.values())
            raise


def record_interrupts(root: Path, trials: Iterable[Trial]) -> None:
    """Give those that were under way their status; any thread may be the first to do so."""
    with RECORDING:
        for trial in trials:
            begun = (root / "trials" / trial.key / "progress.json").exists()
            if begun and status_of(root, trial) not in ENDED:
                record_of(root, trial).end("interrupted")


def measure_scale(root: Path, trials: list[Trial]) -> None:
    """Write scale.parquet, unless it is there for all data sets and extractors."""
    from ..evaluation.scale import scale

    measured = Results(root).scale[["dataset", "features"]].drop_duplicates()
    there = {(row.dataset, without_hash(row.features)) for row in measured.itertuples()}
    suited = [t for t in trials if not t.unsuited and t.features != NONE]
    if not there.issuperset((t.dataset, extractor_name(t.features)) for t in suited):
        wanted = sorted({(t.source, t.size, t.features, t.device) for t in suited}, key=str)
        rows = [row for each in wanted for row in scale(*each)]
        write_table(root / "scale.parquet", rows, SCALE_COLUMNS)


def has_ended(root: Path, trial: Trial) -> bool:
    """Is there nothing left to do? A trial with a smaller budget has some."""
    recorded = readable_facts(root / "trials" / trial.key / "trial.json")
    same = recorded.get("config_hash") == trial.config_hash
    return bool(trial.unsuited) or (same and status_of(root, trial) in ENDED)


def status_of(root: Path, trial: Trial) -> str:
    """How a trial ended, "" if it has not, "damaged" if its record cannot be used."""
    key = (trial.dataset, trial.label, trial.seed)
    try:
        found: str = left_in(root / "trials" / trial.key, key).facts["status"]
    except Damaged:
        return "damaged"
    return found if found in STATUSES else ""


def cost(trial: Trial) -> float:
    """A rough guess at how long a trial takes: the longest go first, so no core idles late."""
    return {"conv": 2.0}.get(str(trial.config.get("backbone")), 1.0) * trial.images


def refuse_changed(trials: list[Trial], root: Path) -> None:
    """Raises InputError if a recorded trial was made with another configuration."""
    for trial in trials:
        # A damaged one is trained again.
        recorded = readable_facts(root / "trials" / trial.key / "trial.json")
        if recorded and not trial.extends(recorded):
            old = {**recorded, **recorded.get("config", {})}
            new = {**trial.identity, **trial.config}
            changed = [
                f"{name} {old.get(name)} there, {new[name]} here"
                for name in new
                if name != "config" and old.get(name) != new[name]
            ]
            raise InputError(
                f"{root} holds {trial.key} under another configuration "
                f"({'; '.join(changed)}): name another folder with --out"
            )


@contextmanager
def locked(root: Path, mark: str = "experiment.toml") -> Iterator[None]:
    """Holds the folder for this process; raises InputError if it cannot be had.

    `mark` is the file that tells a folder of results from any other.
    """
    foreign = f"{root} is not empty and not a results folder: name another with --out"
    try:
        if root.exists() and not (root / mark).exists():
            others = [path for path in root.iterdir() if path.name != ".lock"]
            if others:
                raise InputError(foreign)
        root.mkdir(parents=True, exist_ok=True)
        handle = (root / ".lock").open("a+")
    except OSError as error:
        raise InputError(f"cannot write to {root}: {error.strerror}") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise InputError(f"{root} is being written by {handle.read().strip()}") from None
        handle.truncate(0)
        handle.write(f"process {os.getpid()} on {socket.gethostname()}")
        handle.flush()
        yield
