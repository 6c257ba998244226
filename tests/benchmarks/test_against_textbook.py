"""A batch of the discriminator by the textbook loop and by ours, with all that ours records."""

from pathlib import Path

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from bench.datasets.dataset import load_dataset
from gan_zoo.catalog import MODELS

from . import textbook
from .interleaved import Way, interleaved
from .ours import Trainer, bf16_gains, take, trial_of

BATCHES = 100  # of the discriminator in a turn: a multiple of 10
ROUNDS = 3


@pytest.mark.parametrize("name", MODELS)
def test_discriminator_batches(
    benchmark: BenchmarkFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    torch.set_num_threads(1)
    benchmark.group = "textbook / ours, seconds of a discriminator batch"
    train = Trainer(monkeypatch)
    loop = textbook.train(name, load_dataset("mnist5k"), tmp_path)
    trials = {p: trial_of(name, BATCHES, precision=p) for p in ("fp32", "bf16")}
    ways: dict[str, Way] = {"textbook": lambda: take(loop, BATCHES)}
    if bf16_gains():
        ways["bf16"] = lambda: train(trials["bf16"], tmp_path / "bf16")
    ways["textbook"]()  # to the first pages of memory and kernels
    took = interleaved(benchmark, lambda: train(trials["fp32"], tmp_path / "fp32"), ways, ROUNDS)
    benchmark.extra_info |= {
        "textbook, ms": 1000 * took["textbook"] / BATCHES,
        "ours, ms": 1000 * took["ours"] / BATCHES,
        "ratio": took["textbook"] / took["ours"],
    }
    if "bf16" in took:
        benchmark.extra_info["ratio with bf16"] = took["textbook"] / took["bf16"]
