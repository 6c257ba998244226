"""Ways of doing one thing, timed in turns: what slows the machine then slows them all."""

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter

from pytest_benchmark.fixture import BenchmarkFixture

Way = Callable[[], float | None]  # its seconds, where not all that it does counts


def interleaved(
    benchmark: BenchmarkFixture, ours: Way, others: Mapping[str, Way], rounds: int
) -> dict[str, float]:
    """Median seconds of each of the others, timed before every round of ours, and of "ours"."""
    seconds: dict[str, list[float]] = {name: [] for name in [*others, "ours"]}

    def turns() -> None:
        for name, way in others.items():
            seconds[name].append(timed(way))

    benchmark.pedantic(lambda: seconds["ours"].append(timed(ours)), setup=turns, rounds=rounds)
    return {name: median(taken) for name, taken in seconds.items()}


def timed(way: Way) -> float:
    began = perf_counter()
    told = way()
    return perf_counter() - began if told is None else told
