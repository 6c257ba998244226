"""A grid on a Ray cluster is the local grid bit for bit, whatever is killed on the way."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import bench
from bench.cli.status import lines, tracebacks
from bench.errors import InputError
from bench.files import read_json
from bench.planning.trial import Trial
from bench.records.state import readable_facts
from bench.training.cluster.connection import Needs, connected
from bench.training.cluster.executor import OnRay
from bench.training.cluster.shipped import facts
from bench.training.executors import Outcome

from . import on_ray, tiny
from .on_ray import ray
from .tiny import assert_same

pytestmark = pytest.mark.slow
MODELS, SEEDS = "gan,wgangp", (0, 1, 2, 3, 4, 5)
FEW = SEEDS[:3]  # where a grid is trained twice
LONG: dict[str, Any] = {"images": 5760, "evaluations": 6}
INTERVAL = 960  # images between two evaluations


class Seen(tiny.Quiet):
    """A display that remembers."""

    def __init__(self) -> None:
        self.starts: list[str] = []
        self.ends: dict[str, Outcome] = {}
        self.again: list[Outcome] = []

    def started(self, trial: Trial) -> None:
        self.starts.append(trial.key)

    def ended(self, trial: Trial, outcome: Outcome) -> None:
        self.ends[trial.key] = outcome

    def retried(self, trial: Trial, outcome: Outcome) -> None:
        self.again.append(outcome)


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    on_ray.by_value()
    with on_ray.cluster(3) as found, connected(found.address, own=False):
        yield found


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("local") / "r"
    assert on_ray.go(tiny.plan_of(MODELS, seeds=SEEDS, **LONG), root, None)
    return root


def assert_equal(root: Path, local: Path, seeds: tuple[int, ...] = SEEDS) -> None:
    folders = [path for seed in seeds for path in (local / "trials").glob(f"*/*/s{seed}")]
    assert len(folders) == 2 * len(seeds)
    for folder in folders:
        assert_same(root / folder.relative_to(local), folder)
    assert set(bench.load(root).trials["status"]) == {"finished"}
    assert not list(root.glob(".shared-*"))


def repeated(root: Path) -> dict[str, list[str]]:
    """What the trials that went on say of it."""
    found = {}
    for path in (root / "trials").glob("*/*/*/status.json"):
        if told := read_json(path)["resumed"]:
            found[path.parent.relative_to(root / "trials").as_posix()] = told
    return found


def once(done: Callable[[], bool], then: Callable[[], None]) -> threading.Thread:
    """Do something in the background as soon as something else is."""

    def watch() -> None:
        end = time.monotonic() + 240
        while not done() and time.monotonic() < end:
            time.sleep(0.05)
        then()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def evaluated(root: Path, times: int) -> list[Path]:
    """The trials under way that have been evaluated so often, by the checkpoints at home."""
    found = []
    for path in root.glob("trials/*/*/*/checkpoint-*.pt"):
        images = int(path.stem.partition("-")[2])
        if images >= times * INTERVAL and not (path.parent / "status.json").exists():
            found.append(path.parent)
    return found


def victims(root: Path, raylet: int) -> list[Path]:
    """Those of them whose worker belongs to the node of that raylet."""
    found = []
    for path in evaluated(root, 2):
        pid = readable_facts(path / "progress.json").get("pid")
        stat = Path(f"/proc/{pid}/stat")
        if pid and stat.exists() and int(stat.read_text().rpartition(")")[2].split()[1]) == raylet:
            found.append(path)
    return found


def held(path: Path) -> int:
    """The images of a trial's newest checkpoint at home."""
    return max(int(one.stem.partition("-")[2]) for one in path.glob("checkpoint-*.pt"))


def key_of(path: Path, root: Path) -> str:
    return path.relative_to(root / "trials").as_posix()


def interval(root: Path, before: dict[str, int]) -> None:
    """Each trial that was lost went on from the last evaluation before its loss."""
    for key, told in repeated(root).items():
        (line,) = told
        images = int(line.removeprefix("went on from ").removesuffix(" images").replace(",", ""))
        assert images >= before.get(key, 0)


@pytest.mark.parametrize("shared", [True, False])
def test_a_node_is_removed(nodes: Any, local: Path, tmp_path: Path, shared: bool) -> None:
    root, seen = tmp_path / "r", Seen()
    plan = tiny.plan_of(MODELS, seeds=SEEDS, **LONG)
    gone = nodes.add_node(num_cpus=1, object_store_memory=on_ray.STORE)
    (raylet,) = (one.process.pid for one in gone.all_processes["raylet"])
    before: dict[str, int] = {}

    def remove() -> None:
        before.update({key_of(path, root): held(path) for path in victims(root, raylet)})
        nodes.remove_node(gone, allow_graceful=False)

    thread = once(lambda: bool(victims(root, raylet)), remove)
    assert on_ray.go(plan, root, OnRay(root, Needs(1), shared=shared), seen)
    thread.join()
    assert_equal(root, local)
    assert set(seen.ends.values()) == {("finished", "")}
    assert len(seen.ends) == 12
    assert 1 <= len(seen.again) <= 2  # the one that trained there, and one that was to be next
    assert {status for status, _ in seen.again} == {"lost"}
    assert repeated(root).keys() == before.keys()
    interval(root, before)


@pytest.mark.parametrize("shared", [True, False])
def test_a_worker_is_killed(nodes: Any, local: Path, tmp_path: Path, shared: bool) -> None:
    root, seen = tmp_path / "r", Seen()
    plan = tiny.plan_of(MODELS, seeds=SEEDS, **LONG)
    before: dict[str, int] = {}

    def kill() -> None:
        path = evaluated(root, 2)[0]
        before[key_of(path, root)] = held(path)
        os.kill(int(readable_facts(path / "progress.json")["pid"]), signal.SIGKILL)

    def told() -> bool:
        there = evaluated(root, 2)
        return bool(there) and "pid" in readable_facts(there[0] / "progress.json")

    thread = once(told, kill)
    assert on_ray.go(plan, root, OnRay(root, Needs(1), shared=shared), seen)
    thread.join()
    assert_equal(root, local)
    assert seen.again == [("lost", "its worker process is gone")]
    assert repeated(root).keys() == before.keys()
    interval(root, before)


DRIVER = """
import sys
from pathlib import Path
from bench.training.cluster.connection import Needs, connected
from bench.training.cluster.executor import OnRay
from bench.training.cluster.shipped import facts
from tests.bench import on_ray, test_cluster, tiny

if __name__ == "__main__":
    address, root, shared = sys.argv[1], Path(sys.argv[2]), sys.argv[3] == "True"
    on_ray.by_value()
    plan = tiny.plan_of(test_cluster.MODELS, seeds=test_cluster.FEW, **test_cluster.LONG)
    with connected(address, own=False):
        assert on_ray.go(plan, root, OnRay(root, Needs(1), shared=shared))
"""


@pytest.mark.parametrize("shared", [True, False])
def test_the_driver_is_killed_and_started_again(
    nodes: Any, local: Path, tmp_path: Path, shared: bool
) -> None:
    root = tmp_path / "r"
    (tmp_path / "drive.py").write_text(DRIVER)
    repository = str(Path(__file__).parent.parent.parent)
    command = [sys.executable, str(tmp_path / "drive.py"), nodes.address, str(root), str(shared)]
    paths = {**os.environ, "PYTHONPATH": repository}
    driver = subprocess.Popen(command, env=paths)
    end = time.monotonic() + 240
    while not list(root.glob("trials/*/*/*/status.json")) or not evaluated(root, 2):
        assert time.monotonic() < end
        assert driver.poll() is None
        time.sleep(0.05)
    driver.kill()
    driver.wait()
    ended = {path: path.stat().st_mtime_ns for path in root.glob("trials/*/*/*/status.json")}
    subprocess.run(command, env=paths, check=True, timeout=240)
    assert_equal(root, local, FEW)
    assert ended
    assert all(path.stat().st_mtime_ns == when for path, when in ended.items())
    assert repeated(root)


FAULTY = """
from gan_zoo.gan import VanillaGAN

class Raises(VanillaGAN):
    def generator_loss(self, batch):
        print("seen before the end")
        raise RuntimeError("no loss today")
"""


@pytest.mark.parametrize("shared", [True, False])
def test_what_a_failed_trial_left_comes_home(nodes: Any, tmp_path: Path, shared: bool) -> None:
    (tmp_path / "faulty.py").write_text(FAULTY)
    root, seen = tmp_path / "r", Seen()
    plan = tiny.plan_of(f"bad={tmp_path}/faulty.py:Raises,gan")
    assert not on_ray.go(plan, root, OnRay(root, Needs(1), shared=shared), seen)
    assert seen.ends["ring8/bad/s0"] == ("failed", "RuntimeError: no loss today")
    assert seen.ends["ring8/gan/s0"] == ("finished", "")
    assert "generator_loss" in "".join(tracebacks(root, "bad"))
    assert "seen before the end" in (root / "trials/ring8/bad/s0/output.log").read_text()
    assert not (root / "trials/ring8/gan/s0/output.log").exists()
    assert f"  what bad printed: {root}/trials/ring8/bad/s0/output.log" in lines(root)


def test_stacks_train_as_they_do_here(nodes: Any, tmp_path: Path) -> None:
    plan = tiny.plan_of("gan,wgan", seeds=(0, 1, 2), stack=4)
    assert on_ray.go(plan, tmp_path / "local", None)
    assert on_ray.go(plan, tmp_path / "ray", OnRay(tmp_path / "ray", Needs(1), shared=False))
    for folder in (tmp_path / "local" / "trials").glob("*/*/*"):
        assert_same(tmp_path / "ray" / folder.relative_to(tmp_path / "local"), folder)


def test_another_version_on_a_worker_is_refused(
    nodes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = {**facts(), "torch": "1.0"}
    monkeypatch.setattr("bench.training.cluster.executor.facts", lambda: here)
    root = tmp_path / "r"
    with pytest.raises(InputError, match=r"^the worker on .* torch 1\.0 here, \d.* there"):
        on_ray.go(tiny.plan_of("gan"), root, OnRay(root, Needs(1)))
    assert ray.is_initialized()
