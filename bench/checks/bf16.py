"""Is training in bf16 faster than in fp32, here? It is measured: flags tell too little.

Without instructions for it, a processor emulates bf16, and training can take ten times as long.
"""

from statistics import median
from time import perf_counter

import torch

from gan_zoo.base import GAN, Config, DataSpec
from gan_zoo.precision import precision_context
from gan_zoo.streams import Streams

from .case import batches

SECONDS = 0.5  # that a measurement takes, beside a first step in each precision


def step_seconds(
    kind: type[GAN],
    config: Config,
    spec: DataSpec,
    device: str,
    batch_size: int,
    seconds: float = SECONDS,
) -> tuple[float, float]:
    """Median seconds of a training step in fp32 and in bf16, taken in turns.

    A step is one of the discriminator and one of the generator, on noise of the data's shape.
    """
    streams = Streams(0, device)
    model, feed = kind(spec, config, streams, device).train(), batches(spec, batch_size, device)

    def took(precision: str) -> float:
        began = perf_counter()
        with precision_context(streams.device, precision):
            step = model.train_step(feed, streams, 1)
        step.generator_loss.item()  # waits for the device
        return perf_counter() - began

    ends, first = perf_counter() + seconds, [(took("fp32"), took("bf16"))]
    pairs = []  # the first step makes the kernels: it counts only if no other is timed
    while perf_counter() < ends:
        pairs.append((took("fp32"), took("bf16")))
    fp32, bf16 = zip(*(pairs or first), strict=True)
    return median(fp32), median(bf16)


def factor(device: str) -> float:
    """How many times as fast as in fp32 the default DCGAN trains in bf16, on digits."""
    from gan_zoo.dcgan import DCGAN

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        fp32, bf16 = step_seconds(DCGAN, DCGAN.defaults, DataSpec((1, 28, 28)), device, 64)
    finally:
        torch.set_num_threads(before)
    return fp32 / bf16
