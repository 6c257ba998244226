"""Computes the seeds of a study, in this process or in worker processes."""

import importlib
import multiprocessing
import signal
from collections.abc import Callable, Iterator, MutableSequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from typing import Any

from ..training.executors import begin_worker
from .settings import Settings

Tables = dict[str, list[dict[str, Any]]]
Watch = Callable[[float], None]  # is told how much work is done, in seeds: 1.5 is one and a half
REFRESH = 0.5  # seconds between two reports of how far the workers are
_shares: list[MutableSequence[float]] = []  # of each seed's work, in memory that workers share


def compute(
    name: str, settings: Settings, seeds: list[int], jobs: int, watch: Watch
) -> Iterator[tuple[int, Tables | Exception]]:
    """(seed, its tables or the error that it failed with) in the order in which seeds end."""
    if jobs == 1:
        yield from _here(name, settings, seeds, watch)
    else:
        yield from _in_processes(name, settings, seeds, jobs, watch)


def _here(
    name: str, settings: Settings, seeds: list[int], watch: Watch
) -> Iterator[tuple[int, Tables | Exception]]:
    for done, seed in enumerate(seeds):

        def tick(share: float, done: int = done) -> None:
            watch(done + share)

        try:
            yield seed, _compute(name, settings, seed, tick)
        except Exception as error:  # the other seeds go on
            yield seed, error


def _in_processes(
    name: str, settings: Settings, seeds: list[int], jobs: int, watch: Watch
) -> Iterator[tuple[int, Tables | Exception]]:
    # Spawned, not forked: torch's threads and CUDA do not survive a fork.
    context = multiprocessing.get_context("spawn")
    shares: Any = context.Array("d", len(seeds))
    pool = ProcessPoolExecutor(
        min(jobs, len(seeds)), context, initializer=_begin, initargs=(shares,)
    )
    try:
        running = {
            pool.submit(_in_worker, name, settings, seed, index): seed
            for index, seed in enumerate(seeds)
        }
        while running:
            ended = wait(running, REFRESH, FIRST_COMPLETED).done
            watch(sum(shares))
            for future in ended:
                error = future.exception()
                if error is not None and not isinstance(error, Exception):
                    raise error
                yield running.pop(future), error or future.result()
    finally:  # after an interrupt or an error too
        for child in multiprocessing.active_children():
            child.kill()
        pool.shutdown(cancel_futures=True)


def _begin(shares: MutableSequence[float]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Ctrl-C the parent decides
    begin_worker()
    _shares.append(shares)


def _in_worker(name: str, settings: Settings, seed: int, index: int) -> Tables:
    def tick(share: float) -> None:
        _shares[0][index] = share

    return _compute(name, settings, seed, tick)


def _compute(name: str, settings: Settings, seed: int, tick: Watch) -> Tables:
    import torch  # only where the work is done

    torch.set_num_threads(settings.threads)
    run = importlib.import_module(f"bench.studies.{name}").run
    tables: Tables = run(settings, seed, tick)
    return tables
