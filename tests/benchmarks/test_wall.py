"""What a run takes beside training: the imports of a process, the scale, the report."""

import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from .interleaved import interleaved

ROOT = Path(__file__).parents[2]
BENCH = [sys.executable, "-c", "from bench.cli import main; main()"]
FIRST_LOOK = "run --models gan --images 2k --seeds 1 --out"
ROUNDS = 3


def python(*arguments: str, **variables: str) -> None:
    """Run a command in a process of its own."""
    environment = os.environ | variables
    subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True, env=environment)


def on_one_core() -> None:
    """Before a process begins: it and its forks share a core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def test_imports_of_a_trial(benchmark: BenchmarkFixture) -> None:
    benchmark.group = "imports of a process that trains"
    torch = partial(python, sys.executable, "-c", "import torch")
    ours = partial(python, sys.executable, "-c", "import bench.training.train")
    took = interleaved(benchmark, ours, {"torch": torch}, ROUNDS)
    benchmark.extra_info |= {"torch alone, s": took["torch"], "all, s": took["ours"]}


def test_the_first_look(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """A trial of 2k images and its report, where a scale was measured before and where not."""
    benchmark.group = "bench run --models gan --images 2k --seeds 1"

    def first_look(cache: Path, anew: bool) -> None:
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        if anew:
            shutil.rmtree(cache, ignore_errors=True)
        python(*BENCH, *FIRST_LOOK.split(), str(tmp_path / "run"), GAN_BENCH_DATA=str(cache))

    known = partial(first_look, tmp_path / "known", False)
    known()
    others = {"anew": partial(first_look, tmp_path / "anew", True)}
    took = interleaved(benchmark, known, others, ROUNDS)
    benchmark.extra_info |= {
        "scale known, s": took["ours"],
        "scale measured, s": took["anew"],
    }


@pytest.mark.skipif(sys.platform != "linux", reason="processes are held to a core by Linux alone")
def test_the_report_of_15_trials(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    benchmark.group = "bench report results/reference-mnist5k"
    folder = shutil.copytree(ROOT / "results" / "reference-mnist5k", tmp_path / "folder")
    command = [*BENCH, "report", str(folder)]

    def alone() -> None:
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, preexec_fn=on_one_core)

    took = interleaved(benchmark, partial(python, *command), {"alone": alone}, ROUNDS)
    benchmark.extra_info |= {
        "cores": len(os.sched_getaffinity(0)),
        "all cores, s": took["ours"],
        "one core / all": took["alone"] / took["ours"],
    }
