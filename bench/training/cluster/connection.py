"""A Ray cluster: how a run finds it, what is shipped to it, and what it has room for."""

import logging
import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ...environment import cores
from ...errors import InputError
from .shipped import stage

# Ray sends statistics on its use to its makers unless it is told not to.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
HANDED_ON = ("GAN_BENCH_DATA", "ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY")  # if they are set
TOKEN = Path("~/.ray/auth_token")  # where Ray keeps the token of its clusters
HERE = "local"  # the address that starts a cluster of this machine, for the run alone
STORE = 512 * 2**20  # bytes of its object store
SLICES = 10_000  # Ray counts ten-thousandths of a GPU


class Needs(NamedTuple):
    """What a unit occupies."""

    cpus: int
    gpus: float = 0.0

    @classmethod
    def of(cls, device: str, threads: int, jobs_per_device: int) -> "Needs":
        gpus = math.floor(SLICES / jobs_per_device) / SLICES if device == "cuda" else 0.0
        return cls(threads, gpus)


@contextmanager
def connected(address: str, own: bool) -> Iterator[None]:
    """Within it this process is the driver of jobs on a Ray cluster.

    address: "auto", the cluster of this machine; ray://HOST:PORT, or HOST:PORT; "local" starts one.
    own: does a model of the user's own train, so that the working folder's modules are needed?
    Raises InputError where Ray is not installed, and where there is no such cluster.
    """
    os.environ.update({name: os.environ.get(name, value) for name, value in QUIET.items()})
    if address.startswith("ray://") and TOKEN.expanduser().exists():
        os.environ.setdefault("RAY_AUTH_MODE", "token")  # by itself it sends it to others only
    try:
        import ray
    except ImportError as error:
        told = "--executor ray needs Ray: pip install 'gan-bench[cluster]'"
        raise InputError(told) from error
    with tempfile.TemporaryDirectory(prefix="gan-bench-") as folder:
        stage(Path(folder), own)
        passed = {name: os.environ[name] for name in HANDED_ON if name in os.environ}
        settings: dict[str, Any] = {
            "runtime_env": {
                "working_dir": folder,
                "env_vars": {"OMP_NUM_THREADS": "1", **passed},
            },
            "log_to_driver": False,
            "logging_level": logging.CRITICAL,
        }
        if address == HERE:
            settings |= {"num_cpus": cores(), "include_dashboard": False}
            settings |= {"object_store_memory": STORE}
        try:
            ray.init(address=address, **settings)
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            why = " ".join(f"{error}".split())
            told = f"no Ray cluster at --ray-address {address}: {why}"
            raise InputError(f"{told} (docs/cluster.md says how to start one)") from error
        # What Ray tells of nodes that went is told by the run, in its own lines.
        logging.getLogger("ray").setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        ray.shutdown()


def room(needs: Needs) -> int:
    """How many units the cluster has room for at a time, if nobody else uses it."""
    return sum(_fits(node["Resources"], needs) for node in _alive())


def has(name: str) -> float:
    """How much of a resource ("CPU", "GPU") the cluster has."""
    return sum(float(node["Resources"].get(name, 0)) for node in _alive())


def nodes_with_room(needs: Needs) -> list[str]:
    return [node["NodeID"] for node in _alive() if _fits(node["Resources"], needs)]


def pinned_to(node: str) -> Any:
    """The strategy that runs a task on that node, and on no other."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(node, soft=False)


def pinned_here() -> Any:
    """The strategy that runs an actor on the driver's machine; None if it is not of the cluster."""
    import ray

    if ray.util.client.ray.is_connected():  # by ray://: the driver stands outside
        return None
    return pinned_to(ray.get_runtime_context().get_node_id())


def _alive() -> list[dict[str, Any]]:
    import ray

    return [node for node in ray.nodes() if node["Alive"]]


def _fits(resources: dict[str, float], needs: Needs) -> int:
    fits = int(resources.get("CPU", 0) // needs.cpus)
    return min(fits, int(resources.get("GPU", 0) / needs.gpus + 1e-6)) if needs.gpus else fits
