"""What recording costs: a trial with all that is kept by default, against bare training steps.

Between its two evaluation points lie batches with their rows and probes, a checkpoint, and a
picture of samples: five hundred batches share the last two, as in a default trial. The metrics
themselves are left out: they are not recording.
"""

from pathlib import Path

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from gan_zoo.catalog import MODELS

from .interleaved import Way, interleaved
from .ours import Trainer, bare, take_ours, trial_of

BATCHES = 500  # of the discriminator in a turn
ROUNDS = 3


@pytest.mark.parametrize("name", MODELS)
def test_recording(
    benchmark: BenchmarkFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    torch.set_num_threads(1)
    benchmark.group = "recorded trial / bare steps"
    train, trial, steps = Trainer(monkeypatch, "picture"), trial_of(name, BATCHES), bare(name)

    def ours() -> float:
        return train(trial, tmp_path / "trial")

    ways: dict[str, Way] = {"bare": lambda: take_ours(steps, BATCHES)}
    take_ours(steps, 20)  # to the first pages of memory and kernels
    took = interleaved(benchmark, ours, ways, ROUNDS)
    benchmark.extra_info |= {
        "bare, ms": 1000 * took["bare"] / BATCHES,
        "recorded, ms": 1000 * took["ours"] / BATCHES,
        "ratio": took["ours"] / took["bare"],
    }
