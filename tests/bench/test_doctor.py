"""The checks of the machine, each with the defect it is about; and `bench doctor` as it is used."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections import namedtuple
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

from bench import environment
from bench.checks import conformance
from bench.checks import this_machine as doctor
from bench.checks.case import Case
from bench.checks.check import OK, Check, CheckResult, Found, report
from bench.checks.this_machine import CHECKS, TRIAL
from bench.cli import main
from bench.extractors import network as features

Patch = pytest.MonkeyPatch


def outcome(name: str) -> tuple[str, str]:
    result = CHECKS[name].run(name)
    return result.outcome, result.note


def cli(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(main, ["doctor", *arguments], catch_exceptions=False, **options)


SLOW = ("determinism", "threads")  # they train


def test_this_machine_is_examined(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in SLOW:
        monkeypatch.setitem(CHECKS, name, Check(lambda: OK, ""))
    result = cli()
    lines = [line.split() for line in result.output.splitlines()[1:] if line[2] != " "]
    told = {line[1]: line[0] for line in lines}
    assert list(told) == list(CHECKS)
    assert result.exit_code == ("failed" in told.values())
    for name in ("writing", "extractors", "precision"):
        assert told[name] == "ok", result.output
    assert not list(tmp_path.iterdir())
    assert "\x1b" not in result.output


@pytest.mark.slow
def test_another_process_trains_to_equal_bits() -> None:
    assert outcome("determinism")[0] == "ok"
    assert outcome("threads")[0] in ("ok", "warning", "skipped")


def test_a_gpu_that_torch_does_not_see(monkeypatch: Patch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr(doctor, "gpu_driver", lambda: "550.54")
    assert outcome("devices") == (
        "warning",
        f"cpu; torch {torch.__version__} does not see the GPU of driver 550.54",
    )
    monkeypatch.setattr(doctor, "gpu_driver", lambda: "")
    assert outcome("devices")[0] == "ok"


@pytest.mark.parametrize(
    ("cores", "threads", "load", "expected"),
    [(4, 4, 0.5, "ok"), (4, 5, 0.5, "warning"), (4, 1, 4.5, "warning"), (1, 1, 1.0, "ok")],
)
def test_threads_and_load_beside_the_cores(
    cores: int, threads: int, load: float, expected: str, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(doctor, "cores", lambda: cores)
    monkeypatch.setattr("torch.get_num_threads", lambda: threads)
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 9.0, 9.0))
    assert outcome("processor")[0] == expected


@pytest.mark.parametrize(("gain", "keep"), [(0.08, True), (1.4, False)])
def test_bf16_is_measured(gain: float, keep: bool, monkeypatch: Patch) -> None:
    monkeypatch.setattr(doctor, "best_device", lambda: "cpu")
    monkeypatch.setattr(doctor, "factor", lambda device: gain)
    result, note = outcome("precision")
    assert result == "ok"
    assert f"dcgan trains {gain} times as fast in bf16" in note
    assert note.endswith("keep --precision fp32") == keep


@pytest.mark.parametrize(
    ("trials", "expected"), [(4.1, "ok"), (3.9, "warning"), (1.1, "warning"), (0.9, "failed")]
)
def test_memory_for_as_many_trials_as_cores(
    trials: float, expected: str, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(doctor, "cores", lambda: 4)
    monkeypatch.setattr(doctor, "memory", lambda: int(trials * TRIAL))
    assert outcome("memory")[0] == expected


def test_a_cache_on_a_full_disk(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setenv("GAN_BENCH_DATA", str(tmp_path / "not" / "yet"))
    usage = namedtuple("usage", "free")
    rooms = {Path.cwd(): 5e9, tmp_path: 5e9}
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(rooms[path]))
    assert outcome("disk") == ("ok", "5.0 GB here, 5.0 GB the cache")
    rooms[tmp_path] = 0.2e9
    assert outcome("disk") == ("warning", "5.0 GB here, 0.2 GB the cache")


def test_a_disk_that_locks_nothing(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    assert outcome("writing")[0] == "ok"
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    assert "locked again" in outcome("writing")[1]
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written(monkeypatch: Patch) -> None:
    monkeypatch.chdir("/proc")
    assert outcome("writing")[0] == "failed"


def test_an_extractor_with_a_flipped_bit(tmp_path: Path, monkeypatch: Patch) -> None:
    for path in features.WEIGHTS.glob("*.safetensors"):
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        (tmp_path / path.name).write_bytes(content)
    monkeypatch.setattr(features, "WEIGHTS", tmp_path)
    result, note = outcome("extractors")
    assert result == "failed"
    assert "sha256" in note


def test_packages_beside_their_ranges(monkeypatch: Patch) -> None:
    asked = ["numpy>=2.0", "torch<1", "no-such-package>=1", 'also-none; extra == "dev"']
    monkeypatch.setattr(doctor, "requires", lambda name: asked)
    result, note = outcome("packages")
    assert result == "failed"
    assert note == f"torch {version('torch')}, not <1; no-such-package is missing"
    monkeypatch.setattr(doctor, "requires", lambda name: asked[:1])
    assert outcome("packages") == ("ok", "1 packages fit")


def test_short_trainings_are_equal_and_can_differ(monkeypatch: Patch) -> None:
    first = doctor.short_training("cpu")
    assert first == doctor.short_training("cpu")
    assert torch.get_num_threads() == 1 or "OMP_NUM_THREADS" not in os.environ
    monkeypatch.setattr(doctor, "Case", lambda kind, config, spec: Other(kind, config, spec))
    assert first != doctor.short_training("cpu")


class Other(Case):
    def batches(self, device: str = "cpu") -> Any:
        return ((-real, labels) for real, labels in super().batches(device))


def test_bits_that_differ_are_found(monkeypatch: Patch) -> None:
    monkeypatch.setattr(doctor, "cores", lambda: 2)
    monkeypatch.setattr(doctor, "short_training", lambda device, threads=1: f"{threads}")
    assert outcome("threads")[0] == "warning"
    monkeypatch.setattr(doctor, "short_training", lambda device, threads=1: "same")
    assert outcome("threads")[0] == "ok"
    monkeypatch.setattr(doctor, "cores", lambda: 1)
    assert outcome("threads")[0] == "skipped"


def test_a_result_is_a_line_and_its_remedy_another() -> None:
    def bad() -> Found:
        """It is good."""
        raise ValueError("no\x1b[31m\nsecond line")

    results = [
        Check(bad, "do this").run("bad"),
        CheckResult("good", "ok", "fine", "unused"),
        CheckResult("so so", "warning", "hm", "do that"),
    ]
    told: list[str] = []
    assert not report(results, told.append)
    plain = [line.encode().decode("unicode_escape") for line in told]
    assert [line.split()[-1] for line in plain] == ["no?[31m", "this", "fine", "hm", "that"]
    assert report(results[1:], told.append)


def test_a_rule_is_told_where_it_is_kept() -> None:
    def good() -> Found:
        """All is well.

        And more.
        """
        return OK

    assert Check(good, "").run("good").note == "All is well"


MINE = """
from gan_zoo.gan import VanillaGAN

class Mine(VanillaGAN):
    pass

class Reads(VanillaGAN):
    def generator_loss(self, batch):
        loss = super().generator_loss(batch)
        return loss * loss.item()

class Picky(VanillaGAN):
    @classmethod
    def unsuited(cls, spec, config):
        return "it needs sound"

broken = 1 / {divisor}
"""


def test_models_of_the_users(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr(conformance, "SPECS", conformance.SPECS[:2])
    path = tmp_path / "mine.py"
    path.write_text(MINE.format(divisor=1))
    narrow = ("--set", "width=4")
    result = cli(f"good={path}:Mine", f"{path}:Reads", *narrow)
    assert result.exit_code == 1
    (line,) = (line for line in result.output.splitlines() if "failed" in line)
    assert line.split()[:2] == ["failed", "meta"]
    assert "ok       meta" in result.output
    assert "good on points, 1x28x28\n" in result.output
    result = cli(f"{path}:Picky")
    assert result.exit_code == 1
    assert "picky on nothing" in result.output
    assert "not on points: it needs sound" in result.output


def test_a_model_for_one_shape_is_checked_on_its_data(monkeypatch: Patch) -> None:
    only = {name: conformance.CHECKS[name] for name in ("build", "step", "samples")}
    monkeypatch.setattr(conformance, "CHECKS", only)
    asked = ("tests.gan_zoo.styles:Tutorial", "--set", "latent_dim=16")
    result = cli(*asked)
    assert result.exit_code == 1
    assert "or name its data: --dataset, --size" in result.output
    result = cli(*asked, "--dataset", "cifar10")
    assert result.exit_code == 0, result.output
    assert "tutorial on 3x32x32\n" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["wgangpp"], "did you mean 'wgangp'"),
        (["dcgan@papre"], "did you mean 'paper'"),
        (["gan", "--set", "widht=4"], "did you mean 'width'"),
        (["gan", "--set", "wgan.clip=1"], "no contestant is called 'wgan'"),
        (["gan", "gan"], "two contestants are called 'gan'"),
        (["--set", "width=4"], "options are for models"),
        (["--size", "64"], "options are for models"),
        (["nowhere.py:Net"], "cannot load the model"),
        (["{folder}/mine.py:Mine"], "ZeroDivisionError: division by zero"),
    ],
)
def test_wrong_input_is_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE.format(divisor=0))
    result = cli(*(argument.format(folder=tmp_path) for argument in arguments))
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert said in result.stderr


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: Patch) -> Path:
    """A repository of one file, in the place of the project's own."""

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(
            ["git", "-C", str(tmp_path), *who, *arguments], check=True, capture_output=True
        )

    git("init")
    (tmp_path / "code.py").write_text("a = 1\n")
    git("add", ".")
    git("commit", "-m", "one")
    monkeypatch.setattr(environment, "__file__", str(tmp_path / "code.py"))
    return tmp_path


def test_a_dirty_tree_is_known_by_its_difference(checkout: Path) -> None:
    clean = environment.environment()
    assert (clean["dirty"], clean["diff"]) == (False, "")
    found = set()
    for value in (b"2", b"\xff"):  # also what is not UTF-8
        (checkout / "code.py").write_bytes(b"a = " + value + b"\n")
        dirty = environment.environment()
        told = subprocess.run(["git", "-C", str(checkout), "diff", "HEAD"], capture_output=True)
        assert dirty["diff"] == hashlib.sha256(told.stdout).hexdigest()
        assert (dirty["dirty"], dirty["commit"]) == (True, clean["commit"])
        found.add(dirty["diff"])
    assert len(found) == 2


def test_the_environment_tells_what_can_change_bits(monkeypatch: Patch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    found = environment.environment()
    assert set(environment.BITS) <= set(found)
    assert found["omp_num_threads"] == "3"
    assert found["deterministic_algorithms"] is False
    assert found["torch"] in torch.__version__
    assert 0 < found["memory_bytes"] <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert json.loads(json.dumps(found)) == found
