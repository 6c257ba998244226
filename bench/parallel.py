"""Independent tasks side by side: in forks of this process, or in its threads.

A fork has all that its parent has loaded, so nothing is imported or computed twice. Threads suit
torch, which computes outside Python's lock.
"""

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import TypeVar

from .environment import cores

T = TypeVar("T")
PATIENCE = 300.0  # seconds for one task, after which it is done here
_tasks: Sequence[Callable[[], object]] = ()  # what forks inherit: a task need not be picklable


def in_forks(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """What the tasks return, in their order.

    Results are pickled, tasks are not. Tasks must not use torch, whose threads do not survive a
    fork. If a fork dies or hangs, its tasks are done here, one after the other; so are all tasks
    on one core and on other systems than Linux. An error of a task is raised here.
    """
    global _tasks
    jobs = min(cores(), len(tasks))
    if jobs < 2 or sys.platform != "linux" or _tasks:
        return [task() for task in tasks]
    _tasks = tasks
    found: dict[int, T] = {}
    pool = ProcessPoolExecutor(jobs, get_context("fork"), initializer=_begin)
    try:
        with warnings.catch_warnings():
            # From Python 3.12 on it warns of forks beside threads.
            warnings.simplefilter("ignore", DeprecationWarning)
            futures = [pool.submit(_do, at) for at in range(len(tasks))]
        for at, future in enumerate(futures):
            found[at] = future.result(PATIENCE)  # type: ignore[assignment]
    except (BrokenProcessPool, TimeoutError):
        for process in list(pool._processes.values()):
            process.kill()
    finally:
        pool.shutdown(cancel_futures=True)
        _tasks = ()
    return [found[at] if at in found else task() for at, task in enumerate(tasks)]


def in_threads(tasks: Sequence[Callable[[], T]], threads: int) -> list[T]:
    """What the tasks return, in their order, from so many threads; here where that is one.

    A new thread has the number of torch's threads of this one, and neither its autocast nor its
    inference mode. An error of a task is raised here.
    """
    if threads < 2 or len(tasks) < 2:
        return [task() for task in tasks]
    with ThreadPoolExecutor(min(threads, len(tasks))) as pool:
        return [future.result() for future in [pool.submit(task) for task in tasks]]


def _do(at: int) -> object:
    return _tasks[at]()


def end_with_parent() -> None:
    """End this process of multiprocessing as soon as its parent has ended, whatever it does."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGKILL)


def _begin() -> None:
    """What a fork does first: on Ctrl-C the parent decides, and it ends with its parent."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent()
