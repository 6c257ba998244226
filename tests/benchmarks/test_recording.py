"""What recording costs: a trial with all that is kept by default, against bare training steps."""

from itertools import islice
from pathlib import Path

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from gan_zoo.catalog import MODELS

from .interleaved import Way, interleaved
from .ours import bare, only_training, recorded, trial_of

BATCHES = 100  # of the discriminator in a turn: a multiple of 10
ROUNDS = 3


@pytest.mark.parametrize("name", MODELS)
def test_recording(
    benchmark: BenchmarkFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    torch.set_num_threads(1)
    benchmark.group = "recorded trial / bare steps"
    only_training(monkeypatch)
    steps, trial = bare(name), trial_of(name, BATCHES)
    ways: dict[str, Way] = {"bare": lambda: list(islice(steps, BATCHES))}
    ways["bare"]()  # to the first pages of memory and kernels
    took = interleaved(benchmark, lambda: recorded(trial, tmp_path / "trial"), ways, ROUNDS)
    benchmark.extra_info |= {
        "bare, ms": 1000 * took["bare"] / BATCHES,
        "recorded, ms": 1000 * took["ours"] / BATCHES,
        "ratio": took["ours"] / took["bare"],
    }
