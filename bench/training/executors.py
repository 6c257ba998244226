"""Where trials run: in this process, or in local worker processes that are reused."""

import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any

from ..environment import oom_kills
from ..parallel import end_with_parent
from .process import begin

Outcome = tuple[str, str]  # status and its reason
Outcomes = Any  # what the work gives for a unit, or one Outcome if its worker died
Work = Callable[[Any], Outcomes]
Ended = Callable[[Any, Outcomes], bool]  # is the unit to be tried again?
Wanted = Callable[[Any], bool]  # is the unit still to be started?
# Trains units elsewhere, as the two functions below do here: units, work, started, ended, wanted.
Executor = Callable[[Iterable[Any], Work, Callable[[Any], None], Ended, Wanted], None]


def in_process(
    units: Iterable[Any],
    work: Work,
    started: Callable[[Any], None],
    ended: Ended,
    wanted: Wanted = lambda unit: True,
) -> None:
    """One unit after the other, in this process: a trial, or a stack of them."""
    waiting = deque(units)
    while waiting:
        unit = waiting.popleft()
        if not wanted(unit):
            continue
        started(unit)
        if ended(unit, work(unit)):
            waiting.append(unit)


def local_processes(
    units: Iterable[Any],
    work: Work,
    started: Callable[[Any], None],
    ended: Ended,
    jobs: int,
    gpus: Sequence[str] = (),
    wanted: Wanted = lambda unit: True,
) -> None:
    """`jobs` units at a time, each in a worker process that imports torch once.

    Every worker is a pool of its own: if one is killed, only its unit fails, and a new worker
    takes its place. Each worker sees one of `gpus`; they are dealt out in turn.
    """
    waiting, others = deque(units), set(multiprocessing.active_children())
    turns = [gpus[i % len(gpus)] if gpus else None for i in range(min(jobs, len(waiting)))]
    idle = [Worker(gpu) for gpu in turns]
    running: dict[Future[Outcomes], tuple[Worker, Any]] = {}
    try:
        while waiting or running:
            while waiting and idle:
                unit = waiting.popleft()
                if not wanted(unit):
                    continue
                worker = idle.pop()
                started(unit)
                try:
                    future = worker.submit(work, unit)
                except BrokenProcessPool:  # killed while it was idle
                    worker = Worker(worker.gpu)
                    future = worker.submit(work, unit)
                running[future] = worker, unit
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                worker, unit = running.pop(future)
                try:
                    outcome = future.result()
                except BrokenProcessPool:
                    outcome, worker = ("failed", worker.death()), Worker(worker.gpu)
                idle.append(worker)
                if ended(unit, outcome):
                    waiting.append(unit)
    finally:
        # After an interrupt or an error some still train: end them, so that nobody else writes.
        children = set(multiprocessing.active_children()) - others
        for child in children:
            child.kill()
        for child in children:
            child.join(1)


class Worker:
    """A process that trains one unit after the other, on a GPU of its own if it is given one."""

    def __init__(self, gpu: str | None) -> None:
        self.gpu = gpu
        self._process: BaseProcess | None = None
        self._oom_kills = oom_kills()
        # Spawned, not forked: torch's threads and CUDA do not survive a fork.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(
            1, mp_context=context, initializer=begin_worker, initargs=(gpu,)
        )

    def submit(self, work: Work, unit: Any) -> Future[Outcomes]:
        """Hand over a unit. The first one starts the process."""
        # The process inherits the blocked signals: on Ctrl-C the parent decides.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        others = set(multiprocessing.active_children())
        try:
            with main_left_out(work):
                future = self._pool.submit(work, unit)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        started = set(multiprocessing.active_children()) - others
        self._process = next(iter(started), self._process)
        return future

    def death(self) -> str:
        """Why the process is gone, in words."""
        code, deadline = None, time.monotonic() + 1
        while self._process is not None and code is None and time.monotonic() < deadline:
            # The pool's own thread asks for the code too, and only one of both gets it at once.
            self._process.join(0.01)
            code = self._process.exitcode
        if code is None:
            return "its worker process is gone"
        if code >= 0:
            return f"its worker process ended itself or was killed (exit code {code})"
        name = signal.Signals(-code).name
        if code != -signal.SIGKILL:
            return f"its worker process was killed ({name})"
        if self._oom_kills is None:
            return f"its worker process was killed ({name}; out of memory?)"
        if (oom_kills() or 0) > self._oom_kills:
            return "out of memory: the kernel killed its worker process"
        return f"its worker process was killed ({name})"


@contextmanager
def main_left_out(work: Work) -> Iterator[None]:
    """Within it, a process that is spawned does not import the main module of this one.

    It needs nothing of it, unless its work is defined there; so a script that calls `bench.run`
    need not guard that by `if __name__ == "__main__"`.
    """
    main = sys.modules["__main__"]
    if getattr(work, "func", work).__module__ == "__main__":
        yield
        return
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def begin_worker(gpu: str | None = None) -> None:
    """What a worker process does first: one thread, one GPU, and it ends with its parent."""
    os.environ["OMP_NUM_THREADS"] = "1"  # until the trial sets its own number of threads
    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu  # before torch looks for one
    end_with_parent()
    begin()
