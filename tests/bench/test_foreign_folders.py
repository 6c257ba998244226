"""A folder of somebody else's runs no code unasked, whatever its files name."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.cli import main
from bench.files import read_json, write_json

from . import tiny
from .test_plugins import SMALL

pytestmark = pytest.mark.usefixtures("few_figures", "quick")
quick = tiny.quick
FOREIGN = """
from pathlib import Path
Path("it ran").touch()
from gan_zoo.gan import VanillaGAN

class Foreign(VanillaGAN):
    pass
"""
COMMANDS = {
    "sample": ["sample", "r", "--model", "gan"],
    "interpolate": ["interpolate", "r", "--model", "gan"],
    "arithmetic": ["arithmetic", "r", "--model", "gan", "-a", "x>0", "-b", "x<0", "-c", "y>0"],
    "neighbours": ["neighbours", "r", "--model", "gan"],
    "export": ["export", "r", "--model", "gan", "--no-onnx"],
    "verify": ["verify", "r"],
}
HARMLESS = (["report", "r"], ["status", "r"], ["compare", "r", "r"])


def cli(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder of one small trial, with a short report."""
    root = tmp_path_factory.mktemp("trained") / "r"
    with tiny.in_short():
        assert cli("run", *SMALL, "--models", "gan", "--out", str(root)).exit_code == 0
    return root


@pytest.fixture
def made(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Such a folder, and a file that tells when it runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.py").write_text(FOREIGN)
    shutil.copytree(trained, tmp_path / "r")
    return tmp_path


def in_trial(made: Path, model: str) -> None:
    """Name another model in trial.json, with a hash that is right for it."""
    path = made / "r/trials/ring8/gan/s0/trial.json"
    facts = read_json(path) | {"model": model}
    identity = {k: v for k, v in facts.items() if k not in ("label", "config_hash", "probes")}
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    write_json(path, facts | {"config_hash": digest})


def in_plan(made: Path, model: str) -> None:
    path = made / "r/experiment.toml"
    lines = [line for line in path.read_text().split("\n") if not line.startswith("# sha256")]
    path.write_text("\n".join(lines).replace('model = "gan"', f'model = "{model}"'))


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_record_that_names_another_model_than_the_plan_is_damaged(
    made: Path, command: list[str]
) -> None:
    in_trial(made, f"{made}/x.py:Foreign")
    done = cli(*command)
    assert done.exit_code == 2
    assert "names the model" in done.stderr
    assert "and the plan 'gan': nothing is run" in done.stderr
    assert "nothing is run" in cli(*command, "--trust-code").stderr
    assert not (made / "it ran").exists()


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_code_that_the_folder_names_is_run_on_trust_alone(made: Path, command: list[str]) -> None:
    in_trial(made, "x.py:Foreign")
    in_plan(made, f"{made}/x.py:Foreign")
    done = cli(*command)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    content = hashlib.sha256((made / "x.py").read_bytes()).hexdigest()[:12]
    assert f"{made}/x.py:Foreign (sha256 {content})" in done.stderr
    assert "--trust-code" in done.stderr
    assert not (made / "it ran").exists()
    cli(*command, "--trust-code")
    assert (made / "it ran").exists()


def test_reports_and_tables_run_nothing(made: Path) -> None:
    in_trial(made, "x.py:Foreign")
    in_plan(made, f"{made}/x.py:Foreign")
    for command in HARMLESS:
        assert cli(*command).exit_code == 0, command
    again = cli("run", "r/experiment.toml", "--out", "r")
    assert (again.exit_code, "--trust-code" in again.stderr) == (2, True)
    assert not (made / "it ran").exists()


def test_code_that_has_changed_since_draws_nothing(made: Path) -> None:
    own = FOREIGN.replace('Path("it ran").touch()', "")
    (made / "own.py").write_text(own)
    plain = ["--models", "own.py:Foreign", "--out", "o"]
    assert cli("run", *SMALL, *plain).exit_code == 0
    assert cli("sample", "o", "--trust-code").exit_code == 0
    (made / "own.py").write_text(own.replace("pass", "depth = 3"))
    done = cli("sample", "o", "--trust-code")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "own.py has changed since ring8/foreign/s0 was trained" in done.stderr


def test_an_extractor_that_only_the_record_names_is_not_run(made: Path) -> None:
    path = made / "r/trials/ring8/gan/s0/trial.json"
    write_json(path, read_json(path) | {"features": "x.py:Foreign"})
    done = cli("neighbours", "r", "--trust-code")
    assert "names the extractor 'x.py:Foreign'" in done.stderr
    assert not (made / "it ran").exists()
