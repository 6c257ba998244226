"""One attempt at a trial: whatever goes wrong becomes its status."""

import errno
import traceback
from pathlib import Path

from ..planning.stacks import Unit
from ..planning.trial import CHECKPOINT_EVERY, Trial
from ..records.state import readable_facts
from ..records.writing import ENDED, TrialRecord
from .executors import Outcome

DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO}


def run_trial(trial: Trial, root: Path, checkpoint_every: float = CHECKPOINT_EVERY) -> Outcome:
    """Train one trial; a failure becomes its status, with the traceback."""
    return run_unit((trial,), root, checkpoint_every)[trial.key]


def run_unit(
    unit: Unit, root: Path, checkpoint_every: float = CHECKPOINT_EVERY, evaluators: int = 1
) -> dict[str, Outcome]:
    """Train the trials of a unit: a stack, or one alone. Returns the outcome of each by its key.

    So many `evaluators`, threads, measure a trial.

    A failure becomes the status of all trials that had not ended before it.
    """
    # torch is imported where trials run
    from .determinism import deterministic

    try:
        with deterministic(unit[0].device, unit[0].deterministic):
            # On cuda one seed is a stack of one: the steps of a stack can be captured.
            if unit[0].stack == 1 and (unit[0].device != "cuda" or unit[0].alone):
                from .train import train

                (trial,) = unit
                return {trial.key: train(trial, root, checkpoint_every, evaluators)}
            from .stacked import train_stack

            # When a stack is tried again, some of its trials may have ended.
            done = {t.key: found for t in unit if (found := ended(root, t))}
            rest = [trial for trial in unit if trial.key not in done]
            return done | train_stack(rest, root, checkpoint_every, evaluators)
    except OSError as error:
        if error.errno in DISK_ERRORS or str(error.filename).startswith(str(root)):
            reason = f"cannot write to {root}: {error.strerror}"
            return dict.fromkeys((trial.key for trial in unit), ("disk", reason))
        return failures(unit, root, error)
    except Exception as error:  # whatever a model does, the other trials go on
        return failures(unit, root, error)


def failures(unit: Unit, root: Path, error: Exception) -> dict[str, Outcome]:
    found = {trial.key: ended(root, trial) for trial in unit}
    return {t.key: found[t.key] or failed(t, root, error) for t in unit}


def ended(root: Path, trial: Trial) -> Outcome | None:
    """How a trial ended in this run, if it did."""
    facts = readable_facts(TrialRecord.of(root, trial).folder / "status.json")
    status = str(facts.get("status"))
    return (status, str(facts.get("reason", ""))) if status in ENDED else None


def failed(trial: Trial, root: Path, error: Exception) -> Outcome:
    reason = f"{type(error).__name__}: {error}".partition("\n")[0]
    TrialRecord.of(root, trial).end("failed", reason, traceback=traceback.format_exc())
    return "failed", reason
