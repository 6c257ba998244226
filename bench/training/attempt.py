"""One attempt at a trial: whatever goes wrong becomes its status."""

import errno
import traceback
from pathlib import Path

from ..planning.trial import CHECKPOINT_EVERY, Trial
from ..records.writing import TrialRecord
from .executors import Outcome

DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO}


def run_trial(trial: Trial, root: Path, checkpoint_every: float = CHECKPOINT_EVERY) -> Outcome:
    """Train one trial; a failure becomes its status, with the traceback."""
    from .train import train  # torch is imported where trials run

    try:
        return train(trial, root, checkpoint_every)
    except OSError as error:
        if error.errno in DISK_ERRORS or str(error.filename).startswith(str(root)):
            return "disk", f"cannot write to {root}: {error.strerror}"
        return failed(trial, root, error)
    except Exception as error:  # whatever a model does, the other trials go on
        return failed(trial, root, error)


def failed(trial: Trial, root: Path, error: Exception) -> Outcome:
    reason = f"{type(error).__name__}: {error}".partition("\n")[0]
    TrialRecord.of(root, trial).end("failed", reason, traceback=traceback.format_exc())
    return "failed", reason
