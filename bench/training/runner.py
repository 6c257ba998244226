"""Walks the plan: skips what is done, trains the rest, records how each trial ended."""

import fcntl
import os
import socket
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from ..environment import cores, environment
from ..errors import Damaged, DiskError, InputError
from ..extractors import NONE, extractor_name, without_hash
from ..files import HALF
from ..planning.growing import RAISED
from ..planning.plan import Plan
from ..planning.stacks import Unit, units
from ..planning.trial import CHECKPOINT_EVERY, Trial, cost
from ..records.failures import place_of
from ..records.layout import SCALE_COLUMNS
from ..records.results import Results, left_in
from ..records.state import STATUSES, is_alive, readable_facts
from ..records.writing import ENDED, TrialRecord, write_experiment, write_table
from .attempt import ended as ended_in_record
from .attempt import run_unit
from .executors import Executor, Outcome, in_process, local_processes

RECORDING = threading.Lock()
AGAIN = ("diverged", "failed")  # tried again when the code behind them has changed


class Display(Protocol):
    """Whoever shows how a run goes on."""

    def started(self, trial: Trial) -> None: ...
    def ended(self, trial: Trial, outcome: Outcome) -> None: ...
    def retried(self, trial: Trial, outcome: Outcome) -> None: ...
    def not_started(self, trial: Trial, failed: Trial) -> None: ...


class Left(NamedTuple):
    """What is left to do for a trial."""

    status: str  # so far: "" where it has never ended
    anew: bool = False  # from the start, without what an earlier attempt left


def pending(
    root: Path,
    trials: Iterable[Trial],
    retrain: Collection[str] = (),
    retry: Collection[str] = (),
) -> dict[str, Left]:
    """Key -> what is left to do, for each trial that is not done.

    A trial is done if it ended with this budget, or is unsuited; "damaged" and "failed" ones are
    not. Trained anew are those with a label in `retrain`, those with a status in `retry`, and
    diverged or failed ones whose code has changed. Reads every byte of each trial's record, once.
    Raises InputError if a trial was made with another configuration, or with other code.
    """
    found = {}
    for trial in trials:
        # A damaged trial.json reads as none: the trial is trained again.
        recorded = readable_facts(root / "trials" / trial.key / "trial.json")
        anew = trial.label in retrain
        status = "" if trial.unsuited else status_of(root, trial)
        if recorded and not anew and not trial.extends(recorded):
            files = trial.differs_in_code(recorded)
            if not files or status not in AGAIN:
                raise InputError(refusal(root, trial, recorded, files))
            anew = True
        anew |= status in retry
        same = recorded.get("config_hash") == trial.config_hash
        if not trial.unsuited and (anew or status not in ENDED or not same):
            found[trial.key] = Left(status, anew and bool(recorded))
    return found


def run(
    plan: Plan,
    root: Path,
    trials: Sequence[Trial],
    left: Mapping[str, Left],
    jobs: int,
    display: Display,
    retries: int = 0,
    checkpoint_every: float = CHECKPOINT_EVERY,
    gpus: Sequence[str] = (),
    executor: Executor | None = None,
) -> bool:
    """Train the trials that are `left`, as `pending` tells, `jobs` at a time, into `root`.

    An `executor` decides itself how many, and where. Wants the folder `locked`, and the `plan` of
    the whole folder. A trial that fails is tried again, `retries` times at most, from its last
    checkpoint. Returns False if one failed for good. Raises DiskError if the folder can no longer
    be written.
    """
    todo = [trial for trial in trials if trial.key in left]
    # Written before the plan is: a kill in between must not leave a trial that claims to have
    # ended with the larger budget.
    for trial in todo:
        if left[trial.key].anew:
            TrialRecord.of(root, trial).remove()
        elif left[trial.key].status in ENDED:
            TrialRecord.of(root, trial).end("interrupted", RAISED.format(trial.images))
    write_experiment(root, plan.as_dict(), environment())
    for trial in trials:
        if trial.unsuited:
            TrialRecord.of(root, trial).end("unsuited", trial.unsuited)
            display.ended(trial, ("unsuited", trial.unsuited))
    todo.sort(key=cost, reverse=True)
    # Threads that measure a trial: the cores that train nothing; a task on a cluster has its own.
    evaluators = 1 if executor else max(1, cores() // (jobs * plan.threads))
    work = partial(run_unit, root=root, checkpoint_every=checkpoint_every, evaluators=evaluators)
    unfinished = {trial.key: trial for trial in todo}
    tries_left = dict.fromkeys(unfinished, retries)
    faulty: dict[tuple[str, str], Trial] = {}  # the trial that showed that its code is
    failed = False

    def wanted(unit: Unit) -> bool:
        found = faulty.get((unit[0].dataset, unit[0].label))
        if found:
            for trial in unit:
                if unfinished.pop(trial.key, None):  # others of a stack may have ended
                    display.not_started(trial, found)
        return not found

    def ended(trial: Trial, outcome: Outcome) -> bool:
        nonlocal failed
        status, reason = outcome
        if status == "disk":
            raise DiskError(reason)
        if status == "lost":  # with its worker, no fault of the trial
            TrialRecord.of(root, trial).end("interrupted", reason)
            display.retried(trial, outcome)
            return True
        if status == "failed" and status_of(root, trial) not in ("failed", *ENDED):
            TrialRecord.of(root, trial).end(*outcome)  # a killed worker could not
        if status == "failed" and tries_left[trial.key] > 0:
            tries_left[trial.key] -= 1
            display.retried(trial, outcome)
            return True
        failed |= status == "failed"
        del unfinished[trial.key]
        if status == "failed" and fails_in_its_code(root, trial, trials):
            faulty[trial.dataset, trial.label] = trial
        display.ended(trial, outcome)
        return False

    def unit_started(unit: Unit) -> None:
        for trial in unit:
            display.started(trial)

    def unit_ended(unit: Unit, outcomes: dict[str, Outcome] | Outcome) -> bool:
        if isinstance(outcomes, tuple):  # of its worker, which died
            died = outcomes
            outcomes = {trial.key: ended_in_record(root, trial) or died for trial in unit}
        again = [ended(t, outcomes[t.key]) for t in unit if t.key in unfinished]
        return any(again)

    try:
        if executor:
            executor(units(todo), work, unit_started, unit_ended, wanted)
        elif jobs == 1:
            in_process(units(todo), work, unit_started, unit_ended, wanted)
        else:
            local_processes(units(todo), work, unit_started, unit_ended, jobs, gpus, wanted)
    except KeyboardInterrupt:
        record_interrupts(root, unfinished.values())
        raise
    return not failed


def record_interrupts(root: Path, trials: Iterable[Trial]) -> None:
    """Record the trials under way as interrupted; the main thread or a watcher calls this first."""
    with RECORDING:
        for trial in trials:
            begun = (root / "trials" / trial.key / "progress.json").exists()
            if begun and status_of(root, trial) not in ENDED:
                TrialRecord.of(root, trial).end("interrupted")


def measure_scale(root: Path, trials: list[Trial]) -> None:
    """Write scale.parquet, unless it already has all data sets and extractors."""
    from ..evaluation.evaluate import judge_for  # torch, which only this needs
    from ..evaluation.scale import scale

    measured = Results(root).scale[["dataset", "features"]].drop_duplicates()
    there = {(row.dataset, without_hash(row.features)) for row in measured.itertuples()}
    suited = [t for t in trials if not t.unsuited and t.features != NONE]
    if not there.issuperset((t.dataset, extractor_name(t.features)) for t in suited):
        judges = dict.fromkeys(map(judge_for, suited))
        rows = [row for judge in judges for row in scale(judge)]
        write_table(root / "scale.parquet", rows, SCALE_COLUMNS)


def status_of(root: Path, trial: Trial) -> str:
    """How a trial ended: "" if it has not ended, "damaged" if its record cannot be used."""
    key = (trial.dataset, trial.label, trial.seed)
    try:
        found: str = left_in(root / "trials" / trial.key, key).facts["status"]
    except Damaged:
        return "damaged"
    return found if found in STATUSES else ""


def fails_in_its_code(root: Path, trial: Trial, trials: Iterable[Trial]) -> bool:
    """Did a trial fail in the user's own file, while no seed of its contestant has finished?"""
    facts = readable_facts(root / "trials" / trial.key / "status.json")
    seeds = [t for t in trials if (t.dataset, t.label) == (trial.dataset, trial.label)]
    finished = any(status_of(root, seed) in ENDED for seed in seeds)
    return bool(place_of(str(facts.get("traceback", "")))) and not finished


def refusal(root: Path, trial: Trial, recorded: dict[str, Any], files: str) -> str:
    """Why a recorded trial cannot be gone on with, and what can be done, in one line."""
    label = trial.label
    ways = (
        f"--retrain {label} trains it anew, another label (new={trial.model}) "
        "or another folder (--out) keeps both"
    )
    if files and not recorded.get("code"):
        return (
            f"{root} holds {trial.key} from a version that did not record the code of models: "
            f"it is reported, but not gone on with; {ways}"
        )
    if files:
        return f"{files} has changed since {root} trained {trial.key}: {ways}"
    old = {**recorded, **recorded.get("config", {})}
    new = {**trial.identity, **trial.config}
    changed = [
        f"{name} {old.get(name)} there, {new[name]} here"
        for name in new
        if name != "config" and old.get(name) != new[name]
    ]
    return (
        f"{root} holds {trial.key} under another configuration "
        f"({'; '.join(changed)}): name another folder with --out"
    )


def require_own(root: Path, mark: str = "experiment.toml") -> None:
    """Raises InputError if `root` holds files of somebody else."""
    if not root.exists() or (root / mark).exists():
        return
    if any(path.name != ".lock" for path in root.iterdir()):
        told = "is not empty and not a results folder: name another with --out"
        raise InputError(f"{root} {told}")


def require_writable(root: Path) -> None:
    """Raises InputError where `locked` would, and makes nothing."""
    try:
        require_own(root)
        if (root / ".lock").exists():
            with locked(root):
                return
        place = next(path for path in (root, *root.absolute().parents) if path.exists())
    except OSError as error:
        raise InputError(f"cannot write to {root}: {error.strerror}") from error
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        raise InputError(f"cannot write to {root}: {place} is no folder that can be written to")


@contextmanager
def locked(root: Path, mark: str = "experiment.toml") -> Iterator[None]:
    """Holds the folder for this process; raises InputError if it cannot.

    `mark` is the file by which a results folder is known. A folder that was made for the lock and
    is still empty goes again.
    """
    try:
        require_own(root, mark)
        root.mkdir(parents=True, exist_ok=True)
        handle = (root / ".lock").open("a+")
    except OSError as error:
        raise InputError(f"cannot write to {root}: {error.strerror}") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            writer = handle.read().strip() or "another process"
            raise InputError(f"{root} is being written by {writer}") from None
        handle.truncate(0)
        handle.write(f"process {os.getpid()} on {socket.gethostname()}")
        handle.flush()
        for leftover in (*root.glob(HALF), *root.glob(f"plots/{HALF}")):
            wrote = {"pid": leftover.name.split(".")[-2], "host": socket.gethostname()}
            if not is_alive(wrote):  # it was killed; `bench report` needs no lock, and may write
                leftover.unlink(missing_ok=True)
        try:
            yield
        finally:
            handle.truncate(0)  # a process may live on without the folder
            if [path.name for path in root.iterdir()] == [".lock"]:  # made for nothing
                (root / ".lock").unlink()
                root.rmdir()
