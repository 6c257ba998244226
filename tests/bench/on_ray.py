"""A Ray cluster of several nodes on this machine, and trials of a blink for it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.planning.growing import merged
from bench.planning.plan import Plan
from bench.planning.stacks import Unit
from bench.training import runner
from bench.training.executors import Outcome

from . import tiny

ray = pytest.importorskip("ray", reason="needs pip install '.[cluster]'")
STORE = 80 * 2**20  # bytes, nearly the least that Ray takes


@contextmanager
def cluster(nodes: int) -> Iterator[Any]:
    """Nodes of one CPU each, beside a head that trains nothing; ends with all its processes."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    own = {"include_dashboard": False, "object_store_memory": STORE}
    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **own})
    try:
        for _ in range(nodes):
            found.add_node(num_cpus=1, object_store_memory=STORE)
        yield found
    finally:
        ray.shutdown()
        found.shutdown()


def brief(unit: Unit, root: Path, **how: Any) -> dict[str, Outcome]:
    """As `run_unit`, measured by the stand-in. Goes to workers by value: they lack the tests."""
    from bench.training import attempt, under_way

    vars(under_way)["evaluate"] = evaluate
    return attempt.run_unit(unit, root, **how)


def evaluate(subjects: Any, last: bool, threads: int = 1) -> list[tuple[list[Any], dict[str, str]]]:
    """As that of `tiny`."""
    from bench.evaluation.evaluate import balanced_labels, generate
    from bench.records.writing import Measured
    from gan_zoo.streams import Streams

    every = []
    for model, trial, _ in subjects:
        samples = generate(model, balanced_labels(50, 8), Streams(trial.seed)["eval"]).double()
        sums = {"sum": samples.sum(), "square": (samples**2).sum()}
        sums |= {"once": samples.max()} if last else {}
        found = [Measured(name, float(value)) for name, value in sums.items()]
        every.append((found, dict[str, str]()))
    return every


def go(plan: Plan, root: Path, executor: Any, display: Any = None, retries: int = 0) -> bool:
    """A run of the plan, as `tiny.run`, by an executor; None is this process."""
    trials = tiny.trials_of(plan)
    with pytest.MonkeyPatch.context() as patch, runner.locked(root):
        patch.setattr(runner, "run_unit", brief)
        patch.setattr(
            "bench.training.under_way.evaluate", evaluate
        )  # put back, where `brief` runs here
        whole, left = merged(plan, root), runner.pending(root, trials)
        shown = display or tiny.Quiet()
        return runner.run(whole, root, trials, left, 1, shown, retries, executor=executor)


def by_value() -> None:
    """Let this module travel as it is."""
    import sys

    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
