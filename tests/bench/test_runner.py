"""The runner: what is skipped, refused and recorded, with stand-ins for the training itself."""

import dataclasses
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bench
from bench.cli.status import lines
from bench.datasets.dataset import load_dataset
from bench.errors import DiskError, InputError
from bench.files import read_json, replacing, write_text
from bench.planning.parsing import parse_models
from bench.planning.plan import Plan
from bench.planning.stacks import Unit
from bench.planning.trial import Trial
from bench.records.results import left_in, write_index
from bench.records.state import is_alive
from bench.records.writing import TrialRecord
from bench.training import runner
from bench.training.executors import Outcome, local_processes

from . import light_work, tiny

SMALL: dict[str, Any] = {"images": 640, "evaluations": 1, "samples": 20, "seeds": (0,)}


class Seen:
    """A display that remembers."""

    def __init__(self) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self.retries: list[Outcome] = []
        self.skipped: list[tuple[str, str]] = []

    def started(self, trial: Trial) -> None:
        pass

    def ended(self, trial: Trial, outcome: Outcome) -> None:
        self.outcomes[trial.key] = outcome

    def retried(self, trial: Trial, outcome: Outcome) -> None:
        self.retries.append(outcome)

    def not_started(self, trial: Trial, failed: Trial) -> None:
        self.skipped.append((trial.key, failed.key))


def plan_of(models: str, **values: Any) -> Plan:
    narrow = tuple(
        dataclasses.replace(c, values={"width": 4, "latent_dim": 8}) for c in parse_models(models)
    )
    return Plan(narrow, **{**SMALL, **values})


def go(plan: Plan, root: Path, jobs: int = 1) -> dict[str, Outcome]:
    return watched(plan, root, jobs).outcomes


def watched(plan: Plan, root: Path, jobs: int = 1, retries: int = 0) -> Seen:
    trials = plan.trials(load_dataset)
    seen = Seen()
    tiny.run(plan, root, trials, jobs, seen, retries)
    return seen


def test_what_has_ended_is_skipped_and_what_has_not_is_done(tmp_path: Path) -> None:
    root, plan = tmp_path / "r", plan_of("gan,wgan")
    assert set(go(plan, root)) == {"mnist5k/gan/s0", "mnist5k/wgan/s0"}
    before = (root / "trials/mnist5k/gan/s0/status.json").stat().st_mtime_ns
    assert go(plan, root) == {}
    (root / "trials/mnist5k/wgan/s0/status.json").unlink()  # as a kill would leave it
    assert set(go(plan, root)) == {"mnist5k/wgan/s0"}
    assert (root / "trials/mnist5k/gan/s0/status.json").stat().st_mtime_ns == before


def test_what_is_left_is_decided_once_and_reads_each_record_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, plan = tmp_path / "r", plan_of("gan,wgan", seeds=(0, 1))
    go(plan, root)
    read: list[Path] = []

    def counted(folder: Path, *others: Any) -> Any:
        read.append(folder)
        return left_in(folder, *others)

    monkeypatch.setattr(runner, "left_in", counted)
    trials = plan.trials(load_dataset)
    assert runner.pending(root, trials) == {}
    assert sorted(read) == sorted(root / "trials" / trial.key for trial in trials)
    read.clear()
    assert go(plan, root) == {}
    assert len(read) == len(trials)


def test_half_a_file_of_a_writer_that_was_killed_goes(tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    (tmp_path / "experiment.toml").touch()
    dead = subprocess.Popen(["true"])
    dead.wait()
    left = [tmp_path / f".environment.json.{dead.pid}.tmp"]
    left.append(tmp_path / "plots" / f".pairs.png.{dead.pid}.tmp")
    under_way = tmp_path / f".summary.md.{os.getpid()}.tmp"
    for path in (*left, under_way):
        path.touch()
    with runner.locked(tmp_path):
        pass
    assert not any(path.exists() for path in left)
    assert under_way.exists()


def test_a_folder_that_was_made_for_its_lock_alone_goes_again(tmp_path: Path) -> None:
    def nothing_comes_of_it(root: Path) -> None:
        with runner.locked(root):
            assert (root / ".lock").exists()
            raise InputError("nothing comes of it")

    with pytest.raises(InputError, match="nothing comes of it"):
        nothing_comes_of_it(tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_seeds_and_contestants_are_added(tmp_path: Path) -> None:
    root = tmp_path / "r"
    go(plan_of("gan"), root)
    assert set(go(plan_of("gan", seeds=(0, 1)), root)) == {"mnist5k/gan/s1"}
    assert set(go(plan_of("wgan"), root)) == {"mnist5k/wgan/s0"}
    trials = bench.load(root).trials
    assert trials["status"].tolist() == ["finished"] * 3  # seed 1 of wgan was not asked for


def test_another_configuration_under_the_same_label_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "r"
    go(plan_of("x=gan"), root)
    with pytest.raises(InputError, match=r"model gan there, cgan here.*--out"):
        go(plan_of("x=cgan"), root)
    with pytest.raises(InputError, match="evaluations 1, not 3"):
        go(plan_of("x=gan", evaluations=3), root)
    assert bench.load(root).experiment["contestants"][0]["model"] == "gan"


FAULTY = """
import os
from gan_zoo.gan import VanillaGAN

class Raises(VanillaGAN):
    def generator_loss(self, batch):
        raise RuntimeError("no loss today\\nsecond line")

class Dies(VanillaGAN):
    def generator_loss(self, batch):
        os._exit(9)

class Hesitates(VanillaGAN):
    # Fails at its sixth step, once.
    def generator_loss(self, batch):
        if batch.step == 5 and not os.path.exists(__file__ + ".failed"):
            open(__file__ + ".failed", "w").close()
            raise RuntimeError("not yet")
        return super().generator_loss(batch)
"""


def check_failed(root: Path, outcomes: dict[str, Outcome]) -> None:
    assert outcomes["mnist5k/bad/s0"] == ("failed", "RuntimeError: no loss today")
    status = read_json(root / "trials/mnist5k/bad/s0/status.json")
    assert "second line" in status["traceback"]


def test_a_failure_is_a_status_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "faulty.py").write_text(FAULTY)
    root = tmp_path / "r"
    models = f"bad={tmp_path}/faulty.py:Raises,gan"
    outcomes = go(plan_of(models), root)
    check_failed(root, outcomes)
    assert outcomes["mnist5k/gan/s0"] == ("finished", "")
    assert set(go(plan_of(models), root)) == {"mnist5k/bad/s0"}  # tried again


Worked = tuple[Plan, Path, dict[str, Outcome]]


@pytest.fixture(scope="module")
def by_workers(tmp_path_factory: pytest.TempPathFactory) -> Worked:
    """Two workers trained two models, beside one that raises and one that ends its process."""
    place = tmp_path_factory.mktemp("workers")
    (place / "faulty.py").write_text(FAULTY)
    faulty = f"bad={place}/faulty.py:Raises,dies={place}/faulty.py:Dies"
    plan = plan_of(f"{faulty},dcgan,wgan", threads=1)
    return plan, place / "r", go(plan, place / "r", jobs=2)


def test_worker_processes_change_no_number(by_workers: Worked, tmp_path: Path) -> None:
    _, there, _ = by_workers
    go(plan_of("dcgan,wgan", threads=1), tmp_path / "r")
    for table in ("curves", "evaluations"):
        found = []
        for root in (tmp_path / "r", there):
            rows = getattr(bench.load(root), table)
            rows = rows[~rows["metric"].str.startswith("cost/")].set_index(["model", "metric"])
            found.append(rows.loc[["dcgan", "wgan"], "value"].tolist())
        assert found[0] == found[1] != []


def test_a_failure_in_a_worker_is_a_status_and_the_others_go_on(by_workers: Worked) -> None:
    plan, root, outcomes = by_workers
    check_failed(root, outcomes)
    left = runner.pending(root, plan.trials(load_dataset))  # tried again
    assert set(left) == {"mnist5k/bad/s0", "mnist5k/dies/s0"}


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_other_seeds_of_code_that_fails_are_not_started(tmp_path: Path, jobs: int) -> None:
    (tmp_path / "faulty.py").write_text(FAULTY)
    root, plan = tmp_path / "r", plan_of(f"bad={tmp_path}/faulty.py:Raises,gan", seeds=(0, 1, 2))
    seen = watched(plan, root, jobs)
    started = [key for key in seen.outcomes if "/bad/" in key]
    assert 1 <= len(started) <= jobs
    assert seen.skipped == [(f"mnist5k/bad/s{k}", started[0]) for k in range(len(started), 3)]
    assert sum(outcome[0] == "finished" for outcome in seen.outcomes.values()) == 3
    assert sorted(bench.load(root).trials["status"]).count("waiting") == len(seen.skipped)
    mended = FAULTY.replace(
        'raise RuntimeError("no loss today\\nsecond line")', "return batch.fake.sum()"
    )
    assert mended != FAULTY
    (tmp_path / "faulty.py").write_text(mended)
    plan = plan_of(f"bad={tmp_path}/faulty.py:Raises,gan", seeds=(0, 1, 2))
    assert set(go(plan, root)) == {f"mnist5k/bad/s{k}" for k in range(3)}


def test_a_killed_worker_takes_no_other_along(by_workers: Worked) -> None:
    _, root, outcomes = by_workers
    assert outcomes["mnist5k/dies/s0"][0] == "failed"
    assert (
        outcomes["mnist5k/dies/s0"][1]
        == "its worker process ended itself or was killed (exit code 9)"
    )
    assert outcomes["mnist5k/dcgan/s0"] == outcomes["mnist5k/wgan/s0"] == ("finished", "")
    status = read_json(root / "trials/mnist5k/dies/s0/status.json")
    assert (status["status"], status["reason"]) == outcomes["mnist5k/dies/s0"]  # it could not say


def test_a_failure_is_tried_again_as_often_as_asked(tmp_path: Path) -> None:
    (tmp_path / "faulty.py").write_text(FAULTY)
    models = ",".join(f"{n.lower()}={tmp_path}/faulty.py:{n}" for n in ("Raises", "Hesitates"))
    seen = watched(plan_of(models), tmp_path / "r", retries=2)
    assert seen.retries.count(("failed", "RuntimeError: not yet")) == 1
    assert seen.retries.count(("failed", "RuntimeError: no loss today")) == 2
    assert seen.outcomes["mnist5k/hesitates/s0"] == ("finished", "")
    assert seen.outcomes["mnist5k/raises/s0"][0] == "failed"
    found = {
        name: read_json(tmp_path / "r/trials/mnist5k" / name / "s0/status.json")
        for name in ("hesitates", "raises")
    }
    assert found["hesitates"]["attempts"] == 2
    (failure,) = found["hesitates"]["failures"]
    assert failure["reason"] == "RuntimeError: not yet"
    assert "in generator_loss" in failure["traceback"]
    assert found["raises"]["attempts"] == 3
    assert "second line" in found["raises"]["traceback"]
    write_index(bench.load(tmp_path / "r").records)


ORPHANS = """
import os, signal, sys, time
from pathlib import Path
from bench.training.executors import local_processes

def work(place):
    Path(place).write_text(str(os.getpid()))
    time.sleep(60)

if __name__ == "__main__":
    local_processes(sys.argv[1:], work, print, print, 2)
"""


def test_workers_do_not_survive_their_parent(tmp_path: Path) -> None:
    (tmp_path / "orphans.py").write_text(ORPHANS)
    places = [tmp_path / "one", tmp_path / "two"]
    command = [sys.executable, str(tmp_path / "orphans.py"), *map(str, places)]
    paths = {**os.environ, "PYTHONPATH": str(Path(bench.__file__).parent.parent)}
    parent = subprocess.Popen(command, env=paths, stdout=subprocess.DEVNULL)
    until(lambda: all(place.exists() and place.read_text() for place in places), 30)
    parent.kill()
    parent.wait()
    workers = [int(place.read_text()) for place in places]
    until(lambda: not any(is_alive({"pid": w, "host": socket.gethostname()}) for w in workers), 5)


def until(done: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("jobs", "number"),
    [
        ("1", signal.SIGINT),
        pytest.param("1", signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param("2", signal.SIGINT, marks=pytest.mark.slow),
        pytest.param("2", signal.SIGTERM, marks=pytest.mark.slow),
    ],
)
def test_an_interrupt_is_heeded_at_once(jobs: str, number: signal.Signals, tmp_path: Path) -> None:
    root = tmp_path / "a folder"
    words = ["run", "--dataset", "ring8", "--models", "gan", "--seeds", "2", "--jobs", jobs]
    words += ["--images", "2M", "--evaluations", "100", "--out", str(root)]
    code = "import sys; from bench.cli import main; main()"
    command = [sys.executable, "-c", code, *words, "--set", "backbone=mlp"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Ignored signals are inherited, and stay ignored: from a shell's background, say.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        env={**os.environ, "PYTHONPATH": str(Path(bench.__file__).parent.parent)},
    )
    try:
        until(lambda: len(list(root.glob("trials/*/*/*/progress.json"))) == int(jobs), 60)
        time.sleep(0.3)  # into its first evaluation, where a solver has the main thread
        began = time.monotonic()
        os.killpg(process.pid, number)
        _, said = process.communicate(timeout=30)
        assert time.monotonic() - began < 2
    finally:
        process.kill()
    assert process.returncode == 130
    assert said.splitlines()[-1] == (
        f"bench: interrupted; go on with: {shlex.join(['bench', *command[3:]])}"
    )
    assert said.count("\n") == 1
    statuses = list(bench.load(root).trials["status"])
    assert statuses == ["interrupted", "interrupted" if jobs == "2" else "waiting"]
    assert not list(root.rglob("*.tmp"))


def test_the_pool_hands_back_every_outcome() -> None:
    trials = plan_of("gan", seeds=(0, 1, 2)).trials(load_dataset)
    outcomes: dict[int, str] = {}

    def ended(trial: Trial, outcome: Outcome) -> bool:
        outcomes[trial.seed] = outcome[0]
        return False

    local_processes(trials, light_work.diverge_second, lambda trial: None, ended, 2)
    assert outcomes == {0: "finished", 1: "diverged", 2: "finished"}


@pytest.mark.parametrize(
    ("gpus", "expected"), [((), {"none set"}), (("2", "GPU-7"), {"2", "GPU-7"})]
)
def test_workers_share_the_gpus(
    monkeypatch: pytest.MonkeyPatch, gpus: tuple[str, ...], expected: set[str]
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    told = []

    def ended(trial: Trial, outcome: Outcome) -> bool:
        told.append(outcome[1])
        return False

    trials = plan_of("gan", seeds=(0, 1, 2, 3)).trials(load_dataset)
    local_processes(trials, light_work.tell_gpu, lambda trial: None, ended, 2, gpus)
    assert set(told) == expected
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="not a results folder"):
        go(plan_of("gan"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(InputError, match="cannot write"):
        go(plan_of("gan"), tmp_path / "thesis.txt" / "below")


def test_a_folder_has_one_writer(tmp_path: Path) -> None:
    root = tmp_path / "r"
    go(plan_of("gan"), root)
    told = rf"being written by process {os.getpid()}"
    with runner.locked(root), pytest.raises(InputError, match=told):
        go(plan_of("gan"), root)
    bench.load(root)  # reading always works


def test_an_interrupt_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(unit: Unit, root: Path, **_: object) -> dict[str, Outcome]:
        (trial,) = unit
        TrialRecord(root, trial.dataset, trial.label, trial.seed).progress({"images": 64})
        raise KeyboardInterrupt

    root, plan = tmp_path / "r", plan_of("gan,wgan")
    monkeypatch.setattr(runner, "run_unit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        go(plan, root)
    assert sorted(bench.load(root).trials["status"]) == ["interrupted", "waiting"]
    monkeypatch.undo()
    assert len(go(plan, root)) == 2


def test_status_tells_a_running_trial_from_one_that_was_killed(tmp_path: Path) -> None:
    root = tmp_path / "r"
    go(plan_of("gan"), root)
    go(plan_of("gan,wgan", seeds=(0, 1)), root)
    facts = {"images": 320, "total": 640, "images_per_second": 10.0, "host": socket.gethostname()}
    for label, pid in (("gan", os.getpid()), ("wgan", 2**22 + 1)):  # beyond any process id
        (root / "trials/mnist5k" / label / "s1/status.json").unlink()
        TrialRecord(root, "mnist5k", label, 1).progress({**facts, "pid": pid})
    wgan = root / "trials/mnist5k/wgan/s1"  # what its last checkpoint holds is not lost
    (wgan / "checkpoint-0000000640.pt").rename(wgan / "checkpoint-0000000320.pt")
    told = list(lines(root))
    assert "2 finished" in told[0]
    assert told[1:] == [
        "  mnist5k gan s1: running, 320 of 640 images, 10 images/s of training, "
        "32 s of training left",
        "  mnist5k wgan s1: interrupted, 320 of 640 images",
    ]


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small tmpfs needs root")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_stops_the_run_in_one_line(small_disk: Path) -> None:
    root = small_disk / "r"
    with pytest.raises(DiskError, match="No space left"):
        go(plan_of("gan,wgan", images=6400, evaluations=5), root)
    assert not list(root.rglob("*.tmp"))
    for path in root.rglob("*.json"):
        json.loads(path.read_text())  # whole, whatever is there


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def broken() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise OSError("pulled plug")

    with pytest.raises(OSError, match="pulled plug"):
        broken()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
