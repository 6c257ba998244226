"""Five models with four seeds: as many trials at a time as there are cores, against one."""

import subprocess
import sys
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from bench.environment import cores

ROOT = Path(__file__).parents[2]
PLAN = "--seeds 4 --images 3200 --evaluations 1 --samples 500 --device cpu"
BENCH = [sys.executable, "-c", "from bench.cli import main; main()"]


def run(out: Path, *flags: str) -> None:
    command = [*BENCH, "run", *PLAN.split(), *flags, "--out", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def steady(out: Path) -> float:
    """Seconds from the first trial's beginning to the last one's end: imports are left out."""
    trials = out / "trials"
    began = min(path.stat().st_mtime for path in trials.glob("*/*/*/trial.json"))
    return max(path.stat().st_mtime for path in trials.glob("*/*/*/status.json")) - began


def test_twenty_trials(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    benchmark.group = "twenty trials one after the other / at a time, without start-up"
    run(tmp_path / "one", "--jobs", "1")
    run(tmp_path / "threads", "--jobs", "1", "--threads", "2")
    benchmark.pedantic(run, args=(tmp_path / "auto", "--jobs", "auto"), rounds=1)
    took = {name: steady(tmp_path / name) for name in ("one", "threads", "auto")}
    benchmark.extra_info |= {
        "cores": cores(),
        "jobs auto, s": took["auto"],
        "one job / auto": took["one"] / took["auto"],
        "one job of 2 threads / auto": took["threads"] / took["auto"],
    }
