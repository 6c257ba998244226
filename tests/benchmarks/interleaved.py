"""Ways of doing one thing, timed in turns: what slows the machine then slows them all."""

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter

from pytest_benchmark.fixture import BenchmarkFixture

Way = Callable[[], object]


def interleaved(
    benchmark: BenchmarkFixture, ours: Way, others: Mapping[str, Way], rounds: int
) -> dict[str, float]:
    """Median seconds of each of the others, timed before every round of ours, and of "ours"."""
    seconds: dict[str, list[float]] = {name: [] for name in others}

    def turns() -> None:
        for name, way in others.items():
            began = perf_counter()
            way()
            seconds[name].append(perf_counter() - began)

    benchmark.pedantic(ours, setup=turns, rounds=rounds)
    assert benchmark.stats, "run with --benchmark-only"
    medians = {name: median(taken) for name, taken in seconds.items()}
    return medians | {"ours": float(benchmark.stats["median"])}
