"""What a batch costs, and what wider networks, larger images and cheaper settings make of it."""

from collections.abc import Iterator

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from gan_zoo.backbones import FAMILIES
from gan_zoo.base import GAN
from gan_zoo.catalog import MODELS, load

from .interleaved import Way, interleaved
from .ours import BATCH, bare, bf16_gains, take_ours

BATCHES = 10  # of the discriminator in a turn: a multiple of 10
ROUNDS = 2


def variants(name: str) -> dict[str, Iterator[None]]:
    """Bare steps of a model without end, in ways that differ in one thing from its defaults."""
    kind = load(name)
    assert issubclass(kind, GAN)
    width = kind.defaults.width or FAMILIES[kind.defaults.backbone].width
    return {
        "as it is": bare(name),
        "half width": bare(name, width=width // 2),
        "double width": bare(name, width=2 * width),
        "32 px": bare(name, size=32),
        "64 px": bare(name, size=64),
        "shared fakes": bare(name, shared_fakes=True),
        **{
            f"bf16{more}": bare(name, precision="bf16", shared_fakes=bool(more))
            for more in ("", ", shared fakes")
            if bf16_gains()
        },
    }


@pytest.mark.parametrize("name", MODELS)
def test_a_batch(benchmark: BenchmarkFixture, name: str) -> None:
    torch.set_num_threads(1)
    benchmark.group = "images a second on one thread, bare steps; and the cost beside it"
    steps = variants(name)

    def turn(of: str) -> Way:
        return lambda: take_ours(steps[of], BATCHES)

    ways = {of: turn(of) for of in steps}
    for way in ways.values():
        way()  # to the first pages of memory and kernels
    usual = ways.pop("as it is")
    took = interleaved(benchmark, usual, ways, ROUNDS)
    benchmark.extra_info |= {"images/s": BATCH * BATCHES / took["ours"]}
    benchmark.extra_info |= {f"cost, {of}": took[of] / took["ours"] for of in ways}
