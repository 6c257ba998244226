"""Tasks side by side: results in order, errors raised here, a dead fork's tasks done here."""

import os
import signal
import subprocess
import sys
import threading
from functools import partial

import pytest
import torch

from bench import parallel
from bench.parallel import in_forks, in_threads


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "cores", lambda: 2)


def named(at: int) -> tuple[int, int]:
    return at, os.getpid()


def test_results_come_in_order_and_from_other_processes() -> None:
    found = in_forks([partial(named, at) for at in range(6)])
    assert [at for at, _ in found] == list(range(6))
    assert os.getpid() not in {process for _, process in found}


def test_one_core_does_all_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "cores", lambda: 1)
    assert in_forks([partial(named, 0)] * 2) == [(0, os.getpid())] * 2


def test_an_error_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError):
        in_forks([lambda: 1, lambda: 1 // 0])
    assert in_forks([lambda: 1, lambda: 2]) == [1, 2]  # and nothing is left of it


def test_the_tasks_of_a_killed_fork_are_done_here() -> None:
    here = os.getpid()

    def dies_elsewhere() -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return 7

    assert in_forks([dies_elsewhere, lambda: 8]) == [7, 8]


def test_a_fork_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    here = os.getpid()
    monkeypatch.setattr(parallel, "PATIENCE", 0.2)

    def hangs_elsewhere() -> int:
        while os.getpid() != here:
            signal.pause()
        return 7

    assert in_forks([hangs_elsewhere, lambda: 8]) == [7, 8]


def test_threads_give_results_in_order_and_the_settings_of_the_caller() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        met = threading.Barrier(2)  # broken unless two threads are at work at once

        def task(at: int) -> tuple[int, int, bool]:
            met.wait(10)
            return at, torch.get_num_threads(), threading.current_thread().name == here

        here = threading.current_thread().name
        assert in_threads([partial(task, at) for at in range(4)], 2) == [
            (at, 1, False) for at in range(4)
        ]
        met = threading.Barrier(1)
        assert in_threads([partial(task, 0)], 2) == [(0, 1, True)]
        assert in_threads([partial(task, at) for at in range(2)], 1) == [(0, 1, True), (1, 1, True)]
    finally:
        torch.set_num_threads(before)


def test_an_error_in_a_thread_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError):
        in_threads([lambda: 1 / 0, lambda: 1.0], 2)


KILLS_ITS_PARENT = """
import os, signal, time
from bench import parallel

def kills():
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(0.3)

parallel.cores = lambda: 2
parallel.in_forks([kills, lambda: time.sleep(0.4)])
"""


def test_forks_end_with_their_parent_and_say_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLS_ITS_PARENT], capture_output=True, text=True, timeout=60
    )  # returns when the last fork has closed its output
    assert done.returncode == -signal.SIGKILL
    assert done.stderr == ""
