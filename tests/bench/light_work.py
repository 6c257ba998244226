"""Work for worker processes. It imports little, so that they start at once."""

import os
import signal
import time
from typing import Any


def die(trial: Any) -> tuple[str, str]:
    """Seed 0 is well; the others kill themselves, each in its way."""
    if trial.seed == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if trial.seed == 2:
        os.kill(os.getpid(), signal.SIGSEGV)
    if trial.seed == 3:
        os._exit(3)
    return "finished", ""


def diverge_second(trial: Any) -> tuple[str, str]:
    return ("diverged" if trial.seed == 1 else "finished", "")


def tell_gpu(trial: Any) -> tuple[str, str]:
    time.sleep(0.2)  # so that no worker is done before the others have begun
    return "finished", os.environ.get("CUDA_VISIBLE_DEVICES", "none set")


def begin(gpu: str | None = None) -> None:
    """In place of `begin_worker`, which imports torch."""
