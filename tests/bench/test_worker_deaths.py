"""A worker process that dies: its trial says of what, and the others go on."""

import resource
from pathlib import Path
from typing import Any

import pytest

from bench import environment
from bench.datasets.dataset import load_dataset
from bench.planning.trial import Trial
from bench.training import executors
from bench.training.executors import Outcome, local_processes

from . import light_work, tiny

GREEDY = """
import torch
from gan_zoo.gan import VanillaGAN

class Greedy(VanillaGAN):
    def after_generator_step(self):
        self.hoard = torch.zeros(2**30, 2**10)
"""


read = Path.read_text


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "begin_worker", light_work.begin)


def outcomes(seeds: tuple[int, ...]) -> dict[int, Outcome]:
    found: dict[int, Outcome] = {}

    def ended(trial: Trial, outcome: Outcome) -> bool:
        found[trial.seed] = outcome
        return False

    trials = tiny.plan_of("gan", seeds=seeds).trials(load_dataset)
    local_processes(trials, light_work.die, lambda trial: None, ended, 2)
    return found


def test_each_death_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "oom_kills", lambda: 7)
    assert outcomes((0, 1, 2, 3)) == {
        0: ("finished", ""),
        1: ("failed", "its worker process was killed (SIGKILL)"),
        2: ("failed", "its worker process was killed (SIGSEGV)"),
        3: ("failed", "its worker process ended itself or was killed (exit code 3)"),
    }


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (iter(range(99)), "out of memory: the kernel killed its worker process"),
        (iter([None] * 99), "its worker process was killed (SIGKILL; out of memory?)"),
    ],
)
def test_lack_of_memory_is_told_where_the_kernel_counts_it(
    counts: Any, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "oom_kills", lambda: next(counts))
    assert outcomes((1,)) == {1: ("failed", said)}


@pytest.mark.parametrize("name", ["memory.events", "memory/memory.oom_control"])
def test_the_kernel_counts(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/proc/self/cgroup").exists():
        pytest.skip("Linux alone counts")
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("low 0\noom_kill_disable 0\noom 3\noom_kill 2\n")
    monkeypatch.setattr(environment, "CGROUPS", tmp_path)
    lines = "4:memory:/a\n0::/b:c\n"
    monkeypatch.setattr(
        Path, "read_text", lambda self: lines if "proc" in f"{self}" else read(self)
    )
    assert environment.oom_kills() == 2
    path.unlink()
    assert environment.oom_kills() is None


def test_a_limit_of_memory_fails_a_trial_and_says_so(tmp_path: Path) -> None:
    """4 TB in one tensor: refused by a limit of the process, so the machine never sees it."""
    (tmp_path / "greedy.py").write_text(GREEDY)
    plan = tiny.plan_of(f"greedy={tmp_path}/greedy.py:Greedy")
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (64 * 2**30, before[1]))
    try:
        assert not tiny.run(plan, tmp_path / "r", tiny.trials_of(plan), 1, tiny.Quiet())
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    (status,) = (tmp_path / "r").rglob("status.json")
    assert "memory" in status.read_text()
