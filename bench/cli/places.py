"""Where the trials of `bench run` train: on this machine, or on a Ray cluster."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import click
from rich.console import Console

from ..errors import InputError
from ..extensions import is_ours
from ..extractors import is_custom
from ..planning.flags import gpus, jobs_for
from ..planning.growing import plan_of
from ..planning.plan import Plan
from ..training.executors import Executor
from .phases import phase

LOCAL, RAY = "local", "ray"


class Asked(Protocol):
    """The options that say where."""

    @property
    def jobs(self) -> str: ...
    @property
    def jobs_per_device(self) -> int: ...
    @property
    def executor(self) -> str: ...
    @property
    def ray_address(self) -> str | None: ...


@dataclass(frozen=True)
class Place:
    """A place that trials train at."""

    jobs: int  # at a time
    gpus: tuple[str, ...] = ()  # of this machine
    executor: Executor | None = None  # None: that of this machine
    told: str = ""  # where it is, for a line


@contextmanager
def place_of(plan: Plan, root: Path, asked: Asked) -> Iterator[Place]:
    """The place that the options ask for, reached while the context lasts. Raises InputError."""
    if asked.executor == LOCAL:
        if asked.ray_address is not None:
            raise InputError("--ray-address goes with --executor ray")
        found = tuple(gpus()) if plan.device == "cuda" else ()
        yield Place(jobs_for(asked.jobs, plan, asked.jobs_per_device, len(found)), found)
        return
    from ..training.cluster.connection import Needs, connected, has, room
    from ..training.cluster.executor import OnRay

    needs = Needs.of(plan.device, plan.threads, asked.jobs_per_device)
    jobs = None if asked.jobs == "auto" else jobs_for(asked.jobs, plan)
    address = asked.ray_address or "auto"
    with phase(Console(highlight=False), "connecting"):
        reached = connected(address, _own(plan) or _own(plan_of(root)))
        reached.__enter__()
    try:
        there = room(needs)
        if jobs is None and not there:
            raise InputError(
                f"the cluster has no room for a trial ({_words(needs.cpus, needs.gpus)}): it has "
                f"{_words(has('CPU'), has('GPU'))}; start more nodes, or say --jobs N to wait"
            )
        told = f"on Ray at {address}: {_words(has('CPU'), has('GPU'))}"
        yield Place(jobs or there, (), OnRay(root, needs, jobs), told)
    finally:
        reached.__exit__(None, None, None)


def _own(plan: Plan | None) -> bool:
    """Does a plan train or measure with code of the user's own?"""
    if plan is None:
        return False
    return is_custom(plan.features) or not all(is_ours(c.model) for c in plan.contestants)


def _words(cpus: float, graphics: float) -> str:
    return f"{cpus:g} CPU{'s' * (cpus != 1)}" + (f", {graphics:g} GPU" if graphics else "")


def place_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options to a command, in their order."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


OPTIONS = (
    click.option(
        "--executor",
        type=click.Choice([LOCAL, RAY]),
        default=LOCAL,
        show_default=True,
        help="Who trains: processes of this machine, or tasks of a Ray cluster (docs/cluster.md).",
    ),
    click.option(
        "--ray-address",
        metavar="auto|HOST:PORT|ray://...",
        help="The cluster; local starts one on this machine.  [default: auto, this machine's]",
    ),
    click.option(
        "--shard",
        metavar="i/n",
        help=(
            "Train part i of n of the plan, into a folder of its own: for job arrays. "
            "`bench merge` brings the parts together."
        ),
    ),
)
