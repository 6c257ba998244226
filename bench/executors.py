"""Where trials run: in this process, or in local worker processes that stay warm."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from .trial import Trial

Outcome = tuple[str, str]  # status and its reason
Work = Callable[[Trial], Outcome]
Ended = Callable[[Trial, Outcome], None]


def in_process(
    trials: Iterable[Trial], work: Work, started: Callable[[Trial], None], ended: Ended
) -> None:
    """One trial after the other, here."""
    for trial in trials:
        started(trial)
        ended(trial, work(trial))


def local_processes(
    trials: Iterable[Trial],
    work: Work,
    started: Callable[[Trial], None],
    ended: Ended,
    jobs: int,
) -> None:
    """`jobs` trials at a time, each in a worker process that imports torch once.

    Every worker is a pool of its own, so that one that is killed takes no other along: its trial
    has failed, and a new worker takes its place.
    """
    waiting = deque(trials)
    idle = [_worker() for _ in range(min(jobs, len(waiting)))]
    running: dict[Future[Outcome], tuple[ProcessPoolExecutor, Trial]] = {}
    try:
        while waiting or running:
            while waiting and idle:
                worker, trial = idle.pop(), waiting.popleft()
                started(trial)
                running[worker.submit(work, trial)] = worker, trial
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                worker, trial = running.pop(future)
                try:
                    outcome = future.result()
                except BrokenProcessPool:
                    outcome = "failed", "its worker process was killed (out of memory?)"
                    worker = _worker()
                idle.append(worker)
                ended(trial, outcome)
    finally:
        for child in multiprocessing.active_children():
            child.terminate()  # those that still train: after an interrupt or an error


def _worker() -> ProcessPoolExecutor:
    # Spawned, not forked: torch's threads and CUDA do not survive a fork.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=context, initializer=_ignore_interrupts)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    os.environ["OMP_NUM_THREADS"] = "1"  # until the trial sets its own number of threads
