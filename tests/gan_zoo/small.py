"""Small models and batches, shared by the tests of the zoo."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from gan_zoo.base import GAN, DataSpec
from gan_zoo.catalog import load
from gan_zoo.streams import Streams

GREY = DataSpec((1, 28, 28), 10)


def make(
    name: str, spec: DataSpec = GREY, seed: int = 0, device: str = "cpu", **values: Any
) -> tuple[GAN, Streams]:
    """A narrow model in training mode, and its streams."""
    kind = load(name)
    defaults = kind.defaults  # type: ignore[attr-defined]
    config = dataclasses.replace(defaults, **{"width": 4, "latent_dim": 8, **values})
    streams = Streams(seed, device)
    return kind(spec, config, streams, device).train(), streams


def batches(
    spec: DataSpec = GREY, size: int = 6, device: str = "cpu"
) -> Iterator[tuple[Tensor, Tensor]]:
    rng = torch.Generator().manual_seed(1)
    while True:
        real = torch.rand(size, *spec.shape, generator=rng) * 2 - 1
        labels = torch.randint(0, spec.classes, (size,), generator=rng)
        yield real.to(device), labels.to(device)
