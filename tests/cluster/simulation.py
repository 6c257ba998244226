"""A thousand trials of measured lengths on 1 to 512 workers: when do they end, and who waits?

Workers, inboxes and the driver are servers of a discrete simulation. A worker starts once, then
trains one trial after the other; at each evaluation it waits until its message has been taken in. A
worker that ends a trial goes on with one that was given out ahead, if there is one; the driver
gives out the next whenever it has taken in an end.
"""

import heapq
import itertools
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import bench
from bench.datasets.dataset import load_dataset
from bench.planning.parsing import parse_models
from bench.planning.plan import Plan
from bench.planning.trial import cost
from bench.training.cluster.executor import UNITS_AN_INBOX
from bench.training.cluster.worker import BEAT

ROOT = Path(__file__).parent.parent.parent
WORKERS = (1, 8, 64, 512)
TRIALS = 1000
START = 10.0  # seconds until a worker trains: stated, on a node that runs
REST = 4.0  # seconds of a trial beside training and evaluating: data, extractor, last pictures
NETWORK = 1.25e9  # bytes a second into the driver's machine: stated, 10 Gbit/s
CHECKPOINT = {"gan": 24e6, "cgan": 24e6, "dcgan": 3e6, "wgan": 3e6, "wgangp": 3e6}  # docs/cost.md
TABLES = 100_000  # bytes of tables and a picture, beside the checkpoint
EVALUATIONS = 9
POINTS = 400  # points of the curves, a trial
AT_A_POINT = 20  # rows: one for each curve


@dataclass(frozen=True)
class Costs:
    """Seconds of the driver's side."""

    trial: float  # the driver, for a unit given out and taken in
    notice: float  # an inbox, for a message
    byte: float  # an inbox, for a byte of it
    look: float = 0.0  # the driver, whenever a unit has ended, for each that is out
    network: float = 1 / NETWORK


@dataclass(frozen=True)
class Way:
    """How records get home."""

    name: str
    sent: bool  # are files sent, or does the worker write them itself?
    inboxes: bool = True  # as many as the executor has, or one
    by_point: bool = False  # a message for each point of the curves
    longest_first: bool = True


WAYS = (
    Way("shared file system", sent=False),
    Way("sent home", sent=True),
    Way("sent home, to one inbox", sent=True, inboxes=False),
    Way("sent home, to one inbox, point by point", sent=True, inboxes=False, by_point=True),
    Way("shared file system, in the order of the plan", sent=False, longest_first=False),
)


def costs(measured: dict[str, Any]) -> Costs:
    seconds = measured["message_s"]
    byte = (seconds["24 MB"] - seconds["notice"]) / 24e6
    look = measured["wait"]["look_s"] / measured["wait"]["units"]
    return Costs(measured["many"]["driver_cpu_s_a_trial"], seconds["notice"], byte, look)


def lengths() -> list[tuple[str, float, float]]:
    """Model, seconds and place of each trial: 200 seeds of the five models, as published."""
    table = bench.load(ROOT / "results" / "reference-mnist5k").trials
    seconds = table["seconds"] + table["evaluating_seconds"] + table["probing_seconds"] + REST
    of = {model: rows.to_numpy() for model, rows in seconds.groupby(table["model"])}
    rng = np.random.default_rng(0)
    labels = list(table["model"].unique())
    plan = Plan(tuple(parse_models(",".join(labels))), seeds=(0,))
    guess = {trial.label: cost(trial) for trial in plan.trials(load_dataset)}
    trials = itertools.product(range(TRIALS // len(labels)), labels)
    return [(label, float(rng.choice(of[label])), guess[label]) for _, label in trials]


def simulate(
    trials: list[tuple[str, float, float]], workers: int, costs: Costs, way: Way
) -> dict[str, float]:
    """Makespan in seconds, efficiency, and how busy the driver and its inboxes are."""
    order = sorted(trials, key=lambda trial: -trial[2]) if way.longest_first else trials
    waiting, ahead = deque(order), deque[tuple[str, float, float]]()
    inboxes = 1 + workers // UNITS_AN_INBOX if way.inboxes else 1
    free = [0.0] * inboxes  # when each inbox is
    network = driver = busy = used = 0.0
    events: list[tuple[float, int, int, str, Any]] = []
    number = itertools.count()
    idle: list[int] = []
    out = workers + max(1, workers // 4)  # units that are given out at a time
    each = costs.trial + out * costs.look
    done, end = 0, 0.0

    def later(when: float, worker: int, what: str, more: Any = None) -> None:
        heapq.heappush(events, (when, next(number), worker, what, more))

    def taken_in(now: float, worker: int, size: float, count: int = 1) -> float:
        """When `count` messages of so many bytes in all are at home."""
        nonlocal network, busy
        if size:
            network = max(network, now) + size * costs.network
            now = network
        box = worker % inboxes
        took = count * costs.notice + size * costs.byte
        free[box] = max(free[box], now) + took
        busy += took
        return free[box]

    def give(now: float) -> None:
        """The driver gives out the next unit."""
        nonlocal driver, used
        if waiting:
            driver = max(driver, now) + each
            used += each
            later(driver, -1, "given", waiting.popleft())

    for worker in range(workers):
        later(START, worker, "ready")
    for _ in range(out):
        give(0.0)
    while events:
        now, _, worker, what, more = heapq.heappop(events)
        if what == "given":
            ahead.append(more)
            if idle:
                later(now, idle.pop(), "ready")
        elif what == "ready":
            if ahead:
                trial = ahead.popleft()
                later(taken_in(now, worker, 0), worker, "train", (trial, 0))
            else:
                idle.append(worker)
        elif what == "train":
            trial, evaluation = more
            interval = trial[1] / EVALUATIONS
            for beat in range(1, int(interval / BEAT) + 1):
                later(now + beat * BEAT, worker, "beat")
            later(now + interval, worker, "evaluated", (trial, evaluation + 1))
        elif what == "beat":  # nobody waits for it
            taken_in(now, worker, 0)
        elif what == "evaluated":
            trial, evaluation = more
            at_home = now
            if way.sent:
                count = 1 + (POINTS // EVALUATIONS if way.by_point else 0)
                at_home = taken_in(now, worker, CHECKPOINT[trial[0]] + TABLES, count)
            last = evaluation == EVALUATIONS
            later(at_home, worker, "ended" if last else "train", (trial, evaluation))
        else:
            done, end = done + 1, max(end, now)
            later(now, worker, "ready")
            give(now)
    assert done == len(trials)
    work = sum(seconds for _, seconds, _ in trials)
    return {
        "makespan": end,
        "efficiency": work / (workers * end),
        "driver": used / end,
        "inbox": busy / inboxes / end,
    }


def main(measured: dict[str, Any]) -> list[dict[str, Any]]:
    trials, found = lengths(), costs(measured)
    return [
        {"way": way.name, "workers": workers, **simulate(trials, workers, found, way)}
        for way in WAYS
        for workers in WORKERS
    ]


def table(rows: list[dict[str, Any]]) -> str:
    """The table of docs/cluster.md."""
    lines = [
        "| records | workers | makespan | efficiency | driver busy | an inbox busy |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        hours = row["makespan"] / 3600
        span = f"{hours:.1f} h" if hours >= 1 else f"{row['makespan']:,.0f} s"
        shares = " | ".join(f"{row[name]:.1%}" for name in ("efficiency", "driver", "inbox"))
        lines.append(f"| {row['way']} | {row['workers']} | {span} | {shares} |")
    return "\n".join(lines)


def costs_table(measured: dict[str, Any]) -> str:
    """What was measured of the driver, for docs/cluster.md."""
    many, seconds = measured["many"], measured["message_s"]
    resident = many["driver_resident_mb"]
    rows_sent = POINTS / EVALUATIONS * AT_A_POINT
    quarter = len(resident) // 4  # the first trials load what the others share
    rows = {
        f"driver, processor time a trial ({many['trials']:,} trials)": (
            f"{1000 * many['driver_cpu_s_a_trial']:.1f} ms"
        ),
        "driver, all time a trial, of which the worker has its part": (
            f"{1000 * many['wall_s_a_trial']:.0f} ms"
        ),
        f"driver, a look at {measured['wait']['units']} units that are out": (
            f"{1000 * measured['wait']['look_s']:.1f} ms"
        ),
        "driver, memory at its start, after a quarter of the trials, at the end": (
            f"{resident[0]:.0f}, {resident[quarter]:.0f}, {resident[-1]:.0f} MB"
        ),
        "inbox, a message without files": f"{1000 * seconds['notice']:.1f} ms",
        "inbox, tables and a picture of an evaluation, 0.1 MB": (
            f"{1000 * seconds['tables']:.1f} ms"
        ),
        "inbox, with a checkpoint of 3 MB": f"{1000 * seconds['3 MB']:.0f} ms",
        "inbox, with a checkpoint of 24 MB": f"{1000 * seconds['24 MB']:.0f} ms",
        "a row of the curves, within the tables of an evaluation": (
            f"{1e6 * (seconds['tables'] - seconds['notice']) / rows_sent:.0f} µs"
        ),
        "a row, if each were a message": f"{1e6 * seconds['row']:,.0f} µs",
    }
    lines = ["| what | measured |", "| --- | ---: |"]
    return "\n".join([*lines, *(f"| {name} | {value} |" for name, value in rows.items())])
