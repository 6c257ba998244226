"""Tasks of forks: results in order, errors raised here, a dead fork's tasks done here."""

import os
import signal
from functools import partial

import pytest

from bench import forked
from bench.forked import in_parallel


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forked, "cores", lambda: 2)


def named(at: int) -> tuple[int, int]:
    return at, os.getpid()


def test_results_come_in_order_and_from_other_processes() -> None:
    found = in_parallel([partial(named, at) for at in range(6)])
    assert [at for at, _ in found] == list(range(6))
    assert os.getpid() not in {process for _, process in found}


def test_one_core_does_all_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forked, "cores", lambda: 1)
    assert in_parallel([partial(named, 0)] * 2) == [(0, os.getpid())] * 2


def test_an_error_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError):
        in_parallel([lambda: 1, lambda: 1 // 0])
    assert in_parallel([lambda: 1, lambda: 2]) == [1, 2]  # and nothing is left of it


def test_the_tasks_of_a_killed_fork_are_done_here() -> None:
    here = os.getpid()

    def dies_elsewhere() -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return 7

    assert in_parallel([dies_elsewhere, lambda: 8]) == [7, 8]


def test_a_fork_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    here = os.getpid()
    monkeypatch.setattr(forked, "PATIENCE", 0.2)

    def hangs_elsewhere() -> int:
        while os.getpid() != here:
            signal.pause()
        return 7

    assert in_parallel([hangs_elsewhere, lambda: 8]) == [7, 8]
