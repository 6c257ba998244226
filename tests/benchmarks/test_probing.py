"""What the probes cost: a trial with those of the default against one without, in turns."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from bench.probes import SETS
from gan_zoo.catalog import MODELS

from .interleaved import interleaved
from .ours import Trainer, trial_of

BATCHES = 200  # of the discriminator in a turn: two rows that are probed for being the tenth
ROUNDS = 3


@pytest.mark.parametrize("name", MODELS)
def test_probing(
    benchmark: BenchmarkFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    torch.set_num_threads(1)
    benchmark.group = "default probes / none"
    train = Trainer(monkeypatch)
    probed = replace(trial_of(name, BATCHES), probes=SETS["default"])
    bare = replace(probed, probes=())
    train(bare, tmp_path / "bare")  # to the first pages of memory and kernels
    ways = {"none": lambda: train(bare, tmp_path / "bare")}
    took = interleaved(benchmark, lambda: train(probed, tmp_path / "probed"), ways, ROUNDS)
    benchmark.extra_info |= {
        "none, ms a batch": 1000 * took["none"] / BATCHES,
        "default, ms a batch": 1000 * took["ours"] / BATCHES,
        "ratio": took["ours"] / took["none"],
    }
