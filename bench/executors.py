"""Where trials run: in this process, or in local worker processes that stay warm."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for

from .trial import Trial

Outcome = tuple[str, str]  # status and its reason
Work = Callable[[Trial], Outcome]
Ended = Callable[[Trial, Outcome], bool]  # is it to be tried again?
KILLED = "failed", "its worker process was killed (out of memory?)"


def in_process(
    trials: Iterable[Trial], work: Work, started: Callable[[Trial], None], ended: Ended
) -> None:
    """One trial after the other, here."""
    waiting = deque(trials)
    while waiting:
        trial = waiting.popleft()
        started(trial)
        if ended(trial, work(trial)):
            waiting.append(trial)


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
                try:
                    future = _submitted(worker, work, trial)
                except BrokenProcessPool:  # killed while it was idle
                    worker = _worker()
                    future = _submitted(worker, work, trial)
                running[future] = worker, trial
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                worker, trial = running.pop(future)
                try:
                    outcome = future.result()
                except BrokenProcessPool:
                    outcome, worker = KILLED, _worker()
                idle.append(worker)
                if ended(trial, outcome):
                    waiting.append(trial)
    finally:
        # Those that still train: after an interrupt or an error. Then nobody else writes.
        children = multiprocessing.active_children()
        for child in children:
            child.kill()
        for child in children:
            child.join(1)


def _worker() -> ProcessPoolExecutor:
    # Spawned, not forked: torch's threads and CUDA do not survive a fork.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=context, initializer=begin_worker)


def _submitted(worker: ProcessPoolExecutor, work: Work, trial: Trial) -> Future[Outcome]:
    """Hands a trial to a worker, whose process starts here if it has none yet."""
    # It inherits that these are blocked: on Ctrl-C the parent decides.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        return worker.submit(work, trial)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def begin_worker() -> None:
    """What a worker process does first: one thread, and no life after its parent's."""
    os.environ["OMP_NUM_THREADS"] = "1"  # until the trial sets its own number of threads
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """An orphan must not go on writing: the folder's lock died with its parent."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os.kill(os.getpid(), signal.SIGKILL)
