"""How long a user waits before anything is said, and for the records of 500 trials."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import bench
from bench.files import write_json
from bench.records.layout import CURVE_COLUMNS, EVALUATION_COLUMNS
from bench.records.writing import write_experiment, write_parquet

ROOT = Path(__file__).parents[2]
BENCH = [sys.executable, "-c", "from bench.cli import main; main()"]
MODELS, SEEDS = ("gan", "cgan", "dcgan", "wgan", "wgangp"), 100
ROWS, METRICS = 400, 17  # of a trial's curves, at the default budget
POINTS, MEASURED = 9, 18  # of its evaluations
ENDED = {"status": "finished", "reason": "", "images": 256_000, "seconds": 40.0}


def long(columns: list[str], rows: int, metrics: int) -> pd.DataFrame:
    """A table of so many rows of a clock, each with so many metrics."""
    frame = pd.DataFrame({"images": [640 * i for i in range(rows) for _ in range(metrics)]})
    clock = dict.fromkeys(("generator_steps", "discriminator_steps"), frame["images"])
    frame = frame.assign(**clock, seconds=frame["images"] / 7, value=frame["images"] / 3)
    frame["metric"] = [f"loss/{k}" for _ in range(rows) for k in range(metrics)]
    known = {"dataset": "mnist5k", "features": "digits-lenet", "samples": 4000, "reference": "all"}
    frame = frame.assign(model="", seed=0, **known)
    return frame[columns].astype({"value": "float32"})


def write_trials(root: Path, models: tuple[str, ...], seeds: int) -> None:
    """A results folder of finished trials, as large as the default budget makes them."""
    contestants = [{"label": name, "model": name} for name in models]
    plan = {"contestants": contestants, "datasets": ["mnist5k"], "seeds": list(range(seeds))}
    write_experiment(root, plan, {})
    tables = {
        "curves.parquet": long(CURVE_COLUMNS, ROWS, METRICS),
        "evaluations.parquet": long(EVALUATION_COLUMNS, POINTS, MEASURED),
    }
    for model in models:
        for seed in range(seeds):
            folder = root / "trials" / "mnist5k" / model / f"s{seed}"
            write_json(folder / "trial.json", {"config": {"width": 32}, "config_hash": "0"})
            write_json(folder / "status.json", ENDED)
            for name, frame in tables.items():
                write_parquet(folder / name, frame.assign(model=model, seed=seed))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("many")
    write_trials(root, MODELS, SEEDS)
    return root


def a_command(benchmark: BenchmarkFixture, *arguments: str, rounds: int) -> None:
    """Time `bench` with these arguments, in a process of its own."""
    benchmark.group = "start-up"
    benchmark.pedantic(
        lambda: subprocess.run([*BENCH, *arguments], cwd=ROOT, check=True, capture_output=True),
        rounds=rounds,
        warmup_rounds=1,
    )


@pytest.mark.parametrize("argument", ["--help", "list"])
def test_first_words(benchmark: BenchmarkFixture, argument: str) -> None:
    a_command(benchmark, argument, rounds=5)


def test_status_of_500_trials(benchmark: BenchmarkFixture, many: Path) -> None:
    a_command(benchmark, "status", str(many), rounds=3)


def test_load_of_500_trials(benchmark: BenchmarkFixture, many: Path) -> None:
    benchmark.group = "start-up"

    def read() -> None:
        results = bench.load(many)
        assert len(results.trials) == len(MODELS) * SEEDS
        assert len(results.curves) == len(results.trials) * ROWS * METRICS
        assert len(results.evaluations) == len(results.trials) * POINTS * MEASURED

    benchmark.pedantic(read, rounds=3, warmup_rounds=1)
