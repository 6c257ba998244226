"""Memory of a run of many trials: of the process that leads, and of those that train."""

import time
from pathlib import Path
from typing import NamedTuple

from .kill import Run

SECONDS = 0.5  # between two looks


class Look(NamedTuple):
    """How many trials have ended, and the memory of a process then, in MB."""

    ended: int
    who: str  # "parent" or "worker"
    megabytes: float


def looks(root: Path, trials: int, jobs: int) -> list[Look]:
    """The memory of each process while so many trials run; without the report at the end."""
    seeds = str(trials // 2)  # of two contestants
    run = Run(root, jobs, "--seeds", seeds, "--images", "800", "--evaluations", "1")
    found = []
    while run.code is None:
        ended = len(list(root.glob("trials/*/*/*/status.json")))
        if ended < trials:
            found += [Look(ended, "parent", resident(run.pid))]
            found += [Look(ended, "worker", resident(pid)) for pid in run.workers()]
        time.sleep(SECONDS)
    assert run.wait() == 0, run.log.read_text()
    return found


def resident(pid: int) -> float:
    """The memory of a process in MB; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def grown(found: list[Look], who: str, trials: int) -> tuple[float, float]:
    """The most memory in the second quarter of the trials, and in the last."""
    quarters = [
        [one.megabytes for one in found if one.who == who and low <= one.ended < high]
        for low, high in ((trials // 4, trials // 2), (3 * trials // 4, trials))
    ]
    return max(quarters[0]), max(quarters[1])
