"""The command line as a user meets it: good input, bad input, exit codes."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

import bench
from bench.cli import main

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("few_figures")

TINY = [
    "--images",
    "640",
    "--evaluations",
    "1",
    "--samples",
    "60",
    "--set",
    "width=4",
    "--jobs",
    "1",
]


def cli(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def test_help_teaches() -> None:
    text = cli("run", "--help").output
    for word in ("--models", "package.module:Class", "256k", "The same command"):
        assert word in text


def test_list_names_everything() -> None:
    text = cli("list").output
    for name in ("gan", "cgan", "dcgan@paper", "wgangp", "mnist5k", "label_accuracy"):
        assert name in text
    assert "digits-lenet" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--models", "dcgn"], "did you mean 'dcgan'"),
        (["--dataset", "mnist6k"], "no data set 'mnist6k'; did you mean 'mnist5k'"),
        (["--dataset", "../etc"], "no data set '../etc'"),
        (["--features", "digits"], "no feature extractor 'digits'"),
        (["--seeds", "three"], "a number of them (3) or a list (0,4,7; 5, is"),
        (["--images", "lots"], "256k or 1.5M"),
        (["--set", "wgangp.penalti=1"], "did you mean 'penalty'"),
        (["--set", "wgangp.penalty=high"], "takes a number"),
        (["--set", "wgapg.penalty=1"], "no contestant is called 'wgapg'"),
        (["--size", "3"], "size must be a whole number from 4 to 1,024"),
        (["--size", "29", "--models", "dcgan"], "multiple of 4, from 12 up, not 29: --size 28"),
        (["--size", "48", "--models", "dcgan@notes-c"], "images of side 64, not 48: --size 64"),
        (["--device", "cuda"], "no cuda device"),
        (["--device", "tpu"], "auto, cpu, cuda, mps"),
        (["--jobs", "none"], "--jobs is auto or a number"),
        (["--threads", "0"], "threads must be a whole number from 1 to 1,024"),
        (["--models", "nowhere.module:Net"], "cannot load the model"),
        (
            ["--models", "wgangp,gan,soft=wgangp", "--set", "penalty=1"],
            "gan has no field 'penalty': say --set wgangp.penalty=1 --set soft.penalty=1",
        ),
        (["--models", "gan", "--set", "penalty=1"], "gan: there is no field 'penalty'"),
        (["--models", "gan,nowhere.py:A", "--set", "penalty=1"], "no field 'penalty'"),
        (["--dataset", "ring8,grid25", "--size", "32"], "points have no size in pixels"),
        (["--seeds", "0"], "--seeds 0, is seed 0"),
        (["--seeds", "1001"], "seed 1001 alone is --seeds 1001,"),
        (["--models", "json:JSONDecoder"], "not a model"),
        (["--models", "a\x1b[31m=gan"], "cannot be a label"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    result = cli("run", *arguments, "--dry-run")
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize("command", ["report", "status"])
def test_what_is_no_results_folder_is_said_so(command: str, tmp_path: Path) -> None:
    result = cli(command, str(tmp_path))
    assert result.exit_code == 2
    assert "no experiment.toml" in result.stderr


def test_a_broken_experiment_file(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("images = ")
    result = cli("run", str(path))
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "not TOML" in result.stderr


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "r"
    result = cli("run", "--dry-run", "--out", str(out), "--images", "1000")
    assert result.exit_code == 0
    assert "15 trials" in result.output
    assert "1,280 images a trial (rounded from 1,000)" in result.output
    assert "note: --images 1,000 becomes 1,280 with 2 evaluation(s), not 8" in result.output
    exact = cli("run", "--dry-run", "--out", str(out), "--images", "640")
    assert "note: --images 640 has 1 evaluation(s), not 8" in exact.output
    assert not out.exists()


@pytest.mark.parametrize("dry", [["--dry-run"], []])
def test_a_dry_run_refuses_a_folder_that_the_run_refuses(dry: list[str], tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    for place, said in ((tmp_path, "not a results folder"), (tmp_path / "thesis.txt", "")):
        result = cli("run", *dry, "--models", "gan", "--images", "640", "--out", str(place))
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
        assert said in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_dry_run_downloads_nothing_and_decodes_nothing_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, pictures = tmp_path / "cache", tmp_path / "cats"
    monkeypatch.setenv("GAN_BENCH_DATA", str(cache))
    pictures.mkdir()
    for k in range(40):
        picture = np.full((8, 8, 3), 6 * k, np.uint8)
        Image.fromarray(picture).save(pictures / f"{k}.png")
    asked = ["run", "--dry-run", "--models", "gan", "--batch-size", "32", "--set", "backbone=mlp"]
    for dataset, said in (
        ("cifar10", "cifar10 is downloaded first, to"),
        (f"folder:{pictures}", f"3 trials: gan on folder:{pictures}"),
    ):
        result = cli(*asked, "--dataset", dataset, "--out", str(tmp_path / "r"))
        assert result.exit_code == 0, result.output
        assert said in result.output
        assert not cache.exists()
    assert os.environ["GAN_BENCH_DATA"] == str(cache)
    assert not (tmp_path / "r").exists()


def test_a_dry_run_refuses_what_the_run_would_refuse() -> None:
    published = Path(__file__).parents[2] / "results" / "reference-mnist5k"
    result = cli("run", "--dry-run", "--out", str(published), "--samples", "100")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "was made with samples 4000, not 100" in result.stderr


def test_a_small_run_from_end_to_end(tmp_path: Path, few_figures: pytest.MonkeyPatch) -> None:
    out = tmp_path / "r"
    arguments = ["run", "--models", "dcgan,cgan", "--seeds", "2", *TINY, "--out", str(out)]
    result = cli(*arguments)
    assert result.exit_code == 0, result.output
    assert "[4/4]" in result.output
    phases = [line for line in result.output.splitlines() if line.endswith(" ..")]
    assert phases == ["starting ..", "reading data ..", "preparing extractor ..", "report .."]
    assert (
        len(re.findall(r"training .* images/s\), evaluating .* the whole trial", result.output))
        == 4
    )
    assert "report.html" in result.output
    for name in ("summary.csv", "comparisons.csv", "summary.md", "report.html", "index.parquet"):
        assert (out / name).stat().st_size > 0
    assert (out / "plots" / "samples.png").exists() or list((out / "plots").glob("samples*.png"))
    results = bench.load(out)
    assert len(results.trials) == 4
    assert set(results.summary["model"]) == {"dcgan", "cgan"}
    assert "4 finished" in cli("status", str(out)).output
    # The same command again has nothing to do; the folder repeats itself elsewhere, bit for bit.
    assert "0 to do" in cli(*arguments).output
    again = tmp_path / "again"
    assert (
        cli("run", str(out / "experiment.toml"), "--out", str(again), "--jobs", "1").exit_code == 0
    )
    first, second = results.evaluations, bench.load(again).evaluations
    assert first["value"].tolist() == second["value"].tolist()
    # A report is made of the records alone, here with all its figures.
    few_figures.undo()
    few_figures.setattr("bench.plots.theme.DPI", 50)  # pixels take most of the time
    (out / "report.html").unlink()
    assert cli("report", str(out)).exit_code == 0
    assert (out / "plots" / "slopes.png").exists()
    assert (out / "report.html").exists()


def test_a_failed_trial_ends_with_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(
        "from gan_zoo.gan import VanillaGAN\n"
        "class Bad(VanillaGAN):\n"
        "    def generator_loss(self, batch):\n"
        "        raise RuntimeError('<b>no</b>')\n"
    )
    out = tmp_path / "r"
    models = f"{tmp_path}/bad.py:Bad,gan"
    result = cli("run", "--models", models, "--seeds", "1", *TINY, "--out", str(out))
    assert result.exit_code == 1
    assert "bad s0 failed: bad.py:4: RuntimeError: <b>no</b>" in result.output
    told = cli("status", str(out)).output
    assert "bad s0: failed, 0 of 640 images: bad.py:4: RuntimeError: <b>no</b>" in told
    (command,) = re.findall(r"`bench (status .*)`", told)
    assert "in generator_loss" in cli(*shlex.split(command)).output
    assert cli("status", str(out), "--traceback", "gan").exit_code == 2
    assert "<b>no</b>" not in (out / "report.html").read_text()


def test_the_installed_command_starts() -> None:
    command = Path(sys.executable).parent / "bench"
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("bench, version")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rnu"], "there is no command 'rnu'; did you mean 'run'?"),
        (["run", str(ROOT / "results/reference-mnist5k")], "plan is its experiment.toml"),
        (["run", str(ROOT / "experiments/study-depth.toml")], "is for `bench study 'depth'"),
        (["status", str(ROOT / "results/reference-claims")], "inside it are digits, points"),
    ],
)
def test_what_is_meant_for_another_command_is_told(arguments: list[str], said: str) -> None:
    result = cli(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_metric_may_be_written_as_people_do() -> None:
    folder = str(ROOT / "results/reference-ring8")
    assert cli("compare", folder, "--metric", "EMD").output == cli("compare", folder).output


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = f"{sys.executable} -m bench.cli study landscape --dry-run | head -1"
    command = command.replace("-m bench.cli", "-c 'from bench.cli import main; main()'")
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
