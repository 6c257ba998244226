"""Two thousand trivial trials on a Ray cluster of this machine, and messages of several sizes."""

import dataclasses
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.environment import cores, cpuinfo
from bench.planning.growing import merged
from bench.planning.plan import Plan
from bench.planning.stacks import Unit
from bench.training import runner
from bench.training.cluster.connection import Needs, connected
from bench.training.cluster.executor import OnRay
from bench.training.cluster.pieces import Inbox, Piece
from bench.training.executors import Outcome
from tests.bench import tiny

TRIALS = 2000
SAMPLED = 100  # trials between two looks at the driver's memory
OUT = 640  # units that 512 workers train, or that are given out ahead
SENDS = 21  # of a size, of which the least is taken: other work only adds


def trivial(unit: Unit, root: Path, **_: object) -> dict[str, Outcome]:
    """In place of `run_unit`: no training, but the records that every trial has."""
    from bench.records.writing import TrialRecord

    for trial in unit:
        record = TrialRecord.of(root, trial)
        record.start({**trial.identity, "config_hash": trial.config_hash})
        record.flush()
        record.end("finished", images=trial.images, seconds=0.0)
    return {trial.key: ("finished", "") for trial in unit}


class Watched(tiny.Quiet):
    """Counts ends, and looks at the memory of this process now and then."""

    def __init__(self) -> None:
        self.ends, self.resident = 0, [resident()]

    def ended(self, trial: Any, outcome: Outcome) -> None:
        assert outcome == ("finished", ""), outcome
        self.ends += 1
        if self.ends % SAMPLED == 0:
            self.resident.append(resident())


def resident() -> int:
    """Bytes of memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def many(trials: int = TRIALS) -> dict[str, Any]:
    """Trivial trials by way of the runner and the Ray executor, sent home: what each costs."""
    import sys

    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    plan: Plan = tiny.plan_of("gan", seeds=tuple(range(trials // 2)))
    other = dataclasses.replace(plan.contestants[0], label="other")
    plan = dataclasses.replace(plan, contestants=(*plan.contestants, other))
    every = tiny.trials_of(plan)
    with tempfile.TemporaryDirectory() as name:
        root, seen = Path(name) / "r", Watched()
        vars(runner)["run_unit"] = trivial
        with runner.locked(root):
            left = runner.pending(root, every)
            whole = merged(plan, root)
            executor = OnRay(root, Needs(1), shared=False)
            began, used = time.perf_counter(), time.process_time()
            assert runner.run(whole, root, every, left, 1, seen, executor=executor)
            took, used = time.perf_counter() - began, time.process_time() - used
        assert seen.ends == len(every) == trials
        assert len(list(root.glob("trials/*/*/*/status.json"))) == trials
    return {
        "trials": trials,
        "driver_cpu_s_a_trial": used / trials,
        "wall_s_a_trial": took / trials,
        "driver_resident_mb": [round(bytes_ / 1e6, 1) for bytes_ in seen.resident],
    }


def messages() -> dict[str, Any]:
    """Seconds that an inbox takes for a message, by size; and for one of a row's size."""
    import ray

    sizes = {"notice": 0, "row": 200, "tables": 100_000, "3 MB": 3_000_000, "24 MB": 24_000_000}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "mark").touch()
        inbox = ray.remote(num_cpus=0)(Inbox).remote(root, "mark")
        took: dict[str, list[float]] = {size: [] for size in sizes}
        for size, count in list(sizes.items()) * SENDS:  # in turns: the machine has slow moments
            files = {"checkpoint-1.pt": os.urandom(count)} if count else {}
            pieces = [Piece("a/b/s0", files, frozenset(files))] if files else []
            began = time.perf_counter()
            assert ray.get(inbox.send.remote("attempt", "", pieces))
            took[size].append(time.perf_counter() - began)
        ray.kill(inbox)
    return {size: min(seconds) for size, seconds in took.items()}


def wait() -> dict[str, Any]:
    """Seconds of the driver for one look at many units under way."""
    import ray

    def sleep() -> None:
        time.sleep(600)

    hang = ray.remote(num_cpus=1, max_retries=0)(sleep)
    out = [hang.remote() for _ in range(OUT)]
    ray.wait(out, timeout=1)
    took = []
    for _ in range(SENDS):
        began = time.process_time()
        ray.wait(out, timeout=0)
        ray.wait(out, num_returns=len(out), timeout=0)
        took.append(time.process_time() - began)
    for reference in out:
        ray.cancel(reference, force=True)
    return {"units": OUT, "look_s": min(took)}


def measure() -> dict[str, Any]:
    with connected("local", own=False):
        found = {"many": many(), "message_s": messages(), "wait": wait()}
    machine = {"processor": cpuinfo("model name"), "cores": cores(), "load": os.getloadavg()[0]}
    return {"machine": machine, **found}
