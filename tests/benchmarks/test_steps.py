"""What a generator step costs, bare and with everything that is recorded by default.

`make bench` prints both beside each other. Compare ratios within one run: seconds on a shared
machine mean little.
"""

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from bench.batches import Shuffled
from bench.datasets import load_dataset
from bench.probes import Averages, snapshot
from gan_zoo.base import GAN
from gan_zoo.catalog import MODELS, load
from gan_zoo.streams import Streams

ROW = 10  # generator steps in a row of the curves, at the default budget


@pytest.mark.parametrize("recorded", [False, True], ids=["bare", "recorded"])
@pytest.mark.parametrize("name", MODELS)
def test_ten_generator_steps(benchmark: BenchmarkFixture, name: str, recorded: bool) -> None:
    torch.set_num_threads(1)
    dataset, kind, streams = load_dataset("mnist5k"), load(name), Streams(0)
    model: GAN = kind(dataset.spec, kind.defaults, streams).train()  # type: ignore[attr-defined]
    batches, averages = Shuffled(dataset.train, 64, streams["data"]), Averages(model)
    benchmark.group = name

    def row() -> None:
        for _ in range(ROW // model.config.discriminator_steps):
            step = model.train_step(batches, streams)
            if recorded:
                averages.add(step)
        if recorded:
            averages.flush()
            snapshot(model)

    benchmark.pedantic(row, rounds=10, warmup_rounds=2)
